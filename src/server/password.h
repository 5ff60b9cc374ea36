#pragma once
// Passwords: argon2id, a few at a time, and the same time for an account that does not exist.

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace shieldwall::server {

/// NIST SP 800-63B-4 section 3.1.1.2 asks for 15 where the password is the only factor, and here it is; no
/// rules about which characters, and no expiry, as it says too.
inline constexpr std::size_t password_characters_min = 15;
inline constexpr std::size_t password_bytes_max = 256;  // longer ones only cost hashing time

/// What one hash costs whoever guesses. The defaults are OWASP's least for argon2id: 40 to 60 ms of one core.
struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t memory_bytes = 19u << 20;
  bool operator==(const PasswordCost&) const = default;
};

class PasswordHasher {
 public:
  struct Limits {
    int at_once = 2;    // 2 x 19 MiB, two cores
    int queue_max = 2;  // each holds a pool thread while it waits; more are told to try later

    /// Hashing may hold half of so many pool threads: whoever has a key, a session or a remembered password
    /// is answered while others storm the door.
    static Limits beside(int threads) {
      const int at_once = std::clamp(threads / 4, 1, 2);
      return {.at_once = at_once, .queue_max = std::max(0, threads / 2 - at_once)};
    }
  };
  PasswordHasher(Random& random, PasswordCost cost, Limits limits);

  /// Text to be stored: algorithm, cost, salt and hash.
  ///   errors  invalid: too short or too long; exhausted: the queue is full, or `deadline` passed
  Result<std::string> hash(std::string_view password, Deadline deadline);

  /// Whether `password` gives `stored`; with an empty `stored` (no such account, no password) it takes as
  /// long and is false.
  ///   errors  exhausted: the queue is full, or `deadline` passed
  Result<bool> verify(std::string_view password, const std::string& stored, Deadline deadline);

  /// True when `stored` was made at another cost than today's.
  bool is_outdated(const std::string& stored) const;

 private:
  class Turn;

  Random& random_;
  PasswordCost cost_;
  Limits limits_;
  std::string dummy_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int running_ = 0;
  int waiting_ = 0;
};

/// errors: invalid: too short or too long, a control character, not UTF-8
Done check_password(std::string_view password);

}  // namespace shieldwall::server
