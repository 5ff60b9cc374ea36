#include "net/url.h"

#include <algorithm>

#include "base/text.h"
#include "net/address.h"

namespace shieldwall::net {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_unreserved(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("-._~").contains(c);
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Path and query: what RFC 3986 allows there, and the brackets and bars that TAXII's `match[type]` brings
/// along.
Done check_target_text(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (is_unreserved(c) || std::string_view("/?:@!$&'()*+,;=[]|").contains(c)) continue;
    const bool escape =
        c == '%' && i + 2 < target.size() && hex_value(target[i + 1]) >= 0 && hex_value(target[i + 2]) >= 0;
    if (!escape)
      return fail(
          ErrorCode::invalid, "'{}' may not stand in a URL's path or query", excerpt(target.substr(i, 1)));
  }
  return {};
}

Done check_label(std::string_view label, std::string_view host) {
  constexpr std::size_t label_bytes_max = 63;  // RFC 1035 section 2.3.4
  const bool sized = !label.empty() && label.size() <= label_bytes_max;
  // Underscores are no host names, yet real services use them.
  const auto allowed = [](char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '_'; };
  if (!sized || !std::ranges::all_of(label, allowed) || label.front() == '-' || label.back() == '-')
    return fail(ErrorCode::invalid, "'{}' is not a host name", excerpt(host));
  return {};
}

Result<std::string> parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']'))
      return fail(ErrorCode::invalid, "'{}' lacks its closing bracket", excerpt(text));
    const auto inner = text.substr(1, text.size() - 2);
    if (!inner.contains(':')) return fail(ErrorCode::invalid, "'{}' is not an IPv6 address", excerpt(text));
    return TRY(IpAddress::parse(inner)).text();
  }
  constexpr std::size_t host_bytes_max = 253;
  auto name = text;
  if (name.ends_with('.'))
    name.remove_suffix(1);  // the root's dot: the same host, and one spelling for allow lists
  if (name.empty() || name.size() > host_bytes_max)
    return fail(ErrorCode::invalid, "the URL has no usable host");
  const auto labels = split(name, '.');
  for (const auto label : labels) TRY(check_label(label, text));
  // A last label that is a number (decimal, octal or 0x..) makes resolvers read the whole as an IPv4 address
  // in forms that nobody writes for good reasons.
  const auto last = labels.back();
  const bool numeric = std::ranges::all_of(last, is_digit) || to_lower_ascii(last).starts_with("0x");
  if (numeric) return TRY(IpAddress::parse(text)).text();
  return to_lower_ascii(name);
}

Result<std::uint16_t> parse_port(std::string_view text) {
  const auto port = as_number<std::uint16_t>(text);
  if (!port || *port == 0 || text.size() > 5)
    return fail(ErrorCode::invalid, "'{}' is not a port", excerpt(text));
  return *port;
}

Done read_authority(std::string_view authority, Url& url) {
  if (authority.contains('@'))
    return fail(ErrorCode::invalid, "user information in a URL is not taken; give it by configuration");
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.port = url.secure ? 443 : 80;
  if (colon != std::string_view::npos) url.port = TRY(parse_port(authority.substr(colon + 1)));
  url.host = TRY(parse_host(authority.substr(0, colon)));
  return {};
}

/// RFC 3986 section 5.2.4, for a path that begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool slash = false;
  for (const auto segment : split(path.substr(1), '/')) {
    slash = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!slash || (segment.empty())) kept.push_back(segment);
  }
  std::string joined;
  for (const auto segment : kept) {
    joined += '/';
    joined += segment;
  }
  if (slash && !joined.ends_with('/')) joined += '/';
  return joined;
}

Done check_segment(std::string_view segment) {
  if (segment == "." || segment == "..")
    return fail(ErrorCode::invalid, "'.' and '..' are not taken in a path");
  const bool control =
      std::ranges::any_of(segment, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control || !is_valid_utf8(segment))
    return fail(ErrorCode::invalid, "the path's escapes are not UTF-8 text without control characters");
  return {};
}

Result<std::string> decode_form(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  auto decoded = TRY(percent_decode(spaced));
  const bool nul = decoded.contains('\0');
  if (nul || !is_valid_utf8(decoded)) return fail(ErrorCode::invalid, "a query parameter is not UTF-8 text");
  return decoded;
}

Result<std::vector<Parameter>> parse_query(std::string_view text) {
  std::vector<Parameter> query;
  for (const auto part : split(text, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = TRY(decode_form(part.substr(0, equals)));
    auto value = equals == std::string_view::npos ? std::string() : TRY(decode_form(part.substr(equals + 1)));
    query.push_back({std::move(name), std::move(value)});
  }
  return query;
}

}  // namespace

std::string Url::host_field() const {
  const auto name = host.contains(':') ? "[" + host + "]" : host;
  return port == (secure ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::origin() const {
  return (secure ? "https://" : "http://") + host_field();
}

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > url_bytes_max)
    return fail(
        ErrorCode::invalid, "a URL of {} bytes is longer than the {} allowed", text.size(), url_bytes_max);
  const auto colon = text.find("://");
  const auto scheme = to_lower_ascii(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (scheme != "http" && scheme != "https")
    return fail(ErrorCode::invalid, "'{}' does not begin with http:// or https://", excerpt(text));
  Url url;
  url.secure = scheme == "https";
  const auto rest = text.substr(colon + 3);
  const auto authority_end = std::min(rest.find_first_of("/?#\\"), rest.size());
  TRY(read_authority(rest.substr(0, authority_end), url));
  auto target = rest.substr(authority_end);
  target = target.substr(0, target.find('#'));
  TRY(check_target_text(target));
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  const auto head = reference.substr(0, reference.find_first_of("/?#"));
  if (head.contains(':')) return parse(reference);
  if (reference.starts_with("//")) return parse((secure ? "https:" : "http:") + std::string(reference));
  const auto path = std::string_view(target).substr(0, target.find('?'));
  auto rest = reference.substr(0, reference.find('#'));
  if (rest.empty()) return *this;
  std::string joined;
  if (rest.starts_with('/')) {
    joined = rest;
  } else if (rest.starts_with('?')) {
    joined = std::string(path) + std::string(rest);
  } else {
    joined = std::string(path.substr(0, path.rfind('/') + 1)) + std::string(rest);
  }
  const auto query = joined.find('?');
  const auto tail = query == std::string::npos ? std::string() : joined.substr(query);
  return parse(origin() + without_dot_segments(std::string_view(joined).substr(0, query)) + tail);
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &Parameter::name);
  if (found == query.end()) return std::nullopt;
  return found->value;
}

Result<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return fail(ErrorCode::invalid, "the path must begin with '/'");
  Target target;
  const auto question = text.find('?');
  auto path = text.substr(1, question == std::string_view::npos ? question : question - 1);
  target.ends_with_slash = path.empty() || path.ends_with('/');
  if (path.ends_with('/')) path.remove_suffix(1);
  if (!path.empty()) {
    for (const auto raw : split(path, '/')) {
      if (raw.empty()) return fail(ErrorCode::invalid, "the path has an empty segment");
      auto segment = TRY(percent_decode(raw));
      TRY(check_segment(segment));
      target.segments.push_back(std::move(segment));
    }
  } else if (text.starts_with("//")) {
    return fail(ErrorCode::invalid, "the path has an empty segment");
  }
  if (question != std::string_view::npos) target.query = TRY(parse_query(text.substr(question + 1)));
  return target;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return fail(ErrorCode::invalid, "'%' is not followed by two hexadecimal digits");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4];
    encoded += digits[byte & 15];
  }
  return encoded;
}

}  // namespace shieldwall::net
