#include "store/word_table.h"

#include <algorithm>

#include "store/words.h"

namespace shieldwall::store {

namespace {
constexpr std::size_t first_slots = 1u << 14;
}

WordTable::WordTable(const KeyMaker& keys) : keys_(&keys), slots_(first_slots) {}

void WordTable::add(Sequence sequence, std::string_view text) {
  each_word(text, [&](std::string_view word) {
    auto& group = group_of(keys_->of(KeyKind::word, word));
    if (group.count == 0 || group.last != sequence) group.add(sequence);
  });
}

Group& WordTable::group_of(Key key) {
  const auto mask = slots_.size() - 1;
  auto at = key & mask;  // keys are hashes already
  for (; slots_[at].key != 0; at = (at + 1) & mask)
    if (slots_[at].key == key) return groups_[slots_[at].group];
  if (groups_.size() >= slots_.size() / 2) {
    grow();
    return group_of(key);
  }
  slots_[at] = {.key = key, .group = static_cast<std::uint32_t>(groups_.size())};
  groups_.push_back({.key = key});
  return groups_.back();
}

void WordTable::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  const auto mask = larger.size() - 1;
  for (const auto& slot : slots_) {
    if (slot.key == 0) continue;
    auto at = slot.key & mask;
    while (larger[at].key != 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

std::vector<const Group*> WordTable::sorted() const {
  std::vector<const Group*> all;
  all.reserve(groups_.size());
  for (const auto& group : groups_) all.push_back(&group);
  std::ranges::sort(all, {}, [](const Group* group) { return group->key; });
  return all;
}

}  // namespace shieldwall::store
