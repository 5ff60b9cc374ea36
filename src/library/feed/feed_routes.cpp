#include "library/feed/feed_routes.h"

#include <algorithm>
#include <charconv>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/audit.h"
#include "ledger/circle.h"
#include "ledger/delivery.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"
#include "library/feed/false_positive.h"
#include "library/feed/feed.h"
#include "library/search.h"
#include "library/value_evidence.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

using api::Right;
using feed::Feed;
using model::JsonWriter;
using net::Method;

constexpr std::size_t body_bytes_max = 1u << 20;
constexpr std::size_t warning_bytes_max = 32u << 20;
constexpr std::size_t token_bytes = 32;
constexpr std::size_t why_bytes_max = 1'000;
constexpr std::string_view fetch_path = "/feeds/";

api::Response answer(int status, JsonWriter out) {
  return {status, policy::Release::fact(std::move(out).text())};
}

Result<model::JsonDocument> body_of(const api::Call& call, std::size_t bytes_max = body_bytes_max) {
  auto body = TRY(api::body_of(call, bytes_max));
  auto document = model::JsonDocument::parse(std::move(body), {.values_max = feed::warning_list_values_max});
  if (!document) return fail(std::move(document).error().within("the body"));
  return document;
}

Result<Feed> feed_of(const api::Call& call) {
  return feed::named(records_of(call), call.caller->organisation, call.part("control"));
}

std::string action_name(feed::Action action) {
  return action == feed::Action::block ? "block" : "alert";
}

void write_feed(JsonWriter& out, const Feed& feed, const feed::State& state, std::size_t values) {
  out.begin_object();
  out.member("id", feed.id.text());
  out.member("name", feed.name);
  out.member("format", name_of(feed.format));
  out.member("address", std::string(fetch_path) + feed.id.text());
  out.member("tlp_max", name_of(feed.demand.tlp_max));
  out.member("confidence_min", feed.demand.confidence_min);
  out.member("hold_above", feed.hold_above);
  out.member("serial", state.serial);
  out.member("changed", to_text(state.changed));
  out.member("values", values);
  if (state.held) {
    out.key("held");
    out.begin_object();
    out.member("since", to_text(state.held->at));
    out.member("come", state.held->come);
    out.member("gone", state.held->gone);
    out.end_object();
  }
  out.end_object();
}

Result<policy::Tlp> tlp_named(std::string_view text) {
  for (const auto tlp :
       {policy::Tlp::clear, policy::Tlp::green, policy::Tlp::amber, policy::Tlp::amber_strict}) {
    const auto name = name_of(tlp);
    if (equal_ignoring_case(text, name) || equal_ignoring_case(text, name.substr(4))) return tlp;
  }
  return fail(
      ErrorCode::invalid, "tlp_max: '{}' is none of clear, green, amber, amber+strict", excerpt(text));
}

/// The organisations that are trusted: by id or name; "all" for everybody.
Done read_trusted(const api::Call& call, const std::vector<std::string>& names, Feed& into) {
  for (const auto& name : names) {
    if (name == "all") {
      into.trusts_all = true;
      continue;
    }
    const auto row = TRY(ledger::organisation_named(records_of(call), name));
    into.trusted.push_back(row.value.id);
  }
  return {};
}

Result<Feed> read_feed(const api::Call& call) {
  const auto document = TRY(body_of(call));
  auto fields = TRY(api::Fields::of(document.root()));
  Feed made{.id = FeedId::random(call.services.random), .organisation = call.caller->organisation};
  made.name = TRY(fields.text("name"));
  const auto format = TRY(fields.text("format"));
  const auto known = feed::format_named(format);
  if (!known)
    return fail(ErrorCode::invalid,
                "format: '{}' is none of plain, rpz, nftables, suricata, suricata-dataset, zeek",
                excerpt(format));
  made.format = *known;
  for (const auto& name : TRY(fields.texts("kinds"))) {
    const auto kind = model::value_kind_named(name);
    if (!kind) return fail(ErrorCode::invalid, "kinds: no kind of value is called '{}'", excerpt(name));
    made.demand.kinds.push_back(*kind);
  }
  std::ranges::sort(made.demand.kinds);
  if (const auto tlp = TRY(fields.optional_text("tlp_max"))) made.demand.tlp_max = TRY(tlp_named(*tlp));
  const auto confidence = TRY(fields.optional_number("confidence_min")).value_or(0);
  const auto hold =
      TRY(fields.optional_number("hold_above")).value_or(static_cast<std::int64_t>(made.hold_above));
  if (confidence < 0 || confidence > 100 || hold < 0)
    return fail(ErrorCode::invalid, "confidence_min is 0 to 100, hold_above not negative");
  made.demand.confidence_min = static_cast<int>(confidence);
  made.hold_above = static_cast<std::uint64_t>(hold);
  if (const auto circle = TRY(fields.optional_text("circle"))) {
    const auto row = TRY(ledger::circle_by_name(records_of(call), call.caller->organisation, *circle));
    made.circle = row.value.id;
  }
  made.labels = TRY(fields.texts("labels"));
  const auto trusted = TRY(fields.texts("trust"));
  TRY(read_trusted(call, trusted, made));
  TRY(fields.finish());
  made.created = call.now;
  return made;
}

Result<api::Response> create_feed(api::Call& call) {
  auto made = TRY(read_feed(call));
  const auto token = to_base64url(call.services.random.bytes(token_bytes));
  made.token = sha256(token);
  TRY(ledger::audit(
      call.services.store, *call.caller, "control.create", {{"feed", made.id.text()}, {"name", made.name}}));
  TRY(feed::create(call.services.store, made));
  const auto current = TRY(feed::refresh(call.services, made, call.now, call.deadline));
  JsonWriter out;
  out.begin_object();
  out.member("id", made.id.text());
  out.member("name", made.name);
  out.member("address", std::string(fetch_path) + made.id.text());
  out.member("token", token);
  out.member("values", current.values.size());
  out.end_object();
  return answer(201, std::move(out));
}

Result<api::Response> list_feeds(api::Call& call) {
  JsonWriter out;
  out.begin_object();
  out.key("controls");
  out.begin_array();
  for (const auto& row : TRY(feed::list(records_of(call), call.caller->organisation))) {
    const auto current = TRY(feed::refresh(call.services, row.value, call.now, call.deadline));
    write_feed(out, row.value, current.state, current.values.size());
  }
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Result<api::Response> show_feed(api::Call& call) {
  const auto feed = TRY(feed_of(call));
  const auto current = TRY(feed::refresh(call.services, feed, call.now, call.deadline));
  JsonWriter out;
  write_feed(out, feed, current.state, current.values.size());
  return answer(200, std::move(out));
}

Result<api::Response> release_feed(api::Call& call) {
  const auto feed = TRY(feed_of(call));
  TRY(ledger::audit(call.services.store, *call.caller, "control.release", {{"feed", feed.id.text()}}));
  const auto current =
      TRY(feed::refresh(call.services, feed, call.now, call.deadline, feed::Brake::released));
  JsonWriter out;
  write_feed(out, feed, current.state, current.values.size());
  return answer(200, std::move(out));
}

// ---------------------------------------------------------------- why

void write_hit(JsonWriter& out,
               const Feed& feed,
               const feed::Value& value,
               std::optional<Timestamp> fetched) {
  out.begin_object();
  out.member("control", feed.name);
  out.member("format", name_of(feed.format));
  out.member("value", value.line.value.text);
  out.member("action", action_name(value.line.action));
  out.member("indicator", value.indicator.text());
  out.member("from", value.from.text());
  out.member("since", to_text(value.since));
  if (value.until != Timestamp::never()) out.member("until", to_text(value.until));
  if (fetched) out.member("fetched", to_text(*fetched));
  out.end_object();
}

/// Why the value is not in the feed, for each indicator that names it.
Result<std::vector<std::string>> why_absent(api::Call& call,
                                            const Feed& feed,
                                            const model::CanonicalValue& value) {
  std::vector<std::string> reasons;
  const auto guard = TRY(feed::guard_of(call.services.store, feed.organisation));
  if (const auto objection = guard.objection(value)) reasons.push_back(*objection);
  store::Query query;
  query.types = {"indicator"};
  query.values = {value};
  constexpr int shown_max = 20;
  const auto page = TRY(find_seen(call, query, std::nullopt, shown_max));
  for (const auto& holding : page.holdings) {
    std::vector<Testimony> said;
    if (feed.demand.confidence_min > 0) said = TRY(testimonies_of(call, {holding.look().id}));
    const auto judged =
        feed::judge_indicator(*holding.look().bytes, holding.look().label, feed.demand, call.now, said);
    if (!judged.refused.empty())
      reasons.push_back(fmt::format("{}: {}", holding.look().id.text(), judged.refused));
  }
  if (page.holdings.empty()) reasons.emplace_back("no indicator that you may see names it");
  if (!feed::can_say(feed.format, value.kind))
    reasons.push_back(fmt::format("the format {} cannot say it", name_of(feed.format)));
  return reasons;
}

Result<api::Response> why_value(api::Call& call) {
  const auto text = call.target.parameter("value");
  if (!text) return fail(ErrorCode::invalid, "'value' is missing");
  const auto value = TRY(value_named(*text));
  JsonWriter out;
  out.begin_object();
  out.member("value", value.text);
  out.key("controls");
  out.begin_array();
  std::vector<std::pair<Feed, std::vector<std::string>>> absent;
  for (const auto& row : TRY(feed::list(records_of(call), call.caller->organisation))) {
    const auto& feed = row.value;
    const auto current = TRY(feed::refresh(call.services, feed, call.now, call.deadline));
    const auto found =
        std::ranges::find(current.values, value, [](const feed::Value& one) { return one.line.value; });
    if (found == current.values.end()) {
      auto reasons = TRY(why_absent(call, feed, value));
      absent.emplace_back(feed, std::move(reasons));
      continue;
    }
    const auto fetched = TRY(feed::fetched_first(records_of(call), feed, found->serial));
    write_hit(out, feed, *found, fetched);
  }
  out.end_array();
  out.key("absent");
  out.begin_array();
  for (const auto& [feed, reasons] : absent) {
    out.begin_object();
    out.member("control", feed.name);
    out.key("reasons");
    out.begin_array();
    for (const auto& reason : reasons) out.value(reason);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

// ---------------------------------------------------------------- never

Result<api::Response> add_never(api::Call& call) {
  const auto document = TRY(body_of(call));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto text = TRY(fields.text("value"));
  const auto why = TRY(fields.optional_text("why")).value_or("");
  const bool wrong = TRY(fields.flag("false_positive", false));
  TRY(fields.finish());
  auto value = TRY(value_named(text));
  if (why.size() > why_bytes_max) return fail(ErrorCode::invalid, "why: longer than {} bytes", why_bytes_max);
  const auto reason =
      why.empty() ? std::string(wrong ? "a false positive" : "on the organisation's own list") : why;
  TRY(ledger::audit(call.services.store, *call.caller, "control.unblock", {{"false_positive", wrong}}));
  TRY(feed::never_block(call.services.store, call.caller->organisation, {value, reason, call.now}));
  JsonWriter out;
  out.begin_object();
  out.member("value", value.text);
  if (wrong) {
    const auto told = TRY(feed::tell_originators(call, value));
    out.member("told", told.told);
    out.key("not_told");
    out.begin_array();
    for (const auto& one : told.not_told) out.value(one);
    out.end_array();
  }
  out.end_object();
  return answer(200, std::move(out));
}

Result<api::Response> remove_never(api::Call& call) {
  const auto text = call.target.parameter("value");
  if (!text) return fail(ErrorCode::invalid, "'value' is missing");
  const auto value = TRY(value_named(*text));
  TRY(ledger::audit(call.services.store, *call.caller, "control.block", {}));
  TRY(feed::allow_again(call.services.store, call.caller->organisation, value));
  return api::Response::nothing();
}

Result<api::Response> list_never(api::Call& call) {
  JsonWriter out;
  out.begin_object();
  out.key("never");
  out.begin_array();
  for (const auto& one : TRY(feed::never_list(records_of(call), call.caller->organisation))) {
    out.begin_object();
    out.member("value", one.value.text);
    out.member("kind", name_of(one.value.kind));
    out.member("why", one.why);
    out.member("at", to_text(one.at));
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

Result<api::Response> add_warning_list(api::Call& call) {
  auto body = TRY(api::body_of(call, warning_bytes_max));
  const auto list = TRY(feed::read_warning_list(std::move(body)));
  TRY(ledger::audit(
      call.services.store, *call.caller, "control.warning_list", {{"entries", list.values.size()}}));
  TRY(feed::keep_warning_list(call.services.store, call.caller->organisation, list));
  JsonWriter out;
  out.begin_object();
  out.member("name", list.name);
  out.member("values", list.values.size());
  out.member("unused", list.unused);
  out.end_object();
  return answer(200, std::move(out));
}

// ---------------------------------------------------------------- what controls fetch

/// In the same words for a control that is not there and a token that is wrong.
Result<Feed> feed_by_token(const api::Call& call) {
  const auto header = call.request.headers.get("X-Feed-Token");
  const auto token = header ? header : call.target.parameter("token");
  auto feed = feed::by_id(records_of(call), call.part("control"));
  if (!feed && feed.error().code != ErrorCode::not_found) return feed;
  const bool is_right = feed && token && equal_in_constant_time(sha256(*token).view(), feed->token.view());
  if (!is_right) return fail(ErrorCode::not_found, "no such feed, or another token");
  return feed;
}

/// The control as a caller of its organisation, for the delivery entry.
Result<api::Caller> control_of(const api::Call& call, const Feed& feed) {
  auto subject = TRY(ledger::subject_of(records_of(call), feed.organisation));
  return api::Caller{.account = AccountId{feed.id.uuid},
                     .name = "control " + feed.name,
                     .organisation = feed.organisation,
                     .rights = {},
                     .scope = policy::Scope::of(std::move(subject))};
}

Done note(const api::Call& call, const feed::Current& current) {
  std::vector<ledger::DeliveredVersion> versions;
  for (const auto& holding : current.holdings) {
    auto version = TRY(ledger::delivered(call, holding));
    versions.push_back(std::move(version));
  }
  for (std::size_t i = 0; i < versions.size(); i += ledger::delivered_max) {
    const auto some = std::span(versions).subspan(i, std::min(ledger::delivered_max, versions.size() - i));
    TRY(ledger::note_delivery(call, "feed", some));
  }
  return {};
}

std::vector<feed::Line> lines_of(const std::vector<feed::Value>& values) {
  std::vector<feed::Line> lines;
  for (const auto& one : values) lines.push_back(one.line);
  return lines;
}

/// Against an earlier serial that the control still has; nothing: it must take the whole.
Result<std::optional<std::string>> change_since(const api::Call& call,
                                                const Feed& feed,
                                                const feed::Current& current) {
  const auto text = call.target.parameter("since");
  if (!text) return std::optional<std::string>();
  std::uint64_t since = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), since);
  if (error != std::errc() || end != text->data() + text->size())
    return fail(ErrorCode::invalid, "since: the X-Feed-Serial of an earlier answer");
  const auto lines = lines_of(current.values);
  const feed::Rendering as{feed.name, current.state.serial};
  if (since == current.state.serial) return render_change(feed.format, lines, lines, as);
  for (const auto& earlier : current.state.earlier)
    if (earlier.serial == since) {
      const auto blob = TRY(call.services.store.blobs().get(earlier.values));
      const auto before = TRY(feed::decode_values(blob));
      return render_change(feed.format, lines_of(before), lines, as);
    }
  return std::optional<std::string>();
}

Result<api::Response> fetch(api::Call& call) {
  const auto feed = TRY(feed_by_token(call));
  call.caller = TRY(control_of(call, feed));
  const auto current = TRY(feed::refresh(call.services, feed, call.now, call.deadline));
  const auto serial = std::to_string(current.state.serial);
  const auto tag = fmt::format("\"{}\"", serial);
  const auto with_facts = [&](api::Response response) {
    response.header("ETag", policy::Release::fact(tag));
    response.header("X-Feed-Serial", policy::Release::fact(serial));
    response.header("Cache-Control", policy::Public::of("no-cache, private"));
    return response;
  };
  if (call.request.headers.get("If-None-Match") == tag)
    return with_facts({304, policy::Public::of(""), media_type_of(feed.format)});
  const auto change = TRY(change_since(call, feed, current));
  auto text =
      change ? *change : render(feed.format, lines_of(current.values), {feed.name, current.state.serial});
  TRY(note(call, current));
  TRY(feed::note_fetch(records_of(call), feed, current.state.serial, call.now));
  auto response = with_facts({200, policy::Release::fact(std::move(text)), media_type_of(feed.format)});
  response.header("X-Feed-Change", policy::Public::of(change ? "delta" : "full"));
  return response;
}

// ---------------------------------------------------------------- rows

constexpr api::Field create_fields[] = {
    {"name", "string", "letters a-z, digits and '_'"},
    {"format", "string", "plain, rpz, nftables, suricata, suricata-dataset, zeek"},
    {"kinds", "[]string", "of values; all that the format can say without it", false},
    {"tlp_max", "string", "clear, green, amber (default), amber+strict", false},
    {"confidence_min", "integer", "0 (default) to 100", false},
    {"circle", "string", "of one circle alone", false},
    {"labels", "[]string", "any of these values of the STIX property `labels`", false},
    {"trust", "[]string", "whose indicators block at once, beside the own: ids, names, or `all`", false},
    {"hold_above",
     "integer",
     "values that one change may bring or take before a person is asked; 1000",
     false},
};
constexpr api::Field created_fields[] = {
    {"id", "string", "UUID"},
    {"name", "string", "as given"},
    {"address", "string", "path to fetch from"},
    {"token", "string", "for X-Feed-Token; shown once"},
    {"values", "integer", "how many it gives now"},
};
constexpr api::Field shown_fields[] = {
    {"id", "string", "UUID"},
    {"name", "string", ""},
    {"format", "string", ""},
    {"address", "string", "path to fetch from"},
    {"tlp_max", "string", ""},
    {"confidence_min", "integer", ""},
    {"hold_above", "integer", ""},
    {"serial", "integer", "grows with each change"},
    {"changed", "timestamp", ""},
    {"values", "integer", "how many it gives"},
    {"held", "object", "a change that waits for a person: since, come, gone", false},
};
constexpr api::Field listed_fields[] = {{"controls", "[]Control", "by name"}};
constexpr api::Field why_fields[] = {
    {"value", "string", "in canonical form"},
    {"controls", "[]object", "that hold it: action, indicator, from, since, fetched"},
    {"absent", "[]object", "that do not, and the reasons"},
};
constexpr api::Field never_fields[] = {
    {"value", "string", "an address, network, domain, URL, hash ... in any spelling, or KIND:TEXT"},
    {"why", "string", "for people", false},
    {"false_positive", "boolean", "also tell whoever shared an indicator with it", false},
};
constexpr api::Field never_answer_fields[] = {
    {"value", "string", "in canonical form"},
    {"told", "integer", "originators that were told", false},
    {"not_told", "[]string", "indicators whose originator was not, and why", false},
};
constexpr api::Field never_list_fields[] = {{"never", "[]object", "value, kind, why, at"}};
constexpr api::Field warning_fields[] = {
    {"name", "string", "of the list"},
    {"list", "[]string", "its entries"},
    {"type", "string", "cidr, hostname, string; entries of substring and regex are counted as unused", false},
};
constexpr api::Field warning_answer_fields[] = {
    {"name", "string", ""},
    {"values", "integer", "entries in force"},
    {"unused", "integer", "entries that are no value"},
};
constexpr api::Type create_type{"ControlCreate", create_fields};
constexpr api::Type created_type{"ControlCreated", created_fields};
constexpr api::Type shown_type{"Control", shown_fields};
constexpr api::Type listed_type{"Controls", listed_fields};
constexpr api::Type why_type{"ControlWhy", why_fields};
constexpr api::Type never_type{"NeverBlock", never_fields};
constexpr api::Type never_answer{"NeverBlocked", never_answer_fields};
constexpr api::Type never_list_type{"NeverBlockList", never_list_fields};
constexpr api::Type warning_type{"WarningList", warning_fields};
constexpr api::Type warning_answer{"WarningListKept", warning_answer_fields};

constexpr api::Parameter value_parameters[] = {{"value", "string", "in any spelling, or KIND:TEXT"}};
constexpr api::Parameter fetch_parameters[] = {
    {"token", "string", "the control's token, where it cannot send X-Feed-Token"},
    {"since",
     "integer",
     "X-Feed-Serial of an earlier answer: what changed alone, where the format knows changes"},
};

constexpr auto dialect = api::Dialect::api;

const api::Route rows[] = {
    {Method::post,
     "/api/v1/controls",
     Right::operate,
     create_feed,
     "makes a control feed",
     dialect,
     {},
     &create_type,
     &created_type},
    {Method::get,
     "/api/v1/controls",
     Right::operate,
     list_feeds,
     "control feeds",
     dialect,
     {},
     nullptr,
     &listed_type},
    {Method::get,
     "/api/v1/controls/{control}",
     Right::operate,
     show_feed,
     "one control feed",
     dialect,
     {},
     nullptr,
     &shown_type},
    {Method::post,
     "/api/v1/controls/{control}/release",
     Right::operate,
     release_feed,
     "lets a change pass that was held",
     dialect,
     {},
     nullptr,
     &shown_type},
    {Method::get,
     "/api/v1/control-values",
     Right::operate,
     why_value,
     "why a value is given to controls, or not",
     dialect,
     value_parameters,
     nullptr,
     &why_type},
    {Method::post,
     "/api/v1/never-block",
     Right::operate,
     add_never,
     "never blocks a value, whoever says so",
     dialect,
     {},
     &never_type,
     &never_answer},
    {Method::get,
     "/api/v1/never-block",
     Right::operate,
     list_never,
     "values that are never blocked",
     dialect,
     {},
     nullptr,
     &never_list_type},
    {Method::delete_,
     "/api/v1/never-block",
     Right::operate,
     remove_never,
     "lets a value be blocked again",
     dialect,
     value_parameters},
    {Method::post,
     "/api/v1/warning-lists",
     Right::operate,
     add_warning_list,
     "keeps a warning list in the form of MISP's",
     dialect,
     {},
     &warning_type,
     &warning_answer},
    {Method::get,
     "/feeds/{control}",
     Right::none,
     fetch,
     "what a control fetches, with the control's own token",
     dialect,
     fetch_parameters,
     nullptr,
     nullptr,
     nullptr,
     true},
};

}  // namespace

std::span<const api::Route> feed_routes() {
  return rows;
}

}  // namespace shieldwall::library
