#include "store/row.h"

#include <algorithm>

namespace shieldwall::store {

namespace {

const std::shared_ptr<const std::string>& no_bytes() {
  static const auto empty = std::make_shared<const std::string>();
  return empty;
}

}  // namespace

policy::Label label_of(const Row& row, const policy::LabelTable& labels) {
  auto label = labels.at(row.label);
  label.persons = row.persons;
  label.embargo = row.embargo;
  label.end = row.end;
  return label;
}

bool same_label(const Row& a, const Row& b) {
  return a.label == b.label && a.persons == b.persons && a.embargo == b.embargo && a.end == b.end;
}

policy::Holding holding_of(const Row& row, policy::Label label, Timestamp added) {
  return {.id = row.id,
          .version = row.version,
          .spec_version = row.spec_version,
          .bytes = row.bytes ? row.bytes : no_bytes(),
          .source = row.source,
          .collection = row.collection,
          .label = std::move(label),
          .added = added,
          .removed = row.removed,
          .parts = row.parts,
          .alias = row.alias};
}

Redaction redaction_of(const Row& row,
                       const policy::LabelTable& labels,
                       const policy::Scope& scope,
                       Timestamp now) {
  if (!row.is_redactable() || scope.is_everything()) return {};
  const auto holding = holding_of(row, label_of(row, labels), row.at);
  if (policy::owns_every_clause(scope.subject(), holding.label)) return {};
  const bool parts = !policy::sees_all_parts(scope, holding, now);
  const bool some = parts || !row.removed.empty();
  return {.some = some, .parts = parts, .another_id = some && row.is_observable()};
}

bool is_own(const policy::Source& source, const policy::Scope& scope) {
  if (scope.is_everything()) return source.kind == policy::Source::Kind::own;
  return source.kind != policy::Source::Kind::feed && source.id == scope.subject().own.organisation.uuid;
}

Timestamp next_instant(Timestamp last, Timestamp now, Random& random) {
  constexpr std::uint64_t step_max_us = 16;
  const auto step = microseconds(1 + static_cast<std::int64_t>(random.below(step_max_us)));
  return std::max(now, last + step);
}

}  // namespace shieldwall::store
