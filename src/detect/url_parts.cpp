#include "detect/url_parts.h"

#include <algorithm>

#include "detect/readers/field_map.h"

namespace shieldwall::detect {

namespace {

struct Row {
  std::string_view field, host, path, query;
};

/// Which fields hold a URL's pieces, by kind of log.
constexpr Row rows[] = {
    {"host+uri", "host", "uri", ""},                                 // Zeek http
    {"http.hostname+http.url", "http.hostname", "http.url", ""},     // Suricata EVE
    {"url.domain+url.path", "url.domain", "url.path", "url.query"},  // Elastic Common Schema
    {"http_request.url.hostname+path",
     "http_request.url.hostname",
     "http_request.url.path",
     "http_request.url.query_string"},                                  // OCSF
    {"cs-host+cs-uri-stem", "cs-host", "cs-uri-stem", "cs-uri-query"},  // W3C, IIS
    {"host+url", "host", "url", ""},
    {"host+path", "host", "path", "query"},
    {"host+request_uri", "host", "request_uri", ""},
    {"http_host+request_uri", "http_host", "request_uri", ""},  // nginx as JSON
    {"hostname+url", "hostname", "url", ""},
};

std::string_view field_named(const Record& record, std::string_view name) {
  if (name.empty()) return {};
  const auto found = std::ranges::find(record.fields, name, &Field::name);
  return found == record.fields.end() ? std::string_view{} : found->value;
}

/// The pieces that the fields of one row hold; an empty host when they hold none.
UrlPieces pieces_in(const Record& record, const Row& row) {
  const auto path = field_named(record, row.path);
  if (!path.starts_with('/')) return {};
  const auto host = field_named(record, row.host);
  if (host.empty()) return {};
  return {row.field, host, path, field_named(record, row.query)};
}

bool is_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

std::string_view url_host(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == url.npos) return {};
  url.remove_prefix(scheme_end + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = url.rfind('@'); at != url.npos) url.remove_prefix(at + 1);
  return without_port(url);
}

std::string_view without_port(std::string_view host_and_port) {
  if (host_and_port.starts_with('[')) {
    const auto end = host_and_port.find(']');
    if (end == host_and_port.npos) return host_and_port;
    const auto rest = host_and_port.substr(end + 1);
    if (rest.empty() || (rest.front() == ':' && is_digits(rest.substr(1))))
      return host_and_port.substr(1, end - 1);
    return host_and_port;
  }
  const auto colon = host_and_port.find(':');
  if (colon == host_and_port.npos || !is_digits(host_and_port.substr(colon + 1))) return host_and_port;
  return host_and_port.substr(0, colon);
}

bool is_query_field(std::string_view name) {
  return std::ranges::any_of(rows, [&](const Row& row) { return !row.query.empty() && row.query == name; });
}

UrlPieces pieces_of_url(const Record& record) {
  const bool has_path =
      std::ranges::any_of(record.fields, [](const Field& f) { return f.value.starts_with('/'); });
  if (!has_path) return {};
  if (record.map != nullptr)
    for (const auto& row : record.map->urls)
      if (const auto pieces = pieces_in(record, {row.field, row.host, row.path, row.query});
          !pieces.host.empty())
        return pieces;
  for (const auto& row : rows)
    if (const auto pieces = pieces_in(record, row); !pieces.host.empty()) return pieces;
  return {};
}

}  // namespace shieldwall::detect
