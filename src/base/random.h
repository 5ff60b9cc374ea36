#pragma once
// The seam through which all randomness comes, so that a simulation can replay it.

#include <cstdint>
#include <span>
#include <string>

namespace shieldwall {

class Random {
 public:
  virtual ~Random() = default;
  /// Fills with bytes nobody can predict (the system's) or that a seed fixes (the simulator's). Thread-safe.
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  std::uint64_t next();
  /// Uniform in 0..bound-1, without modulo bias. `bound` is positive.
  std::uint64_t below(std::uint64_t bound);
  std::string bytes(std::size_t count);
};

/// The operating system's generator.
Random& system_random();

/// A replayable stream for tests and the simulator; never for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_[4];
};

}  // namespace shieldwall
