#include "detect/readers/line_forms.h"

#include <algorithm>

namespace shieldwall::detect {

/// Follows a line that LineWalk reads, and adds what it has between its values.
class LineForms::Learner {
 public:
  Learner(LineForms& forms, const char* block, const BlockLine& line)
      : forms_(forms), block_(block), at_(line.begin) {}

  bool text(const KeyTable::Key& key, Slice span) { return value(key, span, Then::text); }
  bool scalar(const KeyTable::Key& key, Slice span) { return value(key, span, Then::scalar); }
  bool lacks_room() const { return lacks_room_; }
  bool finish(const BlockLine& line) { return between(line.end, Then::end, nullptr); }

 private:
  bool value(const KeyTable::Key& key, Slice span, Then then) {
    if (!between(span.begin, then, &key)) return false;
    at_ = span.end;
    return true;
  }

  bool between(std::uint32_t end, Then then, const KeyTable::Key* key) {
    lacks_room_ = !forms_.add_all(node_, {block_ + at_, end - at_}, then, key);
    return !lacks_room_;
  }

  LineForms& forms_;
  const char* block_;
  std::uint32_t at_;
  std::uint32_t node_ = 0;
  bool lacks_room_ = false;
};

LineForms::Learned LineForms::learn(const char* block,
                                    const BlockIndex& index,
                                    KeyTable& keys,
                                    const BlockLine& line) {
  if (failures_ == failures_max) return Learned::no_room;
  Learner learner(*this, block, line);
  const bool taken = LineWalk<Learner>(block, index, keys, learner).run(line);
  if (taken && learner.finish(line)) return Learned::yes;
  ++failures_;
  return taken || learner.lacks_room() ? Learned::no_room : Learned::refused;
}

/// Goes on from `parent` with bytes of any number. False: there is no room.
bool LineForms::add_all(std::uint32_t& parent, std::string_view bytes, Then then, const KeyTable::Key* key) {
  for (; bytes.size() >= bytes_at_once; bytes.remove_prefix(bytes_at_once)) {
    parent = add(parent, bytes.substr(0, bytes_at_once), Then::more, nullptr);
    if (parent == 0) return false;
  }
  parent = add(parent, bytes, then, key);
  return parent != 0;
}

/// The node with these bytes below `parent`; 0 when there is no room.
std::uint32_t LineForms::add(std::uint32_t parent,
                             std::string_view bytes,
                             Then then,
                             const KeyTable::Key* key) {
  std::uint32_t* link = nullptr;
  std::size_t siblings = 0;
  for (auto* next = &nodes_[parent].child; *next != 0; next = &nodes_[*next].sibling, ++siblings) {
    const auto& node = nodes_[*next];
    if (node.then == then && std::string_view(node.bytes, node.size) == bytes) return *next;
    if (node.size >= bytes.size()) link = &nodes_[*next].sibling;
  }
  if (link == nullptr) link = &nodes_[parent].child;
  if (siblings == siblings_max || nodes_.size() == nodes_max) return 0;
  auto& node = nodes_.emplace_back();
  std::ranges::copy(bytes, node.bytes);
  node.size = static_cast<std::uint8_t>(bytes.size());
  node.mask = static_cast<std::uint32_t>((std::uint64_t{1} << bytes.size()) - 1);
  node.quotes = static_cast<std::uint8_t>(std::ranges::count(bytes, '"'));
  node.then = then;
  node.key = key;
  node.sibling = *link;
  return *link = static_cast<std::uint32_t>(nodes_.size() - 1);
}

}  // namespace shieldwall::detect
