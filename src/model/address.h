#pragma once
// IP addresses and networks as bytes, for comparing; canonical.h has them as text.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::model {

/// An IPv6 address, or an IPv4 address in its mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2): one
/// space for both.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address&) const = default;

  bool is_v4() const;
  std::uint32_t v4() const;  // of an IPv4 address, in host order
  static Address of_v4(std::uint32_t host_order);
};

/// All addresses that share the first `bits` bits (0..128, counted in the space of Address: IPv4 /24 is 120).
/// The other bits of `first` are zero.
struct Network {
  Address first;
  int bits = 128;
  auto operator<=>(const Network&) const = default;

  bool is_v4() const { return bits >= 96 && first.is_v4(); }
  bool holds(const Address& address) const;  // an IPv6 network holds no IPv4 address, however wide it is
};

/// Four decimal numbers 0..255 without leading zeros (elsewhere read as octal), nothing else. No allocation:
/// detection asks this of every field.
std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept;

/// Every RFC 4291 section 2.2 spelling, no zone. A mapped address compares equal to its IPv4 form.
std::optional<Address> parse_ipv6(std::string_view text) noexcept;

/// Either. errors: invalid; says what is wrong
Result<Address> parse_address(std::string_view text);

/// `address/bits`, host bits masked; without `/bits` the one address. errors: invalid
Result<Network> parse_network(std::string_view text);

/// `address` with all but its first `bits` bits (0..128) zero.
Address masked(Address address, int bits);

std::string to_text(const Address& address);  // dotted decimal or RFC 5952
std::string to_text(const Network& network);  // without `/bits` when it is one address

}  // namespace shieldwall::model
