#pragma once
// Bytes that arrive in order: a file, a connection, or another reader's output. wire itself opens nothing.

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"

namespace shieldwall::wire {

class ByteReader {
 public:
  virtual ~ByteReader() = default;
  /// Fills the front of `into` (not empty) and says how much; 0 is the end, and stays the end.
  ///   errors  as the source says; a reader that failed is not asked again
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

/// Reads text that is already in memory, which must outlive it.
class MemoryReader final : public ByteReader {
 public:
  explicit MemoryReader(std::string_view text) : text_(text) {}
  Result<std::size_t> read(std::span<char> into) override;

 private:
  std::string_view text_;
};

}  // namespace shieldwall::wire
