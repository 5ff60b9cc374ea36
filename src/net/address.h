#pragma once
// IP addresses as numbers, and which of them lie on the public internet.

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::net {

/// An IPv6 address; an IPv4 one is kept as ::ffff:a.b.c.d, so that both spellings are one value.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const IpAddress&) const = default;

  bool is_v4() const;
  bool is_loopback() const;
  std::string text() const;  // "192.0.2.1", "2001:db8::1"
  /// Who counts as one caller: an IPv4 address, or the /64 of an IPv6 one.
  IpAddress subscriber() const;

  /// Dotted quad without leading zeros, or RFC 4291 text without zone or brackets. errors: invalid
  static Result<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::uint32_t number);
};

/// Nothing when anyone on the internet may be meant by it; else what it is: "loopback", "private",
/// "link-local" ... An address that carries another (IPv4-mapped and -compatible, NAT64, 6to4) is judged by
/// the one inside.
///   source  IANA special-purpose address registries (RFC 6890 and what followed)
std::string_view why_not_public(const IpAddress& address);

}  // namespace shieldwall::net
