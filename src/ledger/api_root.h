#pragma once
// A TAXII API root: a named group of circles.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/row.h"

namespace shieldwall::ledger {

inline constexpr int api_roots_max = 1'000;

struct ApiRoot {
  std::string name{};  // the first segment of its URLs: 1..64 letters, digits, - _ .
  std::string title{};
  std::string description{};
  std::uint64_t max_content_length = 32ull << 20;  // bytes of one request body, TAXII 2.1 section 4.2
  bool is_default = false;                         // `default` of the discovery resource; at most one
  std::optional<CircleId> everything{};            // its collection of all the caller may see; nothing: none
  Timestamp created{};
};

/// Names that are taken by other doors of the node: "api", "taxii2", "metrics" ...
bool is_api_root_name(std::string_view name);

/// errors: not_found
Result<Row<ApiRoot>> read_api_root(store::Records& records, std::string_view name);
/// By creation.
Result<std::vector<Row<ApiRoot>>> list_api_roots(store::Records& records);

/// The writes that put `root` in the place of `revision`; when it is the default, no other stays so.
///   errors  invalid, says why
Result<std::vector<store::Write>> writes_of(store::Records& records,
                                            const ApiRoot& root,
                                            std::uint64_t revision);

Bytes encode(const ApiRoot& root);
Result<ApiRoot> decode_api_root(std::string_view row);

}  // namespace shieldwall::ledger
