#pragma once
// How a JsonDocument lies in memory: nodes in the order of the text, each knowing where its subtree ends.
// Internal to json*.cpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/json.h"

namespace shieldwall::model {

struct JsonNode {
  std::uint32_t begin;  // of the exact text
  std::uint32_t end;    // one past its last byte
  std::uint32_t a;      // container: the node after its subtree; unescaped string: offset in `unescaped`
  std::uint32_t b;      // container: how many elements or members; unescaped string: bytes
  JsonKind kind;
  bool escaped;  // a string whose text holds escapes: its value lies in `unescaped`
  bool member;   // the node before it is its key
};

/// A member of a large object, found by the hash of its key.
struct JsonIndexEntry {
  std::uint64_t hash;  // keyed_hash of the key
  std::uint32_t key;   // node
};

/// Sorted entries of one object with many members.
struct JsonIndex {
  std::uint32_t object;  // node; indexes are sorted by it
  std::vector<JsonIndexEntry> entries;
};

/// Objects with more members than this are searched through a JsonIndex.
constexpr std::uint32_t json_linear_members_max = 24;

struct JsonTree {
  std::string text;
  std::string unescaped;
  std::vector<JsonNode> nodes;
  std::vector<JsonIndex> indexes;

  std::string_view string_at(std::uint32_t node) const {
    const JsonNode& n = nodes[node];
    if (n.escaped) return std::string_view(unescaped).substr(n.a, n.b);
    return std::string_view(text).substr(n.begin + 1, n.end - n.begin - 2);
  }
  /// The node that follows the whole value.
  std::uint32_t after(std::uint32_t node) const {
    const JsonNode& n = nodes[node];
    return n.kind >= JsonKind::array ? n.a : node + 1;
  }
  /// The first element, or the value of the first member; `after(node)` when there is none.
  std::uint32_t first_child(std::uint32_t node) const {
    const JsonNode& n = nodes[node];
    return n.b == 0 ? n.a : node + (n.kind == JsonKind::object ? 2 : 1);
  }
  /// The element or member value after `node` inside `container`; `after(container)` at the end.
  std::uint32_t next_child(std::uint32_t node, std::uint32_t container_end) const {
    const std::uint32_t next = after(node);
    if (next >= container_end) return container_end;
    return nodes[node].member ? next + 1 : next;
  }
};

/// Fills `tree` from its text.
Done read_json(JsonTree& tree, const JsonLimits& limits);

}  // namespace shieldwall::model
