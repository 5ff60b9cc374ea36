#pragma once
// Passwords: argon2id, a few at a time, and the same time for an account that does not exist.

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace shieldwall::server {

inline constexpr std::size_t password_bytes_min =
    12;  // a password is guessed online at 10 tries per 5 minutes
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
    int at_once = 2;     // 2 x 19 MiB, two cores
    int queue_max = 64;  // more are told to try later
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

/// errors: invalid: too short or too long, a control character
Done check_password(std::string_view password);

}  // namespace shieldwall::server
