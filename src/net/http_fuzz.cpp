// The way of a request's bytes: find the head, check it, parse it, read the body. Whatever check_head lets
// through, Beast must understand the same way.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "net/head.h"
#include "net/http.h"
#include "net/parser.h"
#include "net/url.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::net;

constexpr std::size_t head_bytes_max = 16 << 10;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The value of `name` as a reader sees it who looks for the name at the beginning of a line and nothing
/// else.
std::size_t plain_count(std::string_view head, std::string_view name) {
  std::size_t count = 0;
  for (const auto line : split(head, '\n')) {
    if (equal_ignoring_case(trimmed(line.substr(0, line.find(':'))), name)) ++count;
  }
  return count;
}

void check_agreement(std::string_view raw, MessageParser& parser) {
  const auto& head = parser.head();
  require(raw.starts_with(head.method));
  require(head.headers.count("Content-Length") == plain_count(raw, "Content-Length"));
  require(head.headers.count("Host") <= 1);
  require(head.chunked == head.headers.has("Transfer-Encoding"));
  require(!head.chunked || !head.content_length);
  for (const auto& [name, value] : head.headers) {
    require(!name.empty() && name.find_first_of(" \r\n:") == std::string::npos);
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = bytes.find(head_end);
  if (end == std::string_view::npos) {
    require(!check_head(bytes).has_value());
    return 0;
  }
  const auto raw = bytes.substr(0, end + head_end.size());
  if (raw.size() > head_bytes_max || !check_head(raw)) return 0;
  MessageParser parser(MessageParser::Kind::request, head_bytes_max);
  Bytes body;
  const auto used = parser.feed(raw, body);
  require(used.has_value() && *used == raw.size() && parser.head_done());
  check_agreement(raw, parser);
  (void)parse_target(parser.head().target);
  // The body in one piece and byte by byte comes to the same.
  if (!parser.done()) {
    const auto rest = bytes.substr(raw.size());
    const bool whole = parser.feed(rest, body).has_value() && parser.done();
    MessageParser slow(MessageParser::Kind::request, head_bytes_max);
    Bytes slow_body;
    require(slow.feed(raw, slow_body).has_value());
    Bytes waiting;
    for (const char c : rest) {
      if (slow.done()) break;
      waiting += c;
      const auto taken = slow.feed(waiting, slow_body);
      if (!taken) break;
      waiting.erase(0, *taken);
    }
    require(!whole || (slow.done() && slow_body == body));
  }
  return 0;
}
