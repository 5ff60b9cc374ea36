#pragma once
// One change as a store keeps it, and whom it tells of its holding.
//
// Instants and sequence numbers grow together, so the order of changes is the order in which readers meet
// holdings: a reader finds a holding at its `added` change, or at its `opened` one where an embargo held it
// back.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "policy/scope.h"
#include "policy/subject.h"
#include "store/store.h"

namespace shieldwall::store {

/// A label that a holding was under until it was amended: a row that carries it tells its holding only to
/// those whom that label showed it then, or only to the others. Subjects change, so it is decided when it is
/// asked.
struct Past {
  bool showed = true;
  Timestamp at{};  // decided as of then
  policy::LabelId label = 0;
  std::optional<std::vector<policy::PersonKey>> persons{};
  Timestamp embargo = Timestamp::always();
  Timestamp end = Timestamp::never();

  policy::LabelColumns columns() const {
    return {.persons = persons ? &*persons : nullptr, .embargo = embargo, .end = end};
  }
  bool operator==(const Past&) const = default;
};

struct Row {
  Sequence sequence = 0;  // from 1, dense
  ChangeKind kind = ChangeKind::added;
  Timestamp at{};             // strictly increasing with `sequence`
  Sequence arrival = 0;       // sequence of the holding's `added` change
  bool held_back = false;     // `added`: its embargo lay ahead then; `deleted`: it was never opened
  bool has_siblings = false;  // another holding of the same object is or was held
  bool gone = false;          // the holding has been deleted since
  bool has_text = false;      // to be found by words
  bool opened = false;        // `added`: the embargo of its label has passed, and `opened` has followed
  model::ObjectId id{};
  model::Version version{};
  model::SpecVersion spec_version = model::SpecVersion::v2_1;
  policy::Source source{};
  std::optional<CircleId> collection{};
  policy::LabelId label = 0;  // the shared part; the rest of the label:
  std::optional<std::vector<policy::PersonKey>> persons{};
  Timestamp embargo = Timestamp::always();
  Timestamp end = Timestamp::never();
  std::vector<std::string> removed{};
  std::vector<policy::GranularLabel> parts{};
  std::vector<Past> pasts{};  // all must agree
  Uuid alias{};
  Sequence content = 0;  // arrival of the holding that brought the bytes
  Digest digest{};       // of the bytes
  std::shared_ptr<const std::string> bytes{};

  policy::LabelColumns columns() const {
    return {.persons = persons ? &*persons : nullptr, .embargo = embargo, .end = end};
  }
  /// An `opened` that followed because an embargo passed, and not because the label was amended.
  bool opened_by_embargo() const { return kind == ChangeKind::opened && pasts.empty(); }
  /// Something in it is hidden from some of its readers.
  bool is_redactable() const { return !removed.empty() || !parts.empty(); }
  /// Its id follows from its content, STIX 2.1 section 2.9, and so would tell a hidden value. One that came
  /// redacted from another member travels under a random id already, and keeps it.
  bool is_observable() const { return std::holds_alternative<Digest>(version) && id.uuid.version() != 4; }
};

policy::Label label_of(const Row& row, const policy::LabelTable& labels);

/// Whether two holdings of one version are under the same label, the parts aside: those follow from it.
bool same_label(const Row& a, const Row& b);

/// The holding for a reader who meets it at `added`.
policy::Holding holding_of(const Row& row, policy::Label label, Timestamp added);

/// Whether this change tells its holding to a reader for whom `sees(label, columns, at)` is may_see. A
/// held-back holding is told by `added` to whom the embargo does not bind, by `opened` to the rest;
/// `withdrawn` and `deleted` to those who could see until then. Of an amended holding, exactly one of `added`
/// and `opened` tells whoever sees it now: that with which they last began to see it.
template <typename Sees>
bool tells(const Row& row, Sees&& sees, Timestamp now) {
  auto columns = row.columns();
  const auto before_embargo = [&] { return sees(row.label, columns, row.embargo - microseconds(1)); };
  const auto pasts_agree = [&] {
    return std::ranges::all_of(row.pasts, [&](const Past& past) {
      return sees(past.label, past.columns(), past.at) == past.showed;
    });
  };
  switch (row.kind) {
    case ChangeKind::added:
    case ChangeKind::opened:
      if (row.gone || !sees(row.label, columns, now)) return false;
      if (row.opened_by_embargo()) return !before_embargo();
      return (!row.held_back || before_embargo()) && pasts_agree();
    case ChangeKind::withdrawn:
      if (!row.pasts.empty()) return pasts_agree();  // by an amendment
      if (sees(row.label, columns, std::max(now, row.at))) return false;
      columns.end = Timestamp::never();
      return sees(row.label, columns, row.at);
    case ChangeKind::deleted:
      return sees(row.label, columns, row.at) && (!row.held_back || before_embargo());
  }
  return false;
}

/// What of a holding is hidden from a reader who sees it.
struct Redaction {
  bool some = false;        // a reference, or a part
  bool parts = false;       // then questions about its content are not answered
  bool another_id = false;  // an observable that this reader knows by its alias alone
};
Redaction redaction_of(const Row& row,
                       const policy::LabelTable& labels,
                       const policy::Scope& scope,
                       Timestamp now);

/// Whether the source is the reader's own organisation: its holding of a version is shown before others.
bool is_own(const policy::Source& source, const policy::Scope& scope);

/// Steps an instant forward: never back, whatever the wall clock does, and by a random 1-16 microseconds at
/// least, so that the gap between two rows does not tell how many hidden ones lie between.
Timestamp next_instant(Timestamp last, Timestamp now, Random& random);

}  // namespace shieldwall::store
