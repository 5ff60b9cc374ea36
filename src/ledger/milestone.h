#pragma once
// When an object passed each step on its way to protecting somebody: noticed, shared, arrived, looked for,
// blocked, met. Whoever takes a step notes it here; `shieldwall value protection` tells where time is lost.
//
//   TRY(ledger::note_milestones(store.records(), organisation, ledger::Step::live, ids, clock.now()));

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ledger/row.h"
#include "model/object.h"

namespace shieldwall::ledger {

enum class Step : std::uint8_t {  // stored as a number: append only
  observed = 0,                   // somebody noticed it: the instant that its first report gives
  shared = 1,                     // its originator released it
  received = 2,                   // this organisation had it, durable
  live = 3,                       // the organisation's matcher looks for it
  blocked = 4,                    // a control feed of the organisation carries it
  hit = 5,                        // the node learned of the first hit in the organisation's own telemetry
};
inline constexpr std::size_t step_count = 6;

/// "observed", "shared", ...: what users read.
std::string_view name_of(Step step);

/// Of one object, all versions together: what counts is when somebody was protected first.
struct Milestones {
  model::ObjectId object;
  std::array<std::optional<Timestamp>, step_count> at{};

  const std::optional<Timestamp>& operator[](Step step) const { return at[static_cast<std::size_t>(step)]; }
  std::optional<Timestamp>& operator[](Step step) { return at[static_cast<std::size_t>(step)]; }
};

inline constexpr std::size_t milestones_at_once = 10'000;  // rows of one transaction
inline constexpr Duration milestones_kept = days(400);  // a year to compare with, and a month to look at it

/// Keeps the instant for each of those objects where none earlier is kept: some 90 bytes for each, for good.
/// Durable on return; again does no harm, and costs a read of each row. More than `milestones_at_once` go in
/// several transactions.
///   whose   the organisation that the step was taken for
///   errors  conflict: others kept writing the same rows; as Records
Done note_milestones(store::Records& records,
                     const OrganisationId& whose,
                     Step step,
                     std::span<const model::ObjectId> objects,
                     Timestamp at);

/// Without any instant where nothing was noted. errors: corrupt
Result<Milestones> milestones_of(store::Records& records,
                                 const OrganisationId& whose,
                                 const model::ObjectId& object);

/// Those of the organisation after `after` (empty: from the first), in the order of their objects, at most
/// `limit`.
Result<std::vector<Milestones>> milestones_from(store::Records& records,
                                                const OrganisationId& whose,
                                                const std::optional<model::ObjectId>& after,
                                                int limit);

Bytes encode(const Milestones& milestones);
/// `row` as encode made it; the object is not in it. errors: invalid
Result<Milestones> decode_milestones(std::string_view row);

}  // namespace shieldwall::ledger
