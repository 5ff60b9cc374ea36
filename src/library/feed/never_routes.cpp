// "/api/v1/never-block" and "/api/v1/warning-lists": what no control is to block, whoever shares it.

#include "api/fields.h"
#include "ledger/audit.h"
#include "library/feed/false_positive.h"
#include "library/feed/feed.h"
#include "library/feed/feed_answer.h"
#include "library/feed/feed_routes.h"
#include "library/search.h"

namespace shieldwall::library {

namespace {

using api::Right;
using feed::answer;
using feed::feed_body;
using model::JsonWriter;
using net::Method;

constexpr std::size_t warning_bytes_max = 32u << 20;
constexpr std::size_t why_bytes_max = 1'000;

Result<api::Response> add_never(api::Call& call) {
  const auto document = TRY(feed_body(call));
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
constexpr api::Type never_type{"NeverBlock", never_fields};
constexpr api::Type never_answer{"NeverBlocked", never_answer_fields};
constexpr api::Type never_list_type{"NeverBlockList", never_list_fields};
constexpr api::Type warning_type{"WarningList", warning_fields};
constexpr api::Type warning_answer{"WarningListKept", warning_answer_fields};
constexpr api::Parameter value_parameters[] = {{"value", "string", "in any spelling, or KIND:TEXT"}};

constexpr auto dialect = api::Dialect::api;

const api::Route rows[] = {
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
};

}  // namespace

std::span<const api::Route> never_block_routes() {
  return rows;
}

}  // namespace shieldwall::library
