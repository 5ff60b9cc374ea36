#include "exchange/federation/tls_rollover.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "exchange/federation/joining.h"
#include "ledger/audit.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::string_view row_key = "overlap/tls";

/// What is kept of a rollover; which step it is at follows from the key that the node shows.
struct Rollover {
  Digest next{};
  Digest before{};
  Timestamp shown{};
  Timestamp end{};
};

Bytes encode(const Rollover& rollover) {
  return fmt::format(
      "{} {} {} {}", rollover.next.hex(), rollover.before.hex(), rollover.shown.us, rollover.end.us);
}

Result<std::optional<Rollover>> read_rollover(Federation& federation) {
  const auto row = federation.services().store.records().read(ledger::peer_table, row_key);
  if (!row && row.error().code == ErrorCode::not_found) return std::optional<Rollover>();
  if (!row) return fail(row.error());
  const auto parts = split(row->value, ' ');
  if (parts.size() != 4) return fail(ErrorCode::corrupt, "the row of the TLS key's rollover is damaged");
  Rollover rollover;
  rollover.next = TRY(Digest::parse(parts[0]));
  rollover.before = TRY(Digest::parse(parts[1]));
  std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), rollover.shown.us);
  std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), rollover.end.us);
  return std::optional(rollover);
}

Done write_rollover(Federation& federation, const std::optional<Rollover>& rollover) {
  const store::Write write{.table = ledger::peer_table,
                           .key = std::string(row_key),
                           .value = rollover ? std::optional<Bytes>(encode(*rollover)) : std::nullopt,
                           .expected = std::nullopt};
  return federation.services().store.records().write({&write, 1});
}

/// Whether whoever knows the newest roster of each alliance takes that pin for this node's.
bool is_listed(const Known& known, const Digest& pin) {
  return std::ranges::all_of(known.newest, [&](const ledger::SignedRoster& one) {
    const auto* const mine = policy::find_member(one.roster, known.home);
    return mine == nullptr || std::ranges::find(mine->pins, pin) != mine->pins.end();
  });
}

Done show_next(Federation& federation) {
  TRY(federation.options().adopt_tls());
  const auto shown = federation.tls().with([](TlsStand& stand) {
    stand.before = stand.present.pin;
    stand.present = std::move(*stand.next);
    stand.next.reset();
    return stand.present;
  });
  log::info("this node shows its new TLS key", {{"pin", shown.pin.hex()}});
  federation.tell_identity();
  return ledger::audit_node(
      federation.services().store, federation.options().home, "keys.tls_shown", {{"pin", shown.pin.hex()}});
}

}  // namespace

Done replace_tls(Federation& federation, Duration overlap) {
  const auto& options = federation.options();
  if (!options.make_tls || !options.adopt_tls)
    return fail(ErrorCode::conflict, "this node's TLS key cannot be replaced");
  if (TRY(read_rollover(federation)))
    return fail(
        ErrorCode::conflict,
        "the TLS key is being replaced already; `alliance keys --tls --end-overlap` does the next step now");
  auto next = TRY(options.make_tls());
  const auto now = federation.services().clock.now();
  const Rollover rollover{.next = next.pin,
                          .before = federation.pin(),
                          .shown = now + Duration{overlap.us / 2},
                          .end = now + overlap};
  TRY(write_rollover(federation, rollover));
  federation.tls().with([&](TlsStand& stand) { stand.next = std::move(next); });
  return renew_entry(federation);
}

Done tend_tls(Federation& federation, bool at_once) {
  const auto rollover = TRY(read_rollover(federation));
  if (!rollover && at_once) return fail(ErrorCode::conflict, "no TLS key is being replaced");
  if (!rollover) return {};
  const auto now = federation.services().clock.now();
  const auto stand = federation.tls().with([](const TlsStand& one) { return one; });
  if (stand.next) {
    if (!at_once && now < rollover->shown) return {};
    if (is_listed(*federation.known(), stand.next->pin)) return show_next(federation);
    if (!at_once) return {};  // until a founder countersigned
    return fail(ErrorCode::conflict, "an alliance does not list the new TLS key yet");
  }
  if (!at_once && now < rollover->end) return {};
  federation.tls().with([](TlsStand& one) { one.before.reset(); });
  TRY(write_rollover(federation, std::nullopt));
  return renew_entry(federation);
}

Done load_tls(Federation& federation) {
  const auto rollover = TRY(read_rollover(federation));
  federation.tls().with([&](TlsStand& stand) {
    if (!rollover || stand.present.pin == rollover->next) stand.next.reset();
    if (rollover && stand.present.pin == rollover->next) stand.before = rollover->before;
  });
  return {};
}

Result<std::optional<TlsTimes>> tls_times(Federation& federation) {
  const auto rollover = TRY(read_rollover(federation));
  if (!rollover) return std::optional<TlsTimes>();
  return std::optional(TlsTimes{
      .is_shown = federation.pin() == rollover->next, .shown = rollover->shown, .end = rollover->end});
}

}  // namespace shieldwall::exchange::federation
