#include "base/random.h"

#include <bit>
#include <cassert>
#include <cstring>
#include <mutex>

#include <sodium.h>

namespace shieldwall {

std::uint64_t Random::next() {
  std::uint8_t bytes[8];
  fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound > 0);
  const std::uint64_t rejected = (0 - bound) % bound;  // the incomplete last stretch of 2^64
  for (;;) {
    const auto value = next();
    if (value >= rejected) return value % bound;
  }
}

std::string Random::bytes(std::size_t count) {
  std::string result(count, '\0');
  fill({reinterpret_cast<std::uint8_t*>(result.data()), count});
  return result;
}

namespace {

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { randombytes_buf(bytes.data(), bytes.size()); }
};

std::uint64_t split_mix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) word = split_mix(seed);
}

void SeededRandom::fill(std::span<std::uint8_t> bytes) {
  // One lock for all of them: they serve tests and the simulator, and stay copyable.
  static std::mutex drawing;
  const std::lock_guard lock(drawing);
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    // xoshiro256++ (Blackman and Vigna, 2019)
    const std::uint64_t word = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    std::memcpy(bytes.data() + at, &word, std::min<std::size_t>(8, bytes.size() - at));
  }
}

}  // namespace shieldwall
