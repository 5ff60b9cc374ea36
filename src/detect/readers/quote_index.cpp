#include "detect/readers/quote_index.h"

#include <bit>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shieldwall::detect {

namespace {

constexpr std::size_t step = 64;

/// Of sixty-four bytes, one bit each.
struct Masks {
  std::uint64_t quote = 0, backslash = 0, control = 0, high = 0, nul = 0;

  void operator|=(const Masks& other) {
    control |= other.control;
    high |= other.high;
    nul |= other.nul;
  }
  ByteFacts facts() const { return {control != 0, high != 0, nul != 0}; }
};

struct Portable {
  static constexpr std::string_view name = "portable";

  /// The top bit of each byte of `word` that is zero, gathered into eight bits.
  static std::uint64_t gathered(std::uint64_t tops) { return (tops >> 7) * 0x0102040810204080u >> 56; }
  /// Exact, unlike the shorter form that lets a borrow run into the next byte.
  static std::uint64_t zeros(std::uint64_t word) {
    constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    return ~(((word & low) + low) | word | low);
  }
  static Masks masks(const char* at) {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    Masks out;
    for (unsigned i = 0; i < step; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, at + i, 8);
      out.quote |= gathered(zeros(word ^ ones * '"')) << i;
      out.backslash |= gathered(zeros(word ^ ones * '\\')) << i;
      out.control |= gathered(zeros(word & ones * 0xe0)) << i;
      out.high |= gathered(word & ones * 0x80) << i;
      out.nul |= gathered(zeros(word)) << i;
    }
    return out;
  }
};

#if defined(__x86_64__)

struct Sse {  // SSE2, which every x86-64 has: SSE4.2 would add nothing here
  static constexpr std::string_view name = "sse2";
  static Masks masks(const char* at) {
    Masks out;
    for (unsigned i = 0; i < step; i += 16) {
      const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
      const auto bits = [&](__m128i found) {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(found))) << i;
      };
      out.quote |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
      out.backslash |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
      out.control |= bits(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
      out.high |= bits(bytes);
      out.nul |= bits(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
    }
    return out;
  }
};

struct Avx2 {
  static constexpr std::string_view name = "avx2";
  __attribute__((target("avx2"))) static Masks masks(const char* at) {
    Masks out;
    for (unsigned i = 0; i < step; i += 32) {
      const auto bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i));
      const auto add = [&](std::uint64_t& to, int found) {
        to |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(found)) << i;
      };
      add(out.quote, _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'))));
      add(out.backslash, _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))));
      add(out.control,
          _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes)));
      add(out.high, _mm256_movemask_epi8(bytes));
      add(out.nul, _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())));
    }
    return out;
  }
};

struct Avx512 {
  static constexpr std::string_view name = "avx512";
  __attribute__((target("avx512f,avx512bw"))) static Masks masks(const char* at) {
    const auto bytes = _mm512_loadu_si512(at);
    return {.quote = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
            .backslash = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
            .control = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
            .high = _mm512_movepi8_mask(bytes),
            .nul = _mm512_testn_epi8_mask(bytes, bytes)};
  }
};

#endif

/// `use(masks, offset)` for all of `text`, the last piece padded with spaces.
template <typename Kernel, typename Use>
void walk(std::string_view text, Use&& use) {
  std::size_t at = 0;
  for (; at + step <= text.size(); at += step) use(Kernel::masks(text.data() + at), at);
  if (at == text.size()) return;
  char last[step];
  std::memset(last, ' ', step);
  std::memcpy(last, text.data() + at, text.size() - at);
  use(Kernel::masks(last), at);
}

template <typename Kernel>
ByteFacts index_with(std::string_view text, QuotePositions& quotes) {
  auto* out = quotes.room(text.size());
  Masks seen;
  walk<Kernel>(text, [&](const Masks& masks, std::size_t offset) {
    seen |= masks;
    for (auto rest = masks.quote | masks.backslash; rest != 0; rest &= rest - 1)
      *out++ = static_cast<std::uint32_t>(offset + static_cast<std::size_t>(std::countr_zero(rest)));
  });
  quotes.filled(out);
  return seen.facts();
}

template <typename Kernel>
ByteFacts facts_with(std::string_view text) {
  Masks seen;
  walk<Kernel>(text, [&](const Masks& masks, std::size_t) { seen |= masks; });
  return seen.facts();
}

template <typename Kernel>
constexpr QuoteKernel kernel{Kernel::name, &index_with<Kernel>, &facts_with<Kernel>};

/// Widest first.
std::vector<QuoteKernel> kernels_of_machine() {
  std::vector<QuoteKernel> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw")) all.push_back(kernel<Avx512>);
  if (__builtin_cpu_supports("avx2")) all.push_back(kernel<Avx2>);
  all.push_back(kernel<Sse>);
#endif
  all.push_back(kernel<Portable>);
  return all;
}

}  // namespace

std::span<const QuoteKernel> quote_kernels() {
  static const auto kernels = kernels_of_machine();
  return kernels;
}

ByteFacts index_quotes(std::string_view text, QuotePositions& quotes) {
  static const auto index = quote_kernels().front().index;
  return index(text, quotes);
}

ByteFacts byte_facts(std::string_view text) {
  static const auto facts = quote_kernels().front().facts;
  return facts(text);
}

}  // namespace shieldwall::detect
