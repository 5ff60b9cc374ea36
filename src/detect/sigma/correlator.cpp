#include "detect/sigma/correlator.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "base/bytes.h"
#include "detect/sigma/number.h"
#include "detect/sigma/tables.h"

namespace shieldwall::detect::sigma {

namespace {

using Type = CorrelationRule::Type;

/// One event of a group: which of the correlation's rules it is of, and its counted value.
struct Seen {
  Timestamp at;
  std::uint32_t which = 0;
  std::string value = {};
};

/// The events of one group within the timespan, oldest first, with what is asked of them kept up to date.
struct Window {
  std::deque<Seen> events;
  std::vector<std::uint32_t> by_rule;                       // how many are of each of the correlation's rules
  std::unordered_map<std::string, std::uint32_t> by_value;  // value_count
  bool holds = false;

  void push(Seen event, const CorrelationRule& rule) {
    by_rule.resize(rule.rules.size());
    ++by_rule[event.which];
    if (rule.type == Type::value_count) ++by_value[event.value];
    events.push_back(std::move(event));
  }

  void pop() {
    const auto& oldest = events.front();
    --by_rule[oldest.which];
    if (const auto value = by_value.find(oldest.value); value != by_value.end() && --value->second == 0)
      by_value.erase(value);
    events.pop_front();
  }
};

/// The order of events has to be looked up from the beginning each time, so fewer of them are kept.
constexpr std::size_t ordered_events_max = 1'000;

bool within(const std::vector<CorrelationRule::Bound>& bounds, std::size_t count) {
  return std::ranges::all_of(bounds, [&](const CorrelationRule::Bound& bound) {
    return holds(bound.compare, static_cast<long double>(count), static_cast<long double>(bound.count));
  });
}

bool holds(const Condition& condition, const std::vector<bool>& seen) {
  const auto part = [&](const Condition& one) { return holds(one, seen); };
  switch (condition.kind) {
    case Condition::Kind::name:
      return seen[condition.index];
    case Condition::Kind::all:
      return std::ranges::all_of(condition.parts, part);
    case Condition::Kind::any:
      return std::ranges::any_of(condition.parts, part);
    case Condition::Kind::no:
      return !part(condition.parts.front());
  }
  return false;
}

bool in_order(const Window& group, std::size_t rules) {
  std::uint32_t next = 0;
  for (const auto& event : group.events)
    if (event.which == next && ++next == rules) return true;
  return false;
}

bool is_met(const CorrelationRule& rule, const Window& window) {
  const auto seen = [&](std::size_t which) {
    return which < window.by_rule.size() && window.by_rule[which] > 0;
  };
  std::vector<bool> all(rule.rules.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = seen(i);
  const auto kinds = static_cast<std::size_t>(std::ranges::count(all, true));
  switch (rule.type) {
    case Type::event_count:
      return within(rule.bounds, window.events.size());
    case Type::value_count:
      return within(rule.bounds, window.by_value.size());
    case Type::temporal_ordered:
      return kinds == all.size() && in_order(window, all.size());
    case Type::temporal:
      if (rule.expression) return holds(*rule.expression, all);
      return rule.bounds.empty() ? kinds == all.size() : within(rule.bounds, kinds);
  }
  return false;
}

/// Text that differs whenever the parts do.
void append_part(std::string& key, std::string_view part) {
  key += fmt::format("{}:", part.size());
  key += part;
}

}  // namespace

struct Correlator::State {
  explicit State(RuleSet given) : rules(std::move(given)), tables(*rules.tables_) {
    groups.resize(tables.correlations.size());
    for (std::size_t i = 0; i < tables.correlations.size(); ++i) {
      const auto& linked = tables.correlations[i];
      for (std::uint32_t k = 0; k < linked.rules.size(); ++k) uses[linked.rules[k]].push_back({i, k});
    }
    for (const auto& linked : tables.correlations) {
      for (const auto& names : linked.group_fields)
        for (const auto& field : names) slot(field);
      for (const auto& field : correlation(linked).fields) slot(field);
      longest = std::max(longest, correlation(linked).timespan);
    }
    for (const auto& [rule, correlations] : uses)
      if (!tables.rules[rule].correlation) observed.push_back(rule);
    std::ranges::sort(observed);
  }

  const CorrelationRule& correlation(const LinkedCorrelation& linked) const {
    return *tables.rules[linked.rule].correlation;
  }

  void slot(const std::string& field) {
    if (slots.try_emplace(field, slots.size()).second) fields.push_back(field);
  }

  const std::string& value(const Observation& observation, const std::string& field) const {
    return observation.values[slots.find(field)->second];
  }

  std::string group_key(const LinkedCorrelation& linked,
                        std::uint32_t which,
                        const Observation& observation) const {
    std::string key;
    for (const auto& field : linked.group_fields[which]) append_part(key, value(observation, field));
    return key;
  }

  std::string counted(const CorrelationRule& rule, const Observation& observation) const {
    std::string counted;
    if (rule.type == Type::value_count)
      for (const auto& field : rule.fields) append_part(counted, value(observation, field));
    return counted;
  }

  void drop_old(Window& group, Timestamp now, Duration timespan) {
    while (!group.events.empty() && now - group.events.front().at > timespan) {
      group.pop();
      --kept;
    }
  }

  void forget(Window& window, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) window.pop();
    kept -= count;
    forgotten += count;
  }

  /// Lets go of the largest group's oldest half of the correlation that takes most.
  void make_room() {
    Window* largest = nullptr;
    for (auto& some : groups)
      for (auto& [key, group] : some)
        if (largest == nullptr || group.events.size() > largest->events.size()) largest = &group;
    const auto count = (largest->events.size() + 1) / 2;
    largest->events.erase(largest->events.begin(),
                          largest->events.begin() + static_cast<std::ptrdiff_t>(count));
    kept -= count;
    forgotten += count;
  }

  /// Groups whose last event is past are swept once as many events came as are kept.
  void sweep(Timestamp now) {
    if (++since_sweep < kept + 10'000) return;
    since_sweep = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto timespan = correlation(tables.correlations[i]).timespan;
      for (auto& [key, group] : groups[i]) drop_old(group, now, timespan);
      std::erase_if(groups[i], [](const auto& entry) { return entry.second.events.empty(); });
    }
  }

  void feed(const Observation& observation) {
    const auto found_uses = uses.find(observation.rule);
    if (found_uses == uses.end()) return;
    for (const auto& [index, which] : found_uses->second) {
      const auto& linked = tables.correlations[index];
      const auto& rule = correlation(linked);
      Window& group = groups[index][group_key(linked, which, observation)];
      drop_old(group, observation.at, rule.timespan);
      if (group.events.empty()) group.holds = false;
      group.push({observation.at, which, counted(rule, observation)}, rule);
      ++kept;
      if (rule.type == Type::temporal_ordered && group.events.size() > ordered_events_max) forget(group, 1);
      if (kept > correlation_events_max) make_room();
      const bool held = std::exchange(group.holds, is_met(rule, group));
      if (!group.holds || held) continue;
      found.push_back({.rule = linked.rule, .place = observation.place, .at = observation.at});
      Observation next =
          observation;  // a correlation about correlations groups by the event that completed it
      next.rule = linked.rule;
      feed(next);
    }
  }

  RuleSet rules;
  const Tables& tables;
  std::unordered_map<std::uint32_t, std::vector<std::pair<std::size_t, std::uint32_t>>> uses;
  std::vector<std::uint32_t> observed;
  Duration longest{};
  std::vector<std::string> fields;                              // that are looked at
  std::map<std::string, std::size_t, std::less<>> slots;        // their places there and in `values`
  std::vector<std::unordered_map<std::string, Window>> groups;  // by correlation
  std::vector<Correlated> found;
  std::size_t kept = 0, since_sweep = 0;
  std::uint64_t forgotten = 0;
};

Correlator::Correlator(RuleSet rules) : state_(std::make_unique<State>(std::move(rules))) {}
Correlator::~Correlator() = default;

bool Correlator::wants(std::uint32_t rule) const {
  return state_->uses.contains(rule);
}

Observation Correlator::observe(std::uint32_t rule,
                                const Record& event,
                                Timestamp at,
                                std::uint64_t place) const {
  Observation observation{.rule = rule, .at = at, .place = place};
  observation.values.resize(state_->slots.size());
  for (const auto& field : event.fields)
    if (const auto slot = state_->slots.find(field.name); slot != state_->slots.end())
      if (auto& value = observation.values[slot->second]; value.empty())
        value = field.value.size() > observed_value_bytes_max ? sha256(field.value).hex()
                                                              : std::string(field.value);
  return observation;
}

const std::vector<Correlated>& Correlator::take(const Observation& observation) {
  state_->found.clear();
  state_->sweep(observation.at);
  state_->feed(observation);
  return state_->found;
}

const std::vector<std::uint32_t>& Correlator::rules() const {
  return state_->observed;
}

const std::vector<std::string>& Correlator::fields() const {
  return state_->fields;
}

Duration Correlator::longest_timespan() const {
  return state_->longest;
}

std::uint64_t Correlator::forgotten() const {
  return state_->forgotten;
}

}  // namespace shieldwall::detect::sigma
