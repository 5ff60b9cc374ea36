#include "exchange/federation/reconcile.h"

#include <algorithm>

#include "api/shelf.h"
#include "base/log.h"
#include "exchange/federation/reconciler.h"
#include "ledger/audit.h"
#include "ledger/delivery.h"
#include "ledger/rows.h"
#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::string_view wish_prefix = "reconcile/";
constexpr std::size_t why_max = 512;
constexpr Duration ask_pause = seconds(10);  // between two questions whether the other wishes it: people wait
constexpr Duration first_pause = seconds(5);  // after a failure, then twice as long each time
constexpr Duration longest_pause = minutes(30);

std::string wish_key(const OrganisationId& peer) {
  return std::string(wish_prefix) + peer.text();
}

Bytes encode(const OrganisationId& peer, const Reconciling::Wish& wish) {
  policy::ByteWriter out;
  out.uuid(peer.uuid);
  out.number(wish.at.us);
  out.number(std::uint8_t{wish.holds});
  out.counted(wish.why);
  return std::move(out).take();
}

Result<std::pair<OrganisationId, Reconciling::Wish>> decode_wish(std::string_view row) {
  policy::ByteReader in(row, "wish to reconcile");
  std::pair<OrganisationId, Reconciling::Wish> found;
  found.first.uuid = TRY(in.uuid());
  found.second.at.us = TRY(in.number<std::int64_t>());
  found.second.holds = TRY(in.flag());
  found.second.why = TRY(in.line(0, why_max));
  TRY(in.finish());
  return found;
}

Done end_wish(Federation& federation, const OrganisationId& peer) {
  const store::Write write{
      .table = ledger::peer_table, .key = wish_key(peer), .value = std::nullopt, .expected = std::nullopt};
  TRY(federation.services().store.records().write({&write, 1}));
  federation.reconciling().wishes.with([&](auto& wishes) { wishes.erase(peer); });
  return {};
}

bool has_wish(Federation& federation, const OrganisationId& peer) {
  return federation.reconciling().wishes.with([&](const auto& wishes) { return wishes.contains(peer); });
}

/// Whether the other one wishes it; asked now and then, since who cannot call has no other way to say it.
Result<bool> is_wished_there(Federation& federation, const OrganisationId& peer) {
  auto& state = federation.reconciling();
  const auto now = federation.services().clock.steady().us;
  const bool ask = state.turns.with([&](auto& turns) {
    auto& turn = turns[peer];
    if (now < turn.ask_at_us) return false;
    turn.ask_at_us = now + ask_pause.us;
    return true;
  });
  if (!ask) return false;
  const auto answer = TRY(ask_reconcile(federation, peer, {.ask = ReconcileAsk::due}));
  return answer.due;
}

void note_failure(Federation& federation, const OrganisationId& peer, const Error& error) {
  auto& state = federation.reconciling();
  state.reports.with([&](auto& reports) {
    auto& report = reports[peer];
    report.state = ReconcileState::failed;
    report.ended = federation.services().clock.now();
    report.why = error.message;
  });
  state.turns.with([&](auto& turns) {
    auto& turn = turns[peer];
    turn.pause = turn.pause.us == 0 ? first_pause : std::min(longest_pause, Duration{turn.pause.us * 2});
    turn.try_at_us = federation.services().clock.steady().us + turn.pause.us;
  });
  log::warn("reconciliation failed", {{"member", peer.text()}, {"why", error.message}});
  if (error.code != ErrorCode::invalid && error.code != ErrorCode::exhausted) return;
  // What it said contradicts itself, or has no end: said by name, for its operator to be asked.
  const auto noted = ledger::audit_node(federation.services().store,
                                        federation.options().home,
                                        "federation.reconcile_refused",
                                        {{"member", peer.text()}, {"why", error.message}});
  if (!noted) log::error("the audit log does not take entries", {{"why", noted.error().message}});
}

}  // namespace

std::string_view name_of(ReconcileState state) {
  constexpr std::string_view names[] = {"none", "due", "runs", "done", "failed"};
  return names[static_cast<std::size_t>(state)];
}

Done load_wishes(Federation& federation) {
  auto& services = federation.services();
  TRY(build_sets(services.store.records(), services.clock.now(), services.random));
  const auto rows = TRY(services.store.records().scan(ledger::peer_table, wish_prefix, "", 10'000));
  std::map<OrganisationId, Reconciling::Wish> found;
  for (const auto& row : rows) {
    auto wish = TRY(decode_wish(row.value));
    found.insert(std::move(wish));
  }
  federation.reconciling().wishes.with([&](auto& wishes) { wishes = std::move(found); });
  return {};
}

Done wish_reconcile(Federation& federation, const OrganisationId& peer, std::string_view why, bool holds) {
  auto& state = federation.reconciling();
  // One that holds this node back stands until it is fulfilled: another reason makes it no weaker.
  const bool is_held = state.wishes.with([&](const auto& wishes) {
    const auto found = wishes.find(peer);
    return found != wishes.end() && found->second.holds;
  });
  if (is_held && !holds) return {};
  const Reconciling::Wish wish{
      .at = federation.services().clock.now(), .holds = holds, .why = std::string(why.substr(0, why_max))};
  const store::Write write{.table = ledger::peer_table,
                           .key = wish_key(peer),
                           .value = encode(peer, wish),
                           .expected = std::nullopt};
  TRY(federation.services().store.records().write({&write, 1}));
  state.wishes.with([&](auto& wishes) { wishes.insert_or_assign(peer, wish); });
  state.turns.with([&](auto& turns) { turns.erase(peer); });
  state.reports.with([&](auto& reports) {
    auto& report = reports[peer];
    if (report.state != ReconcileState::runs) report = {.state = ReconcileState::due, .why = wish.why};
  });
  return {};
}

Done reconcile_after_restore(Federation& federation) {
  const auto known = federation.known();
  for (const auto& other : known->others())
    if (known->node_of(other) == other && !known->is_suspended(other))
      TRY(wish_reconcile(federation, other, "this node was restored from a backup", true));
  return {};
}

ReconcileReport reconcile_report(Federation& federation, const OrganisationId& peer) {
  auto& state = federation.reconciling();
  auto report = state.reports.with([&](const auto& reports) {
    const auto found = reports.find(peer);
    return found == reports.end() ? ReconcileReport{} : found->second;
  });
  if (report.state == ReconcileState::none && has_wish(federation, peer)) report.state = ReconcileState::due;
  return report;
}

Done reconcile_now(Federation& federation, const OrganisationId& peer) {
  const auto done = run_reconcile(federation, peer);
  if (!done) {
    note_failure(federation, peer, done.error());
    return done;
  }
  federation.reconciling().turns.with([&](auto& turns) { turns[peer].pause = {0}; });
  TRY(end_wish(federation, peer));
  const auto report = reconcile_report(federation, peer);
  log::info("members reconciled",
            {{"member", peer.text()},
             {"differences", report.differences},
             {"told_again", report.told_again},
             {"taken_back", report.taken_back}});
  return ledger::audit_node(federation.services().store,
                            federation.options().home,
                            "federation.reconciled",
                            {{"member", peer.text()}, {"differences", report.differences}});
}

Done reconcile_if_due(Federation& federation, const OrganisationId& peer) {
  auto& state = federation.reconciling();
  if (federation.version_with(peer) < reconcile_from_version) {
    if (!has_wish(federation, peer)) return {};
    log::info("a member speaks a version without reconciliation: deliveries go on by number alone",
              {{"member", peer.text()}});
    return end_wish(federation, peer);
  }
  const auto now = federation.services().clock.steady().us;
  if (state.turns.with([&](auto& turns) { return now < turns[peer].try_at_us; })) return {};
  if (!has_wish(federation, peer) && !TRY(is_wished_there(federation, peer))) return {};
  return reconcile_now(federation, peer);
}

bool may_release(Federation& federation) {
  auto& services = federation.services();
  const auto* const log = services.shelf == nullptr ? nullptr : services.shelf->of<ledger::LogOnShelf>().log;
  if (log != nullptr && log->is_held()) return false;
  const auto known = federation.known();
  const auto now = services.clock.now();
  return federation.reconciling().wishes.with([&](const auto& wishes) {
    return std::ranges::none_of(wishes, [&](const auto& one) {
      return one.second.holds && now < one.second.at + restore_wait && !known->is_suspended(one.first);
    });
  });
}

void tend_sets(Federation& federation) {
  const std::unique_lock alone(federation.reconciling().sets, std::try_to_lock);
  if (!alone) return;
  for (const auto kind : {SetKind::sent, SetKind::taken}) {
    const auto done = pack(federation.services().store.records(), kind);
    if (!done && done.error().code != ErrorCode::conflict)
      log::error("rows of a set cannot be joined", {{"why", done.error().message}});
  }
}

/// The peer went through both sets: what this node wished is done too.
Result<ReconcileAnswer> answer_done(Federation& federation, const OrganisationId& peer) {
  if (has_wish(federation, peer)) {
    TRY(end_wish(federation, peer));
    federation.reconciling().reports.with([&](auto& reports) {
      auto& report = reports[peer];
      report.state = ReconcileState::done;
      report.ended = federation.services().clock.now();
    });
  }
  return ReconcileAnswer{.ask = ReconcileAsk::done};
}

Result<ReconcileAnswer> answer_reconcile(Federation& federation,
                                         const OrganisationId& peer,
                                         const ReconcileRequest& request) {
  auto& services = federation.services();
  const auto known = federation.known();
  ReconcileAnswer answer{.ask = request.ask};
  switch (request.ask) {
    case ReconcileAsk::due:
      answer.due = has_wish(federation, peer);
      return answer;
    case ReconcileAsk::symbols:
      return answer_symbols(federation, peer, request.wanted);
    case ReconcileAsk::again: {
      const auto keys = TRY(federation.keys());
      const auto told = TRY(tell_again(services, *known, *keys, peer, request.elements));
      answer.count = static_cast<std::uint32_t>(told.queued + told.waiting);
      federation.reconciling().reports.with([&](auto& reports) { reports[peer].told_again += told.queued; });
      TRY(federation.count({peer}));
      return answer;
    }
    case ReconcileAsk::give:
      answer.held = TRY(held_of(services, *known, peer, request.elements));
      return answer;
    case ReconcileAsk::keep: {
      const auto keys = TRY(federation.keys());
      const auto back = TRY(take_back(services, *known, *keys, peer, request.held));
      answer.count = static_cast<std::uint32_t>(back.statements);
      federation.reconciling().reports.with(
          [&](auto& reports) { reports[peer].taken_back += back.statements; });
      return answer;
    }
    case ReconcileAsk::done:
      return answer_done(federation, peer);
  }
  return answer;
}

}  // namespace shieldwall::exchange::federation
