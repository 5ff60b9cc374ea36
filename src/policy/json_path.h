#pragma once
// Where a granular marking's selector or a JSON pointer leads. Internal.

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "model/json.h"

namespace shieldwall::policy {

/// The values passed on the way to a target, the target last; never empty.
using JsonPath = std::vector<model::Json>;

/// Paths into one object, which must outlive it. Long lists are laid out once, so that many selectors into
/// one do not walk it each time.
class JsonPaths {
 public:
  explicit JsonPaths(model::Json root) : root_(root) {}

  /// STIX 2.1 section 7.2.3.1: `labels.[0]`, `external_references.[1].url`. Nothing when there is no such
  /// part.
  std::optional<JsonPath> at_selector(std::string_view selector);
  /// RFC 6901. Nothing for the whole or when there is no such part.
  std::optional<JsonPath> at_pointer(std::string_view pointer);

 private:
  std::optional<model::Json> element(const model::Json& list, std::optional<std::size_t> index);

  model::Json root_;
  std::map<std::size_t, std::vector<model::Json>> elements_;  // by offset of the list
};

/// The number in the selector step `[n]`.
std::optional<std::size_t> list_index(std::string_view step);

}  // namespace shieldwall::policy
