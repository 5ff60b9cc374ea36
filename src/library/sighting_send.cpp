#include <algorithm>
#include <map>
#include <set>

#include "api/in_time.h"
#include "base/text.h"
#include "ledger/anonymous.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "library/intake.h"
#include "library/search.h"
#include "library/sighting.h"
#include "model/json_writer.h"
#include "store/each_record.h"

namespace shieldwall::library {

namespace {

using ledger::SightingChoice;

constexpr std::size_t ids_at_once = 200;  // of one search
constexpr std::size_t batch_max = 1'000;  // sightings of one durable step

/// A sighting as it was last told: written before it is put, so that a second try puts the very same bytes.
struct Told {
  Uuid id{};
  Timestamp created{};
  Timestamp modified{};
  std::uint64_t count = 0;
  bool done = false;
};

Bytes encode(const Told& told) {
  return fmt::format(
      "{} {} {} {} {}", told.id.text(), told.created.us, told.modified.us, told.count, told.done ? 1 : 0);
}

Result<Told> decode_told(std::string_view row) {
  const auto parts = split(row, ' ');
  if (parts.size() != 5) return fail(ErrorCode::corrupt, "a told sighting's row is damaged");
  Told told;
  told.id = TRY(Uuid::parse(parts[0]));
  std::int64_t numbers[4] = {};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto number = as_number<std::int64_t>(parts[i + 1]);
    if (!number) return fail(ErrorCode::corrupt, "a told sighting's row is damaged");
    numbers[i] = *number;
  }
  told.created = {numbers[0]};
  told.modified = {numbers[1]};
  told.count = static_cast<std::uint64_t>(numbers[2]);
  told.done = numbers[3] == 1;
  return told;
}

struct Bucket {
  model::ObjectId indicator;
  Timestamp from{};
  Duration length{};
  auto operator<=>(const Bucket&) const = default;
};

/// One sighting on its way out.
struct Outgoing {
  Bucket bucket;
  std::string key;
  std::uint64_t revision = 0;
  Told told;
  store::NewHolding holding;
};

std::string sighting_text(const Bucket& bucket, const Told& told, const model::ObjectId& observer) {
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "sighting");
  out.member("spec_version", "2.1");
  out.member("id", model::ObjectId{"sighting", told.id}.text());
  out.member("created_by_ref", observer.text());
  out.member("created", to_text_ms(told.created));
  out.member("modified", to_text_ms(told.modified));
  out.member("first_seen", to_text_ms(bucket.from));
  out.member("last_seen", to_text_ms(bucket.from + bucket.length));
  out.member("count", told.count);
  out.member("sighting_of_ref", bucket.indicator.text());
  out.key("where_sighted_refs");
  out.begin_array();
  out.value(observer.text());
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

class Sender {
 public:
  Sender(api::Services& services,
         const api::Caller& caller,
         policy::Source source,
         model::ObjectId observer,
         Deadline deadline,
         Manner manner)
      : services_(services),
        caller_(caller),
        deadline_(deadline),
        manner_(manner),
        source_(source),
        observer_(std::move(observer)),
        now_(services.clock.now()) {}

  Result<Sent> run() {
    const auto counts = TRY(own_counts(services_.store.records(), caller_.organisation));
    for (const auto& seen : counts) counts_[seen.indicator].push_back(seen);
    if (manner_ == Manner::anonymous) TRY(find_named());
    const auto circles = TRY(ledger::circles_of(services_.store.records(), caller_.organisation));
    for (const auto& row : circles)
      if (ledger::is_inside(row.value, caller_.organisation)) TRY(look_in(row.value));
    for (const auto& [indicator, seen] : counts_)
      if (!placed_.contains(indicator))
        sent_.held_back.push_back({indicator, "", "it came by no circle: there is nobody to return it to"});
    TRY(flush());
    return std::move(sent_);
  }

 private:
  Done look_in(const ledger::Circle& circle) {
    std::vector<model::ObjectId> ids;
    for (const auto& [indicator, seen] : counts_) {
      ids.push_back(indicator);
      if (ids.size() < ids_at_once) continue;
      TRY(look_for(circle, std::exchange(ids, {})));
    }
    return ids.empty() ? Done{} : look_for(circle, std::move(ids));
  }

  Done look_for(const ledger::Circle& circle, std::vector<model::ObjectId> ids) {
    store::Query query;
    query.ids = std::move(ids);
    query.collections = {circle.id};
    const auto page = TRY(services_.store.objects().find(
        caller_.scope, query, std::nullopt, static_cast<int>(ids_at_once), page_bytes_max, deadline_));
    for (const auto& holding : page.holdings) TRY(consider(circle, holding));
    return {};
  }

  Done consider(const ledger::Circle& circle, const policy::Holding& indicator) {
    if (indicator.source.kind != policy::Source::Kind::feed &&
        indicator.source.id == caller_.organisation.uuid)
      return {};  // our own: nobody to return it to by this way
    placed_.insert(indicator.id);
    const auto* member = ledger::member_of(circle, caller_.organisation);
    const auto choice = member == nullptr ? SightingChoice::undecided : member->sightings;
    if (choice == SightingChoice::undecided || choice == SightingChoice::none) {
      sent_.held_back.push_back({indicator.id,
                                 circle.title,
                                 choice == SightingChoice::none ? "the choice for this circle is: none"
                                                                : "no choice was made yet"});
      return {};
    }
    auto label = sighting_label(services_.store.records(), indicator, circle, caller_.organisation, now_);
    if (!label && label.error().code == ErrorCode::denied) {
      sent_.held_back.push_back({indicator.id, circle.title, label.error().message});
      return {};
    }
    if (manner_ == Manner::anonymous) return let_go(circle, indicator);
    if (TRY(was_told(anonymous_told_prefix(indicator.id)))) {
      sent_.held_back.push_back({indicator.id, circle.title, "it was told without a name before"});
      return {};
    }
    return prepare(
        circle, indicator.id, TRY(std::move(label)), choice == SightingChoice::detail ? hours(1) : days(1));
  }

  std::string anonymous_told_prefix(const model::ObjectId& indicator) const {
    return fmt::format("told-anonymous/{}/{}/", caller_.organisation.text(), indicator.text());
  }
  Result<bool> was_told(const std::string& prefix) {
    const auto rows = TRY(services_.store.records().scan(store::Table::sighting_count, prefix, "", 1));
    return !rows.empty();
  }

  /// What was told with a name, by whatever circle, also one that the organisation left since.
  Done find_named() {
    const auto prefix = fmt::format("told/{}/", caller_.organisation.text());
    return store::each_record(services_.store.records(),
                              store::Table::sighting_count,
                              prefix,
                              static_cast<int>(batch_max),
                              [&](const store::Record& row) -> Done {
                                const auto parts =
                                    split(std::string_view(row.key).substr(prefix.size()), '/');
                                if (parts.size() < 2)
                                  return fail(ErrorCode::corrupt, "a told sighting's row is damaged");
                                named_.insert(TRY(model::ObjectId::parse(parts[1])));
                                return {};
                              });
  }

  /// Why the indicator's sightings do not leave without a name; empty: they may.
  std::string why_not_anonymous(const policy::Holding& indicator,
                                const Result<ledger::AnonymousWay>& way) const {
    if (!way) return way.error().message;
    if (named_.contains(indicator.id)) return std::string("it was told with this organisation's name before");
    if (way->relays.empty()) return std::string("no other member carries for others: a relay has to");
    if (way->is_narrowed)
      return std::string("its label admits only some of its audience, and who these are is not known here");
    if (way->sources >= ledger::anonymous_sources_min) return std::string();
    return fmt::format("{} members could have seen it, and fewer than {} are no crowd",
                       way->sources,
                       ledger::anonymous_sources_min);
  }

  /// To the indicator's owner alone, by days that are over; the node brings it to a relay at random instants.
  Done let_go(const ledger::Circle& circle, const policy::Holding& indicator) {
    auto& records = services_.store.records();
    const OrganisationId owner{indicator.source.id};
    const auto way = ledger::anonymous_way(records, caller_.organisation, owner, indicator.label);
    if (!way && way.error().code != ErrorCode::not_found) return fail(way.error());
    if (auto why = why_not_anonymous(indicator, way); !why.empty()) {
      sent_.held_back.push_back({indicator.id, circle.title, std::move(why)});
      return {};
    }
    std::map<Timestamp, std::uint64_t> by_day;
    for (const auto& seen : counts_[indicator.id]) {
      auto& sum = by_day[{seen.at.us - ((seen.at.us % days(1).us) + days(1).us) % days(1).us}];
      sum = std::min(sighting_count_max, sum + seen.count);
    }
    for (const auto& [day, count] : by_day)
      TRY(let_go(circle,
                 {.alliance = way->alliance,
                  .owner = owner,
                  .indicator = indicator.id,
                  .from = day,
                  .length = days(1),
                  .count = count,
                  .seer = caller_.organisation,
                  .circle = circle.id}));
    return note_way(owner, *way);
  }

  Done let_go(const ledger::Circle& circle, const ledger::AnonymousCount& count) {
    auto& records = services_.store.records();
    if (count.from + count.length > now_) {
      sent_.held_back.push_back({count.indicator, circle.title, "the day is not over yet"});
      return {};
    }
    store::Write told{.table = store::Table::sighting_count,
                      .key = anonymous_told_prefix(count.indicator) + to_text(count.from),
                      .value = Bytes("1"),
                      .expected = 0,
                      .expires = now_ + counts_kept};
    const auto before = records.read(told.table, told.key);
    if (!before && before.error().code != ErrorCode::not_found) return fail(before.error());
    if (before) {
      ++sent_.unchanged;
      return {};
    }
    const auto wait = services_.random.below(static_cast<std::uint64_t>(ledger::anonymous_delay_max.us));
    const store::Write writes[] = {
        std::move(told),
        ledger::write_of(count, now_ + Duration{static_cast<std::int64_t>(wait)}, services_.random)};
    TRY(records.write(writes));
    ++sent_.sent;
    return {};
  }

  Done note_way(const OrganisationId& owner, const ledger::AnonymousWay& way) {
    const auto row = TRY(ledger::read_organisation(services_.store.records(), owner));
    AnonymousTo to{.owner = row.value.name, .one_of = way.sources};
    for (const auto& relay : way.relays) to.relays.push_back(relay.name);
    if (std::ranges::find(sent_.anonymous_to, to) == sent_.anonymous_to.end())
      sent_.anonymous_to.push_back(std::move(to));
    return {};
  }

  Done prepare(const ledger::Circle& circle,
               const model::ObjectId& indicator,
               const policy::Label& label,
               Duration length) {
    TRY(api::still_in_time(deadline_));
    std::map<Bucket, std::uint64_t> sums;
    for (const auto& seen : counts_[indicator]) {
      const auto rest = ((seen.at.us % length.us) + length.us) % length.us;
      auto& sum = sums[{indicator, {seen.at.us - rest}, length}];
      sum = std::min(sighting_count_max, sum + seen.count);
    }
    for (const auto& [bucket, count] : sums) TRY(add(circle, bucket, count, label));
    return {};
  }

  Done add(const ledger::Circle& circle,
           const Bucket& bucket,
           std::uint64_t count,
           const policy::Label& label) {
    Outgoing one{.bucket = bucket,
                 .key = fmt::format("told/{}/{}/{}/{}/{}",
                                    caller_.organisation.text(),
                                    circle.id.text(),
                                    bucket.indicator.text(),
                                    to_text(bucket.from),
                                    bucket.length.us),
                 .told = {},
                 .holding = {}};
    const auto row = services_.store.records().read(store::Table::sighting_count, one.key);
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (row) {
      one.told = TRY(decode_told(row->value));
      one.revision = row->revision;
    }
    if (one.told.done && one.told.count == count) {
      ++sent_.unchanged;
      return {};
    }
    if (!row || one.told.done) renew(one.told, count);
    auto judged = judge(sighting_text(bucket, one.told, observer_), false);
    if (!judged) return fail(ErrorCode::internal, "a sighting of ours is no STIX");
    one.holding = {.object = std::move(judged->object),
                   .text = {},
                   .source = source_,
                   .collection = circle.id,
                   .label = label,
                   .parts = {}};
    waiting_.push_back(std::move(one));
    return waiting_.size() < batch_max ? Done{} : flush();
  }

  /// The next version: later than the last by a millisecond at least, since STIX writes no finer.
  void renew(Told& told, std::uint64_t count) const {
    const Timestamp at{now_.us / 1000 * 1000};
    if (told.id.is_nil()) {
      told.id = Uuid::random(services_.random);
      told.created = at;
      told.modified = at;
    } else {
      told.modified = std::max(at, told.modified + milliseconds(1));
    }
    told.count = count;
    told.done = false;
  }

  Done flush() {
    if (waiting_.empty()) return {};
    TRY(remember(true));
    std::vector<store::NewHolding> batch;
    for (auto& one : waiting_) batch.push_back(std::move(one.holding));
    TRY(services_.store.objects().put(batch, deadline_));
    for (auto& one : waiting_) one.told.done = true;
    TRY(remember(false));
    sent_.sent += waiting_.size();
    waiting_.clear();
    return {};
  }

  /// Before the put only where nobody else did the same meanwhile.
  Done remember(bool conditional) {
    std::vector<store::Write> writes;
    for (const auto& one : waiting_)
      writes.push_back({.table = store::Table::sighting_count,
                        .key = one.key,
                        .value = encode(one.told),
                        .expected = conditional ? std::optional(one.revision) : std::nullopt,
                        .expires = now_ + counts_kept});
    return services_.store.records().write(writes);
  }

  api::Services& services_;
  const api::Caller& caller_;
  const Deadline deadline_;
  const Manner manner_;
  const policy::Source source_;
  const model::ObjectId observer_;
  const Timestamp now_;
  std::map<model::ObjectId, std::vector<Seen>> counts_;
  std::set<model::ObjectId> placed_;
  std::set<model::ObjectId> named_;  // told with a name before; read for anonymous ones alone
  std::vector<Outgoing> waiting_;
  Sent sent_;
};

}  // namespace

Result<Sent> send_sightings(api::Services& services,
                            const api::Caller& caller,
                            Deadline deadline,
                            Manner manner) {
  if (TRY(is_stopped(services.store.settings(), caller.organisation)))
    return fail(ErrorCode::denied,
                "sightings are stopped for this organisation; an operator may let them go on");
  const auto organisation = TRY(ledger::read_organisation(services.store.records(), caller.organisation));
  const auto source = TRY(source_of(services.store.records(), caller.organisation));
  Sender sender(services, caller, source, organisation.value.identity, deadline, manner);
  auto sent = TRY(sender.run());
  if (sent.sent > 0)
    TRY(ledger::audit(services.store,
                      caller,
                      manner == Manner::anonymous ? "sighting.send_anonymously" : "sighting.send",
                      {{"sightings", sent.sent}}));
  return sent;
}

}  // namespace shieldwall::library
