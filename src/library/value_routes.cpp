#include "library/value_routes.h"

#include <algorithm>
#include <map>

#include "api/fields.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "library/intake.h"
#include "library/search.h"
#include "library/sighting.h"
#include "library/value.h"
#include "library/view.h"

namespace shieldwall::library {

namespace {

using ledger::Milestones;
using ledger::Step;
using model::JsonWriter;
using Kind = Testimony::Kind;

constexpr int pages_max = 100;  // 100,000 objects of one question
constexpr std::size_t correction_bytes_max = 64 << 10;
constexpr std::size_t explanation_bytes_max = 10'000;

template <typename T>
Result<api::Response> answer_own(const api::Call& call, T value, Bytes (*writer)(const T&)) {
  const auto released =
      TRY(policy::Release::of(call.scope(), policy::Owned<T>{call.caller->organisation, std::move(value)}));
  return api::Response(200, released.render(writer));
}

// ---------------------------------------------------------------- reading what is held

/// All that the query selects, as the caller may see it.
Result<ReleasedHoldings> all_of(const api::Call& call, const store::Query& query) {
  ReleasedHoldings all;
  std::optional<store::Place> from;
  for (int i = 0; i < pages_max; ++i) {
    auto page = TRY(call.services.store.objects().find(
        call.scope(), query, from, page_max, page_bytes_max, call.deadline));
    auto released = TRY(release_all(call, std::move(page.holdings)));
    std::ranges::move(released, std::back_inserter(all));
    from = page.next;
    if (!from) return all;
  }
  return fail(ErrorCode::exhausted, "more than {} objects; ask for one indicator", all.size());
}

std::string text_in(const model::Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found && found->is(model::JsonKind::string) ? std::string(found->string()) : "";
}

std::optional<Timestamp> time_in(const model::Json& json, std::string_view name) {
  const auto time = parse_time(text_in(json, name));
  return time ? std::optional(time->at) : std::nullopt;
}

bool lists(const model::Json& json, std::string_view name, std::string_view text) {
  const auto list = json.find(name);
  if (!list || !list->is(model::JsonKind::array)) return false;
  for (const auto element : *list)
    if (element.is(model::JsonKind::string) && element.string() == text) return true;
  return false;
}

bool is_own(const api::Call& call, const policy::Holding& holding) {
  return holding.source.kind != policy::Source::Kind::feed &&
         holding.source.id == call.caller->organisation.uuid;
}

/// Who it came from, as an identity; of a feed, which many may have written, whom it names.
class Tellers {
 public:
  explicit Tellers(const api::Call& call) : records_(records_of(call)) {}

  std::string of(const policy::Holding& holding, const std::string& author) {
    if (holding.source.kind == policy::Source::Kind::feed)
      return author.empty() ? holding.source.id.text() : author;
    auto& known = identities_[holding.source.id];
    if (known.empty()) {
      const OrganisationId id{holding.source.id};
      const auto row = ledger::read_organisation(records_, id);
      known = (row ? row->value.identity : ledger::identity_of(id)).text();
    }
    return known;
  }

 private:
  store::Records& records_;
  std::map<Uuid, std::string> identities_;
};

std::optional<Kind> kind_of(const model::Json& json) {
  if (text_in(json, "type") == "sighting") return Kind::seen;
  if (lists(json, "labels", "expired")) return Kind::expired;
  if (lists(json, "labels", "false-positive") || text_in(json, "opinion") == "strongly-disagree")
    return Kind::false_positive;
  return std::nullopt;  // an opinion about something else
}

/// One for each indicator that the sighting or opinion is about.
void add_testimonies(const policy::Holding& holding, Tellers& tellers, std::vector<Testimony>& all) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return;
  const auto json = document->root();
  const auto kind = kind_of(json);
  if (!kind) return;
  Testimony one{.kind = *kind, .id = holding.id.text(), .author = text_in(json, "created_by_ref")};
  one.teller = tellers.of(holding, one.author);
  const auto at = time_in(json, "created");
  one.first = time_in(json, "first_seen").value_or(at.value_or(holding.added));
  one.last = time_in(json, "last_seen").value_or(one.first);
  std::vector<std::string> about{text_in(json, "sighting_of_ref")};
  if (const auto refs = json.find("object_refs"))
    for (const auto ref : *refs) about.emplace_back(ref.string());
  for (const auto& text : about)
    if (auto id = model::ObjectId::parse(text); id && id->type == "indicator") {
      one.indicator = std::move(*id);
      all.push_back(one);
    }
}

/// What was derived from what, where relationships say so.
Result<std::map<std::string, std::string>> derivations(const api::Call& call) {
  store::Query query;
  query.types = {"relationship"};
  std::map<std::string, std::string> from;
  const auto holdings = TRY(all_of(call, query));
  for (const auto& holding : holdings) {
    const auto document = model::JsonDocument::parse(*holding.look().bytes);
    if (!document) continue;
    const auto type = text_in(document->root(), "relationship_type");
    if (type == "derived-from" || type == "duplicate-of")
      from.emplace(text_in(document->root(), "source_ref"), text_in(document->root(), "target_ref"));
  }
  return from;
}

/// Sightings and opinions of others about those indicators; of all where none are named.
Result<std::vector<Testimony>> testimonies_of(const api::Call& call,
                                              std::vector<model::ObjectId> indicators) {
  store::Query query;
  query.types = {"sighting", "opinion"};
  query.refers_to = std::move(indicators);
  std::vector<Testimony> all;
  Tellers tellers(call);
  const auto holdings = TRY(all_of(call, query));
  for (const auto& holding : holdings) add_testimonies(holding.look(), tellers, all);
  const auto lineage = TRY(derivations(call));
  for (auto& one : all)
    if (const auto from = lineage.find(one.id); from != lineage.end()) one.of = from->second;
  return all;
}

// ---------------------------------------------------------------- GET /api/v1/value

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
  const auto revoked = document->root().find("revoked");
  const auto until = time_in(document->root(), "valid_until");
  return (revoked && revoked->raw() == "true") || (until && *until <= now);
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

// ---------------------------------------------------------------- GET /api/v1/value/confidence

Result<model::ObjectId> indicator_named(const api::Call& call) {
  const auto text = call.target.parameter("indicator");
  if (!text) return fail(ErrorCode::invalid, "name the indicator: ?indicator=indicator--...");
  return model::ObjectId::parse(*text);
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
  const auto revoked = document.root().find("revoked");
  const auto testimonies = TRY(testimonies_of(call, {id}));
  return answer_own(
      call,
      confidence_of(stated ? std::optional(std::atoi(std::string(stated->number()).c_str())) : std::nullopt,
                    revoked && revoked->raw() == "true",
                    testimonies),
      confidence_text);
}

// ---------------------------------------------------------------- POST /api/v1/value/corrections

struct Correction {
  model::ObjectId indicator{};
  Kind kind = Kind::false_positive;
  std::string explanation{};
};

Result<Correction> read_correction(const model::Json& body) {
  auto fields = TRY(api::Fields::of(body));
  Correction correction;
  const auto indicator = TRY(fields.text("indicator"));
  const auto because = TRY(fields.text("because"));
  correction.explanation = TRY(fields.optional_text("explanation")).value_or("");
  TRY(fields.finish());
  correction.indicator = TRY(model::ObjectId::parse(indicator));
  if (because != "false-positive" && because != "expired")
    return fail(ErrorCode::invalid, "because: false-positive or expired");
  if (because == "expired") correction.kind = Kind::expired;
  if (correction.explanation.size() > explanation_bytes_max)
    return fail(ErrorCode::invalid, "explanation: longer than {} bytes", explanation_bytes_max);
  return correction;
}

/// STIX 2.1 section 4.13. The same correction in the same circle has the same id.
std::string opinion_text(const Correction& correction,
                         const CircleId& circle,
                         const model::ObjectId& author,
                         Timestamp now) {
  const bool expired = correction.kind == Kind::expired;
  const auto name = fmt::format("{} {} {}", author.text(), correction.indicator.text(), expired);
  JsonWriter out;
  out.begin_object();
  out.member("type", "opinion");
  out.member("spec_version", "2.1");
  out.member("id", model::ObjectId{"opinion", Uuid::named(circle.uuid, name)}.text());
  out.member("created_by_ref", author.text());
  out.member("created", to_text_ms(now));
  out.member("modified", to_text_ms(now));
  if (!correction.explanation.empty()) out.member("explanation", correction.explanation);
  out.member("opinion", expired ? "disagree" : "strongly-disagree");
  out.key("labels");
  out.begin_array();
  out.value(expired ? "expired" : "false-positive");
  out.end_array();
  out.key("object_refs");
  out.begin_array();
  out.value(correction.indicator.text());
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

struct Told {
  std::vector<std::string> circles{};  // titles of those it went into now
  std::size_t unchanged = 0;           // where it stood already
};

/// Tells it where the indicator came from, to nobody who could not see the indicator.
Done tell(api::Call& call, const Correction& correction, const policy::Holding& indicator, Told& told) {
  if (!indicator.collection || is_own(call, indicator)) return {};
  auto& records = call.services.store.records();
  const auto circle = TRY(ledger::read_circle(records, *indicator.collection));
  auto label = TRY(sighting_label(records, indicator, circle.value, call.caller->organisation, call.now));
  const auto author = TRY(ledger::read_organisation(records, call.caller->organisation));
  auto judged = judge(opinion_text(correction, circle.value.id, author.value.identity, call.now), false);
  if (!judged) return fail(ErrorCode::internal, "an opinion of ours is no STIX");
  if (call.services.store.objects().get(call.scope(), judged->object.id)) {
    ++told.unchanged;
    return {};
  }
  const auto source = TRY(source_of(records, call.caller->organisation));
  const store::NewHolding holdings[] = {{.object = std::move(judged->object),
                                         .text = std::move(judged->text),
                                         .source = source,
                                         .collection = circle.value.id,
                                         .label = std::move(label),
                                         .parts = {}}};
  TRY(call.services.store.objects().put(holdings, call.deadline));
  told.circles.push_back(circle.value.title);
  return {};
}

Bytes told_text(const Told& told) {
  JsonWriter out;
  out.begin_object();
  out.key("circles");
  out.begin_array();
  for (const auto& circle : told.circles) out.value(circle);
  out.end_array();
  out.member("unchanged", told.unchanged);
  out.end_object();
  return std::move(out).text();
}

Result<api::Response> correct(api::Call& call) {
  auto text = TRY(api::body_of(call, correction_bytes_max));
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  const auto correction = TRY(read_correction(document.root()));
  if (TRY(is_stopped(call.services.store.settings(), call.caller->organisation)))
    return fail(ErrorCode::denied, "nothing returns for this organisation; an operator may let it go on");
  store::Query query;
  query.ids = {correction.indicator};
  const auto holdings = TRY(all_of(call, query));
  if (holdings.empty()) return fail(ErrorCode::not_found, "no such object");
  TRY(ledger::audit(
      call.services.store, *call.caller, "indicator.correct", {{"indicator", correction.indicator.text()}}));
  Told told;
  for (const auto& holding : holdings) TRY(tell(call, correction, holding.look(), told));
  return answer_own(call, std::move(told), told_text);
}

// ---------------------------------------------------------------- GET /api/v1/value/protection

/// What was noted, and what the held object itself tells where nothing was.
Milestones completed(const api::Call& call, Milestones noted, const policy::Holding& holding) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  const auto created = document ? time_in(document->root(), "created") : std::nullopt;
  const auto arrived = is_own(call, holding) ? Step::shared : Step::received;
  if (!noted[Step::observed]) noted[Step::observed] = created;
  if (!noted[arrived]) noted[arrived] = holding.added;
  return noted;
}

void write_legs(JsonWriter& out, const Milestones& milestones) {
  out.key("steps");
  out.begin_array();
  for (std::size_t i = 0; i < ledger::step_count; ++i) {
    if (!milestones.at[i]) continue;
    out.begin_object();
    out.member("step", ledger::name_of(static_cast<Step>(i)));
    out.member("at", to_text(*milestones.at[i]));
    out.end_object();
  }
  out.end_array();
  if (const auto slow = slowest(legs_of(milestones))) {
    out.member("slowest", ledger::name_of(slow->step));
    out.member("slowest_seconds", static_cast<double>(slow->took.us) / 1e6);
  }
}

Bytes one_text(const Milestones& milestones) {
  JsonWriter out;
  out.begin_object();
  out.member("indicator", milestones.object.text());
  write_legs(out, milestones);
  out.end_object();
  return std::move(out).text();
}

Bytes all_text(const std::vector<Milestones>& all) {
  const auto summary = summary_of(all);
  JsonWriter out;
  out.begin_object();
  out.member("indicators", all.size());
  out.key("legs");
  out.begin_array();
  for (const auto& leg : summary) {
    out.begin_object();
    out.member("step", ledger::name_of(leg.step));
    out.member("indicators", leg.count);
    out.member("median_seconds", static_cast<double>(leg.median.us) / 1e6);
    out.member("p90_seconds", static_cast<double>(leg.most.us) / 1e6);
    out.end_object();
  }
  out.end_array();
  const auto slow = std::ranges::max_element(summary, {}, &LegSummary::median);
  if (slow != summary.end()) out.member("slowest", ledger::name_of(slow->step));
  out.end_object();
  return std::move(out).text();
}

Result<api::Response> show_protection(api::Call& call) {
  store::Query query;
  query.types = {"indicator"};
  query.select = store::VersionSelect::first;
  const bool single = call.target.parameter("indicator").has_value();
  if (single) {
    auto id = TRY(indicator_named(call));
    query.ids.push_back(std::move(id));
  }
  std::vector<Milestones> all;
  const auto holdings = TRY(all_of(call, query));
  for (const auto& holding : holdings) {
    auto noted = TRY(ledger::milestones_of(records_of(call), call.caller->organisation, holding.look().id));
    all.push_back(completed(call, std::move(noted), holding.look()));
  }
  if (single && all.empty()) return fail(ErrorCode::not_found, "no such object");
  if (single) return answer_own(call, std::move(all.front()), one_text);
  return answer_own(call, std::move(all), all_text);
}

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
     .handler = correct,
     .summary = "tells where an indicator came from that it is a false positive or expired",
     .body = &correction_type,
     .answer = &corrected_type},
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
