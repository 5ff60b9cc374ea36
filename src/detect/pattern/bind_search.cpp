// The general search, for patterns whose brackets compete for the same observations: one slot for each
// observation to bind, bounds on the instants of each, and depth-first choice of the slot with the fewest
// candidates. Before a choice, bounds are narrowed until nothing changes, and the slots that are left must be
// servable at once (a flow); when no order or distance is open any more that flow is the answer.

#include <algorithm>

#include "detect/pattern/bind_parts.h"

namespace shieldwall::detect {

namespace {

using Kind = BindNode::Kind;

constexpr std::int64_t unrelated = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

struct Slot {
  std::uint32_t leaf;
  std::uint32_t alike = nobody;  // an earlier slot, whose candidate does not stand behind this one's: the two
                                 // could be exchanged, and one of both ways is enough
};

/// The slots of a pattern whose ORs are decided.
struct Slots {
  std::vector<Slot> slots;
  std::vector<std::int64_t> apart;  // [x * size + y]: first(x) <= last(y) + apart
  std::int64_t at(std::size_t x, std::size_t y) const { return apart[x * slots.size() + y]; }
};

/// Takes the pattern apart into slots; at each OR with a choice it asks `choices`.
class Expansion {
 public:
  Expansion(const BindTree& tree,
            const std::vector<std::vector<Span>>& spans,
            std::vector<std::uint32_t>& choices)
      : tree_(tree), spans_(spans), choices_(choices) {}

  /// False when there are more than bind_slots_max.
  bool run(Slots& into) {
    into.slots.clear();
    rules_.clear();
    if (!add(static_cast<std::uint32_t>(tree_.nodes.size() - 1), into.slots)) return false;
    choices_.resize(asked_);
    const auto size = into.slots.size();
    into.apart.assign(size * size, unrelated);
    for (const auto& rule : rules_)
      for (auto x = rule.left; x < rule.left_end; ++x)
        for (auto y = rule.right; y < rule.right_end; ++y)
          if (x != y) into.apart[x * size + y] = std::min(into.apart[x * size + y], rule.apart);
    return true;
  }

  /// Moves on to the next decision of all ORs. False behind the last.
  bool next() {
    while (!choices_.empty()) {
      auto& last = choices_.back();
      if (++last < alternatives_[choices_.size() - 1]) return true;
      choices_.pop_back();
    }
    return false;
  }

 private:
  struct Rule {
    std::size_t left, left_end, right, right_end;
    std::int64_t apart;
  };

  bool add(std::uint32_t node, std::vector<Slot>& slots) {
    const auto& what = tree_.nodes[node];
    const auto begin = slots.size();
    switch (what.kind) {
      case Kind::leaf:
        if (what.times > bind_slots_max - std::min(begin, bind_slots_max)) return false;
        for (std::uint64_t i = 0; i < what.times; ++i)
          slots.push_back({what.leaf, i == 0 ? nobody : static_cast<std::uint32_t>(slots.size() - 1)});
        return true;
      case Kind::any:
        return add(chosen(what), slots);
      case Kind::all:
        return std::ranges::all_of(what.children, [&](std::uint32_t child) { return add(child, slots); });
      case Kind::repeat:
        return add_copies(what, slots);
      case Kind::within:
        if (!add(what.children[0], slots)) return false;
        rules_.push_back({begin, slots.size(), begin, slots.size(), what.within_us});
        return true;
      case Kind::sequence:
        for (const auto child : what.children) {
          const auto here = slots.size();
          if (!add(child, slots)) return false;
          if (here > begin) rules_.push_back({begin, here, here, slots.size(), 0});
        }
        return true;
    }
    return false;
  }

  bool add_copies(const BindNode& what, std::vector<Slot>& slots) {
    auto previous = slots.size();
    for (std::uint64_t i = 0; i < what.times; ++i) {
      const auto here = slots.size();
      if (!add(what.children[0], slots)) return false;
      if (i > 0 && same_leaves(slots, previous, here))
        slots[here].alike = static_cast<std::uint32_t>(previous);
      previous = here;
    }
    return true;
  }

  static bool same_leaves(const std::vector<Slot>& slots, std::size_t a, std::size_t b) {
    return b - a == slots.size() - b &&
           std::equal(slots.begin() + static_cast<std::ptrdiff_t>(a),
                      slots.begin() + static_cast<std::ptrdiff_t>(b),
                      slots.begin() + static_cast<std::ptrdiff_t>(b),
                      [](const Slot& x, const Slot& y) { return x.leaf == y.leaf; });
  }

  std::uint32_t chosen(const BindNode& what) {
    std::vector<std::uint32_t> possible;
    for (const auto child : what.children)
      if (!spans_[child].empty()) possible.push_back(child);
    if (asked_ == choices_.size()) choices_.push_back(0);
    alternatives_.resize(std::max(alternatives_.size(), asked_ + 1));
    alternatives_[asked_] = static_cast<std::uint32_t>(possible.size());
    return possible[choices_[asked_++]];
  }

  const BindTree& tree_;
  const std::vector<std::vector<Span>>& spans_;
  std::vector<std::uint32_t>& choices_;
  std::vector<std::uint32_t> alternatives_;
  std::vector<Rule> rules_;
  std::size_t asked_ = 0;
};

/// What a slot may still be bound to.
struct Bounds {
  std::int64_t first_max = bind_time_max;
  std::int64_t last_min = bind_time_min;
};

struct Room {  // over the candidates inside the bounds
  std::int64_t first_low = bind_time_max, first_high = bind_time_min;
  std::int64_t last_low = bind_time_max, last_high = bind_time_min;
  std::size_t count = 0;
};

class Search {
 public:
  Search(BindProblem& problem, const Slots& slots)
      : problem_(problem), slots_(slots), size_(slots.slots.size()) {
    for (const auto& one : problem.observations) left_.push_back(one.units);
    place_.assign(size_, nobody);
  }

  Result<bool> run() { return choose(std::vector<Bounds>(size_)); }

  std::vector<Bound> bound() const {
    auto all = served_;
    for (std::size_t slot = 0; slot < size_; ++slot)
      if (place_[slot] != nobody)
        all.push_back({slots_.slots[slot].leaf, candidates(slot)[place_[slot]].observation, 1});
    return all;
  }

 private:
  const std::vector<Candidate>& candidates(std::size_t slot) const {
    return problem_.candidates[slots_.slots[slot].leaf];
  }

  bool allowed(std::size_t slot, std::uint32_t place, const Bounds& bounds) const {
    const auto& candidate = candidates(slot)[place];
    if (candidate.first > bounds.first_max || candidate.last < bounds.last_min) return false;
    if (left_[candidate.observation] == 0) return false;
    return place >= lowest(slot);
  }

  /// The first of its candidates that the slot may have.
  std::uint32_t lowest(std::size_t slot) const {
    const auto alike = slots_.slots[slot].alike;
    return alike == nobody || place_[alike] == nobody ? 0 : place_[alike];
  }

  Result<Room> room_of(std::size_t slot, const Bounds& bounds) {
    Room room;
    const auto& all = candidates(slot);
    TRY(problem_.spend(all.size()));
    for (std::uint32_t place = 0; place < all.size(); ++place) {
      if (!allowed(slot, place, bounds)) continue;
      room.first_low = std::min(room.first_low, all[place].first);
      room.first_high = std::max(room.first_high, all[place].first);
      room.last_low = std::min(room.last_low, all[place].last);
      room.last_high = std::max(room.last_high, all[place].last);
      ++room.count;
    }
    return room;
  }

  /// Tightens what other slots may hold by what `slot` must hold: a first of at least `first`, a last of at
  /// most `last`. True when something changed.
  bool narrow(std::vector<Bounds>& bounds, std::size_t slot, std::int64_t first, std::int64_t last) const {
    bool changed = false;
    for (std::size_t other = 0; other < size_; ++other) {
      if (other == slot || place_[other] != nobody) continue;
      if (const auto apart = slots_.at(slot, other);
          apart != unrelated && first - apart > bounds[other].last_min) {
        bounds[other].last_min = first - apart;
        changed = true;
      }
      if (const auto apart = slots_.at(other, slot);
          apart != unrelated && last + apart < bounds[other].first_max) {
        bounds[other].first_max = last + apart;
        changed = true;
      }
    }
    return changed;
  }

  /// Narrows until nothing changes; false when a slot has no candidate left.
  Result<bool> settle(std::vector<Bounds>& bounds, std::vector<Room>& rooms) {
    for (bool changed = true; changed;) {
      changed = false;
      TRY(problem_.spend(size_));
      for (std::size_t slot = 0; slot < size_; ++slot) {
        if (place_[slot] != nobody) continue;
        rooms[slot] = TRY(room_of(slot, bounds[slot]));
        if (rooms[slot].count == 0) return false;
        changed = narrow(bounds, slot, rooms[slot].first_low, rooms[slot].last_high) || changed;
      }
    }
    return true;
  }

  /// Whether any choice of candidates keeps all orders and distances.
  bool nothing_open(const std::vector<Room>& rooms) const {
    for (std::size_t x = 0; x < size_; ++x)
      for (std::size_t y = 0; y < size_; ++y)
        if (x != y && place_[x] == nobody && place_[y] == nobody && slots_.at(x, y) != unrelated &&
            rooms[x].first_high > rooms[y].last_low + slots_.at(x, y))
          return false;
    return true;
  }

  Result<std::optional<std::vector<Bound>>> serve_rest(const std::vector<Bounds>& bounds) {
    std::vector<BindRequest> requests;
    for (std::size_t slot = 0; slot < size_; ++slot)
      if (place_[slot] == nobody)
        requests.push_back({.leaf = slots_.slots[slot].leaf,
                            .times = 1,
                            .first_max = bounds[slot].first_max,
                            .last_min = bounds[slot].last_min,
                            .from = lowest(slot)});
    return serve(problem_, requests, left_);
  }

  Result<bool> choose(std::vector<Bounds> bounds) {
    std::vector<Room> rooms(size_);
    const auto possible = TRY(settle(bounds, rooms));
    if (!possible) return false;
    auto served = TRY(serve_rest(bounds));
    if (!served) return false;
    TRY(problem_.spend(size_ * size_ / 8));
    if (nothing_open(rooms)) {
      served_ = std::move(*served);
      return true;
    }
    auto slot = size_;
    for (std::size_t one = 0; one < size_; ++one)
      if (place_[one] == nobody && (slot == size_ || rooms[one].count < rooms[slot].count)) slot = one;
    return try_each(slot, bounds);
  }

  Result<bool> try_each(std::size_t slot, const std::vector<Bounds>& bounds) {
    const auto& all = candidates(slot);
    for (std::uint32_t place = 0; place < all.size(); ++place) {
      if (!allowed(slot, place, bounds[slot])) continue;
      place_[slot] = place;
      --left_[all[place].observation];
      auto inside = bounds;
      narrow(inside, slot, all[place].first, all[place].last);
      const auto found = TRY(choose(std::move(inside)));
      if (found) return true;
      ++left_[all[place].observation];
      place_[slot] = nobody;
    }
    return false;
  }

  BindProblem& problem_;
  const Slots& slots_;
  std::size_t size_;
  std::vector<std::uint64_t> left_;   // of each observation
  std::vector<std::uint32_t> place_;  // of each slot, among its leaf's candidates
  std::vector<Bound> served_;
};

}  // namespace

Result<std::optional<std::vector<Bound>>> search_binding(BindProblem& problem,
                                                         const std::vector<std::vector<Span>>& spans) {
  std::vector<std::uint32_t> choices;
  Slots slots;
  for (bool more = true; more;) {
    Expansion expansion(problem.tree, spans, choices);
    if (!expansion.run(slots))
      return fail(
          ErrorCode::exhausted,
          "its brackets compete for the same observations, and more than {} of these are to be told apart",
          bind_slots_max);
    Search search(problem, slots);
    const auto found = TRY(search.run());
    if (found) return search.bound();
    TRY(problem.spend(slots.slots.size() + 1));
    more = expansion.next();
  }
  return std::optional<std::vector<Bound>>();
}

}  // namespace shieldwall::detect
