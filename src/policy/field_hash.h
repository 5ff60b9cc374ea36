#pragma once
// How the nodes of a field tree are hashed. Internal.

#include "base/bytes.h"

namespace shieldwall::policy {

/// A length or a number as these hashes take it, without a writer's allocation: there are some eighty of them
/// in a tree, and a node reads a tree for each object that comes.
inline std::array<char, 4> big_endian(std::uint32_t number) {
  std::array<char, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(number >> (24 - 8 * i) & 0xff);
  return bytes;
}

/// RFC 6962 section 2.1.
inline Digest field_node(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.add("\1");
  hash.add(left.view());
  hash.add(right.view());
  return hash.finish();
}

}  // namespace shieldwall::policy
