#pragma once
// Taking objects of an envelope into the store: each is judged on its own, and what happened to it is said.

#include <optional>
#include <vector>

#include "exchange/taxii/status.h"
#include "model/json.h"
#include "wire/stix_label.h"

namespace shieldwall::exchange::taxii {

/// By which way objects come, and what label that gives them at least.
struct Way {
  policy::Source source{};
  std::optional<CircleId> collection{};
  wire::LabelSource labels;
  /// The identity of the organisation on whose own word objects come: what it knows from others it keeps and
  /// passes on under their label only, ledger/ceiling.h. Nothing where they are a feed's word.
  std::optional<model::ObjectId> author{};
};

/// Objects put in one durable step: enough that a step's cost does not count, few enough that a page of
/// readers is not kept waiting.
inline constexpr std::size_t batch_objects_max = 1'000;

/// Checks, labels and stores the elements of `objects`; an object that cannot be taken fails alone.
/// Duplicates are successes. When storing fails halfway, the rest are failures that say so.
///   errors  as Objects::put, when nothing was stored
Result<Status> take_in(const api::Call& call, const Way& way, const model::Json& objects);

/// The same, and the text of the status, kept for its sender: in the step of the last objects, so that a
/// sender who finds it finds them.
Result<Bytes> take_in_and_tell(const api::Call& call,
                               const Way& way,
                               const model::Json& objects,
                               std::string_view api_root);

}  // namespace shieldwall::exchange::taxii
