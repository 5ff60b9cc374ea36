// No key stands twice in an object: two readers of one signed text must not see two objects.

#include <algorithm>
#include <array>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "model/json_reader.h"

namespace shieldwall::model {

bool JsonReader::same_key(std::uint32_t object, std::uint32_t key) {
  return refuse(ErrorCode::invalid,
                begin_ + tree_.nodes[key].begin,
                fmt::format("the key '{}' stands twice in the object that starts at byte {}",
                            excerpt(tree_.string_at(key)),
                            tree_.nodes[object].begin));
}

/// Compares every pair of a small object's keys; a large one's are sorted by a hash that no sender can
/// predict.
bool JsonReader::refuse_duplicate_keys(std::uint32_t object) {
  if (tree_.nodes[object].b > json_linear_members_max) return refuse_duplicate_keys_of_many(object);
  std::array<std::uint64_t, json_linear_members_max>
      seen;  // length, first and last letters: equal keys agree in it
  keys_.clear();
  for (std::uint32_t key = object + 1; key < tree_.nodes[object].a; key = tree_.after(key + 1)) {
    const std::string_view name = tree_.string_at(key);
    std::uint64_t print = name.size();
    if (name.size() >= 8) {
      std::uint64_t last;
      std::memcpy(&last, name.data() + name.size() - 8, 8);
      std::uint64_t first;
      std::memcpy(&first, name.data(), 8);
      print += first * 31 ^ last;
    } else {
      for (const char c : name) print = print << 8 | static_cast<unsigned char>(c);
    }
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (seen[i] == print && tree_.string_at(keys_[i]) == name) return same_key(object, key);
    seen[keys_.size()] = print;
    keys_.push_back(key);
  }
  return true;
}

bool JsonReader::refuse_duplicate_keys_of_many(std::uint32_t object) {
  std::vector<JsonIndexEntry> entries;
  entries.reserve(tree_.nodes[object].b);
  for (std::uint32_t key = object + 1; key < tree_.nodes[object].a; key = tree_.after(key + 1))
    entries.push_back({keyed_hash(tree_.string_at(key)), key});
  const auto name = [&](const JsonIndexEntry& entry) { return tree_.string_at(entry.key); };
  std::ranges::sort(entries, [&](const JsonIndexEntry& a, const JsonIndexEntry& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    if (const int order = name(a).compare(name(b)); order != 0) return order < 0;
    return a.key < b.key;
  });
  const auto twice = std::ranges::adjacent_find(
      entries, [&](const auto& a, const auto& b) { return a.hash == b.hash && name(a) == name(b); });
  if (twice != entries.end()) return same_key(object, twice[1].key);
  tree_.indexes.push_back({object, std::move(entries)});
  return true;
}

}  // namespace shieldwall::model
