#include "net/head.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::net {

namespace {

/// RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

/// RFC 9110 section 5.6.1: elements may be empty.
bool is_token_list(std::string_view text) {
  return std::ranges::all_of(
      split(text, ','), [](std::string_view one) { return trimmed(one).empty() || is_token(trimmed(one)); });
}

/// What field values may hold: visible ASCII, bytes of other encodings, space and tab.
bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '#';
}

Done check_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return fail(ErrorCode::invalid, "the request line must be 'METHOD target HTTP/1.1'");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method)) return fail(ErrorCode::invalid, "the method is not a token");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return fail(ErrorCode::invalid, "the version is neither HTTP/1.1 nor HTTP/1.0");
  if (!std::ranges::all_of(target, is_target_char))
    return fail(ErrorCode::invalid, "the target holds a character that must be percent-encoded");
  if (!target.starts_with('/') && !(target == "*" && method == "OPTIONS"))
    return fail(ErrorCode::invalid, "the target must begin with '/'");
  return {};
}

struct Framing {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
};

Done check_length(std::string_view value) {
  // 18 digits stay below 2^63 whatever they are.
  const bool digits =
      !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || value.size() > 18) return fail(ErrorCode::invalid, "Content-Length is not one plain number");
  return {};
}

Done check_field(std::string_view line, Framing& framing) {
  if (line.starts_with(' ') || line.starts_with('\t'))
    return fail(ErrorCode::invalid, "a header field is folded over two lines");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return fail(ErrorCode::invalid, "a header line has no colon");
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (!is_token(name))
    return fail(ErrorCode::invalid, "a header field's name is empty or holds an odd character");
  if (!std::ranges::all_of(line, is_value_char))
    return fail(ErrorCode::invalid, "header field {} holds a control character", excerpt(name));
  if (equal_ignoring_case(name, "host")) {
    ++framing.hosts;
    // RFC 9110 section 7.2: a name or address with an optional port, nothing that a second reader could take
    // for more.
    if (value.empty() || !std::ranges::all_of(value, [](char c) {
          return is_target_char(c) && c != '/' && c != '@' && c != ',' && c != '?';
        }))
      return fail(ErrorCode::invalid, "Host is empty or holds an odd character");
  }
  if ((equal_ignoring_case(name, "connection") || equal_ignoring_case(name, "proxy-connection")) &&
      !is_token_list(value))
    return fail(ErrorCode::invalid, "{} is not a list of tokens", excerpt(name));
  if (equal_ignoring_case(name, "content-length")) {
    ++framing.lengths;
    TRY(check_length(value));
  }
  if (equal_ignoring_case(name, "transfer-encoding")) {
    ++framing.codings;
    if (!equal_ignoring_case(value, "chunked"))
      return fail(ErrorCode::invalid, "Transfer-Encoding other than 'chunked' is not understood");
  }
  return {};
}

Done check_framing(const Framing& framing, bool http_1_0) {
  if (framing.lengths > 1) return fail(ErrorCode::invalid, "Content-Length is given more than once");
  if (framing.codings > 1) return fail(ErrorCode::invalid, "Transfer-Encoding is given more than once");
  if (framing.codings > 0 && framing.lengths > 0)
    return fail(ErrorCode::invalid, "Content-Length and Transfer-Encoding exclude each other");
  if (framing.codings > 0 && http_1_0) return fail(ErrorCode::invalid, "HTTP/1.0 has no Transfer-Encoding");
  if (framing.hosts > 1 || (framing.hosts == 0 && !http_1_0))
    return fail(ErrorCode::invalid, "Host must be given exactly once");
  return {};
}

}  // namespace

Done check_head(std::string_view raw_head, std::size_t fields_max) {
  if (!raw_head.ends_with(head_end)) return fail(ErrorCode::invalid, "the head has no end");
  Framing framing;
  bool http_1_0 = false;
  std::size_t line_number = 0;
  while (!raw_head.empty()) {
    const auto end = raw_head.find('\n');
    // Every LF must follow a CR; a CR anywhere else fails as a control character.
    if (end == 0 || raw_head[end - 1] != '\r') return fail(ErrorCode::invalid, "a line ends without CR LF");
    const auto line = raw_head.substr(0, end - 1);
    raw_head.remove_prefix(end + 1);
    if (line.empty()) break;
    if (line_number++ == 0) {
      TRY(check_request_line(line));
      http_1_0 = line.ends_with("HTTP/1.0");
      continue;
    }
    if (line_number > fields_max + 1)
      return fail(ErrorCode::exhausted, "more than {} header fields", fields_max);
    TRY(check_field(line, framing));
  }
  if (line_number == 0) return fail(ErrorCode::invalid, "the request line is empty");
  if (!raw_head.empty()) return fail(ErrorCode::invalid, "bytes follow the head's empty line");
  return check_framing(framing, http_1_0);
}

}  // namespace shieldwall::net
