#include <bit>
#include <cstring>

#include "detect/past/layout.h"

namespace shieldwall::detect::past {

namespace {

constexpr std::uint64_t p1 = 0x9e3779b185ebca87u, p2 = 0xc2b2ae3d27d4eb4fu, p3 = 0x165667b19e3779f9u,
                        p4 = 0x85ebca77c2b2ae63u, p5 = 0x27d4eb2f165667c5u;

std::uint64_t word_at(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, 8);
  return word;
}

std::uint64_t mixed(std::uint64_t lane, std::uint64_t word) {
  return std::rotl(lane + word * p2, 31) * p1;
}

std::uint64_t merged(std::uint64_t sum, std::uint64_t lane) {
  return (sum ^ mixed(0, lane)) * p1 + p4;
}

std::uint64_t of_stripes(const char*& at, const char* end) {
  std::uint64_t lanes[4] = {p1 + p2, p2, 0, 0 - p1};
  for (; end - at >= 32; at += 32)
    for (int i = 0; i < 4; ++i) lanes[i] = mixed(lanes[i], word_at(at + 8 * i));
  auto sum =
      std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (const auto lane : lanes) sum = merged(sum, lane);
  return sum;
}

}  // namespace

std::uint64_t checksum(std::string_view bytes) noexcept {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  auto sum = (bytes.size() >= 32 ? of_stripes(at, end) : p5) + bytes.size();
  for (; end - at >= 8; at += 8) sum = std::rotl(sum ^ mixed(0, word_at(at)), 27) * p1 + p4;
  if (end - at >= 4) {
    std::uint32_t half;
    std::memcpy(&half, at, 4);
    sum = std::rotl(sum ^ half * p1, 23) * p2 + p3;
    at += 4;
  }
  for (; at < end; ++at) sum = std::rotl(sum ^ static_cast<std::uint8_t>(*at) * p5, 11) * p1;
  sum = (sum ^ sum >> 33) * p2;
  sum = (sum ^ sum >> 29) * p3;
  return sum ^ sum >> 32;
}

}  // namespace shieldwall::detect::past
