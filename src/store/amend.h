#pragma once
// What an amended label makes of a holding's rows, once for every store.
//
// A holding's `added` and `opened` rows are brought under the new label in place, so that whoever reads only
// the label, an older program too, never shows more than it allows. Each remembers the label before as a
// Past: whoever saw the holding under both keeps it where they met it. Changes are appended: for each row a
// `withdrawn`, still under the label before, for those who met the holding there and do not see it any more,
// and one `opened` for those who see it now and did not.

#include "store/row.h"

namespace shieldwall::store {

/// An amendment as one holding meets it.
struct NewLabel {
  policy::LabelId label = 0;
  bool changes = true;    // it is another one
  bool withdraws = true;  // somebody may see it under the label before alone
  bool opens = true;      // somebody may see it under the new one alone

  static NewLabel of(const policy::Label& before, const policy::Label& after, policy::LabelTable& labels);
};

/// Whether the row is how a holding of that version from that source in that collection came in. One of them
/// must be under Amendment::before, or somebody else has amended it meanwhile; all of them come under the new
/// label, since a narrower one is worth nothing beside a wider one.
bool is_amended_by(const Row& row, const Amendment& amendment);

/// Whether the same bytes under that row's label are nothing new: it is, or was, under that label.
bool is_known_under(const Row& standing, const Row& arriving);

/// An `added` or `opened` row of the holding as it stands from `at` on.
Row kept_under(const Row& row, const Amendment& amendment, const NewLabel& to, Timestamp at);

/// The change that tells who met it at that row, and lost it; number and instant are the store's to give.
Row withdrawn_from(const Row& row, const Amendment& amendment, const NewLabel& to, Timestamp at);

/// The change that tells who gained it, like that; references and alias are the store's to judge.
Row opened_to(const Row& row, const Amendment& amendment, const NewLabel& to, Timestamp at);

}  // namespace shieldwall::store
