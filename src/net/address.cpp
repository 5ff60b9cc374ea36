#include "net/address.h"

#include <algorithm>
#include <optional>
#include <span>

#include <arpa/inet.h>

#include "base/text.h"

namespace shieldwall::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Block4 {
  std::uint32_t network;
  int bits;
  std::string_view what;
};

constexpr Block4 special_v4[] = {
    {0x00000000, 8, "unspecified"},         // 0/8: "this host"
    {0x0a000000, 8, "private"},             // 10/8
    {0x64400000, 10, "carrier-shared"},     // 100.64/10
    {0x7f000000, 8, "loopback"},            // 127/8
    {0xa9fe0000, 16, "link-local"},         // 169.254/16, cloud metadata
    {0xac100000, 12, "private"},            // 172.16/12
    {0xc0000000, 24, "protocol-assigned"},  // 192.0.0/24
    {0xc0000200, 24, "documentation"},      // 192.0.2/24
    {0xc0586300, 24, "6to4 relay"},         // 192.88.99/24
    {0xc0a80000, 16, "private"},            // 192.168/16
    {0xc6120000, 15, "benchmarking"},       // 198.18/15
    {0xc6336400, 24, "documentation"},      // 198.51.100/24
    {0xcb007100, 24, "documentation"},      // 203.0.113/24
    {0xe0000000, 4, "multicast"},           // 224/4
    {0xf0000000, 4, "reserved"},            // 240/4 and broadcast
};

struct Block6 {
  std::array<std::uint8_t, 8> network;
  int bits;
  std::string_view what;
};

constexpr Block6 special_v6[] = {
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01, 0, 0}, 48, "local NAT64"},  // 64:ff9b:1::/48
    {{0x01, 0x00, 0, 0, 0, 0, 0, 0}, 64, "discard-only"},             // 100::/64
    {{0x20, 0x01, 0, 0, 0, 0, 0, 0}, 23, "protocol-assigned"},        // 2001::/23, Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0}, 32, "documentation"},      // 2001:db8::/32
    {{0x3f, 0xff, 0, 0, 0, 0, 0, 0}, 20, "documentation"},            // 3fff::/20
    {{0x5f, 0x00, 0, 0, 0, 0, 0, 0}, 16, "segment routing"},          // 5f00::/16
    {{0xfc, 0x00, 0, 0, 0, 0, 0, 0}, 7, "private"},                   // fc00::/7, unique local
    {{0xfe, 0x80, 0, 0, 0, 0, 0, 0}, 10, "link-local"},               // fe80::/10
    {{0xfe, 0xc0, 0, 0, 0, 0, 0, 0}, 10, "private"},                  // fec0::/10, site-local of old
    {{0xff, 0x00, 0, 0, 0, 0, 0, 0}, 8, "multicast"},                 // ff00::/8
};

std::uint32_t number_at(const IpAddress& address, std::size_t offset) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | address.bytes[offset + i];
  return number;
}

bool begins_with(const IpAddress& address, std::span<const std::uint8_t> network, int bits) {
  for (int i = 0; i < bits; ++i) {
    const auto byte = static_cast<std::size_t>(i / 8);
    const int mask = 0x80 >> (i % 8);
    if ((address.bytes[byte] & mask) != (network[byte] & mask)) return false;
  }
  return true;
}

/// The IPv4 address that an IPv6 one stands for or leads to.
std::optional<std::uint32_t> inner_v4(const IpAddress& address) {
  static constexpr std::array<std::uint8_t, 12> nat64 = {0x00, 0x64, 0xff, 0x9b};
  static constexpr std::array<std::uint8_t, 12> compatible = {};
  static constexpr std::array<std::uint8_t, 2> sixto4 = {0x20, 0x02};
  if (address.is_v4() || begins_with(address, nat64, 96)) return number_at(address, 12);
  if (begins_with(address, compatible, 96) && number_at(address, 12) > 1) return number_at(address, 12);
  if (begins_with(address, sixto4, 16)) return number_at(address, 2);
  return std::nullopt;
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  return why_not_public(*this) == "loopback";
}

IpAddress IpAddress::v4(std::uint32_t number) {
  IpAddress address;
  std::ranges::copy(mapped_prefix, address.bytes.begin());
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::subscriber() const {
  if (is_v4()) return *this;
  IpAddress network = *this;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  if (is_v4()) return ::inet_ntop(AF_INET, bytes.data() + 12, buffer, sizeof buffer);
  return ::inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  const std::string copy(text);
  if (copy.size() == text.size() && copy.find('\0') == std::string::npos) {
    if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
    // inet_pton takes four decimal numbers only, but leading zeros too, which others read as octal.
    const bool zeros = copy.starts_with("0") && !copy.starts_with("0.");
    const auto hidden_zero = [&] {
      for (std::size_t at = copy.find(".0"); at != std::string::npos; at = copy.find(".0", at + 1)) {
        if (at + 2 < copy.size() && copy[at + 2] != '.') return true;
      }
      return false;
    };
    in_addr v4_bytes{};
    if (!zeros && !hidden_zero() && ::inet_pton(AF_INET, copy.c_str(), &v4_bytes) == 1)
      return v4(ntohl(v4_bytes.s_addr));
  }
  return fail(ErrorCode::invalid, "'{}' is not an IP address", excerpt(text));
}

std::string_view why_not_public(const IpAddress& address) {
  if (const auto number = inner_v4(address)) {
    for (const auto& block : special_v4) {
      if ((*number ^ block.network) >> (32 - block.bits) == 0) return block.what;
    }
    return {};
  }
  if (address == IpAddress{}) return "unspecified";
  if (begins_with(address, IpAddress{}.bytes, 127)) return "loopback";
  for (const auto& block : special_v6) {
    if (begins_with(address, block.network, block.bits)) return block.what;
  }
  return (address.bytes[0] & 0xe0) == 0x20 ? std::string_view{} : "unassigned";  // only 2000::/3 is given out
}

}  // namespace shieldwall::net
