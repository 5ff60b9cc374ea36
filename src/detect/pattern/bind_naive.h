#pragma once
// The naive reading of STIX 2.1 section 9.5, to hold find_binding against: all bindings are written down, one
// after the other, and of each it is tried whether instants can be chosen. For tests; exponential.

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "detect/pattern/bind.h"
#include "model/pattern.h"

namespace shieldwall::detect {

/// One binding: which unit of which observation (numbers in the list of all units), and what its instants
/// must keep: t[later] - t[earlier] >= -apart, or limits of one.
struct NaiveBinding {
  struct Order {
    std::size_t earlier, later;  // units
    std::int64_t apart;          // t[earlier] <= t[later] + apart
  };
  struct Limit {
    std::size_t unit;
    std::int64_t start, stop;
  };
  std::vector<std::size_t> units;
  std::vector<Order> orders;
  std::vector<Limit> limits;
};

class NaiveMatch {
 public:
  static constexpr std::size_t bindings_max = 2'000;

  NaiveMatch(const std::vector<BindObservation>& observations, const std::vector<std::vector<bool>>& brackets)
      : observations_(observations), brackets_(brackets) {
    for (std::size_t i = 0; i < observations.size(); ++i)
      for (std::uint64_t n = 0; n < observations[i].units; ++n) of_unit_.push_back(i);
  }

  /// Nothing when there are too many bindings.
  std::optional<bool> run(const model::ObservationExpression& root) {
    const auto all = bindings(root);
    if (too_many_) return std::nullopt;
    return std::ranges::any_of(all, [&](const NaiveBinding& one) { return has_instants(one); });
  }

 private:
  using All = std::vector<NaiveBinding>;

  static bool disjoint(const NaiveBinding& a, const NaiveBinding& b) {
    return std::ranges::none_of(a.units,
                                [&](std::size_t unit) { return std::ranges::count(b.units, unit) > 0; });
  }

  static NaiveBinding joined(const NaiveBinding& a, const NaiveBinding& b) {
    auto both = a;
    both.units.insert(both.units.end(), b.units.begin(), b.units.end());
    both.orders.insert(both.orders.end(), b.orders.begin(), b.orders.end());
    both.limits.insert(both.limits.end(), b.limits.begin(), b.limits.end());
    return both;
  }

  All product(const All& left, const All& right, bool in_order) {
    All all;
    for (const auto& a : left)
      for (const auto& b : right) {
        if (!disjoint(a, b)) continue;
        auto both = joined(a, b);
        if (in_order)
          for (const auto x : a.units)
            for (const auto y : b.units) both.orders.push_back({x, y, 0});
        all.push_back(std::move(both));
        if (all.size() > bindings_max) too_many_ = true;
        if (too_many_) return all;
      }
    return all;
  }

  All bindings(const model::ObservationExpression& expression) {
    All all;
    if (expression.observation) {
      const auto number = static_cast<std::size_t>(bracket_++);
      for (std::size_t unit = 0; unit < of_unit_.size(); ++unit)
        if (brackets_[number][of_unit_[unit]]) all.push_back({.units = {unit}, .orders = {}, .limits = {}});
    }
    for (std::size_t i = 0; i < expression.children.size(); ++i) {
      auto next = bindings(expression.children[i]);
      if (i == 0)
        all = std::move(next);
      else if (expression.junction == model::Junction::disjunction)
        all.insert(all.end(), next.begin(), next.end());
      else
        all = product(all, next, expression.junction == model::Junction::followed_by);
    }
    for (const auto& qualifier : expression.qualifiers) all = qualified(std::move(all), qualifier);
    return all;
  }

  All qualified(All all, const model::Qualifier& qualifier) {
    if (const auto* const repeats = std::get_if<model::RepeatsQualifier>(&qualifier)) {
      const auto once = all;
      for (std::int64_t i = 1; i < repeats->times; ++i) all = product(all, once, false);
      return all;
    }
    const auto* const within = std::get_if<model::WithinQualifier>(&qualifier);
    const auto* const limits = std::get_if<model::StartStopQualifier>(&qualifier);
    for (auto& one : all)
      for (const auto x : one.units) {
        if (limits != nullptr)
          one.limits.push_back({x, parse_time(limits->start)->at.us, parse_time(limits->stop)->at.us});
        for (const auto y : one.units)
          if (within != nullptr)
            one.orders.push_back({x, y, static_cast<std::int64_t>(within->seconds * 1e6)});
      }
    return all;
  }

  /// Every rule says that one instant is at most another plus a number; such rules can be met together unless
  /// a circle of them adds up to less than nothing (Floyd and Warshall over all units and the instant 0).
  bool has_instants(const NaiveBinding& binding) const {
    const auto zero = of_unit_.size();
    const auto size = zero + 1;
    static constexpr std::int64_t far = std::int64_t{1} << 60;
    std::vector<std::int64_t> most(size * size, far);  // t[x] <= t[y] + most[x * size + y]
    const auto rule = [&](std::size_t x, std::size_t y, std::int64_t apart) {
      most[x * size + y] = std::min(most[x * size + y], apart);
    };
    for (const auto unit : binding.units) {
      rule(unit, zero, observations_[of_unit_[unit]].last);
      rule(zero, unit, -observations_[of_unit_[unit]].first);
    }
    for (const auto& order : binding.orders) rule(order.earlier, order.later, order.apart);
    for (const auto& limit : binding.limits) {
      rule(limit.unit, zero, limit.stop - 1);
      rule(zero, limit.unit, -limit.start);
    }
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t x = 0; x < size; ++x)
        for (std::size_t y = 0; y < size; ++y)
          if (most[x * size + k] < far && most[k * size + y] < far)
            rule(x, y, most[x * size + k] + most[k * size + y]);
    for (std::size_t x = 0; x < size; ++x)
      if (most[x * size + x] < 0) return false;
    return true;
  }

  const std::vector<BindObservation>& observations_;
  const std::vector<std::vector<bool>>& brackets_;
  std::vector<std::size_t> of_unit_;
  int bracket_ = 0;
  bool too_many_ = false;
};

inline std::optional<bool> naive_match(const model::ObservationExpression& root,
                                       const std::vector<BindObservation>& observations,
                                       const std::vector<std::vector<bool>>& brackets) {
  return NaiveMatch(observations, brackets).run(root);
}

}  // namespace shieldwall::detect
