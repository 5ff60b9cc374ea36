// "/api/v1/members/{organisation}/reconcile": what an operator asks of and sees of reconciliations.

#include "api/fields.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/reconcile.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;
using net::Method;

struct Asked {
  Federation* federation = nullptr;
  OrganisationId peer{};  // the node on which the member lives
};

Result<Asked> asked(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto row = TRY(ledger::organisation_named(call.services.store.records(), call.part("organisation")));
  const auto known = federation->known();
  const auto peer = known->node_of(row.value.id);
  if (known->member(row.value.id) == nullptr || peer == known->home)
    return fail(ErrorCode::not_found, "{} is no other member of an alliance of this node", row.value.name);
  if (known->is_suspended(peer)) return fail(ErrorCode::conflict, "{} is suspended", row.value.name);
  return Asked{federation, peer};
}

Response told_of(Federation& federation, const OrganisationId& peer) {
  const auto report = reconcile_report(federation, peer);
  const auto known = federation.known();
  const auto* const member = known->member(peer);
  JsonWriter out;
  out.begin_object();
  out.member("member", peer.text());
  out.member("state", name_of(report.state));
  out.member("serves", federation.serves());
  out.member("calls", member != nullptr && ledger::node_address(*member).has_value());
  if (report.began.us != 0) out.member("began", to_text(report.began));
  if (report.ended.us != 0) out.member("ended", to_text(report.ended));
  out.member("sent", report.sent);
  out.member("taken", report.taken);
  out.member("symbols", report.symbols);
  out.member("differences", report.differences);
  out.member("told_again", report.told_again);
  out.member("asked_again", report.asked_again);
  out.member("taken_back", report.taken_back);
  out.member("given_back", report.given_back);
  out.member("unsettled", report.unsettled);
  if (!report.why.empty()) out.member("why", report.why);
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> wish(Call& call) {
  const auto about = TRY(asked(call));
  TRY(ledger::audit(call.services.store, *call.caller, "member.reconcile", {{"member", about.peer.text()}}));
  TRY(wish_reconcile(*about.federation, about.peer, "an operator asked for it", false));
  return told_of(*about.federation, about.peer);
}

Result<Response> report(Call& call) {
  const auto about = TRY(asked(call));
  return told_of(*about.federation, about.peer);
}

constexpr api::Field report_fields[] = {
    {"member", "string", "id of the organisation whose node it is"},
    {"state", "string", "none, due, runs, done or failed"},
    {"serves", "boolean", "whether this node runs; else it is done once it does"},
    {"calls", "boolean", "whether this node calls that member; else it waits for its call"},
    {"began", "timestamp", "when it began last", false},
    {"ended", "timestamp", "when it ended last", false},
    {"sent", "integer", "statements released to it, as this node knows them"},
    {"taken", "integer", "statements taken from it"},
    {"symbols", "integer", "coded symbols read, 36 bytes each"},
    {"differences", "integer", "statements that only one of the two knew"},
    {"told_again", "integer", "of ours, queued for it once more"},
    {"asked_again", "integer", "of its, which it queues for this node once more"},
    {"taken_back", "integer", "of ours, which this node had forgotten"},
    {"given_back", "integer", "of its, which it had forgotten"},
    {"unsettled", "integer", "that neither could mend: refused, withdrawn or newer there"},
    {"why", "string", "why it failed, or why it is wished", false},
};
constexpr api::Type report_type{"Reconciliation", report_fields};

constexpr api::Route routes[] = {
    {.method = Method::post,
     .path = "/api/v1/members/{organisation}/reconcile",
     .right = Right::operate,
     .handler = wish,
     .summary = "Find and mend what differs between what was released to a member and what it has",
     .answer = &report_type},
    {.method = Method::get,
     .path = "/api/v1/members/{organisation}/reconcile",
     .right = Right::operate,
     .handler = report,
     .summary = "How far the reconciliation with a member is",
     .answer = &report_type},
};

}  // namespace

std::span<const api::Route> reconcile_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
