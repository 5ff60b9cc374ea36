// What this node asks of others: their deliveries, page after page, and that they take its own.

#include <deque>

#include "base/eventual.h"
#include "base/log.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/frames.h"
#include "exchange/federation/reconcile.h"

namespace shieldwall::exchange::federation {

namespace {

using net::Method;

constexpr std::uint32_t pages_ahead_version = 4;
constexpr std::size_t pages_behind_max = 2;  // one being taken and one read, while the next is on its way

/// A member that was put back to a backup knows less than it acknowledged: it says how far it is, and hears
/// the rest again.
Done go_back(Federation& federation, const OrganisationId& peer, const Ack& kept) {
  const Page nothing{.rosters = federation.known()->stands_for(peer)};
  const auto answer = TRY(federation.tell(peer, "/federation/push", encode(nothing)));
  const auto ack = TRY(decode_ack(answer));
  TRY(federation.note(peer, ack));
  if (ack.last >= kept.last) return {};
  log::warn("a member knows fewer deliveries than it acknowledged; it is told again",
            {{"member", peer.text()}, {"knows", ack.last}, {"acknowledged", kept.last}});
  const store::Write write{
      .table = ledger::outbox_table, .key = ack_key(peer), .value = encode(ack), .expected = std::nullopt};
  return federation.services().store.records().write({&write, 1});
}

/// Pages that are taken, one after the other, while the next one is asked for.
struct Fetching {
  std::deque<std::shared_future<Result<TakenPage>>> taking{};
  std::uint64_t ahead = 0;  // the last delivery of them: what follows can be asked for already

  Fetching() = default;
  Fetching(const Fetching&) = delete;
  ~Fetching() {
    for (const auto& one : taking) one.wait();
  }
  std::string target() const {
    return taking.empty() ? "/federation/poll" : fmt::format("/federation/poll?after={}", ahead);
  }
  std::shared_future<Result<TakenPage>> newest() const {
    return taking.empty() ? std::shared_future<Result<TakenPage>>() : taking.back();
  }
  /// What this node says of the first of them, once it was taken.
  Result<Ack> end_one() {
    auto taken = taking.front().get();
    taking.pop_front();
    if (!taken) return fail(taken.error());
    if (taken->wants_rosters)
      return fail(ErrorCode::unavailable, "a newer roster than this node could get is needed");
    return std::move(taken->ack);
  }
};

}  // namespace

Result<net::Response> Federation::send(const std::string& address,
                                       const std::vector<Digest>& pins,
                                       net::Request request,
                                       Duration time) {
  const auto url = TRY(net::Url::parse("https://" + address + request.target));
  auto trust = std::make_shared<net::PeerTrust>();
  trust->pins = pins;
  trust->identity = tls_.with([](const TlsStand& stand) { return stand.present.identity; });
  trust->may_be_private = true;
  net::SendOptions options{.deadline = Deadline::in(time, services_.clock),
                           .peer = std::move(trust),
                           .body_bytes_max = page_bytes_max + rosters_bytes_max};
  return services_.net.send(url, std::move(request), options);
}

Result<net::Response> Federation::call(
    const OrganisationId& peer, Method method, std::string target, Bytes body, Duration time) {
  const auto known = known_.load();
  const auto* const member = known->member(peer);
  const auto address = member == nullptr ? std::nullopt : ledger::node_address(*member);
  if (!address) return fail(ErrorCode::unavailable, "no address of {} is known", peer.text());
  auto answer = TRY(send(*address,
                         member->pins,
                         {.method = method, .target = std::move(target), .body = std::move(body)},
                         time));
  if (answer.status / 100 == 2) return answer;
  greeted_.with([&](auto& greeted) { greeted.erase(peer); });
  const auto code = answer.status == 409   ? ErrorCode::conflict
                    : answer.status == 404 ? ErrorCode::not_found
                                           : ErrorCode::unavailable;
  return fail(
      code, "{} answered {}: {}", *address, answer.status, std::string(answer.bytes()).substr(0, 300));
}

Done Federation::greet(const OrganisationId& peer) {
  if (version_with(peer) != 0) return {};
  const Hello mine{.organisation = options_.home, .rosters = known_.load()->stands_for(peer)};
  const auto answer = TRY(call(peer, Method::post, "/federation/hello", encode(mine), exchange_time));
  const auto theirs = TRY(decode_hello(answer.bytes()));
  const auto version = TRY(version_for(mine, theirs));
  if (theirs.organisation != peer)
    return fail(
        ErrorCode::invalid, "{} answered in the place of {}", theirs.organisation.text(), peer.text());
  greeted_.with([&](auto& greeted) { greeted.insert_or_assign(peer, version); });
  return settle_rosters(peer, theirs.rosters);
}

std::uint32_t Federation::version_with(const OrganisationId& peer) const {
  return greeted_.with([&](const auto& greeted) {
    const auto found = greeted.find(peer);
    return found == greeted.end() ? 0 : found->second;
  });
}

Result<Bytes> Federation::tell(const OrganisationId& peer, std::string target, Bytes body) {
  const auto answer = TRY(call(peer, Method::post, std::move(target), std::move(body), exchange_time));
  return Bytes(answer.bytes());
}

Result<bool> Federation::fetch_from(const OrganisationId& peer, Duration wait) {
  TRY(greet(peer));
  confer_when_due(peer);
  // A member that cannot be reconciled with is still told by numbers; why it failed is logged and kept.
  static_cast<void>(reconcile_if_due(*this, peer));
  return take_what_waits(peer, wait);
}

bool Federation::page_ahead_allowed(const OrganisationId& peer) const {
  return beside_.load() != nullptr && version_with(peer) >= pages_ahead_version;
}

/// Done when the answer is ready; at once where nobody works beside. Its envelopes are read while the page
/// before is being taken.
std::shared_future<Result<TakenPage>> Federation::begin_taking(
    const OrganisationId& peer, Page page, const std::shared_future<Result<TakenPage>>& before) {
  const auto run = [this, beside = page_ahead_allowed(peer)](const std::function<void()>& work) {
    beside ? run_beside(work) : work();
  };
  return eventually(run, [this, peer, page = std::move(page), before]() -> Result<TakenPage> {
    const auto held = TRY(keys());
    auto ahead = read_ahead(services_, *known_.load(), *held, page);
    if (before.valid() && !before.get())
      return fail(ErrorCode::unavailable, "the page before could not be taken");
    return take(peer, page, std::move(ahead));
  });
}

void Federation::run_beside(const std::function<void()>& work) {
  auto* const beside = beside_.load();
  if (beside == nullptr || !beside->post(work)) work();
}

Result<bool> Federation::take_what_waits(const OrganisationId& peer, Duration wait) {
  const auto held = TRY(keys());
  const auto known = known_.load();
  Poll poll{.rosters = known->stands_for(peer), .wait_ms = static_cast<std::uint32_t>(wait.us / 1000)};
  poll.ack = TRY(ack_for(services_, *known, *held, peer));
  Fetching fetching;
  for (bool came = false;;) {
    const auto answer = call(peer, Method::post, fetching.target(), encode(poll), exchange_time);
    if (!answer) {
      while (!fetching.taking.empty()) TRY(fetching.end_one());  // this node's own work is told of first
      return fail(answer.error());
    }
    Page page;
    if (!answer->bytes().empty()) {  // else nothing came while it waited
      page = TRY(decode_page(answer->bytes()));
      TRY(settle_rosters(peer, page.rosters));
      poll.rosters = known_.load()->stands_for(peer);
    }
    const bool told = !page.deliveries.empty();
    if (!told && fetching.taking.empty()) return came;
    const bool more = told && page.more && page_ahead_allowed(peer);
    if (told) fetching.ahead = page.deliveries.back().number;
    if (told) fetching.taking.push_back(begin_taking(peer, std::move(page), fetching.newest()));
    came = true;
    // Each is told at once what became of it; and what is more comes with the same answer.
    poll.wait_ms = 0;
    if (!more || fetching.taking.size() == pages_behind_max) poll.ack = TRY(fetching.end_one());
  }
}

Result<bool> Federation::bring_to(const OrganisationId& peer) {
  TRY(greet(peer));
  const auto kept = TRY(kept_ack(services_.store.records(), peer));
  if (!has_news(peer, kept.last)) return false;
  const auto page = TRY(page_for(peer, kept.last));
  if (page.deliveries.empty()) return false;
  const auto answer = call(peer, Method::post, "/federation/push", encode(page), exchange_time);
  const bool is_refused = !answer && version_with(peer) == 0;  // it answered, and has to be greeted anew
  if (is_refused) TRY(go_back(*this, peer, kept));
  if (!answer) return fail(answer.error());
  const auto ack = TRY(decode_ack(answer->bytes()));
  TRY(note(peer, ack));
  return page.more;
}

Done Federation::empty_queues(const OrganisationId& peer) {
  while (TRY(bring_to(peer))) continue;
  TRY(take_what_waits(peer, milliseconds(0)));
  return {};
}

}  // namespace shieldwall::exchange::federation
