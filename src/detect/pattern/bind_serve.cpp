// Serving requests from shared observations: what is taken from one request may be made good elsewhere, so
// shortest chains of such moves are looked for (augmenting paths).

#include <algorithm>
#include <span>

#include "detect/pattern/bind_parts.h"

namespace shieldwall::detect {

namespace {

class Service {
 public:
  Service(BindProblem& problem,
          const std::vector<BindRequest>& requests,
          const std::vector<std::uint64_t>& left)
      : problem_(problem), requests_(requests), free_(left), held_(left.size()) {}

  Result<bool> run() {
    for (std::uint32_t request = 0; request < requests_.size(); ++request) {
      auto need = requests_[request].times;
      while (need > 0) {
        const auto got = TRY(take_free(request, need));
        need -= got;
        if (got > 0 || need == 0) continue;
        const auto moved = TRY(move_others(request));
        if (!moved) return false;
        --need;
      }
    }
    return true;
  }

  std::vector<Bound> bound() const {
    std::vector<Bound> all;
    for (std::uint32_t which = 0; which < held_.size(); ++which)
      for (const auto& [request, units] : held_[which])
        if (units > 0) all.push_back({requests_[request].leaf, which, units});
    return all;
  }

 private:
  struct Holding {
    std::uint32_t request;
    std::uint64_t units;
  };
  struct Step {  // how a request was reached: it holds `observation`, which `from` could use
    std::uint32_t from = 0;
    std::uint32_t observation = 0;
    bool reached = false;
  };

  std::span<const Candidate> candidates(std::uint32_t request) const {
    const auto& one = requests_[request];
    return std::span(problem_.candidates[one.leaf]).subspan(one.from);
  }

  bool fits(const Candidate& candidate, const BindRequest& request) const {
    return candidate.first <= request.first_max && candidate.last >= request.last_min;
  }

  void add(std::uint32_t request, std::uint32_t which, std::uint64_t units) {
    auto& holders = held_[which];
    const auto same = std::ranges::find(holders, request, &Holding::request);
    if (same == holders.end())
      holders.push_back({request, units});
    else
      same->units += units;
  }

  /// Takes up to `need` units that nobody holds; how many.
  Result<std::uint64_t> take_free(std::uint32_t request, std::uint64_t need) {
    const auto all = candidates(request);
    TRY(problem_.spend(all.size()));
    const auto wanted = need;
    for (const auto& candidate : all) {
      if (need == 0) break;
      if (candidate.first > requests_[request].first_max) break;  // ascending
      const auto which = candidate.observation;
      if (free_[which] == 0 || !fits(candidate, requests_[request])) continue;
      const auto units = std::min(need, free_[which]);
      free_[which] -= units;
      need -= units;
      add(request, which, units);
    }
    return wanted - need;
  }

  /// One unit for `request` out of what others hold, who find one elsewhere.
  Result<bool> move_others(std::uint32_t request) {
    steps_.assign(requests_.size(), Step{});
    queue_.assign(1, request);
    steps_[request].reached = true;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const auto at = queue_[i];
      const auto all = candidates(at);
      TRY(problem_.spend(all.size()));
      for (const auto& candidate : all) {
        if (!fits(candidate, requests_[at])) continue;
        if (free_[candidate.observation] > 0) {
          --free_[candidate.observation];
          add(at, candidate.observation, 1);
          pass_back(at, request);
          return true;
        }
        reach_holders(at, candidate.observation);
      }
    }
    return false;
  }

  void reach_holders(std::uint32_t at, std::uint32_t which) {
    for (const auto& [holder, units] : held_[which]) {
      if (units == 0 || steps_[holder].reached) continue;
      steps_[holder] = {.from = at, .observation = which, .reached = true};
      queue_.push_back(holder);
    }
  }

  /// `at` got one unit too many: it gives one of its own to the request that reached it, and so on.
  void pass_back(std::uint32_t at, std::uint32_t request) {
    while (at != request) {
      const auto& step = steps_[at];
      --std::ranges::find(held_[step.observation], at, &Holding::request)->units;
      add(step.from, step.observation, 1);
      at = step.from;
    }
  }

  BindProblem& problem_;
  const std::vector<BindRequest>& requests_;
  std::vector<std::uint64_t> free_;
  std::vector<std::vector<Holding>> held_;  // beside the observations
  std::vector<Step> steps_;
  std::vector<std::uint32_t> queue_;
};

}  // namespace

Result<std::optional<std::vector<Bound>>> serve(BindProblem& problem,
                                                const std::vector<BindRequest>& requests,
                                                const std::vector<std::uint64_t>& left) {
  Service service(problem, requests, left);
  const auto all = TRY(service.run());
  std::optional<std::vector<Bound>> found;
  if (all) found = service.bound();
  return found;
}

}  // namespace shieldwall::detect
