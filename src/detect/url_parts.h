#pragma once
// Looking into URLs without bringing them into canonical form.

#include <string_view>

#include "detect/record.h"

namespace shieldwall::detect {

/// The host of `scheme://[userinfo@]host[:port]...`, as written, an IPv6 host without its brackets.
std::string_view url_host(std::string_view url);

/// `host` of `host`, `host:port`, `[host]` and `[host]:port`; the text itself when there is no port.
std::string_view without_port(std::string_view host_and_port);

/// A URL that an event tells in pieces.
struct UrlPieces {
  std::string_view field;  // what to call it: "host+uri"
  std::string_view host;   // with its port, when the client named one
  std::string_view path;   // begins with '/'
  std::string_view query;  // may be empty
};

/// The URL an event has in two or three of its fields, as web and proxy logs do; an empty host when it has
/// none.
UrlPieces pieces_of_url(const Record& record);

/// May a field of this name hold the query of such a URL, in logs whose map says nothing of it?
bool is_query_field(std::string_view name);

}  // namespace shieldwall::detect
