#pragma once
// YAML as Sigma rules use it: a plain tree with the line of each node. Read through yaml-cpp's events, so
// that what a hostile file could blow up (aliases, nesting, sheer size) is refused before it costs memory.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shieldwall::detect::sigma {

enum class YamlKind : unsigned char { null, scalar, list, map };

struct Yaml {
  YamlKind kind = YamlKind::null;
  bool quoted = false;    // scalar: written in quotes or as a block, so never a number or a truth value
  int line = 0;           // from 1
  std::string text = {};  // scalar
  std::vector<std::string> keys;  // map: the key of each item
  std::vector<Yaml> items;        // list, map

  bool is(YamlKind wanted) const { return kind == wanted; }
  const Yaml* find(std::string_view key) const;          // of a map; null when absent
  std::string_view text_at(std::string_view key) const;  // of a scalar member; empty when absent
};

/// SigmaHQ's largest rule has 4,432 values in 200 kB; lists of addresses are longer.
inline constexpr std::size_t yaml_bytes_max = 8u << 20;
inline constexpr std::size_t yaml_nodes_max = 400'000;  // of all documents, aliases written out
inline constexpr int yaml_depth_max = 32;               // rules nest 5 deep
inline constexpr std::size_t yaml_documents_max = 10'000;

/// All documents of `text`; an empty one is null.
///   errors  invalid: not YAML, not UTF-8, a key twice or that is no scalar; says line and why
///           exhausted: a limit was passed; says which
Result<std::vector<Yaml>> read_yaml(std::string_view text);

}  // namespace shieldwall::detect::sigma
