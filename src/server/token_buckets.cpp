#include "server/token_buckets.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/hash.h"

namespace shieldwall::server {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Under the process's own key, so that nobody chooses in which set a name falls. Two names with the same tag
/// share a bucket: that happens once in 2^64.
std::uint64_t tag_of(std::string_view name) {
  return std::max<std::uint64_t>(1, keyed_hash(name));
}

/// Whoever makes a bucket waits for whoever makes one in the same set, or a name would get two.
std::mutex& making_in(std::size_t set) {
  static std::array<std::mutex, 64> locks;
  return locks[set % locks.size()];
}

}  // namespace

TokenBuckets::TokenBuckets(const Clock& clock, Rule rule, std::size_t names_max)
    : clock_(clock),
      rule_(rule),
      token_ns_(rule.per_second > 0 ? std::max<std::int64_t>(1, second_ns / rule.per_second) : 0),
      sets_(rule.per_second > 0 ? std::max<std::size_t>(1, names_max / places) : 0) {}

std::optional<Duration> TokenBuckets::wait(std::int64_t full_at, std::int64_t now) const {
  const auto empty_for = std::max(full_at, now) + token_ns_ - now - rule_.seconds * second_ns;
  if (empty_for <= 0) return std::nullopt;
  return Duration{(empty_for + 999) / 1000};
}

std::optional<Duration> TokenBuckets::wait_of(std::string_view name) const {
  if (rule_.per_second <= 0) return std::nullopt;
  const auto tag = tag_of(name);
  for (const auto& place : set_of(tag).places)
    if (place.tag.load(std::memory_order_relaxed) == tag) return wait(place.full_at, now_ns());
  return std::nullopt;
}

/// The bucket of that name, or a full one in the place of the bucket that is full soonest. Whoever takes from
/// a bucket while its name is forgotten takes it from its successor, and nothing worse.
TokenBuckets::Place& TokenBuckets::place_of(std::uint64_t tag, std::int64_t now) {
  auto& set = sets_[tag % sets_.size()].places;
  const auto known = [&] {
    return std::ranges::find_if(
        set, [&](const Place& place) { return place.tag.load(std::memory_order_acquire) == tag; });
  };
  if (auto* const found = known(); found != std::end(set)) return *found;
  const std::lock_guard lock(making_in(tag % sets_.size()));
  if (auto* const found = known(); found != std::end(set)) return *found;
  auto& oldest = *std::ranges::min_element(
      set, {}, [](const Place& place) { return place.full_at.load(std::memory_order_relaxed); });
  oldest.full_at.store(now, std::memory_order_relaxed);
  oldest.tag.store(tag, std::memory_order_release);
  return oldest;
}

std::optional<Duration> TokenBuckets::take(std::string_view name) {
  if (rule_.per_second <= 0) return std::nullopt;
  const auto now = now_ns();
  auto& bucket = place_of(tag_of(name), now).full_at;
  auto full_at = bucket.load(std::memory_order_relaxed);
  do {
    if (const auto time = wait(full_at, now)) return time;
  } while (
      !bucket.compare_exchange_weak(full_at, std::max(full_at, now) + token_ns_, std::memory_order_relaxed));
  return std::nullopt;
}

}  // namespace shieldwall::server
