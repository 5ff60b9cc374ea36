#include "exchange/reconcile/coded.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"

namespace shieldwall::exchange::reconcile {

namespace {

using Words = std::array<std::uint64_t, sizeof(Element) / 8>;

/// The next of an element's draws: SplitMix64 over its hash.
std::uint64_t draw(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

/// The symbol after `index` to which the element is mapped. The chance that none of the next n is, falls as
/// ((index + 1.5) / (index + 1.5 + n))^2; a draw u of (0, 1] is turned into that n. Double precision suffices
/// and is the same everywhere: one division, one square root, each rounded as IEEE 754 says.
std::uint64_t after(std::uint64_t index, std::uint64_t& state) {
  const double u = (static_cast<double>(draw(state) >> 11) + 1) * 0x1p-53;
  const double start = static_cast<double>(index) + 1.5;
  const double gap = start * (1 / std::sqrt(u) - 1);
  const auto whole =
      static_cast<std::uint64_t>(gap);  // below 2^60: 1/sqrt(u) is below 2^27, index below 2^32
  const std::uint64_t up = static_cast<double>(whole) < gap ? whole + 1 : whole;
  return index + std::max<std::uint64_t>(up, 1);
}

void put(Symbol& symbol, const Element& element, std::uint64_t hash, std::int64_t sign) {
  auto sum = std::bit_cast<Words>(symbol.sum.bytes);
  const auto other = std::bit_cast<Words>(element.bytes);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= other[i];
  symbol.sum.bytes = std::bit_cast<decltype(Element::bytes)>(sum);
  symbol.hashes ^= hash;
  // Wraps: a symbol from outside may say any count.
  symbol.count =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(symbol.count) + static_cast<std::uint64_t>(sign));
}

}  // namespace

std::uint64_t hash_of(const SessionKey& key, const Element& element) {
  return stored_hash(key.view(), element.view());
}

void Window::add(const Element& element, std::int64_t sign) {
  waiting_.push_back({element, sign});
  if (waiting_.size() == waiting_max) walk_all();
}

const std::vector<Symbol>& Window::symbols() {
  walk_all();
  return symbols_;
}

/// Some elements take their steps in turn. One step waits for the one before it, a square root and a division
/// long, and where a walk ends is never foreseen: one element after the other would leave most of the
/// processor idle (three to four times as slow).
void Window::walk_all() {
  struct Walk {
    const Waiting* element;
    std::uint64_t hash;
    std::uint64_t state;
    std::uint64_t index;
  };
  std::array<Walk, 8> walks;
  std::size_t under_way = 0;
  std::size_t next = 0;
  const std::uint64_t end = std::uint64_t{from_} + symbols_.size();
  const auto begin = [&](Walk& walk) {
    const auto& element = waiting_[next++];
    const auto hash = hash_of(key_, element.element);
    walk = {.element = &element, .hash = hash, .state = hash, .index = 0};
  };
  while (under_way < walks.size() && next < waiting_.size()) begin(walks[under_way++]);
  while (under_way > 0)
    for (std::size_t i = 0; i < under_way; ++i) {
      auto& walk = walks[i];
      if (walk.index >= from_ && walk.index < end)
        put(symbols_[walk.index - from_], walk.element->element, walk.hash, walk.element->sign);
      walk.index = after(walk.index, walk.state);
      if (walk.index < end) continue;
      if (next < waiting_.size())
        begin(walk);
      else
        walk = walks[--under_way];
    }
  waiting_.clear();
}

Done Decoder::add(std::span<const Symbol> theirs, std::span<const Symbol> ours) {
  const auto begin = symbols_.size();
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    symbols_.push_back(theirs[i]);
    put(symbols_.back(), ours[i].sum, ours[i].hashes, -ours[i].count);
    if (symbols_.back() == Symbol{}) ++empty_;
  }
  for (auto& walk : known_) take_out(walk);
  for (std::size_t i = begin; i < symbols_.size(); ++i) look_at(i);
  return peel();
}

/// From all symbols up to the last that is known.
void Decoder::take_out(Walk& walk) {
  for (; walk.next < symbols_.size(); walk.next = after(walk.next, walk.state)) {
    auto& symbol = symbols_[walk.next];
    if (symbol == Symbol{}) --empty_;
    put(symbol, walk.element, walk.hash, -walk.sign);
    if (symbol == Symbol{}) ++empty_;
    look_at(walk.next);
  }
}

void Decoder::look_at(std::size_t index) {
  const auto& symbol = symbols_[index];
  if (symbol.count == 1 || symbol.count == -1) single_.push_back(index);
}

Done Decoder::peel() {
  while (!single_.empty()) {
    const auto symbol = symbols_[single_.back()];
    single_.pop_back();
    if ((symbol.count != 1 && symbol.count != -1) || hash_of(key_, symbol.sum) != symbol.hashes) continue;
    // Each element that is found empties a symbol for good, if the symbols are those of two sets.
    if (known_.size() == symbols_.size())
      return fail(ErrorCode::invalid, "{} coded symbols are those of no two sets", symbols_.size());
    Walk walk{.element = symbol.sum, .hash = symbol.hashes, .sign = symbol.count, .state = symbol.hashes};
    take_out(walk);
    known_.push_back(walk);
    (walk.sign > 0 ? theirs_ : ours_).push_back(walk.element);
  }
  // Every element is mapped to the first symbol: when that is empty, all must be.
  if (symbols_.front() == Symbol{} && !complete())
    return fail(ErrorCode::invalid, "{} coded symbols contradict each other", symbols_.size());
  return {};
}

}  // namespace shieldwall::exchange::reconcile
