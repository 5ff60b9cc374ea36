#pragma once
// IPv4 addresses in texts of digits and dots, read many at once: which of them are addresses, and which.

#include <cstdint>
#include <span>
#include <string_view>

namespace shieldwall::detect {

/// A text of digits and dots that begins with no dot, of at most size_max bytes. One more than these is
/// readable from its beginning on.
struct DottedQuad {
  static constexpr unsigned size_max = 15;

  const char* at = nullptr;
  std::uint32_t address = 0;  // in host order, once read
  std::uint32_t line = 0;     // whose it is, for who asks
  std::uint16_t marks = 0;    // a bit for each of its dots, and one behind its end
  bool is_address = false;    // once read: four numbers up to 255 without leading zeros
};

/// Fills in the rest.
void read_quads(std::span<DottedQuad> quads);

/// One way of doing it.
struct QuadKernel {
  std::string_view name;
  void (*read)(std::span<DottedQuad> quads);
};

/// Those that run on this machine, widest first; the last is portable. All give the same.
std::span<const QuadKernel> quad_kernels();

}  // namespace shieldwall::detect
