#include "net/render.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/text.h"

namespace shieldwall::net {

namespace {

/// Framing is the room's own affair; a handler that sets these is overruled.
constexpr std::array<std::string_view, 5> framing_fields = {
    "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date"};

bool is_framing(std::string_view name) {
  return std::ranges::any_of(framing_fields,
                             [&](std::string_view own) { return equal_ignoring_case(own, name); });
}

Done append_fields(Bytes& out, const Headers& headers, bool (*skip)(std::string_view)) {
  const auto breaks = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  for (const auto& [name, value] : headers) {
    if (skip(name)) continue;
    const bool odd_name =
        name.empty() || name.find_first_of(" :\t") != std::string::npos || std::ranges::any_of(name, breaks);
    if (odd_name || std::ranges::any_of(value, breaks))
      return fail(ErrorCode::internal, "header field '{}' holds a line break or an odd name", excerpt(name));
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  return {};
}

}  // namespace

bool is_bodyless(int status) {
  return status < 200 || status == 204 || status == 304;
}

Result<Bytes> render_head(const Response& response, const AnswerFrame& frame) {
  Bytes out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  TRY(append_fields(out, response.headers, is_framing));
  if (!frame.date.empty()) fmt::format_to(std::back_inserter(out), "Date: {}\r\n", frame.date);
  if (frame.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (!response.stream && !is_bodyless(response.status)) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.bytes().size());
  }
  if (!frame.keep_alive) out += "Connection: close\r\n";
  if (frame.keep_alive && frame.http_1_0) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  return out;
}

Result<Bytes> render_head(const Request& request, const Url& url, bool absolute) {
  const auto skip = [](std::string_view name) {
    return is_framing(name) || equal_ignoring_case(name, "Host");
  };
  Bytes out = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n",
                          name_of(request.method),
                          absolute ? url.origin() : std::string(),
                          url.target,
                          url.host_field());
  TRY(append_fields(out, request.headers, skip));
  const bool has_content = !request.body.empty() || request.method == Method::post ||
                           request.method == Method::put || request.method == Method::patch;
  if (has_content) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", request.body.size());
  out += "\r\n";
  return out;
}

void append_chunk(Bytes& out, std::string_view piece) {
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
  out += piece;
  out += "\r\n";
}

std::string http_date(Timestamp at) {
  static constexpr std::array<std::string_view, 7> weekdays = {
      "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto whole_seconds = static_cast<time_t>(at.us / 1'000'000);
  tm parts{};
  ::gmtime_r(&whole_seconds, &parts);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     weekdays[static_cast<std::size_t>(parts.tm_wday)],
                     parts.tm_mday,
                     months[static_cast<std::size_t>(parts.tm_mon)],
                     parts.tm_year + 1900,
                     parts.tm_hour,
                     parts.tm_min,
                     parts.tm_sec);
}

}  // namespace shieldwall::net
