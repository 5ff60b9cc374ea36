#include "library/sighting.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "ledger/anonymous.h"
#include "ledger/milestone.h"
#include "store/each_record.h"

namespace shieldwall::library {

namespace {

constexpr int tries_max = 5;  // of a transaction that another report came between
constexpr int rows_at_once = 10'000;

using Key = std::pair<model::ObjectId, Timestamp>;

std::string prefix_of(const OrganisationId& organisation) {
  return "count/" + organisation.text() + "/";
}

std::string key_of(const OrganisationId& organisation, const Key& key) {
  return prefix_of(organisation) + key.first.text() + "/" + to_text(key.second);
}

Result<std::uint64_t> number_in(std::string_view text) {
  const auto number = as_number<std::uint64_t>(text);
  if (!number) return fail(ErrorCode::corrupt, "a sighting count is no number");
  return *number;
}

Timestamp bucket_of(Timestamp at) {
  const auto rest = ((at.us % count_bucket.us) + count_bucket.us) % count_bucket.us;
  return {at.us - rest};
}

std::uint64_t sum_of(std::uint64_t one, std::uint64_t other) {
  return std::min(sighting_count_max,
                  std::min(one, sighting_count_max) + std::min(other, sighting_count_max));
}

/// What one report says of an indicator and hour, by source ("": none named).
using Told = std::map<Key, std::map<std::string_view, std::uint64_t>>;

Told told_by(std::span<const Seen> seen) {
  Told told;
  for (const auto& one : seen) {
    auto& count = told[{one.indicator, bucket_of(one.at)}][one.source];
    count = sum_of(count, one.count);
  }
  return told;
}

std::string source_key(const OrganisationId& organisation, std::string_view source, const Key& key) {
  return fmt::format(
      "source/{}/{}/{}/{}", organisation.text(), sha256(source).hex(), key.first.text(), to_text(key.second));
}

/// A row that holds a number: what it holds, and the write that will put another there.
struct Counter {
  std::uint64_t count = 0;
  store::Write write;
};

Result<Counter> counter_at(store::Records& records, std::string key, Timestamp now) {
  Counter counter;
  counter.write = {.table = store::Table::sighting_count,
                   .key = std::move(key),
                   .value = std::nullopt,
                   .expected = 0,
                   .expires = now + counts_kept};
  const auto row = records.read(counter.write.table, counter.write.key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (row) {
    counter.count = TRY(number_in(row->value));
    counter.write.expected = row->revision;
  }
  return counter;
}

void put(Counter counter, std::uint64_t count, std::vector<store::Write>& writes) {
  counter.write.value = std::to_string(count);
  writes.push_back(std::move(counter.write));
}

/// The writes that add what the sources of one indicator and hour showed beyond what they told before.
Done add_up(store::Records& records,
            const OrganisationId& organisation,
            const Told::value_type& told,
            Timestamp now,
            Recorded& recorded,
            std::vector<store::Write>& writes) {
  std::uint64_t more = 0;
  for (const auto& [source, count] : told.second) {
    std::uint64_t before = 0;
    if (!source.empty()) {
      auto counter = TRY(counter_at(records, source_key(organisation, source, told.first), now));
      before = counter.count;
      if (count > before) put(std::move(counter), count, writes);
    }
    ++(count > before ? recorded.taken : recorded.known);
    if (count > before) more = sum_of(more, count - before);
  }
  if (more == 0) return {};
  auto sum = TRY(counter_at(records, key_of(organisation, told.first), now));
  const auto count = sum_of(sum.count, more);
  put(std::move(sum), count, writes);
  return {};
}

/// The first hit is when this node learned of it, so that a look into old logs is no protection in the past.
Done note_hits(store::Records& records,
               const OrganisationId& organisation,
               std::span<const Seen> seen,
               Timestamp now) {
  std::vector<model::ObjectId> indicators;
  for (const auto& one : seen) indicators.push_back(one.indicator);
  return ledger::note_milestones(records, organisation, ledger::Step::hit, indicators, now);
}

std::string report_key(const OrganisationId& organisation, std::string_view report) {
  return "report/" + organisation.text() + "/" + sha256(report).hex();
}

}  // namespace

Result<Recorded> record_seen(store::Store& store,
                             const OrganisationId& organisation,
                             std::span<const Seen> seen,
                             std::string_view report,
                             Timestamp now,
                             std::vector<store::Write> also) {
  if (seen.size() > counts_of_report_max)
    return fail(
        ErrorCode::exhausted, "{} counts in one report; send at most {}", seen.size(), counts_of_report_max);
  const auto told = told_by(seen);
  auto& records = store.records();
  for (int attempt = 1;; ++attempt) {
    Recorded recorded;
    std::vector<store::Write> writes = also;
    if (!report.empty()) {
      auto name = TRY(counter_at(records, report_key(organisation, report), now));
      if (name.count > 0) return Recorded{.again = true};
      put(std::move(name), 1, writes);
    }
    for (const auto& one : told) TRY(add_up(records, organisation, one, now, recorded, writes));
    const auto done = records.write(writes);
    if (done) {
      TRY(note_hits(records, organisation, seen, now));
      return recorded;
    }
    if (done.error().code != ErrorCode::conflict || attempt == tries_max) return fail(done.error());
  }
}

Result<std::vector<Seen>> own_counts(store::Records& records, const OrganisationId& organisation) {
  const auto prefix = prefix_of(organisation);
  std::vector<Seen> counts;
  const auto take = [&](const store::Record& row) -> Done {
    const auto rest = std::string_view(row.key).substr(prefix.size());
    const auto slash = rest.find('/');
    if (slash == rest.npos) return fail(ErrorCode::corrupt, "a sighting count has no time");
    Seen seen;
    seen.indicator = TRY(model::ObjectId::parse(rest.substr(0, slash)));
    seen.at = TRY(parse_time(rest.substr(slash + 1))).at;
    seen.count = TRY(number_in(row.value));
    counts.push_back(std::move(seen));
    return {};
  };
  TRY(store::each_record(records, store::Table::sighting_count, prefix, rows_at_once, take));
  return counts;
}

Result<bool> is_stopped(store::Settings& settings, const OrganisationId& organisation) {
  return ledger::sightings_are_stopped(settings, organisation);
}

Done set_stopped(store::Settings& settings, const OrganisationId& organisation, bool stopped) {
  return settings.set(ledger::stopped_name(organisation), stopped ? "true" : "false");
}

namespace {

/// The originator as far as this node knows it: what circles it is inside of, and that it holds what its own
/// label demands.
Result<policy::Subject> subject_of(store::Records& records,
                                   const OrganisationId& originator,
                                   const policy::Label& label) {
  policy::Subject subject;
  subject.own.organisation = originator;
  for (const auto& clause : label.audience)
    if (const auto* inside = std::get_if<policy::CircleAudience>(&clause.inside)) {
      const auto row = TRY(ledger::read_circle(records, inside->circle));
      subject.own.circles.push_back(ledger::standing_in(row.value, originator));
    }
  subject.compartments = label.compartments;
  subject.clearances = {{label.classification.scheme, label.classification.ordinal}};
  if (!label.realm.is_nil()) subject.exercises = {label.realm};
  return policy::sorted(std::move(subject));
}

}  // namespace

Result<policy::Label> sighting_label(store::Records& records,
                                     const policy::Holding& indicator,
                                     const ledger::Circle& circle,
                                     const OrganisationId& observer,
                                     Timestamp now) {
  const auto& from = indicator.label;
  if (from.persons || from.tlp == policy::Tlp::red)
    return fail(ErrorCode::denied, "the indicator is for named persons only; tell its owner in person");
  // Both clauses hold: a label that let in anybody whom the indicator's does not would name it to them.
  auto label = TRY(policy::join(from, ledger::label_for(circle, observer)));
  label.discoverable = false;
  for (const auto& clause : from.audience) {
    if (clause.owner == observer) continue;
    const auto originator = TRY(subject_of(records, clause.owner, label));
    if (!policy::may_see(originator, label, now))
      return fail(ErrorCode::denied,
                  "the indicator's owner would not see it: it is not in the circle any more");
  }
  return label;
}

}  // namespace shieldwall::library
