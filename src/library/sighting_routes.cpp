#include "library/sighting_routes.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/audit.h"
#include "library/search.h"
#include "library/sighting.h"
#include "library/value_evidence.h"
#include "library/view.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

using model::JsonWriter;

constexpr std::size_t report_bytes_max = 16u << 20;

/// What became of a report, and the indicators in it that the caller does not hold.
struct Taken {
  Recorded recorded{};
  std::vector<std::string> unknown{};
};

Result<Seen> read_seen(const model::Json& element, std::string_view whole) {
  auto fields = TRY(api::Fields::of(element, whole));
  const auto indicator = TRY(fields.text("indicator"));
  const auto count = TRY(fields.optional_number("count"));
  const auto at = TRY(fields.optional_time("at"));
  Seen seen;
  seen.source = TRY(fields.optional_text("source")).value_or("");
  TRY(fields.finish());
  if (seen.source.size() > source_bytes_max)
    return fail(ErrorCode::invalid, "{}: source is longer than {} bytes", whole, source_bytes_max);
  auto id = model::ObjectId::parse(indicator);
  if (!id) return fail(std::move(id).error().within(whole));
  seen.indicator = std::move(*id);
  if (count.value_or(1) < 1) return fail(ErrorCode::invalid, "{}: count is less than 1", whole);
  if (!at) return fail(ErrorCode::invalid, "{}: 'at' is missing: any instant of the hour", whole);
  seen.count = static_cast<std::uint64_t>(count.value_or(1));
  seen.at = *at;
  return seen;
}

struct Report {
  std::string name;
  std::vector<Seen> seen;
};

Result<Report> read_report(const model::Json& body) {
  auto fields = TRY(api::Fields::of(body));
  Report report;
  report.name = TRY(fields.optional_text("report")).value_or("");
  const auto elements = TRY(fields.elements("sightings"));
  TRY(fields.finish());
  if (elements.size() > counts_of_report_max)
    return fail(ErrorCode::invalid, "sightings: more than {}; send several reports", counts_of_report_max);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto whole = fmt::format("sightings[{}]", i);
    report.seen.push_back(TRY(read_seen(elements[i], whole)));
  }
  return report;
}

/// Takes out what names no indicator that the caller sees.
Result<std::vector<std::string>> take_out_unknown(const api::Call& call, std::vector<Seen>& seen) {
  std::set<model::ObjectId> asked;
  for (const auto& one : seen) asked.insert(one.indicator);
  const std::vector<model::ObjectId> ids(asked.begin(), asked.end());
  std::set<model::ObjectId> known;
  for (std::size_t i = 0; i < ids.size(); i += page_max) {
    store::Query query;
    query.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(i),
                     ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), i + page_max)));
    const auto page = TRY(call.services.store.objects().find(
        call.scope(), query, std::nullopt, page_max, 1u << 30, call.deadline));
    for (const auto& holding : page.holdings) known.insert(holding.id);
  }
  std::erase_if(seen, [&](const Seen& one) { return !known.contains(one.indicator); });
  std::vector<std::string> unknown;
  for (const auto& id : ids)
    if (!known.contains(id)) unknown.push_back(id.text());
  return unknown;
}

Bytes write_taken(const Taken& taken) {
  JsonWriter out;
  out.begin_object();
  out.member("taken", taken.recorded.taken);
  out.member("known", taken.recorded.known);
  out.member("again", taken.recorded.again);
  out.key("unknown");
  out.begin_array();
  for (const auto& id : taken.unknown) out.value(id);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

// ---------------------------------------------------------------- what came back

/// The parts of a released sighting that count.
struct Told {
  std::string of;
  bool anonymous = false;  // vouched for by a relay, which is no member that saw it
  std::uint64_t count = 1;
  Timestamp first = Timestamp::never();
  Timestamp last = Timestamp::always();
};

std::optional<Told> read_told(const policy::Holding& holding) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return std::nullopt;
  const auto root = document->root();
  const auto of = root.find("sighting_of_ref");
  if (!of) return std::nullopt;  // hidden from this reader
  Told told{.of = std::string(of->string()), .anonymous = is_anonymous(root)};
  if (const auto count = root.find("count"))
    told.count = std::strtoull(std::string(count->number()).c_str(), nullptr, 10);
  for (const auto* name : {"first_seen", "last_seen"})
    if (const auto at = root.find(name))
      if (const auto time = parse_time(at->string())) {
        told.first = std::min(told.first, time->at);
        told.last = std::max(told.last, time->at);
      }
  return told;
}

struct Returned {
  std::uint64_t anonymous = 0;  // counted apart
  std::uint64_t count = 0;
  std::set<std::string> members;
  Timestamp first = Timestamp::never();
  Timestamp last = Timestamp::always();
};

/// Released sightings, and the ids of the caller's own indicators among what they are of.
using Back = std::pair<std::vector<policy::Holding>, std::pair<std::vector<policy::Holding>, bool>>;

/// Who says so: the organisation it came from, or the identity that a feed's sighting names.
std::string teller_of(const policy::Holding& holding) {
  if (holding.source.kind != policy::Source::Kind::feed) return holding.source.id.text();
  const auto document = model::JsonDocument::parse(*holding.bytes);
  const auto by = document ? document->root().find("created_by_ref") : std::nullopt;
  return by ? std::string(by->string()) : holding.source.id.text();
}

Bytes write_back(const Back& back) {
  std::set<std::string> own;
  for (const auto& holding : back.second.first) own.insert(holding.id.text());
  std::map<std::string, Returned> sums;
  for (const auto& holding : back.first) {
    const auto told = read_told(holding);
    if (!told || !own.contains(told->of)) continue;
    auto& sum = sums[told->of];
    if (told->anonymous) {
      sum.anonymous += told->count;
      continue;
    }
    sum.count += told->count;
    sum.members.insert(teller_of(holding));
    sum.first = std::min(sum.first, told->first);
    sum.last = std::max(sum.last, told->last);
  }
  JsonWriter out;
  out.begin_object();
  out.key("indicators");
  out.begin_array();
  for (const auto& [indicator, sum] : sums) {
    out.begin_object();
    out.member("indicator", indicator);
    out.member("members", sum.members.size());
    out.member("count", sum.count);
    if (sum.anonymous > 0) out.member("anonymous", sum.anonymous);
    if (sum.first != Timestamp::never()) out.member("first_seen", to_text_ms(sum.first));
    if (sum.last != Timestamp::always()) out.member("last_seen", to_text_ms(sum.last));
    out.end_object();
  }
  out.end_array();
  out.member("more", back.second.second);
  out.end_object();
  return std::move(out).text();
}

constexpr int pages_max = 100;  // 100,000 sightings; beyond, ask for one indicator

/// All sightings of others that the caller sees, and whether there are more than one answer counts.
Result<std::pair<std::vector<policy::Holding>, bool>> sightings_of_others(
    const api::Call& call, const std::vector<model::ObjectId>& indicators) {
  store::Query query;
  query.types = {"sighting"};
  query.refers_to = indicators;
  query.newest_first = true;
  std::pair<std::vector<policy::Holding>, bool> found;
  std::optional<store::Place> from;
  for (int i = 0; i < pages_max; ++i) {
    auto page = TRY(call.services.store.objects().find(
        call.scope(), query, from, page_max, page_bytes_max, call.deadline));
    for (auto& holding : page.holdings)
      if (holding.source.kind == policy::Source::Kind::feed ||
          holding.source.id != call.caller->organisation.uuid)
        found.first.push_back(std::move(holding));
    from = page.next;
    if (!from) return found;
  }
  found.second = true;
  return found;
}

/// Which of those the sightings are of came from the caller's own organisation.
Result<std::vector<policy::Holding>> own_among(const api::Call& call, const ReleasedHoldings& sightings) {
  std::set<model::ObjectId> named;
  for (const auto& holding : sightings)
    if (const auto told = read_told(holding.look()))
      if (auto id = model::ObjectId::parse(told->of)) named.insert(std::move(*id));
  const std::vector<model::ObjectId> ids(named.begin(), named.end());
  std::vector<policy::Holding> own;
  for (std::size_t i = 0; i < ids.size(); i += page_max) {
    store::Query query;
    query.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(i),
                     ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), i + page_max)));
    query.sources = {{policy::Source::Kind::own, call.caller->organisation.uuid},
                     {policy::Source::Kind::member, call.caller->organisation.uuid}};
    auto page = TRY(call.services.store.objects().find(
        call.scope(), query, std::nullopt, page_max, 1u << 30, call.deadline));
    std::ranges::move(page.holdings, std::back_inserter(own));
  }
  return own;
}

// ---------------------------------------------------------------- own

struct OwnSum {
  std::uint64_t count = 0;
  Timestamp first = Timestamp::never();
  Timestamp last = Timestamp::always();
};
using OwnSums = std::pair<bool, std::map<std::string, OwnSum>>;

Bytes write_own(const OwnSums& sums) {
  JsonWriter out;
  out.begin_object();
  out.member("stopped", sums.first);
  out.key("indicators");
  out.begin_array();
  for (const auto& [indicator, sum] : sums.second) {
    out.begin_object();
    out.member("indicator", indicator);
    out.member("count", sum.count);
    out.member("first_seen", to_text_ms(sum.first));
    out.member("last_seen", to_text_ms(sum.last + count_bucket));
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Bytes write_sent(const Sent& sent) {
  JsonWriter out;
  out.begin_object();
  out.member("sent", sent.sent);
  out.member("unchanged", sent.unchanged);
  out.key("held_back");
  out.begin_array();
  for (const auto& held : sent.held_back) {
    out.begin_object();
    out.member("indicator", held.indicator.text());
    if (!held.circle.empty()) out.member("circle", held.circle);
    out.member("reason", held.reason);
    out.end_object();
  }
  out.end_array();
  out.key("anonymous_to");
  out.begin_array();
  for (const auto& to : sent.anonymous_to) {
    out.begin_object();
    out.member("owner", to.owner);
    out.member("one_of", to.one_of);
    out.key("relays");
    out.begin_array();
    for (const auto& relay : to.relays) out.value(relay);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<model::JsonDocument> json_body(const api::Call& call) {
  auto text = TRY(api::body_of(call, report_bytes_max));
  return model::JsonDocument::parse(std::move(text));
}

constexpr api::Field report_fields[] = {
    {"report", "string", "a name of the caller's: a second report of that name adds nothing", false},
    {"sightings",
     "[]object",
     "indicator (STIX id), at (any instant of the hour), count (1 without it), source (your own stable name "
     "of "
     "a log, which stays here: count is then all it showed of that hour, and telling it again adds only what "
     "is new)"},
};
constexpr api::Field taken_fields[] = {
    {"taken", "integer", "counts that were added"},
    {"known", "integer", "counts that their source told before: nothing was added for them"},
    {"again", "boolean", "a report of that name was taken before; nothing was added"},
    {"unknown", "[]string", "indicators that the caller does not hold"},
};
constexpr api::Field returned_fields[] = {
    {"indicators",
     "[]object",
     "indicator, members (who saw it), count, anonymous (seen by who is not named; in no other number), "
     "first_seen, last_seen"},
    {"more", "boolean", "there are more sightings than one answer counts; ask for single indicators"},
};
constexpr api::Field own_fields[] = {
    {"stopped", "boolean", "nothing returns while this is set"},
    {"indicators", "[]object", "indicator, count, first_seen, last_seen"},
};
constexpr api::Field sent_fields[] = {
    {"sent", "integer", "sightings released into the circles their indicators came by"},
    {"unchanged", "integer", "released before with the same count"},
    {"held_back", "[]object", "indicator, circle, and the reason why nothing returns"},
    {"anonymous_to",
     "[]object",
     "of anonymous ones: owner (learns what was seen, by one of one_of members), relays (one of them learns "
     "that "
     "this node sent something, and not what)"},
};
constexpr api::Field stop_fields[] = {{"stopped", "boolean", "true: nothing returns, whatever was chosen"}};

}  // namespace

const api::Type sightings_report{"SightingReport", report_fields};
const api::Type sightings_taken{"SightingReportTaken", taken_fields};
const api::Type sightings_returned{"SightingsReturned", returned_fields};
const api::Type sightings_own{"SightingsOwn", own_fields};
const api::Type sightings_sent{"SightingsSent", sent_fields};
const api::Type sighting_stop{"SightingStop", stop_fields};

Result<api::Response> report_sightings(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto document = TRY(json_body(call));
  auto report = TRY(read_report(document.root()));
  Taken taken;
  taken.unknown = TRY(take_out_unknown(call, report.seen));
  taken.recorded =
      TRY(record_seen(call.services.store, call.caller->organisation, report.seen, report.name, call.now));
  return answer_own(call, std::move(taken), write_taken);
}

Result<api::Response> list_returned(api::Call& call) {
  TRY(only_known(call.target, returned_parameters));
  std::vector<model::ObjectId> wanted;
  for (const auto text : values_of(call.target, "indicator"))
    wanted.push_back(TRY(model::ObjectId::parse(text)));
  auto found = TRY(sightings_of_others(call, wanted));
  auto sightings = TRY(release_all(call, std::move(found.first)));
  auto own = TRY(own_among(call, sightings));
  auto mine = TRY(release_all(call, std::move(own)));
  auto back = policy::Release::both(
      policy::Release::gather(std::move(sightings)),
      policy::Release::both(policy::Release::gather(std::move(mine)), policy::Release::fact(found.second)));
  return api::Response(200, back.render(write_back));
}

Result<api::Response> list_own_sightings(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto& organisation = call.caller->organisation;
  OwnSums sums;
  sums.first = TRY(is_stopped(call.services.store.settings(), organisation));
  const auto counts = TRY(own_counts(call.services.store.records(), organisation));
  for (const auto& seen : counts) {
    auto& sum = sums.second[seen.indicator.text()];
    sum.count += seen.count;
    sum.first = std::min(sum.first, seen.at);
    sum.last = std::max(sum.last, seen.at);
  }
  return answer_own(call, std::move(sums), write_own);
}

Result<api::Response> send_own_sightings(api::Call& call) {
  TRY(only_known(call.target, send_parameters));
  const auto anonymous = call.target.parameter("anonymous").value_or("false");
  if (anonymous != "true" && anonymous != "false")  // a slip must not send the name
    return fail(ErrorCode::invalid, "anonymous is true or false, not '{}'", excerpt(anonymous));
  const auto manner = anonymous == "true" ? Manner::anonymous : Manner::named;
  auto sent = TRY(send_sightings(call.services, *call.caller, call.deadline, manner));
  return answer_own(call, std::move(sent), write_sent);
}

Result<api::Response> stop_sightings(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto document = TRY(json_body(call));
  auto fields = TRY(api::Fields::of(document.root()));
  const bool stopped = TRY(fields.flag("stopped", true));
  TRY(fields.finish());
  TRY(ledger::audit(call.services.store, *call.caller, "sighting.stop", {{"stopped", stopped}}));
  TRY(set_stopped(call.services.store.settings(), call.caller->organisation, stopped));
  return api::Response::nothing();
}

}  // namespace shieldwall::library
