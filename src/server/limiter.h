#pragma once
// Counts tries, and says when it is enough. In memory and on the steady clock: moving the clock gives nobody
// more of them.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/hash.h"

namespace shieldwall::server {

class Limiter {
 public:
  struct Rule {
    std::size_t tries = 10;
    Duration window = minutes(5);
  };
  static constexpr std::size_t names_max = 100'000;  // some 60 MB at worst; the oldest is forgotten beyond

  Limiter(const Clock& clock, Rule rule) : clock_(clock), rule_(rule) {}

  /// Counts a try of `name` before it is made, so that tries at the same time count as well. Gives how long
  /// to wait when there were too many; then nothing is counted.
  std::optional<Duration> attempt(std::string_view name);
  /// How long `name` has to wait; nothing when it may try.
  std::optional<Duration> wait_of(std::string_view name);
  /// The last try was right: it does not count.
  void forgive(std::string_view name);
  /// Nor do those before it.
  void clear(std::string_view name);

 private:
  using Tries = std::deque<Duration>;  // oldest first, at most Rule::tries
  using ByName = std::unordered_map<std::string, Tries, TextHash, std::equal_to<>>;

  std::optional<Duration> wait_of(const Tries& tries, Duration now) const;
  void forget_old(ByName& by_name, Duration now) const;

  const Clock& clock_;
  Rule rule_;
  Guarded<ByName> by_name_;
};

}  // namespace shieldwall::server
