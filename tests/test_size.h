#pragma once
// How much a test does at each size: one table, tests/sizes.tsv, read here and by ./test.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace shieldwall::tests {

/// The count for `name` in tests/sizes.tsv at the size that SHIELDWALL_TEST_SIZE names: quick, normal
/// (default), full.
inline std::int64_t test_size(const std::string& name) {
  const char* chosen = std::getenv("SHIELDWALL_TEST_SIZE");
  const std::string size = chosen == nullptr ? "normal" : chosen;
  const int column = size == "quick" ? 0 : size == "full" ? 2 : 1;
  std::ifstream table(SHIELDWALL_SOURCE_DIR "/tests/sizes.tsv");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string row;
    std::int64_t counts[3] = {};
    if (fields >> row >> counts[0] >> counts[1] >> counts[2] && row == name) return counts[column];
  }
  throw std::runtime_error("tests/sizes.tsv has no row '" + name + "'");
}

}  // namespace shieldwall::tests
