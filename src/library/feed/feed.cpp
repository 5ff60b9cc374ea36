// What a feed gives: decided from the objects, held back by the brake.
#include "library/feed/feed.h"

#include <algorithm>
#include <map>
#include <set>

#include "ledger/milestone.h"
#include "ledger/subject.h"
#include "library/value_evidence.h"

namespace shieldwall::library::feed {

Done keep_state(store::Records& records, const Feed& feed, const State& state);  // feed_rows.cpp

namespace {

constexpr int page_of_objects = 1'000;
constexpr std::size_t page_bytes = 16u << 20;

/// The organisation whose word the holding is: who owns its label, else where it came from.
OrganisationId origin_of(const policy::Holding& holding, const OrganisationId& own) {
  if (holding.source.kind == policy::Source::Kind::own) return own;
  if (!holding.label.audience.empty()) return holding.label.audience.front().owner;
  return {holding.source.id};
}

class Builder {
 public:
  Builder(api::Services& services, const Feed& feed, const Guard& guard, Timestamp now, Deadline deadline)
      : services_(services), feed_(feed), guard_(guard), now_(now), deadline_(deadline) {}

  Result<std::vector<Value>> run() {
    auto subject = TRY(ledger::subject_of(services_.store.records(), feed_.organisation));
    const auto scope = policy::Scope::of(std::move(subject));
    look_.emplace(services_.store, scope, now_, deadline_);
    if (feed_.demand.confidence_min > 0) corrected_ = TRY(corrected(*look_));
    store::Query query;
    query.types = {"indicator"};
    query.labels = feed_.labels;
    if (feed_.circle) query.collections = {*feed_.circle};
    std::optional<store::Place> from;
    do {
      auto page =
          TRY(services_.store.objects().find(scope, query, from, page_of_objects, page_bytes, deadline_));
      for (auto& holding : page.holdings)
        if (const auto released = policy::release(scope, std::move(holding), now_))
          TRY(add(released->look()));
      from = page.next;
    } while (from);
    std::vector<Value> values;
    for (auto& [value, one] : values_) values.push_back(std::move(one));
    std::ranges::sort(values, {}, &Value::line);
    return values;
  }
  std::map<model::ObjectId, policy::Holding> take_holdings() { return std::move(holdings_); }

 private:
  Done add(const policy::Holding& holding) {
    std::vector<Testimony> said;
    if (corrected_.contains(holding.id)) said = TRY(testimonies_of(*look_, {holding.id}));
    const auto judged = judge_indicator(*holding.bytes, holding.label, feed_.demand, now_, said);
    if (!judged.refused.empty()) return {};
    const auto from = origin_of(holding, feed_.organisation);
    const auto action = judged.most == Action::block && is_trusted(from) ? Action::block : Action::alert;
    for (const auto& value : judged.values) {
      if (!can_say(feed_.format, value.kind) || guard_.objection(value)) continue;
      if (values_.size() >= values_max)
        return fail(
            ErrorCode::exhausted, "feed {}: over {} values; narrow its query", feed_.name, values_max);
      const auto [found, is_new] = values_.try_emplace(
          value,
          Value{.line = {value, action}, .indicator = holding.id, .from = from, .until = judged.valid_until});
      holdings_.try_emplace(holding.id, holding);
      if (is_new) continue;
      // Two speak of it: whoever may block decides, and it stays as long as the longer.
      if (action > found->second.line.action) {
        found->second.line.action = action;
        found->second.indicator = holding.id;
        found->second.from = from;
      }
      found->second.until = std::max(found->second.until, judged.valid_until);
    }
    return {};
  }

  bool is_trusted(const OrganisationId& from) const {
    return feed_.trusts_all || from == feed_.organisation ||
           std::ranges::find(feed_.trusted, from) != feed_.trusted.end();
  }

  api::Services& services_;
  const Feed& feed_;
  const Guard& guard_;
  Timestamp now_;
  Deadline deadline_;
  std::optional<Look> look_;
  std::set<model::ObjectId> corrected_;  // where the feed asks for a confidence
  std::map<model::CanonicalValue, Value> values_;
  std::map<model::ObjectId, policy::Holding> holdings_;
};

/// Values keep when they came.
void keep_dates(std::vector<Value>& values,
                const std::vector<Value>& before,
                std::uint64_t serial,
                Timestamp now) {
  for (auto& one : values) {
    const auto old = std::ranges::lower_bound(before, one.line, {}, &Value::line);
    const bool stood = old != before.end() && old->line == one.line;
    one.serial = stood ? old->serial : serial;
    one.since = stood ? old->since : now;
  }
}

State::Held difference(const std::vector<Value>& before, const std::vector<Value>& after, Timestamp now) {
  State::Held change{.at = now};
  const auto has = [](const std::vector<Value>& values, const Line& line) {
    return std::ranges::binary_search(values, line, {}, &Value::line);
  };
  for (const auto& one : after) change.come += has(before, one.line) ? 0 : 1;
  for (const auto& one : before) change.gone += has(after, one.line) ? 0 : 1;
  return change;
}

Done publish(
    store::Store& store, const Feed& feed, State& state, const std::vector<Value>& values, Timestamp now) {
  const auto digest = TRY(store.blobs().put(encode_values(values)));
  if (state.serial > 0) state.earlier.push_back({state.serial, state.values});
  while (state.earlier.size() > earlier_kept) state.earlier.erase(state.earlier.begin());
  ++state.serial;
  state.changed = now;
  state.values = digest;
  return keep_state(store.records(), feed, state);
}

/// What this serial brought: from now on a control that asks is told to block it.
Done note_blocked(store::Records& records,
                  const Feed& feed,
                  const std::vector<Value>& values,
                  std::uint64_t serial,
                  Timestamp now) {
  std::vector<model::ObjectId> fresh;
  for (const auto& one : values)
    if (one.serial == serial) fresh.push_back(one.indicator);
  return ledger::note_milestones(records, feed.organisation, ledger::Step::blocked, fresh, now);
}

}  // namespace

Result<Current> refresh(
    api::Services& services, const Feed& feed, Timestamp now, Deadline deadline, Brake brake) {
  auto& store = services.store;
  auto state = TRY(state_of(store.records(), feed));
  std::vector<Value> before;
  if (state.serial > 0) {
    const auto text = TRY(store.blobs().get(state.values));
    before = TRY(decode_values(text));
  }
  const auto guard = TRY(guard_of(store, feed.organisation));
  Builder builder(services, feed, guard, now, deadline);
  auto values = TRY(builder.run());
  // What must go now goes whatever the brake says: a wrong block hurts by the minute.
  auto kept = before;
  std::erase_if(kept, [&](const Value& one) { return one.until <= now || guard.objection(one.line.value); });
  const auto change = difference(kept, values, now);
  const bool is_large = state.serial > 0 && change.come + change.gone > feed.hold_above;
  const bool holds = is_large && brake == Brake::on;
  const bool held_before = state.held.has_value();
  if (holds) values = std::move(kept);
  const auto all = difference(before, values, now);
  const bool same = state.serial > 0 && all.come == 0 && all.gone == 0;
  state.held =
      holds ? std::optional(held_before ? State::Held{state.held->at, change.come, change.gone} : change)
            : std::nullopt;
  keep_dates(values, before, state.serial + 1, now);
  if (!same) {
    TRY(publish(store, feed, state, values, now));
    TRY(note_blocked(services.store.records(), feed, values, state.serial, now));
  } else if (holds != held_before) {
    TRY(keep_state(store.records(), feed, state));
  }
  Current current{std::move(state), std::move(values)};
  auto holdings = builder.take_holdings();
  for (const auto& one : current.values)
    if (auto found = holdings.extract(one.indicator)) current.holdings.push_back(std::move(found.mapped()));
  return current;
}

}  // namespace shieldwall::library::feed
