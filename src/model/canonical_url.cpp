#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "model/address.h"
#include "model/canonical_parts.h"

namespace shieldwall::model {

namespace {

constexpr std::string_view unreserved_marks = "-._~";
constexpr std::string_view sub_delims = "!$&'()*+,;=";

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || unreserved_marks.find(c) != std::string_view::npos;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The byte that `%XX` at `at` stands for, if it is one.
std::optional<char> triplet(std::string_view text, std::size_t at) {
  if (text[at] != '%' || at + 2 >= text.size()) return std::nullopt;
  const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

void append_triplet(std::string& out, char c) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

/// RFC 3986 section 6.2.2.1 and 6.2.2.2: triplets in upper case, those of unreserved characters decoded, and
/// what may not stand there encoded. A '%' that begins no triplet is taken literally.
std::string percent_normalised(std::string_view text, std::string_view also_allowed) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const auto byte = triplet(text, i)) {
      if (is_unreserved(*byte)) {
        out += *byte;
      } else {
        append_triplet(out, *byte);
      }
      i += 2;
    } else if (is_unreserved(text[i]) || sub_delims.find(text[i]) != sub_delims.npos ||
               also_allowed.find(text[i]) != also_allowed.npos) {
      out += text[i];
    } else {
      append_triplet(out, text[i]);
    }
  }
  return out;
}

/// Decoding can bring a defanged spelling to light, `(%2E)`; it is undone like one written plainly.
std::string component(std::string_view text, std::string_view also_allowed) {
  return percent_normalised(refanged(percent_normalised(text, also_allowed)), also_allowed);
}

/// RFC 3986 section 5.2.4, for a path that is empty or begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    auto next = path.find('/', 1);
    const auto segment = path.substr(0, next);
    path = next == path.npos ? std::string_view{} : path.substr(next);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.resize(std::min(out.size(), out.rfind('/') == out.npos ? 0 : out.rfind('/')));
      if (path.empty()) out += '/';
    } else {
      out += segment;
    }
  }
  return out.empty() ? "/" : out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = triplet(text, i);
    out += byte.value_or(text[i]);
    if (byte) i += 2;
  }
  return out;
}

Result<std::string> canonical_host(std::string_view host) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']'))
      return fail(ErrorCode::invalid, "the host '{}' has no closing bracket", excerpt(host));
    const auto address = parse_ipv6(host.substr(1, host.size() - 2));
    if (!address) return fail(ErrorCode::invalid, "'{}' is not an IPv6 address", excerpt(host));
    const auto text = to_text(*address);
    return address->is_v4() ? text : "[" + text + "]";
  }
  const auto name = percent_decoded(host);
  if (const auto address = parse_ipv4(name)) return to_text(Address::of_v4(*address));
  return canonical_domain(name, SingleLabel::take);
}

int default_port(std::string_view scheme) {
  static constexpr std::array<std::pair<std::string_view, int>, 5> ports = {
      {{"http", 80}, {"https", 443}, {"ftp", 21}, {"ws", 80}, {"wss", 443}}};
  const auto* const found = std::ranges::find(ports, scheme, &std::pair<std::string_view, int>::first);
  return found == ports.end() ? -1 : found->second;
}

/// `:port`, or nothing when it is the scheme's own.
Result<std::string> canonical_port(std::string_view port, std::string_view scheme) {
  if (port.empty()) return std::string();
  const auto value = as_number<std::uint16_t>(port);
  if (!value) return fail(ErrorCode::invalid, "'{}' is not a port", excerpt(port));
  return *value == default_port(scheme) ? std::string() : fmt::format(":{}", *value);
}

Result<std::string> canonical_authority(std::string_view authority, std::string_view scheme) {
  std::string out;
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    out = component(authority.substr(0, at), ":");
    if (!out.empty()) out += '@';
    authority.remove_prefix(at + 1);
  }
  const auto host_end = authority.starts_with('[') ? authority.find(']') : 0;
  const auto colon = host_end == authority.npos ? authority.npos : authority.find(':', host_end);
  const auto host = authority.substr(0, colon);
  if (host.empty() && scheme == "file" && out.empty() && colon == authority.npos) return std::string();
  if (host.empty()) return fail(ErrorCode::invalid, "a URL without a host");
  out += TRY(canonical_host(host));
  out +=
      TRY(canonical_port(colon == authority.npos ? std::string_view{} : authority.substr(colon + 1), scheme));
  return out;
}

Result<std::string> canonical_scheme(std::string_view scheme) {
  auto name = to_lower_ascii(scheme);
  if (name == "hxxp" || name == "hxxps") name.replace(1, 2, "tt");
  if (name == "fxp") name = "ftp";
  const bool good = !name.empty() && is_alpha(name[0]) && std::ranges::all_of(name, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  if (!good) return fail(ErrorCode::invalid, "'{}' is not the scheme of a URL", excerpt(scheme));
  return name;
}

}  // namespace

Result<std::string> canonical_url(std::string_view text) {
  const auto plain = refanged(text);
  std::string_view rest = plain;
  const auto colon = rest.find("://");
  if (colon == rest.npos) return fail(ErrorCode::invalid, "'{}' is not a URL: no '://'", excerpt(text));
  const auto scheme = TRY(canonical_scheme(rest.substr(0, colon)));
  rest.remove_prefix(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const auto authority = TRY(canonical_authority(rest.substr(0, authority_end), scheme));
  rest.remove_prefix(authority_end);
  const auto query_at = std::min(rest.find('?'), rest.size());
  std::string url = scheme + "://" + authority;
  url += without_dot_segments(component(rest.substr(0, query_at), ":@/"));
  if (query_at < rest.size()) url += "?" + component(rest.substr(query_at + 1), ":@/?");
  if (url.size() > value_bytes_max)
    return fail(ErrorCode::invalid, "the URL is over {} bytes", value_bytes_max);
  return url;
}

}  // namespace shieldwall::model
