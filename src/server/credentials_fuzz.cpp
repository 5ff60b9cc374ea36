// The Authorization and Cookie fields. The first line is the one, the rest the other; a line that begins with
// '+' is a second field of the same name.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "server/credentials.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::server;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const net::Headers& headers) {
  const auto credentials = credentials_of(headers);
  const bool authorised = headers.has("Authorization");
  if (headers.count("Authorization") > 1) require(std::holds_alternative<MalformedCredentials>(credentials));
  if (const auto* basic = std::get_if<BasicCredentials>(&credentials)) {
    require(authorised && basic->account.find(':') == std::string::npos);
    require(is_valid_utf8(basic->account) && is_valid_utf8(basic->password));
    // The same pair, written our way, is the same pair.
    const net::Headers again = {
        {"Authorization", "Basic " + to_base64(basic->account + ":" + basic->password)}};
    const auto round = credentials_of(again);
    const auto* same = std::get_if<BasicCredentials>(&round);
    require(same != nullptr && same->account == basic->account && same->password == basic->password);
  }
  if (const auto* key = std::get_if<KeyCredentials>(&credentials))
    require(authorised && key_credentials(key->prefix + "." + key->secret).has_value());
  if (const auto* session = std::get_if<SessionCredentials>(&credentials))
    require(!authorised && from_base64url(session->token).has_value());
  if (const auto* malformed = std::get_if<MalformedCredentials>(&credentials))
    require(!malformed->why.empty());
  // Nothing that stands in Authorization is ever passed over in favour of a cookie.
  if (authorised) require(!std::holds_alternative<NoCredentials>(credentials));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  net::Headers headers;
  std::string_view name = "Authorization";
  bool first = true;
  for (auto line : split(text, '\n')) {
    if (!first && !line.starts_with('+')) name = "Cookie";
    first = false;
    if (line.starts_with('+')) line.remove_prefix(1);
    if (!line.empty()) headers.add(name, line);
  }
  check(headers);
  return 0;
}
