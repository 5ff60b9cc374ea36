#pragma once
// What a request says about who sends it: the Authorization and Cookie fields, read strictly.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "net/http.h"

namespace shieldwall::server {

inline constexpr std::size_t credential_bytes_max = 4096;  // of one Authorization field; ours are far shorter
inline constexpr std::string_view session_cookie = "__Host-session";

struct BasicCredentials {
  std::string account;
  std::string password;
};
struct KeyCredentials {  // "prefix.secret"
  std::string prefix;
  std::string secret;
};
struct SessionCredentials {
  std::string token;
};

struct NoCredentials {};
/// Something stands there that nobody can read.
struct MalformedCredentials {
  std::string why;
};

using Credentials =
    std::variant<NoCredentials, MalformedCredentials, BasicCredentials, KeyCredentials, SessionCredentials>;

/// Authorization wins over the cookie. Two Authorization fields or two session cookies are malformed: two
/// readers could take different ones.
///   source  RFC 7617 (Basic, UTF-8), RFC 6750 section 2.1 (Bearer), RFC 6265 section 4.2 (Cookie)
Credentials credentials_of(const net::Headers& headers);

/// "prefix.secret" as it is shown once. Nothing when it cannot be one.
std::optional<KeyCredentials> key_credentials(std::string_view text);

}  // namespace shieldwall::server
