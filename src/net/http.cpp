#include "net/http.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace shieldwall::net {

namespace {

constexpr std::array<std::string_view, 7> method_names = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};

struct Reason {
  int status;
  std::string_view phrase;
};

// RFC 9110 section 15, RFC 6585, and what we send of others.
constexpr Reason reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

}  // namespace

std::string_view name_of(Method method) {
  return method_names[static_cast<std::size_t>(method)];
}

std::optional<Method> method_named(std::string_view name) {
  const auto* const found = std::ranges::find(method_names, name);
  if (found == method_names.end()) return std::nullopt;
  return static_cast<Method>(found - method_names.begin());
}

std::string_view reason_of(int status) {
  const auto* const found = std::ranges::find(reasons, status, &Reason::status);
  return found == std::end(reasons) ? "Unknown" : found->phrase;
}

std::string_view name_of(ListenerRole role) {
  switch (role) {
    case ListenerRole::tools:
      return "tools";
    case ListenerRole::members:
      return "members";
    case ListenerRole::metrics:
      return "metrics";
    case ListenerRole::local:
      return "local";
  }
  return "?";
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.push_back({std::string(name), std::string(value)});
}

void Headers::set(std::string_view name, std::string_view value) {
  const auto matches = [&](const Header& field) { return equal_ignoring_case(field.name, name); };
  const auto first = std::ranges::find_if(fields_, matches);
  if (first == fields_.end()) return add(name, value);
  first->value = value;
  fields_.erase(std::remove_if(first + 1, fields_.end(), matches), fields_.end());
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Header& field) { return equal_ignoring_case(field.name, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& field : fields_) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const Header& field) { return equal_ignoring_case(field.name, name); }));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const auto& field : fields_) {
    if (!equal_ignoring_case(field.name, name)) continue;
    for (const auto part : split(field.value, ',')) {
      if (equal_ignoring_case(trimmed(part), token)) return true;
    }
  }
  return false;
}

Response problem(int status, std::string_view detail) {
  std::string escaped;
  for (const char c : detail) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return {.status = status,
          .headers = {{"Content-Type", "application/problem+json"}},
          .body = fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})",
                              reason_of(status),
                              status,
                              escaped)};
}

}  // namespace shieldwall::net
