#include "library/value_routes.h"

#include <algorithm>
#include <set>

#include "api/fields.h"
#include "ledger/milestone.h"
#include "ledger/organisation.h"
#include "library/search.h"
#include "library/value_evidence.h"

namespace shieldwall::library {

namespace {

using ledger::Step;
using model::JsonWriter;
using Kind = Testimony::Kind;

/// Whether somebody else gave one of the indicator's values before.
Result<bool> was_given_before(const api::Call& call, const policy::Holding& own) {
  const auto document = model::JsonDocument::parse(*own.bytes);
  const auto object = document ? model::read_object(document->root(), {.warnings = false})
                               : std::expected<model::Object, model::Refused>(std::unexpect);
  if (!object || object->values.empty()) return false;
  store::Query query;
  query.types = {"indicator"};
  query.values = object->values;
  const auto page = TRY(call.services.store.objects().find(
      call.scope(), query, std::nullopt, page_max, page_bytes_max, call.deadline));
  return std::ranges::any_of(page.holdings, [&](const policy::Holding& other) {
    return !is_own(call, other) && other.id != own.id && other.added < own.added;
  });
}

Result<std::vector<Given>> given_by(const api::Call& call, std::span<const Testimony> testimonies) {
  std::set<model::ObjectId> spoken_of;
  for (const auto& one : testimonies) spoken_of.insert(one.indicator);
  store::Query query;
  query.types = {"indicator"};
  query.select = store::VersionSelect::first;
  query.sources = {{policy::Source::Kind::own, call.caller->organisation.uuid},
                   {policy::Source::Kind::member, call.caller->organisation.uuid}};
  std::vector<Given> given;
  const auto holdings = TRY(all_of(call, query));
  for (const auto& holding : holdings) {
    const auto& own = holding.look();
    const auto noted = TRY(ledger::milestones_of(records_of(call), call.caller->organisation, own.id));
    const bool before = spoken_of.contains(own.id) ? TRY(was_given_before(call, own)) : false;
    given.push_back({.id = own.id, .shared = noted[Step::shared].value_or(own.added), .first = !before});
  }
  return given;
}

/// Whether the indicator's owner withdrew it, or let it end, after that instant.
bool follows(const policy::Holding& indicator, Timestamp corrected, Timestamp now) {
  const auto document = model::JsonDocument::parse(*indicator.bytes);
  if (!document) return false;
  const auto modified = time_in(document->root(), "modified");
  if (!modified || *modified <= corrected) return false;
  const auto until = time_in(document->root(), "valid_until");
  return model::is_revoked(document->root()) || (until && *until <= now);
}

Result<std::size_t> corrections_accepted(const api::Call& call,
                                         std::span<const Testimony> testimonies,
                                         const std::string& self) {
  std::set<model::ObjectId> accepted;
  for (const auto& one : testimonies) {
    if (one.kind == Kind::seen || one.teller != self || one.author != self) continue;
    const auto held = call.services.store.objects().get(call.scope(), one.indicator);
    if (!held && held.error().code != ErrorCode::not_found) return fail(held.error());
    if (held && !is_own(call, *held) && follows(*held, one.first, call.now)) accepted.insert(one.indicator);
  }
  return accepted.size();
}

void write_instant(JsonWriter& out, std::string_view name, Timestamp at) {
  if (at != Timestamp::never() && at != Timestamp::always()) out.member(name, to_text_ms(at));
}

Bytes usefulness_text(const Usefulness& usefulness) {
  JsonWriter out;
  out.begin_object();
  out.member("told", told(usefulness));
  out.member("members", usefulness.members);
  if (usefulness.lead) out.member("lead_seconds", usefulness.lead->us / seconds(1).us);
  out.member("corrections_accepted", usefulness.accepted);
  out.member("duplicates", usefulness.duplicates);
  out.member("false_alarms", usefulness.false_alarms);
  out.member("noisy_members", usefulness.noisy_members);
  out.member("noisy", usefulness.noisy);
  out.key("indicators");
  out.begin_array();
  for (const auto& credit : usefulness.credits) {
    out.begin_object();
    out.member("indicator", credit.id.text());
    out.member("members", credit.members);
    write_instant(out, "first_seen", credit.first);
    write_instant(out, "last_seen", credit.last);
    if (credit.lead) out.member("lead_seconds", credit.lead->us / seconds(1).us);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<api::Response> show_value(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto testimonies = TRY(testimonies_of(call, {}));
  const auto given = TRY(given_by(call, testimonies));
  const auto row = TRY(ledger::read_organisation(records_of(call), call.caller->organisation));
  const auto self = row.value.identity.text();
  const auto accepted = TRY(corrections_accepted(call, testimonies, self));
  return answer_own(call, usefulness_of(given, testimonies, {self}, accepted), usefulness_text);
}

Bytes confidence_text(const Confidence& confidence) {
  JsonWriter out;
  out.begin_object();
  out.member("stated", confidence.stated);
  out.member("now", confidence.now);
  out.member("false_positive", confidence.false_positive);
  out.member("expired", confidence.expired);
  out.end_object();
  return std::move(out).text();
}

Result<api::Response> show_confidence(api::Call& call) {
  const auto id = TRY(indicator_named(call));
  auto held = TRY(call.services.store.objects().get(call.scope(), id));
  const auto released = TRY(policy::release(call.scope(), std::move(held), call.now));
  const auto document = TRY(model::JsonDocument::parse(*released.look().bytes));
  const auto stated = document.root().find("confidence");
  const auto testimonies = TRY(testimonies_of(call, {id}));
  return answer_own(
      call,
      confidence_of(stated ? std::optional(std::atoi(std::string(stated->number()).c_str())) : std::nullopt,
                    model::is_revoked(document.root()),
                    testimonies),
      confidence_text);
}

/// A matcher was loaded with these: from now on it looks for them. Those that the caller may not see are
/// left.
Result<api::Response> note_live(api::Call& call) {
  constexpr std::size_t live_bytes_max = 1u << 20;
  auto text = TRY(api::body_of(call, live_bytes_max));
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto texts = TRY(fields.texts("indicators"));
  TRY(fields.finish());
  if (texts.size() > ledger::milestones_at_once)
    return fail(ErrorCode::invalid, "indicators: at most {} at once", ledger::milestones_at_once);
  store::Query query;
  query.types = {"indicator"};
  for (const auto& one : texts) {
    auto id = TRY(model::ObjectId::parse(one));
    query.ids.push_back(std::move(id));
  }
  std::vector<model::ObjectId> seen;
  if (!query.ids.empty())
    for (const auto& holding : TRY(all_of(call, query))) seen.push_back(holding.look().id);
  TRY(ledger::note_milestones(
      records_of(call), call.caller->organisation, ledger::Step::live, seen, call.now));
  return api::Response::nothing();
}

constexpr api::Field live_fields[] = {{"indicators", "[]string", "STIX ids, at most 10,000"}};
constexpr api::Type live_type{"LiveIndicators", live_fields};
constexpr api::Field value_fields[] = {
    {"told", "string", "the whole in one sentence"},
    {"members", "integer", "that saw what the organisation gave, each counted once"},
    {"lead_seconds", "integer", "between sharing and their first sighting, in the median", false},
    {"corrections_accepted", "integer", "of others' indicators, which their owners then withdrew or ended"},
    {"duplicates", "integer", "seen, but given by somebody else before"},
    {"false_alarms", "integer", "that more call a false positive than saw"},
    {"noisy_members", "integer", "that claim to have seen most of all, and count for nothing"},
    {"noisy", "boolean", "most are false alarms: nothing counts"},
    {"indicators", "[]object", "indicator, members, first_seen, last_seen, lead_seconds"},
};
constexpr api::Type value_type{"Value", value_fields};
constexpr api::Field confidence_fields[] = {
    {"stated", "integer", "by its owner; 50 where nothing was stated"},
    {"now", "integer", "after the corrections"},
    {"false_positive", "integer", "roots that call it one; each halves it"},
    {"expired", "integer", "roots that call it expired; each takes a quarter"},
};
constexpr api::Type confidence_type{"Confidence", confidence_fields};
constexpr api::Field correction_fields[] = {
    {"indicator", "string", "STIX id"},
    {"because", "string", "false-positive or expired"},
    {"explanation", "string", "for people", false},
};
constexpr api::Type correction_type{"Correction", correction_fields};
constexpr api::Field corrected_fields[] = {
    {"circles", "[]string", "titles of the circles it was released into; none: it came by no circle"},
    {"unchanged", "integer", "circles in which it stood already"},
};
constexpr api::Type corrected_type{"Corrected", corrected_fields};
constexpr api::Field protection_fields[] = {
    {"indicator", "string", "of a single one", false},
    {"steps", "[]object", "step, at: of a single one", false},
    {"indicators", "integer", "how many", false},
    {"legs", "[]object", "step, indicators, median_seconds, p90_seconds: from the step before", false},
    {"slowest", "string", "the step that took longest", false},
    {"slowest_seconds", "number", "of a single one", false},
};
constexpr api::Type protection_type{"Protection", protection_fields};
constexpr api::Parameter indicator_parameter[] = {{"indicator", "string", "STIX id of an indicator"}};

constexpr api::Route rows[] = {
    {.method = net::Method::get,
     .path = "/api/v1/value",
     .right = api::Right::read,
     .handler = show_value,
     .summary = "whom the organisation's reports helped, and by how much",
     .answer = &value_type},
    {.method = net::Method::get,
     .path = "/api/v1/value/confidence",
     .right = api::Right::read,
     .handler = show_confidence,
     .summary = "what corrections leave of an indicator's confidence",
     .parameters = indicator_parameter,
     .answer = &confidence_type},
    {.method = net::Method::post,
     .path = "/api/v1/value/corrections",
     .right = api::Right::sight,
     .handler = correct_indicator,
     .summary = "tells where an indicator came from that it is a false positive or expired",
     .body = &correction_type,
     .answer = &corrected_type},
    {.method = net::Method::post,
     .path = "/api/v1/value/live",
     .right = api::Right::sight,
     .handler = note_live,
     .summary = "notes that a matcher looks for these indicators from now on",
     .body = &live_type},
    {.method = net::Method::get,
     .path = "/api/v1/value/protection",
     .right = api::Right::read,
     .handler = show_protection,
     .summary = "when an indicator passed each step towards protection, or all of them in the median",
     .parameters = indicator_parameter,
     .answer = &protection_type},
};

}  // namespace

std::span<const api::Route> value_routes() {
  return rows;
}

}  // namespace shieldwall::library
