#include "server/limiter.h"

#include <algorithm>

namespace shieldwall::server {

std::optional<Duration> Limiter::wait_of(const Tries& tries, Duration now) const {
  if (tries.size() < rule_.tries) return std::nullopt;
  const auto free_at = tries.front().us + rule_.window.us;
  if (free_at <= now.us) return std::nullopt;
  return Duration{free_at - now.us};
}

std::optional<Duration> Limiter::wait_of(std::string_view name) {
  const auto now = clock_.steady();
  return by_name_.with([&](ByName& by_name) -> std::optional<Duration> {
    const auto found = by_name.find(name);
    return found == by_name.end() ? std::nullopt : wait_of(found->second, now);
  });
}

std::optional<Duration> Limiter::attempt(std::string_view name) {
  const auto now = clock_.steady();
  return by_name_.with([&](ByName& by_name) -> std::optional<Duration> {
    auto found = by_name.find(name);
    if (found == by_name.end()) {
      if (by_name.size() >= names_max) forget_old(by_name, now);
      found = by_name.try_emplace(std::string(name)).first;
    }
    auto& tries = found->second;
    if (auto wait = wait_of(tries, now)) return wait;
    tries.push_back(now);
    if (tries.size() > rule_.tries) tries.pop_front();
    return std::nullopt;
  });
}

void Limiter::forgive(std::string_view name) {
  by_name_.with([&](ByName& by_name) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) return;
    found->second.pop_back();
    if (found->second.empty()) by_name.erase(found);
  });
}

void Limiter::clear(std::string_view name) {
  by_name_.with([&](ByName& by_name) {
    if (const auto found = by_name.find(name); found != by_name.end()) by_name.erase(found);
  });
}

void Limiter::forget_old(ByName& by_name, Duration now) const {
  std::erase_if(by_name,
                [&](const auto& entry) { return entry.second.back().us + rule_.window.us <= now.us; });
  if (by_name.size() < names_max) return;
  // All are recent: somebody makes names up. The one that tried longest ago goes.
  by_name.erase(std::ranges::min_element(by_name, {}, [](const auto& entry) { return entry.second.back(); }));
}

}  // namespace shieldwall::server
