#pragma once
// Rows of measurements: wall and processor seconds of one piece of work.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

namespace shieldwall::detect::bench {

inline double cpu_seconds(int who = RUSAGE_SELF) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Took {
  double wall = 1e9, cpu = 1e9;
};

/// The best of several runs, wall and processor time each for itself: neighbours only ever add.
inline Took best_of(int rounds, const std::function<void()>& work, int who = RUSAGE_SELF) {
  Took least;
  for (int i = 0; i < rounds; ++i) {
    const double wall = wall_seconds(), cpu = cpu_seconds(who);
    work();
    least.wall = std::min(least.wall, wall_seconds() - wall);
    least.cpu = std::min(least.cpu, cpu_seconds(who) - cpu);
  }
  return least;
}

/// The same of several works that take turns: a neighbour that comes or goes meets all of them.
inline std::vector<Took> best_in_turn(int rounds, const std::vector<std::function<void()>>& works) {
  std::vector<Took> least(works.size());
  for (int i = 0; i < rounds; ++i)
    for (std::size_t w = 0; w < works.size(); ++w) {
      const auto took = best_of(1, works[w]);
      least[w].wall = std::min(least[w].wall, took.wall);
      least[w].cpu = std::min(least[w].cpu, took.cpu);
    }
  return least;
}

inline void row(std::string_view what, const Took& took, double bytes, std::string_view remark) {
  fmt::print("{:<44} {:>8.3f} s wall {:>8.3f} s cpu {:>7.3f} GB/s a core  {}\n",
             what,
             took.wall,
             took.cpu,
             bytes / took.cpu / 1e9,
             remark);
}

}  // namespace shieldwall::detect::bench
