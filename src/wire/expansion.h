#pragma once
// What the decompressing readers share: the packed bytes at hand, and the count that stops a bomb.

#include <array>

#include "wire/compression.h"

namespace shieldwall::wire {

/// A window over the packed bytes.
class PackedInput {
 public:
  explicit PackedInput(ByteReader& source) : source_(source) {}

  /// Makes at least one byte available unless the source ended. Fails as the source does, and leaves
  /// everything as it was: a source that has nothing yet may be asked again.
  Done fill() {
    if (begin_ < end_ || ended_) return {};
    const auto got = TRY(source_.read(buffer_));
    begin_ = 0;
    end_ = got;
    taken_ += end_;
    ended_ = end_ == 0;
    return {};
  }
  std::string_view available() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t size) { begin_ += size; }
  bool at_end() const { return ended_ && begin_ == end_; }
  std::uint64_t taken() const { return taken_; }

  /// Takes zero bytes, which tapes and block devices pad with, from the front.
  Done skip_zeros() {
    for (;;) {
      TRY(fill());
      if (at_end() || available().front() != '\0') return {};
      consume(1);
    }
  }

 private:
  ByteReader& source_;
  std::array<char, 64u << 10> buffer_{};
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t taken_ = 0;
  bool ended_ = false;
};

class ExpansionCount {
 public:
  explicit ExpansionCount(const ExpansionLimits& limits) : limits_(limits) {}

  Done add(std::size_t unpacked, std::uint64_t packed_so_far) {
    unpacked_ += unpacked;
    if (unpacked_ > limits_.bytes_max)
      return fail(ErrorCode::exhausted, "unpacks to more than {} bytes", limits_.bytes_max);
    if (unpacked_ > limits_.ratio_from_bytes && unpacked_ / (packed_so_far + 1) > limits_.ratio_max)
      return fail(ErrorCode::exhausted, "unpacks to more than {} times its size", limits_.ratio_max);
    return {};
  }

 private:
  ExpansionLimits limits_;
  std::uint64_t unpacked_ = 0;
};

}  // namespace shieldwall::wire
