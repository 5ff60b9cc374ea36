#include "detect/readers/block_index.h"

#include <array>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shieldwall::detect {

namespace {

constexpr std::size_t step = 64;

/// Of sixty-four bytes, one bit each.
struct Masks {
  std::uint64_t quote, line_end, backslash, odd, high, digit, hex, plain, dot, upper;
};

/// Classes as bits that two tables share, one by the lower and one by the upper half of a byte: a byte is of
/// a class when both say so.
enum : std::uint8_t {
  digit_class = 1,        // 3x, x up to 9
  hex_letter_class = 2,   // 4x and 6x, x 1 to 6
  letter_class = 4,       // 4x and 6x, x 1 to f
  late_letter_class = 8,  // 5x and 7x, x up to a
  dash_class = 16,        // 2d
  underscore_class = 32,  // 5f
  dot_class = 64,         // 2e
};
constexpr std::uint8_t plain_classes =
    digit_class | letter_class | late_letter_class | dash_class | underscore_class;

struct ClassTables {
  std::array<std::uint8_t, 16> low{}, high{};
};
constexpr ClassTables tables = [] {
  ClassTables out;
  for (std::size_t x = 0; x < 16; ++x) {
    out.low[x] = static_cast<std::uint8_t>(
        (x <= 9 ? digit_class : 0) | (x >= 1 && x <= 6 ? hex_letter_class : 0) | (x >= 1 ? letter_class : 0) |
        (x <= 10 ? late_letter_class : 0) | (x == 13 ? dash_class : 0) | (x == 15 ? underscore_class : 0) |
        (x == 14 ? dot_class : 0));
  }
  out.high[2] = dash_class | dot_class;
  out.high[3] = digit_class;
  out.high[4] = out.high[6] = hex_letter_class | letter_class;
  out.high[5] = late_letter_class | underscore_class;
  out.high[7] = late_letter_class;
  return out;
}();

constexpr std::uint8_t class_of(unsigned char c) {
  return tables.low[c & 15] & tables.high[c >> 4];
}

/// A control character but for the line end, and for the CR of a CR LF: that is part of the line's end.
std::uint64_t odd_of(std::uint64_t control, std::uint64_t cr, std::uint64_t line_end) {
  return control & ~line_end & ~(cr & line_end >> 1);
}

/// The bytes behind a backslash that is not behind one itself; `first`: is the first byte such a one, then
/// that of the next step. Few steps have a backslash.
[[gnu::noinline]] std::uint64_t escaped_by(std::uint64_t backslash, bool& first) {
  std::uint64_t escaped = first ? 1 : 0;
  first = false;
  for (auto left = backslash & ~escaped; left != 0;) {
    const auto at = static_cast<unsigned>(std::countr_zero(left));
    first = at == step - 1;
    const auto next = first ? 0 : std::uint64_t{2} << at;
    escaped |= next;
    left &= left - 1;
    left &= ~next;
  }
  return escaped;
}

struct Portable {
  static constexpr std::string_view name = "portable";
  static Masks masks(const char* at) {
    Masks out{};
    std::uint64_t control = 0, cr = 0;
    for (unsigned i = 0; i < step; ++i) {
      const auto c = static_cast<unsigned char>(at[i]);
      const auto kind = class_of(c);
      const auto put = [&](std::uint64_t& mask, bool is) { mask |= static_cast<std::uint64_t>(is) << i; };
      put(out.quote, c == '"');
      put(out.line_end, c == '\n');
      put(cr, c == '\r');
      put(out.backslash, c == '\\');
      put(control, c < 0x20);
      put(out.high, c >= 0x80);
      put(out.digit, (kind & digit_class) != 0);
      put(out.hex, (kind & (digit_class | hex_letter_class)) != 0);
      put(out.plain, (kind & plain_classes) != 0);
      put(out.dot, (kind & dot_class) != 0);
      put(out.upper, (kind & (letter_class | late_letter_class)) != 0 && (c & 0x20) == 0);
    }
    out.odd = odd_of(control, cr, out.line_end);
    return out;
  }
  static std::uint32_t* positions(std::uint64_t mask, std::uint32_t offset, std::uint32_t* out) {
    for (; mask != 0; mask &= mask - 1) *out++ = offset + static_cast<std::uint32_t>(std::countr_zero(mask));
    return out;
  }
};

#if defined(__x86_64__)

#define SHIELDWALL_SSE __attribute__((target("sse4.2,popcnt")))
#define SHIELDWALL_AVX2 __attribute__((target("avx2,bmi,popcnt")))
#define SHIELDWALL_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt")))

/// Places of set bits, eight at a time without asking whether there are so many.
[[gnu::always_inline]] inline std::uint32_t* places(std::uint64_t mask,
                                                    std::uint32_t offset,
                                                    std::uint32_t* out) {
  auto* const end = out + std::popcount(mask);
  while (out < end) {
    for (int i = 0; i < 8; ++i, mask &= mask - 1)
      out[i] = offset + static_cast<std::uint32_t>(__builtin_ctzll(mask | 1ull << 63));
    out += 8;
  }
  return end;
}

struct Sse {
  static constexpr std::string_view name = "sse4.2";
  SHIELDWALL_SSE static Masks masks(const char* at) {
    Masks out{};
    std::uint64_t control = 0, cr = 0;
    const auto low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tables.low.data()));
    const auto high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tables.high.data()));
    for (unsigned i = 0; i < step; i += 16) {
      const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
      const auto bits = [&](__m128i found) SHIELDWALL_SSE {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(found))) << i;
      };
      const auto is = [&](char c) SHIELDWALL_SSE { return bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))); };
      out.quote |= is('"');
      out.line_end |= is('\n');
      cr |= is('\r');
      out.backslash |= is('\\');
      control |= bits(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
      out.high |= bits(bytes);
      const auto upper_half = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
      const auto kinds = _mm_and_si128(_mm_shuffle_epi8(low, _mm_and_si128(bytes, _mm_set1_epi8(15))),
                                       _mm_shuffle_epi8(high, upper_half));
      const auto any = [&](std::uint8_t classes) SHIELDWALL_SSE {
        const auto some = _mm_and_si128(kinds, _mm_set1_epi8(static_cast<char>(classes)));
        return bits(_mm_cmpeq_epi8(some, _mm_setzero_si128())) ^ std::uint64_t{0xffff} << i;
      };
      out.digit |= any(digit_class);
      out.hex |= any(digit_class | hex_letter_class);
      out.plain |= any(plain_classes);
      out.dot |= any(dot_class);
      out.upper |= any(letter_class | late_letter_class) & ~bits(_mm_slli_epi16(bytes, 2));
    }
    out.odd = odd_of(control, cr, out.line_end);
    return out;
  }
  static std::uint32_t* positions(std::uint64_t mask, std::uint32_t offset, std::uint32_t* out) {
    return places(mask, offset, out);
  }
};

struct Avx2 {
  static constexpr std::string_view name = "avx2";
  SHIELDWALL_AVX2 static Masks masks(const char* at) {
    Masks out{};
    std::uint64_t control = 0, cr = 0;
    const auto low =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tables.low.data())));
    const auto high =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tables.high.data())));
    for (unsigned i = 0; i < step; i += 32) {
      const auto bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i));
      const auto bits = [&](__m256i found) SHIELDWALL_AVX2 {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(found))) << i;
      };
      const auto is = [&](char c)
                          SHIELDWALL_AVX2 { return bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c))); };
      out.quote |= is('"');
      out.line_end |= is('\n');
      cr |= is('\r');
      out.backslash |= is('\\');
      control |= bits(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes));
      out.high |= bits(bytes);
      const auto upper_half = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
      const auto kinds =
          _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, _mm256_set1_epi8(15))),
                           _mm256_shuffle_epi8(high, upper_half));
      const auto any = [&](std::uint8_t classes) SHIELDWALL_AVX2 {
        const auto some = _mm256_and_si256(kinds, _mm256_set1_epi8(static_cast<char>(classes)));
        return bits(_mm256_cmpeq_epi8(some, _mm256_setzero_si256())) ^ std::uint64_t{0xffffffff} << i;
      };
      out.digit |= any(digit_class);
      out.hex |= any(digit_class | hex_letter_class);
      out.plain |= any(plain_classes);
      out.dot |= any(dot_class);
      out.upper |= any(letter_class | late_letter_class) & ~bits(_mm256_slli_epi16(bytes, 2));
    }
    out.odd = odd_of(control, cr, out.line_end);
    return out;
  }
  static std::uint32_t* positions(std::uint64_t mask, std::uint32_t offset, std::uint32_t* out) {
    return places(mask, offset, out);
  }
};

struct Avx512 {
  static constexpr std::string_view name = "avx512";
  SHIELDWALL_AVX512 static Masks masks(const char* at) {
    const auto bytes = _mm512_loadu_si512(at);
    const auto low =
        _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tables.low.data())));
    const auto high =
        _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tables.high.data())));
    const auto upper_half = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
    const auto kinds =
        _mm512_and_si512(_mm512_shuffle_epi8(low, _mm512_and_si512(bytes, _mm512_set1_epi8(15))),
                         _mm512_shuffle_epi8(high, upper_half));
    const auto is = [&](char c)
                        SHIELDWALL_AVX512 { return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)); };
    const auto any = [&](std::uint8_t classes) SHIELDWALL_AVX512 {
      return _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(static_cast<char>(classes)));
    };
    Masks out;
    out.quote = is('"');
    out.line_end = is('\n');
    out.high = _mm512_movepi8_mask(bytes);
    out.digit = any(digit_class);
    out.hex = any(digit_class | hex_letter_class);
    out.plain = any(plain_classes);
    out.dot = any(dot_class);
    out.upper = any(letter_class | late_letter_class) & ~_mm512_test_epi8_mask(bytes, _mm512_set1_epi8(0x20));
    const std::uint64_t control = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20));
    out.backslash = is('\\');
    out.odd = odd_of(control, is('\r'), out.line_end);
    return out;
  }
  SHIELDWALL_AVX512 static std::uint32_t* positions(std::uint64_t mask,
                                                    std::uint32_t offset,
                                                    std::uint32_t* out) {
    alignas(64) static constexpr auto numbers = [] {
      std::array<std::uint8_t, 64> all{};
      for (std::size_t i = 0; i < 64; ++i) all[i] = static_cast<std::uint8_t>(i);
      return all;
    }();
    auto* const end = out + std::popcount(mask);
    auto places_left = _mm512_maskz_compress_epi8(mask, _mm512_load_si512(numbers.data()));
    const auto base = _mm512_set1_epi32(static_cast<int>(offset));
    for (;;) {
      _mm512_storeu_si512(out,
                          _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places_left))));
      out += 16;
      if (out >= end) return end;
      places_left = _mm512_alignr_epi32(places_left, places_left, 4);
    }
  }
};

#endif

/// Goes over the block and ends a line at every line end. Inlined into each kernel's index(), which has its
/// instructions.
template <typename Kernel>
[[gnu::always_inline]] inline void run(std::string_view block, BlockIndex& into) {
  into.reserve(block.size());
  std::size_t count = 0;
  BlockLine line;
  auto* const quotes = into.quotes.get();
  auto* out = quotes;
  auto *const digit = into.digit.words(), *const hex = into.hex.words(), *const plain = into.plain.words(),
              *const dot = into.dot.words(), *const upper = into.upper.words();
  std::uint64_t odd = 0, escapes = 0, high = 0;  // of the line that goes on
  bool is_escaped = false;                       // its next byte
  for (std::size_t at = 0, word = 0; at < block.size(); at += step, ++word) {
    const auto masks = Kernel::masks(block.data() + at);
    digit[word] = masks.digit, hex[word] = masks.hex, plain[word] = masks.plain;
    dot[word] = masks.dot, upper[word] = masks.upper;
    const auto offset = static_cast<std::uint32_t>(at);
    const auto before = static_cast<std::uint32_t>(out - quotes);
    const auto escaped = masks.backslash == 0 && !is_escaped ? 0 : escaped_by(masks.backslash, is_escaped);
    const auto marks = (masks.quote & ~escaped) | masks.line_end;
    out = Kernel::positions(marks, offset, out);
    auto odd_left = masks.odd, escapes_left = masks.backslash, high_left = masks.high;
    for (auto ends = masks.line_end; ends != 0; ends &= ends - 1) {
      const auto end = static_cast<unsigned>(std::countr_zero(ends));
      if (at + end >= block.size()) break;
      const auto of_line = (std::uint64_t{1} << end) - 1;
      line.end = offset + end;
      line.odd = (odd | (odd_left & of_line)) != 0;
      line.escapes = (escapes | (escapes_left & of_line)) != 0;
      line.high = (high | (high_left & of_line)) != 0;
      line.quotes_end = before + static_cast<std::uint32_t>(std::popcount(marks & of_line));
      if (line.end > line.begin && block[line.end - 1] == '\r') --line.end;
      quotes[line.quotes_end] = line.end;
      if (count == into.lines.size()) into.lines.resize(2 * count + step);
      into.lines[count++] = line;
      line.begin = offset + end + 1;
      line.quotes = line.quotes_end + 1;
      odd = escapes = high = 0;
      odd_left &= ~of_line, escapes_left &= ~of_line, high_left &= ~of_line;
    }
    odd |= odd_left, escapes |= escapes_left, high |= high_left;
  }
  into.lines.resize(count);
}

void index_portably(std::string_view block, BlockIndex& into) {
  run<Portable>(block, into);
}
#if defined(__x86_64__)
SHIELDWALL_SSE void index_sse(std::string_view block, BlockIndex& into) {
  run<Sse>(block, into);
}
SHIELDWALL_AVX2 void index_avx2(std::string_view block, BlockIndex& into) {
  run<Avx2>(block, into);
}
SHIELDWALL_AVX512 void index_avx512(std::string_view block, BlockIndex& into) {
  run<Avx512>(block, into);
}
#endif

/// Widest first.
std::vector<BlockKernel> kernels_of_machine() {
  std::vector<BlockKernel> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw"))
    all.push_back({Avx512::name, &index_avx512});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
    all.push_back({Avx2::name, &index_avx2});
  if (__builtin_cpu_supports("sse4.2")) all.push_back({Sse::name, &index_sse});
#endif
  all.push_back({Portable::name, &index_portably});
  return all;
}

}  // namespace

void BlockIndex::reserve(std::size_t bytes) {
  if (bytes <= room) return;
  room = bytes;
  for (auto* bits : {&digit, &hex, &plain, &dot, &upper}) bits->resize(bytes);
  quotes = std::make_unique_for_overwrite<std::uint32_t[]>(bytes + 2 * step);
}

std::span<const BlockKernel> block_kernels() {
  static const auto kernels = kernels_of_machine();
  return kernels;
}

void index_block(std::string_view block, BlockIndex& into) {
  static const auto index = block_kernels().front().index;
  index(block, into);
}

}  // namespace shieldwall::detect
