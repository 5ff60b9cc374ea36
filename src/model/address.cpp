#include "model/address.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace shieldwall::model {

namespace {

constexpr int v4_offset_bits = 96;  // where the IPv4 address begins in its mapped form

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// One to four hexadecimal digits at the front of `text`, taken from it.
std::optional<std::uint16_t> take_group(std::string_view& text) {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && digits < 5; ++digits) {
    const int digit = hex_digit(text[digits]);
    if (digit < 0) break;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  if (digits == 0 || digits > 4) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint16_t>(value);
}

struct Groups {
  std::array<std::uint16_t, 8> group{};
  int count = 0;

  bool add(std::uint16_t value) {
    if (count == 8) return false;
    group[static_cast<std::size_t>(count++)] = value;
    return true;
  }
};

/// Groups separated by single colons, the last of which may be a dotted IPv4 address. Empty text has none.
bool take_groups(std::string_view text, bool dotted_end, Groups& groups) {
  while (!text.empty()) {
    if (dotted_end && text.find(':') == text.npos && text.find('.') != text.npos) {
      const auto v4 = parse_ipv4(text);
      return v4 && groups.add(static_cast<std::uint16_t>(*v4 >> 16)) &&
             groups.add(static_cast<std::uint16_t>(*v4 & 0xffff));
    }
    const auto value = take_group(text);
    if (!value || !groups.add(*value)) return false;
    if (text.empty()) return true;
    if (text.front() != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
  }
  return true;
}

Address of_groups(const std::array<std::uint16_t, 8>& groups) {
  Address address;
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
  }
  return address;
}

unsigned group_at(const Address& address, std::size_t i) {
  return static_cast<unsigned>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
}

/// The run of zero groups that RFC 5952 section 4.2 writes as "::": the longest, the first of equals, at
/// least two.
std::pair<std::size_t, std::size_t> zero_run(const Address& address) {
  std::size_t best = 0, best_size = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t size = 0;
    while (i + size < 8 && group_at(address, i + size) == 0) ++size;
    if (size > best_size) best = i, best_size = size;
    i += size;
  }
  return best_size > 1 ? std::pair{best, best_size} : std::pair<std::size_t, std::size_t>{8, 0};
}

bool has_leading_zero(std::string_view text) {
  for (const auto part : split(text, '.'))
    if (part.size() > 1 && part.front() == '0') return true;
  return false;
}

}  // namespace

bool Address::is_v4() const {
  static constexpr std::array<std::uint8_t, 12> prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::uint32_t Address::v4() const {
  return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 |
         bytes[15];
}

Address Address::of_v4(std::uint32_t host_order) {
  Address address;
  address.bytes[10] = address.bytes[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

bool Network::holds(const Address& address) const {
  return masked(address, bits) == first;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) noexcept {
  if (text.size() < 7 || text.size() > 15) return std::nullopt;
  std::uint32_t address = 0;
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
    unsigned value = 0;
    const std::size_t start = at;
    for (; at < text.size() && at - start < 3 && text[at] >= '0' && text[at] <= '9'; ++at)
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    if (at == start || value > 255 || (at - start > 1 && text[start] == '0')) return std::nullopt;
    address = address << 8 | value;
  }
  if (at != text.size()) return std::nullopt;
  return address;
}

std::optional<Address> parse_ipv6(std::string_view text) noexcept {
  if (text.size() < 2 || text.size() > 45) return std::nullopt;  // 45: eight groups, the last two dotted
  const auto gap = text.find("::");
  Groups head;
  if (gap == text.npos) {
    if (!take_groups(text, true, head) || head.count != 8) return std::nullopt;
    return of_groups(head.group);
  }
  Groups tail;
  if (!take_groups(text.substr(0, gap), false, head) || !take_groups(text.substr(gap + 2), true, tail))
    return std::nullopt;
  if (head.count + tail.count > 7) return std::nullopt;
  std::copy_n(tail.group.begin(), tail.count, head.group.end() - tail.count);
  return of_groups(head.group);
}

Result<Address> parse_address(std::string_view text) {
  if (const auto v4 = parse_ipv4(text)) return Address::of_v4(*v4);
  if (const auto v6 = parse_ipv6(text)) return *v6;
  if (text.find('%') != text.npos && text.find(':') != text.npos)
    return fail(ErrorCode::invalid, "'{}' has a zone, which means nothing on another machine", excerpt(text));
  if (text.find_first_not_of("0123456789.") == text.npos && has_leading_zero(text))
    return fail(
        ErrorCode::invalid, "'{}' has a number with a leading zero, which some read as octal", excerpt(text));
  return fail(ErrorCode::invalid, "'{}' is not an IP address", excerpt(text));
}

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = TRY(parse_address(text.substr(0, slash)));
  if (slash == text.npos) return Network{address, 128};
  const auto digits = text.substr(slash + 1);
  // A mapped address counts its bits in IPv6 when it is written so.
  const bool dotted = text.substr(0, slash).find(':') == text.npos;
  int bits = as_number<int>(digits).value_or(-1);
  if (bits < 0 || bits > (dotted ? 32 : 128) || (digits.size() > 1 && digits.front() == '0'))
    return fail(ErrorCode::invalid, "'{}' has no prefix length of 0 to {}", excerpt(text), dotted ? 32 : 128);
  if (dotted) bits += v4_offset_bits;
  return Network{masked(address, bits), bits};
}

Address masked(Address address, int bits) {
  for (int half = 0; half < 2; ++half) {
    const int drop = 64 - std::clamp(bits - 64 * half, 0, 64);
    auto* const at = address.bytes.data() + 8 * half;
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word &= std::byteswap(drop == 64 ? 0 : ~std::uint64_t{0} << drop);  // the first byte is the highest
    std::memcpy(at, &word, sizeof word);
  }
  return address;
}

std::string to_text(const Address& address) {
  if (address.is_v4()) {
    const auto& b = address.bytes;
    return fmt::format("{}.{}.{}.{}", b[12], b[13], b[14], b[15]);
  }
  const auto [gap, gap_size] = zero_run(address);
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      text += "::";
      i += gap_size - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", group_at(address, i));
  }
  return text;
}

std::string to_text(const Network& network) {
  if (network.bits == 128) return to_text(network.first);
  if (network.is_v4()) return fmt::format("{}/{}", to_text(network.first), network.bits - v4_offset_bits);
  return fmt::format("{}/{}", to_text(network.first), network.bits);
}

}  // namespace shieldwall::model
