#pragma once
// Token buckets for very many names: bounded memory, no lock for names known, tens of nanoseconds a question.

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace shieldwall::server {

/// Names fall into sets of eight places, as in a processor's cache. A bucket is one number, the instant at
/// which it will be full again; one that is full is the same as none. So in a full set a new name takes the
/// place of the bucket that is full soonest, which forgets the least: whoever has spent much is not forgotten
/// because others, or he himself under other names, come once each.
class TokenBuckets {
 public:
  struct Rule {
    std::int64_t per_second = 0;  // tokens that come back; 0: no limit
    std::int64_t seconds = 1;     // whose tokens a full bucket holds
  };

  /// Remembers at most about `names_max` names, in 16 bytes each, allocated here.
  TokenBuckets(const Clock& clock, Rule rule, std::size_t names_max);

  /// Takes a token of `name`. When there is none, nothing is taken: gives how long until there is one.
  std::optional<Duration> take(std::string_view name);
  /// The same, without taking.
  std::optional<Duration> wait_of(std::string_view name) const;

  std::size_t bytes() const { return sets_.size() * sizeof(Set); }

 private:
  static constexpr std::size_t places = 8;
  struct Place {
    std::atomic<std::uint64_t> tag{0};                                            // 0: nobody's
    std::atomic<std::int64_t> full_at{std::numeric_limits<std::int64_t>::min()};  // ns on the steady clock
  };
  struct alignas(64) Set {
    Place places[TokenBuckets::places];
  };

  std::int64_t now_ns() const { return clock_.steady().us * 1000; }
  std::optional<Duration> wait(std::int64_t full_at, std::int64_t now) const;
  Place& place_of(std::uint64_t tag, std::int64_t now);
  const Set& set_of(std::uint64_t tag) const { return sets_[tag % sets_.size()]; }

  const Clock& clock_;
  Rule rule_;
  std::int64_t token_ns_;  // in which one token comes back
  std::vector<Set> sets_;
};

}  // namespace shieldwall::server
