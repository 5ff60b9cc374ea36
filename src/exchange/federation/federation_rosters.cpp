// Rosters between nodes: whoever knows the newer one tells the other, and what is kept here follows from it.

#include <algorithm>
#include <set>

#include "base/log.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/frames.h"
#include "exchange/federation/proposing.h"
#include "policy/byte_form.h"
#include "policy/roster_limits.h"

namespace shieldwall::exchange::federation {

namespace {

using net::Method;

constexpr std::size_t rosters_at_once = 1'000;
constexpr Duration confer_pause = seconds(5);  // between two looks at what another founder's operator signed
constexpr Duration agree_pause = minutes(1);   // the same with members, for forks alone

void warn_of_other_keys(const Known& known, const policy::Roster& roster) {
  for (const auto& entry : roster.members) {
    const auto by = known.known_by.find(entry.organisation);
    if (by == known.known_by.end() || by->second == roster.alliance) continue;
    const auto* const counts = known.member(entry.organisation);
    if (counts->keys != entry.keys || counts->pins != entry.pins)
      log::warn(
          "an alliance lists other keys of a member than the one by which it was known first, whose count",
          {{"alliance", roster.name}, {"member", entry.organisation.text()}});
  }
}

}  // namespace

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
  warn_of_other_keys(*known, roster.roster);
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
