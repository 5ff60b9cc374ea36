#pragma once
// How the nodes of a field tree are hashed. Internal.

#include "base/bytes.h"

namespace shieldwall::policy {

/// RFC 6962 section 2.1.
inline Digest field_node(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.add("\1");
  hash.add(left.view());
  hash.add(right.view());
  return hash.finish();
}

}  // namespace shieldwall::policy
