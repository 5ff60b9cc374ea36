#include "exchange/federation/federation.h"

#include <algorithm>
#include <deque>

#include "api/shelf.h"
#include "base/log.h"
#include "exchange/federation/again.h"
#include "exchange/federation/anonymous.h"
#include "exchange/federation/proposing.h"
#include "exchange/federation/reconcile.h"
#include "exchange/federation/relaying.h"
#include "exchange/federation/tls_rollover.h"
#include "ledger/amending.h"
#include "ledger/audit.h"
#include "ledger/member_times.h"
#include "ledger/rows.h"
#include "policy/byte_form.h"
#include "policy/roster_limits.h"

namespace shieldwall::exchange::federation {

namespace {

using net::Method;

constexpr Duration embargo_pause = milliseconds(500);  // between two looks for embargoes that are over
constexpr int invitations_max = 1'000;
constexpr int take_tries_max = 32;  // as many members may bring something for one and the same at once
constexpr std::uint64_t rounds_between_tending = 256;  // of releases, before rows of the sets are looked at
constexpr std::uint32_t pages_ahead_version = 4;
constexpr std::size_t pages_behind_max = 2;  // one being taken and one read, while the next is on its way
constexpr std::size_t rosters_at_once = 1'000;
constexpr std::size_t rosters_bytes_max = 64u << 20;
constexpr Duration confer_pause = seconds(5);  // between two looks at what another founder's operator signed
constexpr Duration agree_pause = minutes(1);   // the same with members, for forks alone

std::string receipt_key(const OrganisationId& peer, std::uint64_t number) {
  return fmt::format("receipt/{}/{:016}", peer.text(), number);
}

/// At the start: a crash may have come between a roster or an amendment and what follows from it here.
Done finish_rosters(api::Services& services, const OrganisationId& home) {
  TRY(ledger::finish_amending(services.store.records()));
  const auto newest = TRY(ledger::newest_rosters(services.store.records()));
  for (const auto& roster : newest)
    TRY(ledger::keep_signed_roster(services.store, home, roster, services.clock.now()));
  return {};
}

/// What waits for a start; a full disk keeps no node from serving.
Done begin(Federation& federation) {
  if (const auto done = finish_rosters(federation.services(), federation.options().home); !done)
    log::warn("rosters could not be looked through", {{"why", done.error().message}});
  TRY(load_tls(federation));
  if (const auto done = load_wishes(federation); !done)
    log::warn("sets of statements could not be made", {{"why", done.error().message}});
  return {};
}

/// What is due beside releases: what members asked for once more, and what leaves without a name.
Done answer_and_send(Federation& federation, const Known& known, const ledger::NodeKeys& keys) {
  auto& services = federation.services();
  const auto asked = TRY(tell_what_was_asked(services, known, keys));
  TRY(federation.count(asked));
  const auto speaks = [&](const OrganisationId& who) { return federation.version_with(who); };
  const auto sent = TRY(send_anonymous(services, known, speaks));
  return federation.count(sent);
}

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

Result<Federation*> federation_of(api::Services& services) {
  auto* const found = services.shelf == nullptr ? nullptr : services.shelf->of<FederationHandle>().at.load();
  if (found == nullptr) return fail(ErrorCode::conflict, "this node takes no part in alliances");
  return found;
}

Federation::Federation(api::Services& services, FederationOptions options)
    : services_(services),
      options_(std::move(options)),
      reconciling_(std::make_shared<Reconciling>()),
      tls_(TlsStand{.present = {options_.identity, options_.pin}, .next = options_.next_tls}) {}

Digest Federation::pin() const {
  return tls_.with([](const TlsStand& stand) { return stand.present.pin; });
}

std::vector<Digest> Federation::pins() const {
  auto all = tls_.with([](const TlsStand& stand) {
    std::vector<Digest> pins{stand.present.pin};
    if (stand.next) pins.push_back(stand.next->pin);
    if (stand.before) pins.push_back(*stand.before);
    return pins;
  });
  std::ranges::sort(all);
  return all;
}

void Federation::on_identity(std::function<void(const net::TlsIdentity&)> show) {
  show_.with([&](auto& kept) { kept = std::move(show); });
}

void Federation::tell_identity() const {
  const auto identity = tls_.with([](const TlsStand& stand) { return stand.present.identity; });
  const auto show = show_.with([](const auto& kept) { return kept; });
  if (identity && show) show(*identity);
}

Result<ledger::KeyRing::Keys> Federation::keys() const {
  if (services_.shelf == nullptr) return fail(ErrorCode::unavailable, "this node has no keys");
  return services_.shelf->of<ledger::KeyRing>().keys();
}

Done Federation::refresh() {
  if (known_.load()->home.is_nil()) TRY(begin(*this));
  auto known = TRY(Known::read(services_.store.records(), options_.home));
  const auto others = known.others();
  known_.store(std::make_shared<const Known>(std::move(known)));
  const auto invitations =
      TRY(services_.store.records().scan(ledger::peer_table, "invite/", "", invitations_max));
  for (const auto& row : invitations) expect_joiner(row.expires);
  return count({others.begin(), others.end()});
}

bool Federation::admits(const Digest& pin) const {
  const auto known = known_.load();
  const auto found = known->pins.find(pin);
  if (found != known->pins.end()) return !known->is_suspended(found->second);
  return services_.clock.now().us < joiner_until_us_.load();
}

void Federation::expect_joiner(Timestamp until) {
  joiner_until_us_ = std::max(joiner_until_us_.load(), until.us);
}

void Federation::on_news(std::function<void()> wake) {
  wake_.with([&](auto& kept) { kept = std::move(wake); });
}

bool Federation::serves() const {
  return wake_.with([](const auto& kept) { return static_cast<bool>(kept); });
}

Done Federation::count(const std::vector<OrganisationId>& peers) {
  for (const auto& peer : peers) {
    const auto stand = TRY(out_stand(services_.store.records(), peer));
    last_.with([&](auto& last) { last[peer] = std::max(last[peer], stand.last); });
  }
  const auto wake = wake_.with([](const auto& kept) { return kept; });
  if (!peers.empty() && wake) wake();
  return {};
}

bool Federation::has_news(const OrganisationId& peer, std::uint64_t after) const {
  return last_.with([&](const auto& last) {
    const auto found = last.find(peer);
    return found != last.end() && found->second > after;
  });
}

Result<bool> Federation::release() {
  const auto known = known_.load();
  if (known->newest.empty() || !may_release(*this)) return false;
  const auto newest = services_.store.objects().newest();
  const auto steady = services_.clock.steady().us;
  if (newest == seen_ && steady < looked_us_.load() + embargo_pause.us) return false;
  looked_us_ = steady;
  const auto held = TRY(keys());
  if (const auto answered = answer_and_send(*this, *known, *held); !answered) {
    if (answered.error().code == ErrorCode::conflict) return true;
    return fail(answered.error());
  }
  auto round = release_changes(services_, *known, *held);
  if (!round && round.error().code == ErrorCode::conflict) return true;  // beside what is carried for others
  if (!round) return fail(std::move(round).error());
  if (!round->more) seen_ = newest;
  TRY(count(round->peers));
  if (++rounds_ % rounds_between_tending == 0) tend_sets(*this);
  return round->more;
}

std::vector<OrganisationId> Federation::to_call() const {
  const auto known = known_.load();
  std::vector<OrganisationId> nodes;
  if (!options_.calls) return nodes;
  for (const auto& other : known->others()) {
    const auto* const member = known->member(other);
    if (!member->host && !known->is_suspended(other) && ledger::node_address(*member)) nodes.push_back(other);
  }
  return nodes;
}

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

/// Whoever knows the newer roster of an alliance of both tells the other.
Done Federation::settle_rosters(const OrganisationId& peer, const std::vector<RosterStand>& theirs) {
  const auto known = known_.load();
  for (const auto& mine : known->stands_for(peer)) {
    const auto found = std::ranges::find(theirs, mine.alliance, &RosterStand::alliance);
    if (found == theirs.end() || found->version == mine.version) continue;
    const auto done = found->version > mine.version ? take_rosters(peer, mine.alliance, mine.version)
                                                    : bring_rosters(peer, mine.alliance, found->version);
    // What does not follow may be a fork further back.
    if (!done) TRY(heal(peer, mine.alliance, std::min(mine.version, found->version)));
  }
  return {};
}

Done Federation::take_rosters(const OrganisationId& peer, const AllianceId& alliance, std::uint32_t after) {
  auto target = fmt::format("/federation/rosters?alliance={}&after={}", alliance.text(), after);
  const auto answer = TRY(call(peer, Method::get, std::move(target), {}, exchange_time));
  TRY(keep_rosters(answer.bytes()));
  return {};
}

Done Federation::bring_rosters(const OrganisationId& peer, const AllianceId& alliance, std::uint32_t after) {
  const auto newer = TRY(ledger::signed_rosters(services_.store.records(), alliance, after));
  TRY(call(peer, Method::post, "/federation/rosters", encode_rosters(newer), exchange_time));
  return {};
}

Done Federation::heal(const OrganisationId& peer, const AllianceId& alliance, std::uint32_t version) {
  const auto after = version - std::min(version, ledger::fork_versions_max);
  TRY(take_rosters(peer, alliance, after));
  return bring_rosters(peer, alliance, after);
}

Result<Bytes> Federation::tell(const OrganisationId& peer, std::string target, Bytes body) {
  const auto answer = TRY(call(peer, Method::post, std::move(target), std::move(body), exchange_time));
  return Bytes(answer.bytes());
}

/// Never in the way of deliveries: a failure is told, and tried again later.
void Federation::confer_when_due(const OrganisationId& peer) {
  const auto known = known_.load();
  const bool founders = std::ranges::any_of(known->newest, [&](const ledger::SignedRoster& one) {
    return std::ranges::binary_search(one.roster.founders, peer) &&
           std::ranges::binary_search(one.roster.founders, options_.home);
  });
  const auto steady = services_.clock.steady().us;
  const auto changes = proposals_changed_.load();
  const bool deciding = founders || changes > 1;  // or something was proposed here
  const auto pause = deciding ? confer_pause : agree_pause;
  const bool due = conferred_.with([&](auto& conferred) {
    auto& last = conferred[peer];
    if (last.changes == changes && last.digests == known->digests && steady < last.steady_us + pause.us)
      return false;
    last = {changes, known->digests, steady};
    return true;
  });
  if (!due) return;
  const auto done = confer(*this, peer);
  if (!done && done.error().code != ErrorCode::not_found)
    log::warn("members do not agree on the roster yet",
              {{"member", peer.text()}, {"why", done.error().message}});
}

/// Done when the answer is ready; at once where nobody works beside. Its envelopes are read while the page
/// before is being taken.
std::shared_future<Result<TakenPage>> Federation::begin_taking(
    const OrganisationId& peer, Page page, const std::shared_future<Result<TakenPage>>& before) {
  auto work = std::make_shared<std::packaged_task<Result<TakenPage>()>>(
      [this, peer, page = std::move(page), before]() -> Result<TakenPage> {
        const auto held = TRY(keys());
        auto ahead = read_ahead(services_, *known_.load(), *held, page);
        if (before.valid() && !before.get())
          return fail(ErrorCode::unavailable, "the page before could not be taken");
        return take(peer, page, std::move(ahead));
      });
  std::shared_future taking = work->get_future();
  if (page_ahead_allowed(peer))
    run_beside([work] { (*work)(); });
  else
    (*work)();
  return taking;
}

void Federation::run_beside(const std::function<void()>& work) {
  auto* const beside = beside_.load();
  if (beside == nullptr || !beside->post(work)) work();
}

bool Federation::page_ahead_allowed(const OrganisationId& peer) const {
  return beside_.load() != nullptr && version_with(peer) >= pages_ahead_version;
}

Result<bool> Federation::fetch_from(const OrganisationId& peer, Duration wait) {
  TRY(greet(peer));
  confer_when_due(peer);
  // A member that cannot be reconciled with is still told by numbers; why it failed is logged and kept.
  static_cast<void>(reconcile_if_due(*this, peer));
  return take_what_waits(peer, wait);
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

Result<Page> Federation::page_for(const OrganisationId& peer, std::uint64_t after) {
  const auto known = known_.load();
  Page page;
  if (!known->is_suspended(peer)) page = TRY(page_after(services_.store.records(), peer, after));
  withhold_expired(page, services_.clock.now());
  page.rosters = known->stands_for(peer);
  return page;
}

Result<TakenPage> Federation::take(const OrganisationId& peer, const Page& page, ReadAhead ahead) {
  const auto held = TRY(keys());
  for (int tries = 1;; ++tries) {
    const auto known = known_.load();
    // It may have been suspended while its answer was on the way.
    if (known->is_suspended(peer)) return fail(ErrorCode::denied, "{} is suspended here", peer.text());
    auto taken = take_page(services_, *known, *held, peer, page, ahead);
    // Somebody else's delivery entered the same queue at this moment: what was taken twice is a duplicate.
    if (!taken && taken.error().code == ErrorCode::conflict && tries < take_tries_max) continue;
    if (!taken) return fail(std::move(taken).error());
    TRY(count(taken->carried_to));
    return taken;
  }
}

Done Federation::note(const OrganisationId& peer, const Ack& ack) {
  const auto known = known_.load();
  const auto listed = known->keys(peer, policy::KeyUse::statement);
  const bool by_peer = ack.by == peer && ack.from == options_.home &&
                       std::ranges::any_of(listed, [&](const policy::MemberKey& key) {
                         const auto verify_key = VerifyKey::from(key.key);
                         return verify_key && verifies(ack, *verify_key);
                       });
  if (!by_peer) return fail(ErrorCode::denied, "an acknowledgement that {} did not sign", peer.text());
  if (services_.shelf != nullptr)
    services_.shelf->of<ledger::MemberTimes>().note(peer, ack.at, services_.clock.steady());
  auto& records = services_.store.records();
  const auto before = TRY(kept_ack(records, peer));
  const auto out = TRY(out_stand(records, peer));
  std::vector<store::Write> writes;
  if (ack.last > out.last) {
    // This node forgot what it sent: it was restored. Numbers go on where the peer stands.
    log::warn("a member has more deliveries than this node remembers; it goes on from there",
              {{"member", peer.text()}, {"theirs", ack.last}, {"ours", out.last}});
    writes.push_back({.table = ledger::outbox_table,
                      .key = out_key(peer),
                      .value = encode(Stand{ack.last, ack.chain}),
                      .expected = std::nullopt});
    // Nothing waits for it: a member that says so without reason would keep this node from telling the
    // others.
    TRY(wish_reconcile(*this, peer, "it has more deliveries than this node remembers", false));
  }
  if (ack.last > before.last || !ack.receipts.empty())
    writes.push_back({.table = ledger::outbox_table,
                      .key = ack_key(peer),
                      .value = encode(ack),
                      .expected = std::nullopt});
  for (const auto& receipt : ack.receipts) {
    // One for each delivery that was made, whatever and however often the peer tells.
    const auto key = receipt_key(peer, receipt.number);
    if (receipt.number > std::min(ack.last, out.last) || records.read(ledger::outbox_table, key)) continue;
    Ack one = ack;
    one.receipts = {receipt};
    writes.push_back(
        {.table = ledger::outbox_table, .key = key, .value = encode(one), .expected = std::nullopt});
    if (receipt.fate == Fate::refused)
      TRY(ledger::audit_node(services_.store,
                             options_.home,
                             "federation.refused_by",
                             {{"member", peer.text()}, {"number", receipt.number}, {"why", receipt.reason}}));
  }
  if (!writes.empty()) TRY(records.write(writes));
  return {};
}

Done Federation::keep(const ledger::SignedRoster& roster) {
  const auto done = ledger::keep_signed_roster(services_.store, options_.home, roster, services_.clock.now());
  if (!done && done.error().code == ErrorCode::conflict) {
    // Another member may have brought the same one at this moment.
    const auto kept = TRY(
        ledger::signed_rosters(services_.store.records(), roster.roster.alliance, roster.roster.version - 1));
    if (kept.empty() || kept.front().roster != roster.roster) return done;
  } else if (!done) {
    return done;
  }
  const auto known = known_.load();
  const auto writes = writes_of_newly_known(*known, roster.roster);
  if (!writes.empty()) TRY(services_.store.records().write(writes));
  for (const auto& entry : roster.roster.members) {
    const auto by = known->known_by.find(entry.organisation);
    if (by == known->known_by.end() || by->second == roster.roster.alliance) continue;
    const auto* const counts = known->member(entry.organisation);
    if (counts->keys != entry.keys || counts->pins != entry.pins)
      log::warn(
          "an alliance lists other keys of a member than the one by which it was known first, whose count",
          {{"alliance", roster.roster.name}, {"member", entry.organisation.text()}});
  }
  log::info("roster kept", {{"alliance", roster.roster.name}, {"version", roster.roster.version}});
  return refresh();
}

Result<bool> Federation::keep_rosters(std::string_view bytes) {
  const auto rosters = TRY(decode_rosters(bytes));
  bool changed = false;
  std::set<AllianceId> lost;
  for (const auto& roster : rosters) {
    const auto known = known_.load();
    const auto& alliance = roster.roster.alliance;
    const bool ours = std::ranges::any_of(
        known->newest, [&](const ledger::SignedRoster& one) { return one.roster.alliance == alliance; });
    if (!ours || lost.contains(alliance)) continue;
    const auto done = keep(roster);
    if (!done && done.error().code == ErrorCode::conflict) {
      log::warn("a fork of a roster does not count",
                {{"alliance", alliance.text()}, {"why", done.error().message}});
      lost.insert(alliance);
      continue;
    }
    if (!done) return fail(done.error());
    changed = true;
  }
  return changed;
}

Bytes encode_rosters(const std::vector<ledger::SignedRoster>& rosters) {
  policy::ByteWriter out;
  out.list(rosters,
           [](policy::ByteWriter& to, const ledger::SignedRoster& one) { to.counted(ledger::encode(one)); });
  return std::move(out).take();
}

Result<std::vector<ledger::SignedRoster>> decode_rosters(std::string_view bytes) {
  if (bytes.size() > rosters_bytes_max)
    return fail(ErrorCode::exhausted, "rosters of more than {} bytes", rosters_bytes_max);
  policy::ByteReader in(bytes, "rosters");
  const auto count = TRY(in.count(rosters_at_once, 4));
  std::vector<ledger::SignedRoster> rosters;
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = TRY(in.counted(policy::roster_bytes_max + (1u << 20)));
    auto roster = TRY(ledger::decode_signed_roster(one));
    rosters.push_back(std::move(roster));
  }
  TRY(in.finish());
  return rosters;
}

}  // namespace shieldwall::exchange::federation
