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

  // Of a slice that may be anything, its end before its beginning too; sixty-four bytes from its beginning on
  // are readable.

  [[gnu::always_inline]] bool is_integer(Slice span) const {
    const auto size = span.size();
    const auto others = ~digits_.from(span.begin) & ~(~std::uint64_t{0} << (size & 63));
    const bool bad_zero = (text_[span.begin] == '0') & (size > 1);
    return (others == 0) & (size - 1 < ByteBits::most) & !bad_zero;
  }
  /// With one dot among its digits.
  [[gnu::always_inline]] bool is_plain_number(Slice span) const {
    const auto bits = digits_.from(span.begin);
    const auto whole = static_cast<unsigned>(std::countr_one(bits));
    const auto part = static_cast<unsigned>(std::countr_one(bits >> ((whole + 1) & 63)));
    const bool bad_zero = (text_[span.begin] == '0') & (whole > 1);
    return (whole + part < ByteBits::most - 1) & (whole != 0) & (part != 0) & !bad_zero &
           (whole + 1 + part == span.size()) & (text_[span.begin + (whole & 63)] == '.');
  }
  [[gnu::always_inline]] bool is_word(Slice span) const {
    std::uint64_t word;
    std::memcpy(&word, text_ + span.begin, 8);
    const bool is_true = (span.size() == 4) & (word << 32 == 0x65757274'00000000u);
    const bool is_false = (span.size() == 5) & (word << 24 == 0x65736c61'66000000u);
    return is_true | is_false;
  }
  bool is_scalar(Slice span) const {
    return span.begin < span.end && end(span.begin, text_[span.begin]) == span.end;
  }

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
