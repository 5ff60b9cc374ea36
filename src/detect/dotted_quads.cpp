#include "detect/dotted_quads.h"

#include <array>
#include <bit>
#include <vector>

#include "model/address.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shieldwall::detect {

namespace {

/// One way in which four numbers of one to three digits stand in a text.
struct Shape {
  alignas(16) std::array<std::uint8_t, 16> digits{};  // for each number: nothing, hundreds, tens, ones; where
  alignas(
      16) std::array<std::uint32_t, 4> least{};  // each number with so many digits, without a leading zero
};

constexpr std::uint8_t nowhere = 0x80;

struct Shapes {
  std::array<Shape, 82> all{};                   // the first is that of no address
  std::array<std::uint8_t, 1 << 15> by_marks{};  // without the lowest
  std::size_t count = 1;

  constexpr Shapes() {
    all[0].digits.fill(nowhere);
    all[0].least.fill(1);
    std::array<unsigned, 4> sizes{};
    for (sizes[0] = 1; sizes[0] <= 3; ++sizes[0])
      for (sizes[1] = 1; sizes[1] <= 3; ++sizes[1])
        for (sizes[2] = 1; sizes[2] <= 3; ++sizes[2])
          for (sizes[3] = 1; sizes[3] <= 3; ++sizes[3]) add(sizes);
  }

  constexpr void add(const std::array<unsigned, 4>& sizes) {
    constexpr std::uint32_t least[] = {0, 0, 10, 100};
    auto& shape = all[count];
    unsigned at = 0, marks = 0;
    for (unsigned number = 0; number < 4; ++number) {
      for (unsigned digit = 0; digit < 4; ++digit) {
        const auto missing = 4 - sizes[number];
        shape.digits[4 * number + digit] =
            digit < missing ? nowhere : static_cast<std::uint8_t>(at + digit - missing);
      }
      shape.least[number] = least[sizes[number]];
      at += sizes[number];
      marks |= 1u << at++;
    }
    by_marks[marks >> 1] = static_cast<std::uint8_t>(count++);
  }
};

constexpr Shapes shapes;

void read_portably(std::span<DottedQuad> quads) {
  for (auto& quad : quads) {
    const auto size = static_cast<std::size_t>(std::bit_width(quad.marks) - 1);
    const auto address = model::parse_ipv4({quad.at, size});
    quad.is_address = address.has_value();
    quad.address = address.value_or(0);
  }
}

#if defined(__x86_64__)

/// The digits of the four numbers are brought to where they count hundreds, tens and ones, and weighed.
__attribute__((target("sse4.1"))) void read_sse(std::span<DottedQuad> quads) {
  const auto load = [](const void* from) __attribute__((target("sse4.1"))) {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
  };
  const auto weights = _mm_set1_epi32(0x010a6400);  // 0, 100, 10, 1
  for (auto& quad : quads) {
    const auto& shape = shapes.all[shapes.by_marks[quad.marks >> 1]];
    const auto digits =
        _mm_and_si128(_mm_shuffle_epi8(load(quad.at), load(shape.digits.data())), _mm_set1_epi8(15));
    const auto numbers = _mm_madd_epi16(_mm_maddubs_epi16(digits, weights), _mm_set1_epi16(1));
    const auto wrong = _mm_or_si128(_mm_cmpgt_epi32(numbers, _mm_set1_epi32(255)),
                                    _mm_cmpgt_epi32(load(shape.least.data()), numbers));
    quad.is_address = _mm_movemask_epi8(wrong) == 0;
    const auto bytes = _mm_packus_epi16(_mm_packus_epi32(numbers, numbers), numbers);
    quad.address = std::byteswap(static_cast<std::uint32_t>(_mm_cvtsi128_si32(bytes)));
  }
}

#endif

/// Widest first.
std::vector<QuadKernel> kernels_of_machine() {
  std::vector<QuadKernel> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.1")) all.push_back({"sse4.1", &read_sse});
#endif
  all.push_back({"portable", &read_portably});
  return all;
}

}  // namespace

std::span<const QuadKernel> quad_kernels() {
  static const auto kernels = kernels_of_machine();
  return kernels;
}

void read_quads(std::span<DottedQuad> quads) {
  static const auto read = quad_kernels().front().read;
  read(quads);
}

}  // namespace shieldwall::detect
