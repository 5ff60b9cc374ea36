#pragma once
// What a Matcher holds; for compile.cpp, scanner.cpp.

#include "detect/literal_table.h"
#include "detect/matcher.h"
#include "model/address.h"

namespace shieldwall::detect {

struct MatcherTables {
  std::vector<Indicator> indicators;
  std::vector<Unused> unused;
  Timestamp now;  // stands for the time of events that tell none
  LiteralTable literals;
  std::vector<int> v4_bits, v6_bits;  // prefix lengths in use, in the space of model::Address; longest first
};

/// The key of a network in the table.
struct NetworkKey {
  char bytes[17];
  std::string_view view() const { return {bytes, sizeof bytes}; }
};
NetworkKey network_key(const model::Address& masked, int bits);

}  // namespace shieldwall::detect
