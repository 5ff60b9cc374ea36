#include "store/steps.h"

namespace shieldwall::store {

namespace {

Result<Steps*> steps_of(Objects& objects) {
  if (auto* const steps = dynamic_cast<Steps*>(&objects)) return steps;
  return fail(ErrorCode::internal, "objects that take no steps");
}

}  // namespace

Result<std::vector<PutOutcome>> put(Objects& objects,
                                    std::span<const NewHolding> batch,
                                    const Alongside& alongside,
                                    Deadline deadline) {
  auto* const steps = TRY(steps_of(objects));
  return steps->put_along(batch, alongside, deadline);
}

Result<Page> find(Objects& objects,
                  const policy::Scope& scope,
                  const PastRights& pasts,
                  const Query& query,
                  std::optional<Place> from,
                  int limit,
                  std::size_t bytes_max,
                  Deadline deadline) {
  if (pasts.empty()) return objects.find(scope, query, from, limit, bytes_max, deadline);
  auto* const steps = TRY(steps_of(objects));
  return steps->find_met(scope, pasts, query, from, limit, bytes_max, deadline);
}

Result<std::size_t> count(
    Objects& objects, const policy::Scope& scope, const Query& query, std::size_t most, Deadline deadline) {
  auto* const steps = TRY(steps_of(objects));
  return steps->count_until(scope, query, most, deadline);
}

Result<std::size_t> remove(Objects& objects,
                           const policy::Scope& scope,
                           const Query& query,
                           Deadline deadline) {
  auto* const steps = TRY(steps_of(objects));
  return steps->remove_until(scope, query, deadline);
}

Result<Timestamp> claim_instant(Objects& objects) {
  auto* const steps = TRY(steps_of(objects));
  return steps->claim_instant();
}

}  // namespace shieldwall::store
