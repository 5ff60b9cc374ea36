// "/api/v1/proposals...": changes of rosters that founders decide together. Each is told in plain words.

#include <algorithm>

#include "api/fields.h"
#include "base/text.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/operator_call.h"
#include "exchange/federation/proposing.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "ledger/roster_words.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using ledger::Proposal;
using model::JsonWriter;
using net::Method;
using policy::Roster;

constexpr std::size_t file_bytes_max = 30u << 20;  // as base64; the listener takes 32 MiB

std::string name_in(const Roster& roster, const OrganisationId& who) {
  const auto* const member = policy::find_member(roster, who);
  return member == nullptr ? who.text() : member->name;
}

void write_names(JsonWriter& out,
                 std::string_view key,
                 const Roster& roster,
                 const std::vector<OrganisationId>& who) {
  out.key(key);
  out.begin_array();
  for (const auto& one : who) out.value(name_in(roster, one));
  out.end_array();
}

/// The version that the proposal changes; nothing: it is not kept here.
Result<std::optional<Roster>> before_of(Federation& federation, const Proposal& proposal) {
  const auto kept = TRY(ledger::signed_rosters(
      federation.services().store.records(), proposal.next().alliance, proposal.next().version - 2));
  for (const auto& one : kept)
    if (proposal.next().predecessor == policy::digest_of(one.roster)) return std::optional(one.roster);
  return std::optional<Roster>();
}

Done write_proposal(JsonWriter& out, Federation& federation, const Proposal& proposal, bool effective) {
  const auto before = TRY(before_of(federation, proposal));
  const auto newest =
      TRY(ledger::alliance_named(federation.services().store.records(), proposal.next().alliance.text()));
  const auto& then = before ? *before : newest.roster;
  const auto signed_it = ledger::founders_that_signed(proposal.roster, then);
  out.begin_object();
  out.member("id", ledger::name_of(proposal));
  out.member("alliance", proposal.next().name);
  out.member("version", std::uint64_t{proposal.next().version});
  out.member("by", name_in(then, proposal.by));
  out.member("at", to_text(proposal.at));
  out.member("reason", proposal.reason);
  out.member("state",
             effective                                          ? "effective"
             : proposal.next().version <= newest.roster.version ? "overtaken"
                                                                : "waiting");
  out.key("changes");
  out.begin_array();
  for (const auto& line : ledger::told_in_words(then, proposal.next())) out.value(line);
  out.end_array();
  write_names(out, "signed", then, signed_it);
  std::vector<OrganisationId> missing;
  std::ranges::set_difference(then.founders, signed_it, std::back_inserter(missing));
  write_names(out, "not_signed", then, missing);
  out.member("founders_needed", std::uint64_t{then.founders_needed});
  out.member("signed_here", std::ranges::binary_search(signed_it, federation.options().home));
  out.end_object();
  return {};
}

Result<std::vector<OrganisationId>> organisations(Call& call, api::Fields& fields, std::string_view name) {
  std::vector<OrganisationId> found;
  for (const auto& one : TRY(fields.texts(name))) {
    const auto row = TRY(ledger::organisation_named(call.services.store.records(), one));
    found.push_back(row.value.id);
  }
  return found;
}

Result<std::vector<policy::Delegation>> delegations(Call& call, api::Fields& fields, std::string_view name) {
  std::vector<policy::Delegation> found;
  for (const auto& element : TRY(fields.elements(name))) {
    auto one = TRY(api::Fields::of(element, name));
    const auto nation = TRY(one.parsed<policy::Nation>("nation"));
    const auto member = TRY(one.text("member"));
    TRY(one.finish());
    const auto row = TRY(ledger::organisation_named(call.services.store.records(), member));
    found.push_back({.nation = nation, .to = row.value.id});
  }
  return found;
}

Result<RosterWish> wish_in(Call& call, api::Fields& fields) {
  RosterWish wish;
  wish.remove = TRY(organisations(call, fields, "remove"));
  wish.founders = TRY(organisations(call, fields, "founders"));
  wish.not_founders = TRY(organisations(call, fields, "not_founders"));
  wish.delegate = TRY(delegations(call, fields, "delegate"));
  wish.end_delegation = TRY(delegations(call, fields, "end_delegation"));
  if (const auto needed = TRY(fields.optional_number("founders_needed"))) {
    if (*needed < 1 || *needed > 1'000)
      return fail(ErrorCode::invalid, "founders_needed: between one and all of the founders");
    wish.founders_needed = static_cast<std::uint32_t>(*needed);
  }
  return wish;
}

Result<Response> answered(Federation& federation, const Proposed& proposed) {
  JsonWriter out;
  TRY(write_proposal(out, federation, proposed.proposal, proposed.effective));
  return told(proposed.effective ? 200 : 202, std::move(out));
}

Result<Response> propose_change(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto alliance = TRY(ledger::alliance_named(call.services.store.records(), call.part("alliance")));
  const auto document = TRY(body_in(call, file_bytes_max));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto wish = TRY(wish_in(call, fields));
  const auto reason = TRY(fields.optional_text("reason")).value_or("");
  TRY(fields.finish());
  if (!std::ranges::binary_search(alliance.roster.founders, federation->options().home))
    return fail(ErrorCode::denied, "only founders change who belongs to {}", alliance.roster.name);
  const auto next = TRY(wished(alliance.roster, wish));
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "alliance.propose",
                    {{"alliance", alliance.roster.name}, {"version", next.version}}));
  const auto proposed = TRY(propose(*federation, alliance, next, reason));
  return answered(*federation, proposed);
}

Result<Response> sign_one(Call& call) {
  auto* const federation = TRY(operated(call));
  TRY(ledger::audit(
      call.services.store, *call.caller, "alliance.sign", {{"proposal", excerpt(call.part("proposal"))}}));
  const auto proposed = TRY(sign_proposal(*federation, call.part("proposal")));
  return answered(*federation, proposed);
}

Result<Response> list(Call& call) {
  auto* const federation = TRY(operated(call));
  JsonWriter out;
  out.begin_object();
  out.key("proposals");
  out.begin_array();
  for (const auto& one : TRY(open_proposals(*federation))) TRY(write_proposal(out, *federation, one, false));
  out.end_array();
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> file_out(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto council = TRY(council_for(*federation, std::nullopt));
  JsonWriter out;
  out.begin_object();
  out.member("file", to_base64(encode(council)));
  out.member("proposals", std::uint64_t{council.proposals.size()});
  out.end_object();
  return told(200, std::move(out));
}

Result<Response> file_in(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call, file_bytes_max));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto text = TRY(fields.text("file"));
  TRY(fields.finish());
  const auto bytes = TRY(from_base64(text));
  const auto council = TRY(decode_council(bytes));
  TRY(ledger::audit(
      call.services.store, *call.caller, "alliance.proposals_in", {{"proposals", council.proposals.size()}}));
  JsonWriter out;
  out.begin_object();
  out.member("proposals", std::uint64_t{council.proposals.size()});
  out.member("effective", std::uint64_t{take_proposals(*federation, council.proposals)});
  out.end_object();
  return told(200, std::move(out));
}

constexpr api::Field wish_fields[] = {
    {"remove", "[]string", "members, by id or name, that go", false},
    {"founders", "[]string", "members that become founders", false},
    {"not_founders", "[]string", "founders that stay members only", false},
    {"founders_needed", "integer", "how many founders sign a change from then on", false},
    {"delegate", "[]object", "nation and member: it may enrol organisations of that nation alone", false},
    {"end_delegation", "[]object", "nation and member: not any more", false},
    {"reason", "string", "for the other founders, one line", false},
};
constexpr api::Type wish_type{"RosterWish", wish_fields};
constexpr api::Field proposal_fields[] = {
    {"id", "string", "by which it is signed"},
    {"alliance", "string", "its name"},
    {"version", "integer", "of the roster that it becomes"},
    {"by", "string", "name of the organisation that proposed it"},
    {"at", "timestamp", "when"},
    {"reason", "string", "in its words"},
    {"state", "string", "waiting, effective, or overtaken: another change counts, propose it anew"},
    {"changes", "[]string", "what it means, in plain words"},
    {"signed", "[]string", "founders that signed it"},
    {"not_signed", "[]string", "founders that did not"},
    {"founders_needed", "integer", "how many of them have to"},
    {"signed_here", "boolean", "this node's organisation did"},
};
constexpr api::Type proposal_type{"Proposal", proposal_fields};
constexpr api::Field list_fields[] = {{"proposals", "[]object", "each as Proposal"}};
constexpr api::Type list_type{"Proposals", list_fields};
constexpr api::Field file_fields[] = {{"file", "string", "base64: proposals and their signatures so far"},
                                      {"proposals", "integer", "how many are in it"}};
constexpr api::Type file_type{"ProposalFile", file_fields};
constexpr api::Field file_in_fields[] = {{"file", "string", "base64, as another founder's node gave it"}};
constexpr api::Type file_in_type{"ProposalFileIn", file_in_fields};
constexpr api::Field taken_fields[] = {{"proposals", "integer", "that were in it"},
                                       {"effective", "integer", "that have enough signatures now"}};
constexpr api::Type taken_type{"ProposalsTaken", taken_fields};

constexpr api::Route routes[] = {
    {.method = Method::post,
     .path = "/api/v1/alliances/{alliance}/proposals",
     .right = Right::operate,
     .handler = propose_change,
     .summary = "Propose a change of who belongs to an alliance and who decides",
     .body = &wish_type,
     .answer = &proposal_type},
    {.method = Method::get,
     .path = "/api/v1/proposals",
     .right = Right::operate,
     .handler = list,
     .summary = "Changes that founders proposed, in plain words, and who signed them",
     .answer = &list_type},
    {.method = Method::post,
     .path = "/api/v1/proposals/{proposal}/sign",
     .right = Right::operate,
     .handler = sign_one,
     .summary = "Sign a proposed change",
     .answer = &proposal_type},
    {.method = Method::get,
     .path = "/api/v1/proposals/file",
     .right = Right::operate,
     .handler = file_out,
     .summary = "Proposals as a file for founders without a wire",
     .answer = &file_type},
    {.method = Method::post,
     .path = "/api/v1/proposals/file",
     .right = Right::operate,
     .handler = file_in,
     .summary = "Take a file of proposals",
     .body = &file_in_type,
     .answer = &taken_type},
};

}  // namespace

std::span<const api::Route> proposal_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
