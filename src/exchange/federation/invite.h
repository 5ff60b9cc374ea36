#pragma once
// The short string that brings a new member to an alliance, and the words that two people compare.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "ledger/keys.h"

namespace shieldwall::exchange::federation {

inline constexpr std::size_t invite_code_bytes = 10;    // 80 bits, tried once: nobody guesses it in a day
inline constexpr std::size_t invite_bytes_max = 1'024;  // a long host name and a hundred characters
inline constexpr Duration invite_life = hours(24);

/// Where a node is, by which key it is known, and what proves that its operator sent for us.
struct Invite {
  std::string address{};  // "host:port"
  Digest pin{};           // SHA-256 of its TLS public key
  Bytes code{};           // invite_code_bytes, taken once
  auto operator<=>(const Invite&) const = default;

  /// "sw1:host:port/..." in characters that survive a chat and a telephone's keyboard.
  std::string text() const;
  /// errors: invalid, saying which part; white space around it does not matter
  static Result<Invite> parse(std::string_view text);
};

/// Three words of five letters, 48 bits of a SHA-256 over both sides' root keys and pins. Whoever stands
/// between the two cannot make both see the same.
std::string comparison_phrase(const AllianceId& alliance,
                              const policy::RosterMember& one,
                              const policy::RosterMember& other);

}  // namespace shieldwall::exchange::federation
