#pragma once
// One spelling for every observable value: what the store indexes, detection compares, feeds print and
// questions hash. Two spellings of the same thing give the same CanonicalValue, or two members never meet.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::model {

enum class ValueKind : std::uint8_t {  // stored as a number: append only
  ipv4 = 1,                            // dotted decimal
  ipv6 = 2,                            // RFC 5952; a mapped IPv4 address is kind ipv4
  ipv4_cidr = 3,                       // host bits masked; /32 is kind ipv4
  ipv6_cidr = 4,                       // host bits masked; /128 is kind ipv6
  domain = 5,                          // A-labels, lower case, no trailing dot
  url = 6,  // RFC 3986 section 6.2.2 and 6.2.3: scheme and host lower case, default port dropped, dot
            // segments resolved
  md5 = 7,  // lower-case hexadecimal
  sha1 = 8,
  sha256 = 9,
  sha512 = 10,
  email = 11,      // domain part as domain, local part as written in lower case
  file_name = 12,  // last path component; case-folded, since file systems that matter compare so
  file_path = 13,  // '/' between components; a Windows path (drive or share) case-folded
  ja3 = 14,
  ja4 = 15,
  user_agent = 16,
  mutex = 17,
  registry_key = 18,  // hive spelled out, lower case
  mac = 19,
  asn = 20,
  cert_serial = 21,
};

std::string_view name_of(ValueKind kind);  // "ipv4", "domain", ...: what users read and write
std::optional<ValueKind> value_kind_named(std::string_view name);

struct CanonicalValue {
  ValueKind kind;
  std::string text;
  auto operator<=>(const CanonicalValue&) const = default;
};

/// The canonical form of `text` as that kind. Takes defanged spellings (`hxxp`, `[.]`, `(dot)`, `[at]`). The
/// result is of that kind but for addresses, where the text decides: a network is ipv4_cidr or ipv6_cidr, one
/// that holds a single address is that address, and what is IPv4 never comes back as IPv6. Idempotent.
///   errors  invalid: not of that kind; says why
Result<CanonicalValue> canonical(ValueKind kind, std::string_view text);

/// The kind a bare value is, for lists that do not say: address, CIDR, URL, hash by length, e-mail, domain,
/// in this order.
///   errors  invalid: none of them
Result<CanonicalValue> canonical_guess(std::string_view text);

}  // namespace shieldwall::model
