#pragma once
// URLs of http and https, read strictly: what two readers could understand differently is refused.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace shieldwall::net {

inline constexpr std::size_t url_bytes_max =
    8192;  // what servers commonly take; longer ones carry data, not names

struct Url {
  bool secure = false;      // https
  std::string host{};       // lower case; an IPv6 literal without its brackets
  std::uint16_t port = 80;  // the scheme's own when the text has none
  std::string target{};     // path and query as they go into the request line, "/" when the text has none

  /// "https://host:port" without a default port.
  std::string origin() const;
  std::string text() const { return origin() + target; }
  /// "host" or "host:port" as the Host field wants it.
  std::string host_field() const;

  /// Absolute http or https URL of ASCII letters (names in IDN form are the caller's to convert).
  ///   errors  invalid, naming what and where: another scheme, user information, a bad escape, a control
  ///   character,
  ///           a space, a backslash, an empty or malformed host, a port outside 1..65535, a host whose last
  ///           label is a number without being a dotted IPv4 address (017700000001, 0x7f.1)
  ///   source  RFC 3986; a fragment is dropped
  static Result<Url> parse(std::string_view text);

  /// The URL that `reference` (absolute, "//host/..", "/path", "path", "?query") means, seen from this one.
  Result<Url> resolve(std::string_view reference) const;
};

struct Parameter {
  std::string name{};
  std::string value{};
};

/// A request target in origin form, taken apart and decoded.
struct Target {
  std::vector<std::string> segments{};  // "/a%20b/c" -> {"a b", "c"}; "/" -> {}
  bool ends_with_slash = false;         // "/a/" and "/a" are told apart here alone
  std::vector<Parameter> query{};       // in order; '+' reads as a space

  /// The first value given to `name`.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

/// errors: invalid on a bad escape, an escaped control character or ill-formed UTF-8, a "." or ".." segment
/// in either spelling, an empty segment, or a target that does not begin with '/'
Result<Target> parse_target(std::string_view target);

/// Undoes %XX; errors: invalid on anything but two hexadecimal digits after '%'
Result<std::string> percent_decode(std::string_view text);
/// Leaves RFC 3986 unreserved characters alone and escapes every other byte: for one segment, name or value.
std::string percent_encode(std::string_view text);

}  // namespace shieldwall::net
