// "/federation/...": what other nodes ask. Who asks is told by its certificate's key, which the roster names;
// nothing else is open to anybody, but joining by an invitation.

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/proposing.h"
#include "exchange/federation/reconcile.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using net::Method;

constexpr std::string_view media_type = "application/vnd.shieldwall.federation";
constexpr std::string_view roster_media_type = "application/vnd.shieldwall.rosters";

/// The member whose node calls.
///   errors  not_found: nobody of any roster, or suspended: to it there is nothing here
Result<OrganisationId> peer_of(const Call& call, const Federation& federation) {
  const auto known = federation.known();
  const auto& pin = call.request.client_certificate_pin;
  const auto found = pin ? known->pins.find(*pin) : known->pins.end();
  if (found == known->pins.end() || known->is_suspended(found->second))
    return fail(ErrorCode::not_found, "there is nothing here for this certificate");
  return found->second;
}

/// What is for that peer alone: sealed to it, or about its own deliveries.
Response for_peer(Bytes bytes, std::string_view type = media_type) {
  return {200, policy::Release::fact(std::move(bytes)), type};
}

Result<Response> hello(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  const auto theirs = TRY(decode_hello(call.request.body));
  const Hello mine{.organisation = federation->options().home,
                   .rosters = federation->known()->stands_for(peer)};
  TRY(version_for(mine, theirs));
  if (theirs.organisation != peer)
    return fail(ErrorCode::denied, "this certificate is another member's than the greeting says");
  return for_peer(encode(mine));
}

/// Waits until there is something to say, for as long as the peer asked, then says it at once.
class PollStream final : public net::Stream {
 public:
  PollStream(Federation& federation, const OrganisationId& peer, Poll poll, std::uint64_t after)
      : federation_(federation),
        peer_(peer),
        poll_(std::move(poll)),
        after_(after),
        until_(federation.services().clock.steady().us + Duration(milliseconds(poll_.wait_ms)).us) {}

  bool may_wait() const override {
    asked_ = true;
    armed_ = !done_ && is_due();
    return armed_;
  }

  net::Poll next(Bytes& chunk) override {
    if (done_) return net::Poll::end;
    if (!asked_) armed_ = is_due();
    if (!armed_) return net::Poll::wait;
    done_ = true;
    auto page = federation_.page_for(peer_, after_);
    if (!page) {
      log::error("deliveries cannot be read", {{"peer", peer_.text()}, {"why", page.error().message}});
      return net::Poll::end;
    }
    chunk = encode(*page);
    return net::Poll::chunk;
  }

 private:
  bool is_due() const {
    return federation_.has_news(peer_, after_) || knows_another_roster() ||
           federation_.services().clock.steady().us >= until_;
  }
  bool knows_another_roster() const {
    const auto mine = federation_.known()->stands_for(peer_);
    return std::ranges::any_of(poll_.rosters, [&](const RosterStand& theirs) {
      return std::ranges::any_of(mine, [&](const RosterStand& one) {
        return one.alliance == theirs.alliance && one.version != theirs.version;
      });
    });
  }

  Federation& federation_;
  OrganisationId peer_;
  Poll poll_;
  std::uint64_t after_;  // number
  std::int64_t until_;
  mutable bool asked_ = false;
  mutable bool armed_ = false;
  bool done_ = false;
};

Result<Response> poll(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  auto asked = TRY(decode_poll(call.request.body));
  TRY(federation->note(peer, asked.ack));
  asked.wait_ms = std::min(asked.wait_ms, static_cast<std::uint32_t>(poll_wait_max.us / 1000));
  // What follows may be asked for before what came is acknowledged: a page ahead.
  const auto text = call.target.parameter("after").value_or("0");
  std::uint64_t after = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "after: not a number");
  after = std::max(after, asked.ack.last);
  return Response::stream(std::make_shared<PollStream>(*federation, peer, std::move(asked), after),
                          media_type);
}

Result<Response> push(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  const auto page = TRY(decode_page(call.request.body));
  const auto taken = TRY(federation->take(peer, page));
  return for_peer(encode(taken.ack));
}

Result<Response> reconcile(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  const auto request = TRY(decode_reconcile_request(call.request.body));
  const auto answer = TRY(answer_reconcile(*federation, peer, request));
  return for_peer(encode(answer));
}

Result<Response> get_rosters(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  const auto alliance = TRY(AllianceId::parse(call.target.parameter("alliance").value_or("")));
  const auto after = call.target.parameter("after").value_or("0");
  const auto known = federation->known();
  const auto shared = std::ranges::any_of(known->newest, [&](const ledger::SignedRoster& one) {
    return one.roster.alliance == alliance && policy::find_member(one.roster, peer) != nullptr;
  });
  if (!shared) return fail(ErrorCode::not_found, "no such alliance");
  std::uint32_t version = 0;
  for (const char digit : after) {
    if (digit < '0' || digit > '9' || version > 100'000'000)
      return fail(ErrorCode::invalid, "after: not a version");
    version = version * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  const auto rosters = TRY(ledger::signed_rosters(call.services.store.records(), alliance, version));
  return for_peer(encode_rosters(rosters), roster_media_type);
}

Result<Response> put_rosters(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  TRY(peer_of(call, *federation));
  TRY(federation->keep_rosters(call.request.body));
  return Response::nothing();
}

/// What members tell each other about their rosters, and founders about what they propose.
Result<Response> council(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  const auto theirs = TRY(decode_council(call.request.body));
  take_proposals(*federation, theirs.proposals);
  const auto mine = TRY(council_for(*federation, peer));
  return for_peer(encode(mine));
}

/// A member's change of its own entry, which one founder has to countersign.
Result<Response> change_own_entry(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto peer = TRY(peer_of(call, *federation));
  const auto wish = TRY(ledger::decode_signed_roster(call.request.body));
  const auto kept = TRY(countersign(*federation, peer, wish));
  return for_peer(ledger::encode(kept), roster_media_type);
}

Result<Response> join(Call& call) {
  auto* const federation = TRY(federation_of(call.services));
  const auto request = TRY(decode_join_request(call.request.body));
  const auto& pin = call.request.client_certificate_pin;
  if (!pin || std::ranges::find(request.member().pins, *pin) == request.member().pins.end())
    return fail(ErrorCode::denied, "the certificate shown is not the one that the request lists");
  const auto admission = TRY(admit_joiner(*federation, request));
  if (!admission.effective)
    return Response{202, policy::Release::fact(encode_rosters({admission.roster})), roster_media_type};
  const auto chain = TRY(ledger::chain_of(
      call.services.store.records(), admission.roster.roster.alliance, admission.roster.roster.version));
  return for_peer(encode_rosters(chain), roster_media_type);
}

constexpr api::Route routes[] = {
    {Method::post, "/federation/hello", api::Right::none, hello, "Versions and rosters that both nodes know"},
    {Method::post, "/federation/poll", api::Right::none, poll, "Deliveries after those acknowledged"},
    {Method::post,
     "/federation/push",
     api::Right::none,
     push,
     "Brings deliveries; answers what became of them"},
    {Method::post,
     "/federation/reconcile",
     api::Right::none,
     reconcile,
     "What differs between what one released to the other and what that one took"},
    {Method::get, "/federation/rosters", api::Right::none, get_rosters, "Signed rosters after a version"},
    {Method::post, "/federation/rosters", api::Right::none, put_rosters, "Brings newer signed rosters"},
    {Method::post,
     "/federation/council",
     api::Right::none,
     council,
     "Rosters that count at both nodes; between founders also proposals"},
    {Method::post,
     "/federation/entry",
     api::Right::none,
     change_own_entry,
     "A member's change of its own entry"},
    {Method::post, "/federation/join", api::Right::none, join, "Joins by an invitation"},
};

}  // namespace

std::span<const api::Route> federation_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
