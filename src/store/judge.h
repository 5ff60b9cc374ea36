#pragma once
// What every store decides alike when it takes an object in or looks one up.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"
#include "policy/released.h"
#include "store/store.h"

namespace shieldwall::store {

/// Equal RFC 8785 digests.
bool same_content(std::string_view a, std::string_view b);

/// Whether a reference under `label` may name a holding: decision 0002. An embargo that has passed counts as
/// none.
bool may_name(const policy::Label& label, policy::Holding target, Timestamp now);

/// JSON pointers of the references in `bytes` that name one of `targets` (docs/decisions/0002).
std::vector<std::string> pointers_to(std::string_view bytes, const std::vector<model::ObjectId>& targets);

/// What stands at those places: the ids of removed references.
std::vector<model::ObjectId> targets_at(std::string_view bytes, const std::vector<std::string>& pointers);

/// Whether the object satisfies the parts of `query` that ask for its content: creator, labels, external
/// references, values and references other than to `hidden`.
bool content_matches(const Query& query,
                     const model::Object& object,
                     const std::vector<model::ObjectId>& hidden);

/// Whether `query` has such parts.
bool asks_for_content(const Query& query);

/// The instant that orders an object's versions: its own, or when it was added for one without times
/// (TAXII 2.1 section 3.4.1).
inline Timestamp instant_of(const model::Version& version, Timestamp added) {
  const auto* const at = std::get_if<Timestamp>(&version);
  return at != nullptr ? *at : added;
}

}  // namespace shieldwall::store
