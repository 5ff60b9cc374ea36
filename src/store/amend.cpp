#include "store/amend.h"

#include <algorithm>

namespace shieldwall::store {

namespace {

Past past_of(const Row& row, Timestamp at, bool showed) {
  return {.showed = showed,
          .at = at,
          .label = row.label,
          .persons = row.persons,
          .embargo = row.embargo,
          .end = row.end};
}

void bring_under(Row& row, const Amendment& amendment, policy::LabelId label, Timestamp at) {
  row.label = label;
  row.persons = amendment.label.persons;
  row.embargo = amendment.label.embargo;
  row.end = amendment.label.end;
  row.held_back = row.embargo > at;
  row.opened = false;
}

}  // namespace

NewLabel NewLabel::of(const policy::Label& before, const policy::Label& after, policy::LabelTable& labels) {
  return {.label = labels.intern(policy::shared_part(after)),
          .changes = before != after,
          .withdraws = !policy::at_least_as_wide(after, before),
          .opens = !policy::at_least_as_wide(before, after)};
}

bool is_amended_by(const Row& row, const Amendment& amendment) {
  return row.kind == ChangeKind::added && !row.gone && row.id == amendment.id &&
         row.version == amendment.version && row.spec_version == amendment.spec_version &&
         row.source == amendment.source && row.collection == amendment.collection;
}

bool is_known_under(const Row& standing, const Row& arriving) {
  return same_label(standing, arriving) || std::ranges::any_of(standing.pasts, [&](const Past& past) {
           return past.label == arriving.label && past.persons == arriving.persons &&
                  past.embargo == arriving.embargo && past.end == arriving.end;
         });
}

Row kept_under(const Row& row, const Amendment& amendment, const NewLabel& to, Timestamp at) {
  auto kept = row;
  // What the embargo of the label before decided is written down: from now on the row knows another embargo.
  if (row.opened_by_embargo() || row.held_back)
    kept.pasts.push_back(past_of(row, row.embargo - microseconds(1), !row.opened_by_embargo()));
  kept.pasts.push_back(past_of(row, at, true));
  bring_under(kept, amendment, to.label, at);
  return kept;
}

Row withdrawn_from(const Row& row, const Amendment& amendment, const NewLabel& to, Timestamp at) {
  auto change = row;
  change.kind = ChangeKind::withdrawn;
  change.content = 0;
  change.bytes = nullptr;
  change.digest = {};
  const auto kept = kept_under(row, amendment, to, at);
  change.pasts = kept.pasts;
  change.pasts.push_back(past_of(kept, at, false));
  return change;
}

Row opened_to(const Row& row, const Amendment& amendment, const NewLabel& to, Timestamp at) {
  auto change = row;
  change.kind = ChangeKind::opened;
  change.pasts = {past_of(row, at, false)};
  change.parts = amendment.parts;
  change.removed.clear();
  change.alias = {};
  bring_under(change, amendment, to.label, at);
  return change;
}

}  // namespace shieldwall::store
