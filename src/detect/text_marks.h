#pragma once
// Where in a short text the marks stand that make it more than a name: one bit a byte.

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace shieldwall::detect {

struct TextMarks {
  std::uint64_t colon = 0, slash = 0, space = 0;
  std::uint64_t url_part = 0;  // / ? #
  std::uint64_t rare = 0;      // brackets, '@', '*', DEL, and what is not ASCII: may want a closer look

  static constexpr unsigned size_max = 64;
};

/// Of `at[0..size)`, at most size_max bytes, behind whose first sixty-four are readable.
[[gnu::always_inline]] inline TextMarks marks_of(const char* at, unsigned size) {
  TextMarks out;
#if defined(__SSE2__)
  for (unsigned i = 0; i < size; i += 16) {
    const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const auto bits = [&](__m128i found) {
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(found))) << i;
    };
    const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const auto is_but = [&](char without, char c) {  // c, or c without some bits
      return _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(without)), _mm_set1_epi8(c));
    };
    out.colon |= bits(is(':'));
    out.slash |= bits(is('/'));
    out.space |= bits(is(' '));
    out.url_part |= bits(_mm_or_si128(is('/'), _mm_or_si128(is('?'), is('#'))));
    const auto square_or_curly = _mm_or_si128(is_but(0x20, '{'), is_but(0x20, '}'));
    const auto others = _mm_or_si128(_mm_or_si128(is('@'), is('*')), _mm_or_si128(is(0x7f), is_but(1, ')')));
    out.rare |= bits(_mm_or_si128(_mm_or_si128(square_or_curly, others), bytes));  // the highest bit counts
  }
#else
  for (unsigned i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    const auto put = [&](std::uint64_t& mask, bool is) { mask |= static_cast<std::uint64_t>(is) << i; };
    put(out.colon, c == ':');
    put(out.slash, c == '/');
    put(out.space, c == ' ');
    put(out.url_part, c == '/' || c == '?' || c == '#');
    put(out.rare,
        (c | 0x20) == '{' || (c | 0x20) == '}' || (c | 1) == ')' || c == '@' || c == '*' || c >= 0x7f);
  }
#endif
  const auto all = size == 0 ? 0 : ~std::uint64_t{0} >> (64 - size);
  out.colon &= all, out.slash &= all, out.space &= all, out.url_part &= all, out.rare &= all;
  return out;
}

}  // namespace shieldwall::detect
