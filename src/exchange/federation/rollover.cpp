// This node's own keys: new ones, the overlap in which both count, and its end.

#include <algorithm>
#include <charconv>

#include "api/shelf.h"
#include "base/log.h"
#include "exchange/federation/forgetting.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/tls_rollover.h"
#include "ledger/audit.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::string_view overlap_key = "overlap/own";
constexpr Duration tend_pause = seconds(20);  // between two looks; a founder that is away is asked again then

/// On disk before anybody is told of them: a crash in between leaves a node that can read and sign.
Done keep_keys(Federation& federation, ledger::NodeKeys keys) {
  const auto& options = federation.options();
  if (options.save_keys) TRY(options.save_keys(keys));
  federation.services().shelf->of<ledger::KeyRing>().set(std::move(keys));
  return {};
}

Done write_end(Federation& federation, std::optional<Timestamp> end) {
  const store::Write write{.table = ledger::peer_table,
                           .key = std::string(overlap_key),
                           .value = end ? std::optional<Bytes>(std::to_string(end->us)) : std::nullopt,
                           .expected = std::nullopt};
  return federation.services().store.records().write({&write, 1});
}

/// Every alliance lists the present root, so that the one before may go.
Done check_root_is_known(const Known& known, const ledger::NodeKeys& keys) {
  for (const auto& one : known.newest) {
    const auto* const mine = policy::find_member(one.roster, known.home);
    if (std::ranges::find(mine->keys, keys.public_root()) == mine->keys.end())
      return fail(ErrorCode::conflict,
                  "the founders of {} have not accepted this organisation's new key yet; they see it with "
                  "`alliance pending`",
                  one.roster.name);
  }
  return {};
}

bool overlaps(const ledger::NodeKeys& keys) {
  return !keys.replaced.root.empty() || !keys.replaced.statement.empty();
}

}  // namespace

Done replace_keys(Federation& federation, const KeyWish& wish) {
  auto& services = federation.services();
  auto keys = *TRY(federation.keys());
  if (wish.lost) ledger::end_overlap(keys);
  if (wish.root) TRY(ledger::roll_root(keys, services.random));
  TRY(ledger::roll_over(keys, services.random));
  if (wish.lost)
    ledger::end_overlap(keys);  // of the root too: alliances know this node no more, until it joins anew
  else
    TRY(write_end(federation, services.clock.now() + wish.overlap));
  TRY(keep_keys(federation, std::move(keys)));
  return renew_entry(federation);
}

Done end_overlap(Federation& federation) {
  auto keys = *TRY(federation.keys());
  if (!keys.replaced.root.empty()) TRY(check_root_is_known(*federation.known(), keys));
  ledger::end_overlap(keys);
  TRY(keep_keys(federation, std::move(keys)));
  TRY(write_end(federation, std::nullopt));
  return renew_entry(federation);
}

Result<std::optional<Timestamp>> overlap_end(Federation& federation) {
  const auto keys = TRY(federation.keys());
  const auto row = federation.services().store.records().read(ledger::peer_table, overlap_key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (!row || !overlaps(*keys)) return std::optional<Timestamp>();
  Timestamp end;
  std::from_chars(row->value.data(), row->value.data() + row->value.size(), end.us);
  return std::optional(end);
}

Done Federation::tend() {
  const auto steady = services_.clock.steady().us;
  if (steady < tended_us_.load() + tend_pause.us || known_.load()->newest.empty()) return {};
  tended_us_ = steady;
  TRY(tend_tls(*this));
  TRY(forget_carried(services_.store.records(), *known_.load(), services_.clock.now()));
  const auto end = TRY(overlap_end(*this));
  if (end && *end <= services_.clock.now()) {
    const auto done = end_overlap(*this);
    if (!done && done.error().code == ErrorCode::conflict) return {};  // until the founders agreed
    if (done) return ledger::audit_node(services_.store, options_.home, "keys.overlap_ended", {});
    return done;
  }
  return renew_entry(*this);
}

}  // namespace shieldwall::exchange::federation
