#pragma once
// Objects with their markings rewritten, once for each object and label: most of what a page costs is that.

#include <memory>
#include <unordered_map>

#include "base/guarded.h"
#include "policy/released.h"

namespace shieldwall::exchange::taxii {

/// Bytes that are kept: what was received and what leaves. ATT&CK needs 75 MB.
inline constexpr std::size_t rewritten_bytes_max = 128u << 20;

/// Digest of the label's canonical form.
Digest digest_of(const policy::Label& label);

/// The holding's bytes with its markings rewritten (wire::rewrite_markings); null when they cannot be read.
std::shared_ptr<const Bytes> rewritten(const policy::Holding& holding);

/// A memo of `rewritten`, which depends on the received bytes and the label alone. Thread-safe.
class RewrittenObjects {
 public:
  /// `label` is digest_of(holding.label); `holding.bytes` are as the store gave them, not redacted.
  std::shared_ptr<const Bytes> of(const policy::Holding& holding, const Digest& label);

 private:
  struct Key {
    const Bytes* received;  // the address stands for the bytes as long as the entry holds them
    Digest label;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Entry {
    std::shared_ptr<const Bytes> received;
    std::shared_ptr<const Bytes> leaving;
  };
  /// Two generations: who is not asked for while one fills up goes.
  struct State {
    std::unordered_map<Key, Entry, KeyHash> young;
    std::unordered_map<Key, Entry, KeyHash> old;
    std::size_t young_bytes = 0;
  };
  static void keep(State& state, const Key& key, Entry entry);

  Guarded<State> state_;
};

}  // namespace shieldwall::exchange::taxii
