#pragma once
// What became of the objects of one request, counted and written.

#include <cstdint>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "library/intake.h"
#include "model/json_writer.h"

namespace shieldwall::library {

struct Tally {
  std::uint64_t stored = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t conflict = 0;
  std::uint64_t refused = 0;

  std::uint64_t objects() const { return stored + duplicate + conflict + refused; }
  void count(Status status);
};

Tally tally_of(const std::vector<Outcome>& outcomes);
Status status_of(store::PutStatus status);
/// Index of the first outcome `stored`; there is one.
std::size_t first_stored(const std::vector<Outcome>& outcomes);

void write_outcome(model::JsonWriter& out, const Outcome& outcome);
void write_tally(model::JsonWriter& out, const Tally& tally);
/// {"objects": [...], "stored": n, ...}
Bytes write_outcomes(const std::vector<Outcome>& outcomes);

inline constexpr std::string_view problem_media_type = "application/problem+json";
/// RFC 9457, for a status that no error code maps to.
Bytes problem_text(int status, std::string_view detail);

inline constexpr api::Parameter put_parameters[] = {
    label_parameters[0],
    label_parameters[1],
    label_parameters[2],
    label_parameters[3],
    label_parameters[4],
    label_parameters[5],
    label_parameters[6],
    label_parameters[7],
    label_parameters[8],
    {"strict", "boolean", "what STIX says an object should be, it must be"},
    {"unless_held",
     "boolean",
     "what the same source holds under the same id, in force, stays as it is: for a list that comes again"},
};

}  // namespace shieldwall::library
