#include "exchange/taxii/media_type.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace shieldwall::exchange::taxii {

namespace {

/// Cuts at `separator` outside quoted strings.
std::vector<std::string_view> cut(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == separator && !quoted) {
      parts.push_back(trimmed(text.substr(from, i - from)));
      from = i + 1;
    }
  }
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

/// A q value in thousandths; 0 for what is none.
int weight_of(std::string_view q) {
  if (q.empty() || q.size() > 5 || (q[0] != '0' && q[0] != '1') || (q.size() > 1 && q[1] != '.')) return 0;
  int weight = (q[0] - '0') * 1'000;
  for (std::size_t i = 2, worth = 100; i < q.size(); ++i, worth /= 10) {
    if (q[i] < '0' || q[i] > '9') return 0;
    weight += (q[i] - '0') * static_cast<int>(worth);
  }
  return std::min(weight, 1'000);
}

/// One media type or range, as far as it concerns us.
struct Range {
  std::string name;      // lower case, "application/taxii+json"
  std::string version;   // empty: none
  bool refused = false;  // q=0
};

bool is_zero(std::string_view q) {
  return !q.empty() && q.find_first_not_of("0.") == q.npos;
}

Range range_of(std::string_view text) {
  const auto parts = cut(text, ';');
  Range range{.name = to_lower_ascii(parts.front()), .version = {}};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = parts[i].find('=');
    if (equals == parts[i].npos) continue;
    const auto name = trimmed(parts[i].substr(0, equals));
    const auto value = unquoted(trimmed(parts[i].substr(equals + 1)));
    if (equal_ignoring_case(name, "version")) range.version = value;
    if (equal_ignoring_case(name, "q")) range.refused = is_zero(value);
  }
  return range;
}

/// How closely the range names TAXII 2.1; the closest one decides. Nothing: it means something else.
std::optional<int> closeness(const Range& range) {
  if (range.name == "application/taxii+json") {
    if (range.version.empty()) return 2;
    if (range.version == "2.1") return 3;
    return std::nullopt;
  }
  if (range.name == "application/*") return 1;
  if (range.name == "*/*" || range.name == "*") return 0;
  return std::nullopt;
}

}  // namespace

bool accepts_taxii(const net::Headers& headers) {
  bool asked = false;
  int closest = -1;
  bool accepted = false;
  for (const auto& field : headers) {
    if (!equal_ignoring_case(field.name, "Accept")) continue;
    asked = true;
    for (const auto item : cut(field.value, ',')) {
      const auto range = range_of(item);
      const auto close = closeness(range);
      if (!close || *close < closest) continue;
      accepted = !range.refused || (accepted && *close == closest);
      closest = *close;
    }
  }
  return accepted || !asked;
}

bool accepts_gzip(const net::Headers& headers) {
  std::optional<int> gzip;  // thousandths
  std::optional<int> identity;
  std::optional<int> others;
  for (const auto& field : headers) {
    if (!equal_ignoring_case(field.name, "Accept-Encoding")) continue;
    for (const auto item : cut(field.value, ',')) {
      const auto parts = cut(item, ';');
      int weight = 1'000;
      for (std::size_t i = 1; i < parts.size(); ++i)
        if (const auto equals = parts[i].find('=');
            equals != parts[i].npos && equal_ignoring_case(trimmed(parts[i].substr(0, equals)), "q"))
          weight = weight_of(trimmed(parts[i].substr(equals + 1)));
      if (equal_ignoring_case(parts.front(), "gzip") || equal_ignoring_case(parts.front(), "x-gzip"))
        gzip = std::max(gzip.value_or(0), weight);
      if (equal_ignoring_case(parts.front(), "identity")) identity = weight;
      if (parts.front() == "*") others = weight;
    }
  }
  const auto wanted = gzip ? *gzip : others.value_or(0);
  return wanted > 0 && wanted >= identity.value_or(0);
}

bool is_taxii(std::string_view content_type) {
  const auto range = range_of(content_type);
  return range.name == "application/taxii+json" && (range.version.empty() || range.version == "2.1");
}

}  // namespace shieldwall::exchange::taxii
