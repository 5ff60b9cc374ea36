#include "library/sighting.h"

#include <algorithm>
#include <charconv>
#include <map>

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
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::corrupt, "a sighting count is no number");
  return number;
}

Timestamp bucket_of(Timestamp at) {
  const auto rest = ((at.us % count_bucket.us) + count_bucket.us) % count_bucket.us;
  return {at.us - rest};
}

std::map<Key, std::uint64_t> summed(std::span<const Seen> seen) {
  std::map<Key, std::uint64_t> sums;
  for (const auto& one : seen) {
    auto& sum = sums[{one.indicator, bucket_of(one.at)}];
    sum = std::min(sighting_count_max, sum + std::min(one.count, sighting_count_max));
  }
  return sums;
}

Result<store::Write> add_to(store::Records& records,
                            const OrganisationId& organisation,
                            const Key& key,
                            std::uint64_t count,
                            Timestamp now) {
  store::Write write{.table = store::Table::sighting_count,
                     .key = key_of(organisation, key),
                     .value = std::nullopt,
                     .expected = 0,
                     .expires = now + counts_kept};
  const auto row = records.read(write.table, write.key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (row) {
    count = std::min(sighting_count_max, count + TRY(number_in(row->value)));
    write.expected = row->revision;
  }
  write.value = std::to_string(count);
  return write;
}

std::string stopped_name(const OrganisationId& organisation) {
  return "sightings.stopped." + organisation.text();
}

std::string report_key(const OrganisationId& organisation, std::string_view report) {
  return "report/" + organisation.text() + "/" + sha256(report).hex();
}

}  // namespace

Result<bool> record_seen(store::Store& store,
                         const OrganisationId& organisation,
                         std::span<const Seen> seen,
                         std::string_view report,
                         Timestamp now,
                         std::vector<store::Write> also) {
  const auto sums = summed(seen);
  if (sums.size() > counts_of_report_max)
    return fail(
        ErrorCode::exhausted, "{} counts in one report; send at most {}", sums.size(), counts_of_report_max);
  auto& records = store.records();
  for (int attempt = 1;; ++attempt) {
    std::vector<store::Write> writes = also;
    if (!report.empty()) {
      const auto key = report_key(organisation, report);
      if (records.read(store::Table::sighting_count, key)) return false;
      writes.push_back({.table = store::Table::sighting_count,
                        .key = key,
                        .value = Bytes("1"),
                        .expected = 0,
                        .expires = now + counts_kept});
    }
    for (const auto& [key, count] : sums)
      writes.push_back(TRY(add_to(records, organisation, key, count, now)));
    const auto done = records.write(writes);
    if (done) return true;
    if (done.error().code != ErrorCode::conflict || attempt == tries_max) return fail(done.error());
  }
}

Result<std::vector<Seen>> own_counts(store::Records& records, const OrganisationId& organisation) {
  const auto prefix = prefix_of(organisation);
  std::vector<Seen> counts;
  std::string after;
  while (true) {
    const auto rows = TRY(records.scan(store::Table::sighting_count, prefix, after, rows_at_once));
    for (const auto& row : rows) {
      const auto rest = std::string_view(row.key).substr(prefix.size());
      const auto slash = rest.find('/');
      if (slash == rest.npos) return fail(ErrorCode::corrupt, "a sighting count has no time");
      Seen seen;
      seen.indicator = TRY(model::ObjectId::parse(rest.substr(0, slash)));
      seen.at = TRY(parse_time(rest.substr(slash + 1))).at;
      seen.count = TRY(number_in(row.value));
      counts.push_back(std::move(seen));
    }
    if (rows.size() < static_cast<std::size_t>(rows_at_once)) return counts;
    after = rows.back().key;
  }
}

Result<bool> is_stopped(store::Settings& settings, const OrganisationId& organisation) {
  const auto value = TRY(settings.get(stopped_name(organisation)));
  return value == "true";
}

Done set_stopped(store::Settings& settings, const OrganisationId& organisation, bool stopped) {
  return settings.set(stopped_name(organisation), stopped ? "true" : "false");
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
