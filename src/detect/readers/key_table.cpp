#include "detect/readers/key_table.h"

#include "base/random.h"

namespace shieldwall::detect {

KeyTable::KeyTable(Meaning meaning_of, const void* context)
    : odd_(system_random().next() | 1),
      meaning_of_(meaning_of),
      context_(context),
      keys_(std::make_unique<Key[]>(slots)),
      texts_{""},
      dotted_{""} {}

const KeyTable::Key* KeyTable::search(const Key& sought, std::size_t slot, std::string_view text) {
  for (unsigned probe = 0; probe < probes_max; ++probe, slot = (slot + 1) & (slots - 1)) {
    const auto& key = keys_[slot];
    if (key.size_and_parent == free_) return add(sought, slot, text);
    if (key.first == sought.first && key.last == sought.last &&
        key.size_and_parent == sought.size_and_parent && texts_[key.number] == text)
      return &key;
  }
  return nullptr;
}

const KeyTable::Key* KeyTable::add(Key key, std::size_t slot, std::string_view text) {
  if (texts_.size() == keys_max) return nullptr;
  const auto& parent = dotted_[key.size_and_parent >> 32];
  key.number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(text);
  dotted_.push_back(parent.empty() ? std::string(text) : parent + "." + std::string(text));
  key.meaning = meaning_of_(context_, dotted_.back());
  return &(keys_[slot] = key);
}

}  // namespace shieldwall::detect
