#pragma once
// Opaque tokens: cursors and event ids that carry their meaning sealed inside, so that no session is kept and
// no store sequence number leaves. Fixed length for a kind, bound to what they were given for.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace shieldwall::api {

class Sealer {
 public:
  static constexpr std::size_t key_bytes = 32;

  /// `key` has key_bytes bytes, from the node's secrets.
  Sealer(Bytes key, Random& random) : key_(std::move(key)), random_(random) {}

  /// Base64url text in which `content` is encrypted and authenticated together with `purpose`: whatever must
  /// be the same when it comes back (route, account, filters). XChaCha20-Poly1305, random nonce.
  std::string seal(std::string_view purpose, std::string_view content) const;

  /// errors: invalid when it was not sealed here, for another purpose, or altered
  Result<Bytes> open(std::string_view purpose, std::string_view token) const;

 private:
  Bytes key_;
  Random& random_;
};

}  // namespace shieldwall::api
