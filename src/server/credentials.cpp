#include "server/credentials.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace shieldwall::server {

namespace {

constexpr std::size_t prefix_digits = 12;
constexpr std::size_t secret_bytes = 32;

Credentials read_basic(std::string_view encoded) {
  const auto pair = from_base64(encoded);
  if (!pair) return MalformedCredentials{"the Basic credentials are not base64"};
  const auto colon = pair->find(':');
  if (colon == pair->npos) return MalformedCredentials{"the Basic credentials have no colon"};
  if (!is_valid_utf8(*pair)) return MalformedCredentials{"the Basic credentials are not UTF-8"};
  return BasicCredentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

Credentials read_authorization(std::string_view field) {
  if (field.size() > credential_bytes_max) return MalformedCredentials{"the Authorization field is too long"};
  field = trimmed(field);
  const auto space = field.find(' ');
  const auto scheme = field.substr(0, space);
  const auto rest = space == field.npos ? std::string_view() : trimmed(field.substr(space));
  if (equal_ignoring_case(scheme, "Basic")) return read_basic(rest);
  if (equal_ignoring_case(scheme, "Bearer")) {
    if (auto key = key_credentials(rest)) return std::move(*key);
    return MalformedCredentials{"the Bearer token is no API key of this node"};
  }
  return MalformedCredentials{"use Basic with account and password, or Bearer with an API key"};
}

/// The session cookie's value in one Cookie field, appended to `found` as often as it stands there.
void find_session(std::string_view field, std::vector<std::string>& found) {
  for (const auto pair : split(field, ';')) {
    const auto text = trimmed(pair);
    const auto equals = text.find('=');
    if (equals != text.npos && text.substr(0, equals) == session_cookie)
      found.emplace_back(text.substr(equals + 1));
  }
}

}  // namespace

std::optional<KeyCredentials> key_credentials(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const auto dot = text.find('.');
  if (dot != prefix_digits || !std::ranges::all_of(text.substr(0, dot), is_hex)) return std::nullopt;
  const auto secret = from_base64url(text.substr(dot + 1));
  if (!secret || secret->size() != secret_bytes) return std::nullopt;
  return KeyCredentials{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

Credentials credentials_of(const net::Headers& headers) {
  if (headers.count("Authorization") > 1) return MalformedCredentials{"two Authorization fields"};
  if (const auto field = headers.get("Authorization")) return read_authorization(*field);
  std::vector<std::string> sessions;
  for (const auto& field : headers)
    if (equal_ignoring_case(field.name, "Cookie")) find_session(field.value, sessions);
  if (sessions.empty()) return NoCredentials{};
  if (sessions.size() > 1) return MalformedCredentials{"two session cookies"};
  const auto token = from_base64url(sessions.front());
  if (!token || token->size() != secret_bytes)
    return MalformedCredentials{"the session cookie is none of ours"};
  return SessionCredentials{std::move(sessions.front())};
}

}  // namespace shieldwall::server
