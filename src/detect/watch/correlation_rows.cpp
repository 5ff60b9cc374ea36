#include "detect/watch/correlation_rows.h"

#include <algorithm>
#include <charconv>

#include "policy/byte_form.h"
#include "store/each_record.h"

namespace shieldwall::detect {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::string_view prefix = "watch/sigma/";
constexpr std::uint8_t form_version = 1;
constexpr std::size_t values_max = 100'000;  // of one event: the fields of all correlations together
constexpr std::size_t observation_bytes = 4 + 8 + 4;
constexpr int rows_at_once = 1'000;
constexpr int spans_kept = 3;

std::string key_of(std::uint64_t number) {
  return fmt::format("{}{:016x}", prefix, number);
}

Result<std::uint64_t> number_of(std::string_view key) {
  const auto digits = key.substr(prefix.size());
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size())
    return fail(ErrorCode::corrupt, "{}: not numbered", key);
  return number;
}

store::Write removal_of(std::uint64_t number) {
  return {
      .table = store::Table::cursor, .key = key_of(number), .value = std::nullopt, .expected = std::nullopt};
}

///   rules  ascending; of an observation's rule its place among them is written
Bytes encode(const Digest& form,
             const std::vector<std::uint32_t>& rules,
             const std::vector<sigma::Observation>& observed) {
  ByteWriter out;
  out.number(form_version);
  out.digest(form);
  out.list(observed, [&](ByteWriter& to, const sigma::Observation& one) {
    to.number(static_cast<std::uint32_t>(std::ranges::lower_bound(rules, one.rule) - rules.begin()));
    to.number(one.at.us);
    to.list(one.values, [](ByteWriter& values, const std::string& value) { values.counted(value); });
  });
  return std::move(out).take();
}

Result<sigma::Observation> read_observation(ByteReader& in) {
  sigma::Observation one;
  one.rule = TRY(in.number<std::uint32_t>());
  one.at.us = TRY(in.number<std::int64_t>());
  one.values.resize(TRY(in.count(values_max, sizeof(std::uint32_t))));
  for (auto& value : one.values) value = TRY(in.counted(sigma::observed_value_bytes_max));
  return one;
}

}  // namespace

Digest correlation_form(const sigma::Correlator& correlator, const sigma::RuleSet& rules) {
  ByteWriter out;
  out.list(correlator.rules(),
           [&](ByteWriter& to, std::uint32_t rule) { to.counted(rules.rules()[rule].key()); });
  out.list(correlator.fields(), [](ByteWriter& to, const std::string& field) { to.counted(field); });
  return sha256(std::move(out).take());
}

CorrelationRows::CorrelationRows(const sigma::Correlator& correlator, const sigma::RuleSet& rules)
    : form_(correlation_form(correlator, rules)),
      rules_(correlator.rules()),
      span_{correlator.longest_timespan().us * spans_kept} {}

Result<Timestamp> CorrelationRows::resume(sigma::Correlator& correlator, store::Records& records) {
  Timestamp newest{};
  std::vector<store::Write> gone;
  const auto give = [&](const store::Record& row) -> Done {
    auto turn = decode_observed_turn(row.value);
    if (!turn) return fail(ErrorCode::corrupt, "{}: {}", row.key, turn.error().message);
    const auto number = TRY(number_of(row.key));
    next_ = number + 1;
    if (turn->form != form_) {
      gone.push_back(removal_of(number));
      return {};
    }
    for (auto& one : turn->observations) {
      if (one.rule >= rules_.size()) return fail(ErrorCode::corrupt, "{}: a rule that is none", row.key);
      one.rule = rules_[one.rule];
      newest = std::max(newest, one.at);
      correlator.take(one);  // what began with it was told before
    }
    kept_.push_back({.number = number, .newest = newest, .events = turn->observations.size()});
    events_ += turn->observations.size();
    return {};
  };
  TRY(store::each_record(records, store::Table::cursor, prefix, rows_at_once, give));
  if (!gone.empty()) TRY(records.write(gone));
  return newest;
}

std::vector<store::Write> CorrelationRows::add(const std::vector<sigma::Observation>& observed) {
  std::vector<store::Write> writes;
  if (observed.empty()) return writes;
  writes.push_back({.table = store::Table::cursor,
                    .key = key_of(next_),
                    .value = encode(form_, rules_, observed),
                    .expected = std::nullopt});
  kept_.push_back({.number = next_++, .newest = observed.back().at, .events = observed.size()});
  events_ += observed.size();
  while (kept_.size() > 1 &&
         (observed.back().at - kept_.front().newest > span_ || events_ > sigma::correlation_events_max)) {
    writes.push_back(removal_of(kept_.front().number));
    events_ -= kept_.front().events;
    kept_.pop_front();
  }
  return writes;
}

Result<ObservedTurn> decode_observed_turn(std::string_view value) {
  ByteReader in(value, "what correlations count");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  ObservedTurn turn;
  turn.form = TRY(in.digest());
  turn.observations.resize(TRY(in.count(sigma::correlation_events_max, observation_bytes)));
  for (auto& one : turn.observations) one = TRY(read_observation(in));
  TRY(in.finish());
  return turn;
}

}  // namespace shieldwall::detect
