#pragma once
// What a store does with objects beside what Objects names: other rows written in the step of a put, work
// that ends when its caller's deadline passes, and added times as one reader met them.

#include <functional>

#include "store/store.h"

namespace shieldwall::store {

/// What is written in the same durable step as a batch, once it is known what became of each object.
struct Along {
  std::vector<Bytes> audit{};  // entries of the audit log
  std::vector<Write>
      writes{};  // of records that nothing kept in memory is derived from, none with `expected`
};
/// Asked once, inside the step, for which all other writers wait; not asked for an empty batch. An error of
/// it stores nothing, and may fail puts that share the step.
using Alongside = std::function<Result<Along>(std::span<const PutOutcome>)>;

/// Rights that a reader had until an instant.
struct Rights {
  Timestamp until;
  policy::Scope scope;
};
/// Of one reader, oldest first; without any, rights were always what they are.
using PastRights = std::vector<Rights>;

/// As Objects::put.
Result<std::vector<PutOutcome>> put(Objects& objects,
                                    std::span<const NewHolding> batch,
                                    const Alongside& alongside,
                                    Deadline deadline);

/// As Objects::find, for a reader whose rights were others before: a holding has its added time, and its
/// place in the order, where the reader began to see all of it that it sees now - at the end of the last
/// rights that showed less, or where it came.
Result<Page> find(Objects& objects,
                  const policy::Scope& scope,
                  const PastRights& pasts,
                  const Query& query,
                  std::optional<Place> from,
                  int limit,
                  std::size_t bytes_max,
                  Deadline deadline);

/// As Objects::count. errors: unavailable: `deadline` passed
Result<std::size_t> count(
    Objects& objects, const policy::Scope& scope, const Query& query, std::size_t most, Deadline deadline);

/// As Objects::remove, all in one step. errors: unavailable: `deadline` passed, and nothing was deleted
Result<std::size_t> remove(Objects& objects,
                           const policy::Scope& scope,
                           const Query& query,
                           Deadline deadline);

/// An instant after those of all changes so far and before those of all to come, also after a restart.
Result<Timestamp> claim_instant(Objects& objects);

/// What the objects of a store are beside Objects; ones around others pass it on.
class Steps {
 public:
  virtual ~Steps() = default;
  virtual Result<std::vector<PutOutcome>> put_along(std::span<const NewHolding> batch,
                                                    const Alongside& alongside,
                                                    Deadline deadline) = 0;
  virtual Result<Page> find_met(const policy::Scope& scope,
                                const PastRights& pasts,
                                const Query& query,
                                std::optional<Place> from,
                                int limit,
                                std::size_t bytes_max,
                                Deadline deadline) = 0;
  virtual Result<std::size_t> count_until(const policy::Scope& scope,
                                          const Query& query,
                                          std::size_t most,
                                          Deadline deadline) = 0;
  virtual Result<std::size_t> remove_until(const policy::Scope& scope,
                                           const Query& query,
                                           Deadline deadline) = 0;
  virtual Result<Timestamp> claim_instant() = 0;
};

}  // namespace shieldwall::store
