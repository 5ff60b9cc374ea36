#pragma once
// Long texts that were judged to be nothing that is looked for. User agents, subjects and messages cost most
// to judge, a few instructions for each of their bytes, and stand in line after line: one that is byte by
// byte the same as one before is judged by comparing the two.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace shieldwall::detect {

class KnownTexts {
 public:
  static constexpr std::size_t bytes_min = 8, bytes_max = 252;  // others are not kept

  bool holds(std::string_view text) const {
    if (text.size() < bytes_min || text.size() > bytes_max) return false;
    const auto& slot = slots_[slot_of(text)];
    return slot.size == text.size() && std::memcmp(slot.bytes, text.data(), text.size()) == 0;
  }

  /// Takes the place of another.
  void add(std::string_view text) {
    if (text.size() < bytes_min || text.size() > bytes_max) return;
    auto& slot = slots_[slot_of(text)];
    slot.size = static_cast<std::uint32_t>(text.size());
    std::memcpy(slot.bytes, text.data(), text.size());
  }

 private:
  static constexpr unsigned slot_bits = 10;
  struct alignas(64) Slot {
    std::uint32_t size = 0;  // 0: nothing
    char bytes[bytes_max];
  };
  static_assert(sizeof(Slot) == 256);

  /// By some of its bytes: texts that differ elsewhere take turns in one slot, and are judged each time.
  static std::size_t slot_of(std::string_view text) {
    std::uint64_t first, middle, last;
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&middle, text.data() + (text.size() - 8) / 2, 8);
    std::memcpy(&last, text.data() + text.size() - 8, 8);
    auto mixed = (first + 3 * middle) * 0x9e3779b97f4a7c15u ^ (last + text.size());
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93u;
    return static_cast<std::size_t>(mixed >> (64 - slot_bits));
  }

  std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(std::size_t{1} << slot_bits);
};

}  // namespace shieldwall::detect
