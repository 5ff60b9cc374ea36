#pragma once
// What one log showed and was not handed over yet.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "detect/past/entry.h"

namespace shieldwall::detect::past {

/// Observables by hash and day: open addressing, since a gigabyte of log asks ten million times.
class SeenTable {
 public:
  void see(std::uint64_t hash, std::uint32_t slice, std::uint32_t second, std::uint64_t line) {
    if (slots_.empty() || (used_ + 1) * 2 > slots_.size()) grow();
    auto& slot = at(slots_, hash, slice);
    if (slot.count == 0) {
      slot = {hash, slice, second, second, 1, line, line};
      ++used_;
      return;
    }
    slot.first_s = std::min(slot.first_s, second);
    slot.last_s = std::max(slot.last_s, second);
    if (slot.last_line != line) ++slot.count;
    slot.last_line = line;
  }
  std::size_t size() const { return used_; }

  std::vector<Entry> take() {
    std::vector<Entry> entries;
    entries.reserve(used_);
    for (const auto& slot : slots_)
      if (slot.count > 0)
        entries.push_back({slot.hash, slot.slice, 0, slot.first_s, slot.last_s, slot.count, slot.line});
    slots_.clear();
    used_ = 0;
    return entries;
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t slice = 0, first_s = 0, last_s = 0;
    std::uint32_t count = 0;  // 0: free
    std::uint64_t line = 0, last_line = 0;
  };

  static Slot& at(std::vector<Slot>& slots, std::uint64_t hash, std::uint32_t slice) {
    auto i = (hash ^ slice * 0x9e3779b97f4a7c15u) & (slots.size() - 1);
    while (slots[i].count > 0 && (slots[i].hash != hash || slots[i].slice != slice))
      i = (i + 1) & (slots.size() - 1);
    return slots[i];
  }

  void grow() {
    std::vector<Slot> larger(std::max<std::size_t>(slots_.size() * 2, 4096));
    for (const auto& slot : slots_)
      if (slot.count > 0) at(larger, slot.hash, slot.slice) = slot;
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace shieldwall::detect::past
