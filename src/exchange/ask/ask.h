#pragma once
// Asking without telling: the answerer's routes. Who asks learns whether a value is held among what it may
// know of; the answerer learns how many questions there were. Protocol and bytes in docs/formats/ask.md.

#include <span>

#include "api/route.h"

namespace shieldwall::exchange {

/// POST /api/v1/ask/filter, /evaluations, /requests; GET /api/v1/ask/keys, /requests.
std::span<const api::Route> ask_routes();

namespace ask {

inline constexpr std::size_t batch_max = 1'000;    // elements of one request: two seconds of a core
inline constexpr std::uint64_t filter_costs = 10;  // questions of the day: it is work, and fetched rarely
inline constexpr std::size_t body_bytes_max = 128 << 10;  // a full batch has 47 KB
inline constexpr std::string_view filter_type = "application/vnd.shieldwall.tags";

}  // namespace ask

}  // namespace shieldwall::exchange
