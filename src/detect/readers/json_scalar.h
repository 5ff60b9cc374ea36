#pragma once
// Numbers, true and false in a block of JSON lines, by its bits.

#include <bit>
#include <cstdint>
#include <cstring>

#include "detect/readers/block_index.h"

namespace shieldwall::detect {

/// A piece of a block.
struct Slice {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t size() const { return end - begin; }
};

class JsonScalars {
 public:
  JsonScalars(const char* block, const BlockIndex& index) : text_(block), digits_(index.digit) {}

  /// Where the scalar that begins with `c` at `at` ends; `at` when there is none (RFC 8259 §3, §6).
  [[gnu::always_inline]] std::uint32_t end(std::uint32_t at, char c) const {
    if (c == 't') return stands(at, 0x65757274u) ? at + 4 : at;
    if (c == 'f') return stands(at + 1, 0x65736c61u) ? at + 5 : at;
    return number_end(at, c);
  }

 private:
  /// Are these the four bytes at `at`?
  bool stands(std::uint32_t at, std::uint32_t four) const {
    std::uint32_t word;
    std::memcpy(&word, text_ + at, 4);
    return word == four;
  }

  [[gnu::always_inline]] std::uint32_t number_end(const std::uint32_t begin, char first) const {
    auto at = begin;
    if (first == '-') first = text_[++at];
    const auto whole = pass_digits(at);
    if (whole == 0 || (first == '0' && whole > 1)) return begin;
    if (text_[at] == '.') {
      ++at;
      if (pass_digits(at) == 0) return begin;
    }
    if ((text_[at] | 0x20) != 'e') return at;
    ++at;
    if (text_[at] == '+' || text_[at] == '-') ++at;
    return pass_digits(at) != 0 ? at : begin;
  }

  /// How many digits there are from `at` on, which are passed.
  [[gnu::always_inline]] unsigned pass_digits(std::uint32_t& at) const {
    const auto some = static_cast<unsigned>(std::countr_one(digits_.from(at)));
    at += some;
    return some < ByteBits::most ? some : some + pass_more(at);
  }
  unsigned pass_more(std::uint32_t& at) const {
    unsigned more = 0;
    for (; text_[at] >= '0' && text_[at] <= '9'; ++at) ++more;
    return more;
  }

  const char* text_;
  const ByteBits& digits_;
};

}  // namespace shieldwall::detect
