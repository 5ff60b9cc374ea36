// The decision over compiled labels. Rule for rule the one in decision.h; policy_test holds them to each
// other.

#include "policy/decider_rules.h"

namespace shieldwall::policy {

Decider::Decider(const Scope& scope, const LabelTable& table)
    : state_(std::make_unique<State>(scope, *table.state_)) {}
Decider::~Decider() = default;
Decider::Decider(Decider&&) noexcept = default;

bool Decider::may_see(LabelId id, const LabelColumns& columns, Timestamp now) const {
  return state_->may_see<Rule::none>(id, columns, now);
}

Decider::Sight Decider::sight(LabelId id) const {
  return state_->sight<Rule::none>(id);
}

VisibleLabels::VisibleLabels(const Scope& scope, const LabelTable& table, Timestamp)
    : decider_(scope, table) {
  extend();
}

bool VisibleLabels::sees(LabelId id, const LabelColumns& columns, Timestamp now) const {
  return decider_.state_->passes<Rule::none>(sight(id), columns, now);
}

void VisibleLabels::extend() {
  const std::size_t size = decider_.state_->table.forms.size();
  sights_.resize((size + 31) / 32);
  for (; size_ < size; ++size_) {
    const auto sight = static_cast<std::uint64_t>(decider_.sight(static_cast<LabelId>(size_)));
    sights_[size_ / 32] |= sight << size_ % 32 * 2;
  }
}

}  // namespace shieldwall::policy
