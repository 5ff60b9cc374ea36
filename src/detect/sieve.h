#pragma once
// Lets the lines of a JSON log pass in which nothing that is looked for can stand, a block at a time: all but
// a few in a thousand. The others are for the full parser and the Scanner, which alone decide what is a hit;
// the sieve never holds back a line that they would find something in, or that is not as it should be.

#include <memory>
#include <string_view>
#include <vector>

#include "detect/matcher.h"
#include "detect/readers/block_index.h"

namespace shieldwall::detect {

struct FieldMap;

class LineSieve {
 public:
  explicit LineSieve(const Matcher& matcher);
  ~LineSieve();
  LineSieve(LineSieve&&) noexcept;

  /// Lines of a block are looked at together, so that the memory asked for by one comes while others are
  /// read.
  static constexpr std::size_t block_bytes = 128u << 10;

  /// The lines of `block`, those marked that were not let pass (below 1 GiB), which ends with a line end and
  /// has block_padding readable bytes behind it. `map` says what the fields of this log mean; null when
  /// nothing is known.
  const std::vector<BlockLine>& sift(std::string_view block, const FieldMap* map);
  const std::vector<BlockLine>& sifted() const;  // what it gave last

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect
