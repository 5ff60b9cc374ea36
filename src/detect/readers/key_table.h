#pragma once
// The keys of JSON lines, each known by its place under other keys: what there is to say of one is worked out
// when it is seen first.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shieldwall::detect {

class KeyTable {
 public:
  /// One key. `meaning` is what whoever made the table says of it.
  struct Key {
    std::uint64_t first = 0, last = 0;      // its first and last eight bytes: all of one of up to sixteen
    std::uint64_t size_and_parent = free_;  // the parent's number above
    std::uint32_t number = 0;
    std::uint32_t meaning = 0;
  };
  static constexpr std::size_t keys_max = 8192;  // a hostile log has a new one in every line

  /// `meaning_of` is asked once for the whole dotted name of a key.
  using Meaning = std::uint32_t (*)(const void* context, std::string_view dotted);
  KeyTable(Meaning meaning_of, const void* context);

  /// The key above all others.
  const Key& root() const { return root_; }

  /// The key `at[0..size)` under the one numbered `parent`; null when there were more than keys_max. Eight
  /// bytes from its beginning on must be readable.
  [[gnu::always_inline]] const Key* find(std::uint32_t parent, const char* at, std::uint32_t size) {
    std::uint64_t first, last;
    std::memcpy(&first, at, 8);
    std::memcpy(&last, at + (size < 8 ? 0 : size - 8), 8);
    if (size < 8) {
      first = size == 0 ? 0 : first << (64 - 8 * size);
      last = first;
    }
    const auto size_and_parent = std::uint64_t{parent} << 32 | size;
    const auto slot =
        static_cast<std::size_t>((first ^ last * 3 ^ size_and_parent) * odd_ >> (64 - slot_bits));
    const auto& key = keys_[slot];
    if (key.first == first && key.last == last && key.size_and_parent == size_and_parent && size <= 16)
      return &key;
    return search({.first = first, .last = last, .size_and_parent = size_and_parent}, slot, {at, size});
  }

 private:
  static constexpr unsigned slot_bits = 14;
  static constexpr std::size_t slots = std::size_t{1} << slot_bits;
  static constexpr unsigned probes_max = 32;  // whoever makes keys that collide gets the full parser
  static constexpr std::uint64_t free_ = UINT64_MAX;

  const Key* search(const Key& sought, std::size_t slot, std::string_view text);
  const Key* add(Key key, std::size_t slot, std::string_view text);

  std::uint64_t odd_;  // random: which keys collide is not known to who writes logs
  Meaning meaning_of_;
  const void* context_;
  std::unique_ptr<Key[]> keys_;
  Key root_;
  std::vector<std::string> texts_;   // by number: the key as it stands in the line,
  std::vector<std::string> dotted_;  // and with those above it
};

}  // namespace shieldwall::detect
