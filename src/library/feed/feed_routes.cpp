// "/api/v1/controls...": making control feeds, seeing them, and letting a change pass that was held.

#include "library/feed/feed_routes.h"

#include <algorithm>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/audit.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "library/feed/feed.h"
#include "library/feed/feed_answer.h"

namespace shieldwall::library {

namespace {

using api::Right;
using feed::answer;
using feed::Feed;
using feed::feed_body;
using model::JsonWriter;
using net::Method;

constexpr std::size_t token_bytes = 32;
constexpr std::string_view fetch_path = "/feeds/";

Result<Feed> feed_of(const api::Call& call) {
  return feed::named(records_of(call), call.caller->organisation, call.part("control"));
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
  const auto document = TRY(feed_body(call));
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
constexpr api::Type create_type{"ControlCreate", create_fields};
constexpr api::Type created_type{"ControlCreated", created_fields};
constexpr api::Type shown_type{"Control", shown_fields};
constexpr api::Type listed_type{"Controls", listed_fields};

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
};

}  // namespace

std::span<const api::Route> feed_routes() {
  return rows;
}

}  // namespace shieldwall::library
