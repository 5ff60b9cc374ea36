#pragma once
// Set reconciliation: after a restore, or when an operator asks for it, two nodes find what differs between
// what each released to the other and what that one took, and mend it. Who calls the other drives; either
// direction is settled. docs/formats/federation.md.

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "base/guarded.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/symbol_source.h"

namespace shieldwall::exchange::federation {

inline constexpr Duration restore_wait =
    minutes(2);  // a restored node signs nothing so long, if members are away

enum class ReconcileState : std::uint8_t { none, due, runs, done, failed };
std::string_view name_of(ReconcileState state);

/// How far it is with one member, in numbers that people see.
struct ReconcileReport {
  ReconcileState state = ReconcileState::none;
  Timestamp began{};
  Timestamp ended{};
  std::uint64_t sent = 0;         // statements released to it, as this node knows them
  std::uint64_t taken = 0;        // statements taken from it
  std::uint64_t symbols = 0;      // read so far, of both sets
  std::uint64_t differences = 0;  // found so far
  std::uint64_t told_again = 0;   // of ours, queued for it once more
  std::uint64_t asked_again = 0;  // of its, which it queues for us once more
  std::uint64_t taken_back = 0;   // of ours, which we had forgotten
  std::uint64_t given_back = 0;   // of its, which it had forgotten
  std::uint64_t unsettled = 0;    // neither side could mend: refused, recalled or withheld meanwhile
  std::string why{};              // why it failed; before: why it is wished
};

/// Wishes a reconciliation with a member; it is done as soon as the two speak. `holds` keeps this node from
/// releasing anything before (restore_wait at most).
Done wish_reconcile(Federation& federation, const OrganisationId& peer, std::string_view why, bool holds);
/// With every member; this node was restored from a backup, and may have forgotten what it signed.
Done reconcile_after_restore(Federation& federation);
ReconcileReport reconcile_report(Federation& federation, const OrganisationId& peer);

/// Asks a member with whom this node just spoke whether either wishes it, and does it. Called by one thread
/// for each member. An error leaves the wish where it is; it is tried again later.
///   errors  unavailable; invalid: what the member says contradicts itself; it is named in the audit log
Done reconcile_if_due(Federation& federation, const OrganisationId& peer);
/// Does it now.
Done reconcile_now(Federation& federation, const OrganisationId& peer);

/// What a peer asks. errors: exhausted: it asked for more than its share; invalid
Result<ReconcileAnswer> answer_reconcile(Federation& federation,
                                         const OrganisationId& peer,
                                         const ReconcileRequest& request);

/// Whether this node may sign, release, and show objects: not while its log is held after a restore, nor
/// before the members told what they hold and what was recalled (restore_wait at most).
bool may_release(Federation& federation);
/// Joins small rows of the sets; called now and then by the thread that releases.
void tend_sets(Federation& federation);

/// What one reconciling node keeps in memory; bounded by sessions_max windows.
struct Reconciling {
  struct Wish {
    Timestamp at{};
    bool holds = false;
    std::string why{};
  };
  struct Turn {  // with one member that this node calls
    std::int64_t ask_at_us = 0;
    std::int64_t try_at_us = 0;
    Duration pause{0};
  };
  struct Session {                                    // of one member that asks this node
    std::shared_ptr<Guarded<SymbolSource>> source{};  // locked while it reads: one peer waits for itself
    std::int64_t used_us = 0;
  };
  struct Share {  // of a core's time that reading sets for a member may take
    double left_s = 0;
    std::int64_t at_us = 0;
  };
  Guarded<std::map<OrganisationId, Wish>> wishes{};
  Guarded<std::map<OrganisationId, ReconcileReport>> reports{};
  Guarded<std::map<OrganisationId, Turn>> turns{};
  Guarded<std::map<OrganisationId, Session>> sessions{};
  Guarded<std::map<OrganisationId, Share>> shares{};
  std::shared_mutex sets{};  // shared: a set is being read; alone: rows are being packed
};
/// Reads the wishes of before a restart.
Done load_wishes(Federation& federation);

}  // namespace shieldwall::exchange::federation
