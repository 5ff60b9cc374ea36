// "/api/v1/alliances/keys" and "/api/v1/alliances/time": this node's own keys, and its clock.

#include "api/fields.h"
#include "api/shelf.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/operator_routes.h"
#include "exchange/federation/tls_rollover.h"
#include "ledger/audit.h"
#include "ledger/member_times.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;
using net::Method;

constexpr std::int64_t overlap_days_max = 365;

/// Two named persons say what time it is, on a node that no member reaches.
Result<Response> attest_time(Call& call) {
  TRY(operated(call));
  const auto document = TRY(body_in(call));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto at = TRY(fields.optional_time("time"));
  TRY(fields.finish());
  if (!at) return fail(ErrorCode::invalid, "time: which, as in 2026-01-31T00:00:00Z");
  if (call.caller->account == AccountId{})
    return fail(ErrorCode::denied, "a named person attests the time: act as your own account (--as NAME)");
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "time.attest",
                    {{"time", to_text(*at)}, {"clock", to_text(call.now)}}));
  auto& times = call.services.shelf->of<ledger::MemberTimes>();
  times.attest(call.caller->name, *at, call.services.clock.steady());
  JsonWriter out;
  out.begin_object();
  out.key("attested_by");
  out.begin_array();
  for (const auto& name : times.attesters()) out.value(name);
  out.end_array();
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> roll_keys(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto end = TRY(fields.flag("end_overlap", false));
  KeyWish wish;
  wish.root = TRY(fields.flag("organisation_key", false));
  wish.lost = TRY(fields.flag("lost", false));
  const auto tls = TRY(fields.flag("tls", false));
  if (const auto given = TRY(fields.optional_number("overlap_days"))) {
    if (*given < 1 || *given > overlap_days_max)
      return fail(ErrorCode::invalid, "overlap_days: 1 to {}", overlap_days_max);
    wish.overlap = days(*given);
  }
  TRY(fields.finish());
  if (tls && (wish.root || wish.lost))
    return fail(ErrorCode::invalid, "tls: the TLS key alone is replaced by this; ask for the others apart");
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    end ? "keys.end_overlap" : "keys.roll",
                    {{"organisation_key", wish.root}, {"lost", wish.lost}, {"tls", tls}}));
  if (tls)
    TRY(end ? tend_tls(*federation, true) : replace_tls(*federation, wish.overlap));
  else if (end)
    TRY(end_overlap(*federation));
  else
    TRY(replace_keys(*federation, wish));
  return Response::nothing();
}

constexpr api::Field time_fields[] = {{"time", "timestamp", "what the person's own clock says"}};
constexpr api::Type time_type{"AttestTime", time_fields};
constexpr api::Field attested_fields[] = {
    {"attested_by", "[]string", "whose word stands until the node restarts; two are needed"}};
constexpr api::Type attested_type{"AttestedTime", attested_fields};
constexpr api::Field keys_fields[] = {
    {"end_overlap", "boolean", "forget the replaced keys instead of making new ones", false},
    {"organisation_key", "boolean", "the organisation's key too; the founders have to accept it", false},
    {"tls",
     "boolean",
     "the key of this node's certificate for members, and no other; with end_overlap: the next step "
     "of it now",
     false},
    {"lost", "boolean", "the present keys count no more, at once", false},
    {"overlap_days", "integer", "for how long both count; absent: 14", false}};
constexpr api::Type keys_type{"RollKeys", keys_fields};

constexpr api::Route routes[] = {
    {.method = Method::post,
     .path = "/api/v1/alliances/keys",
     .right = Right::operate,
     .handler = roll_keys,
     .summary = "Replace this node's keys, or end the overlap",
     .body = &keys_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/time",
     .right = Right::operate,
     .handler = attest_time,
     .summary = "Say what time it is, on a node that no member reaches: embargoes open by two persons' word",
     .body = &time_type,
     .answer = &attested_type},
};

}  // namespace

std::span<const api::Route> own_node_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
