#pragma once
// The lines of a JSON log that a sieve does not let pass; the others are counted.

#include <atomic>

#include "detect/readers/line_reader.h"
#include "detect/sieve.h"

namespace shieldwall::detect {

class SiftedLines {
 public:
  /// `stop`, when set, ends reading with an error that says where. Both outlive this.
  SiftedLines(LineSieve& sieve, const std::atomic<bool>* stop) : sieve_(sieve), stop_(stop) {}

  /// The next line to look at, as LineReader::next. `map` as LineSieve::sift.
  Result<bool> next(LineReader& lines, const FieldMap* map, Line& line);

 private:
  bool next_of_block(LineReader& lines, Line& line);

  LineSieve& sieve_;
  const std::atomic<bool>* stop_;
  std::string_view block_;   // its lines were sifted
  std::size_t at_ = 0;       // the next of them
  std::uint32_t taken_ = 0;  // bytes of it
};

}  // namespace shieldwall::detect
