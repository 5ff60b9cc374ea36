#pragma once
// The private keys of an organisation and of its node: made by `init`, kept in one file beside the TLS key,
// told to others by the roster.
//
// One key of each use signs or opens for new things. A key that was replaced stays for the overlap, so that
// what was made for it before can still be read and told apart; a root also until the founders agreed to the
// new one, since rosters are signed with a root that the version before lists.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/signing.h"
#include "policy/roster.h"

namespace shieldwall::ledger {

/// An X25519 key to which others seal boxes (libsodium crypto_box_seal). Leaves no trace in memory behind.
class SealingKey {
 public:
  static constexpr std::size_t secret_bytes = 32;

  static SealingKey make(Random& random);
  /// errors: invalid unless `secret_bytes` long
  static Result<SealingKey> from_secret(std::string_view secret);

  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;
  ~SealingKey();

  const Bytes& public_key() const { return public_; }
  /// errors: invalid: not sealed to this key, or altered
  Result<Bytes> open(std::string_view sealed) const;
  /// For the key file alone.
  std::string_view secret() const;

 private:
  SealingKey() = default;

  std::array<std::uint8_t, secret_bytes> secret_{};
  Bytes public_;
};

/// Seals to somebody's X25519 key; only its holder opens. 48 bytes longer than `content`.
///   errors  invalid: not a key of 32 bytes that points can be multiplied with
Result<Bytes> seal_to(std::string_view public_key, std::string_view content);
inline constexpr std::size_t seal_bytes = 48;

struct NodeKeys {
  SigningKey root;       // the organisation's: signs its entry and, of a founder, the roster
  SigningKey statement;  // signs batches of statements, receipts and the log's checkpoints
  SigningKey witness;    // cosigns other members' checkpoints
  SealingKey sealing;    // receives epoch keys

  struct Replaced {
    std::vector<SigningKey> root{};
    std::vector<SigningKey> statement{};
    std::vector<SigningKey> witness{};
    std::vector<SealingKey> sealing{};
  } replaced{};  // newest first

  static NodeKeys make(Random& random);

  /// As the roster lists them, the replaced ones of the overlap included; sorted.
  std::vector<policy::MemberKey> public_keys() const;
  policy::MemberKey public_root() const;
  policy::MemberKey public_statement() const;
  policy::MemberKey public_witness() const;
  policy::MemberKey public_sealing() const;
  /// Opens what was sealed to the present key or one of those it replaced. errors: invalid
  Result<Bytes> open(std::string_view sealed) const;
};

/// New statement, witness and sealing keys; the present ones become replaced ones. The root stays.
///   errors  exhausted: replaced_max overlaps at once; end one first
Done roll_over(NodeKeys& keys, Random& random);
/// A new root; the present one becomes a replaced one. Who lost it is enrolled anew by the founders instead.
///   errors  conflict: one is being replaced already
Done roll_root(NodeKeys& keys, Random& random);
/// Forgets the replaced keys: what is still sealed to them is lost.
void end_overlap(NodeKeys& keys);
inline constexpr std::size_t replaced_max = 2;  // of each use: a member lists at most 16 keys

/// The text of the key file: one line a key, newest first.
Bytes encode(const NodeKeys& keys);
/// errors: invalid, naming the line
Result<NodeKeys> decode_keys(std::string_view text);

inline constexpr std::size_t key_file_bytes_max = 16u << 10;

/// The keys of a running node, for every room: on the shelf of its services (api/shelf.h).
class KeyRing {
 public:
  using Keys = std::shared_ptr<const NodeKeys>;
  /// errors: unavailable: this node has no keys (made by a test without them)
  Result<Keys> keys() const;
  void set(NodeKeys keys);

 private:
  mutable std::atomic<Keys> keys_{};
};

}  // namespace shieldwall::ledger
