#include "detect/value_sieve.h"

#include <algorithm>

#include "base/text.h"
#include "detect/field_kind.h"
#include "detect/url_parts.h"
#include "model/canonical_parts.h"

namespace shieldwall::detect {

namespace {

using model::Address;

constexpr unsigned hex_shape = Shape::digit | Shape::hex_letter;
constexpr unsigned name_shape = hex_shape | Shape::letter | Shape::dash | Shape::dot;
constexpr std::size_t domain_bytes_max = 254;  // with its trailing dot, as the scanner takes them

/// What the name of a field says, in bits.
enum : std::uint32_t {
  is_rewritten = 1,  // the map takes its value apart, or marks it as running text
  is_host = 2,       // may be the host of a URL in pieces,
  is_query = 4,      // and its query
  first_named = 8,   // and its shifts: one for each NamedKind
};

bool opens(char c) {
  return c == '[' || c == '(' || c == '{';
}

/// Does it hold something that refanged() would take for a defanged mark: a pair of brackets around one, two
/// or three characters?
bool is_defanged(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at] | 0x20);  // ] and } differ in this bit
    if (c != '}' && c != ')') continue;
    std::size_t back = 1;
    while (back <= std::min<std::size_t>(at, 4) && !opens(text[at - back])) ++back;
    if (back >= 2 && back <= std::min<std::size_t>(at, 4)) return true;
  }
  return false;
}

}  // namespace

ValueSieve::ValueSieve(const MatcherTables& tables) : candidates(tables) {
  const auto looks_for = [&](LiteralKind kind) { return tables.kinds.test(static_cast<std::size_t>(kind)); };
  domains = looks_for(LiteralKind::domain);
  urls = looks_for(LiteralKind::url);
  hashes = looks_for(LiteralKind::hash);
  ja3 = looks_for(LiteralKind::ja3);
  ja4 = looks_for(LiteralKind::ja4);
  mac = looks_for(LiteralKind::mac);
  emails = looks_for(LiteralKind::email);
  file_names = looks_for(LiteralKind::file_name);
  file_paths = looks_for(LiteralKind::file_path);
  const std::pair<NamedKind, LiteralKind> named[] = {{NamedKind::user_agent, LiteralKind::user_agent},
                                                     {NamedKind::mutex, LiteralKind::mutex},
                                                     {NamedKind::registry_key, LiteralKind::registry_key},
                                                     {NamedKind::asn, LiteralKind::asn},
                                                     {NamedKind::cert_serial, LiteralKind::cert_serial}};
  for (const auto& [name, kind] : named)
    if (looks_for(kind)) asked_by_name |= first_named << static_cast<unsigned>(name);
  of_interest = asked_by_name | is_rewritten | (urls ? is_host | is_query : 0u);
  if (hashes || ja3) asked_sizes |= 1ull << 32 | 1ull << 40;
  if (ja4) asked_sizes |= 1ull << 36;
  for (auto size = ByteBits::most + 1; size < 64; ++size) asked_sizes |= 1ull << size;
  for (unsigned size = 12; mac && size <= 17; ++size) asked_sizes |= 1ull << size;
}

std::uint32_t ValueSieve::meaning_of(const FieldMap* map, std::string_view name) {
  std::uint32_t meaning = 0;
  if (name.ends_with("host") || name.ends_with("hostname") || name.ends_with("domain")) meaning |= is_host;
  if (map != nullptr) {
    if (map->rewrites.contains(name)) meaning |= is_rewritten;
    for (const auto& url : map->urls) {
      if (url.host == name) meaning |= is_host;
      if (url.query == name) meaning |= is_query;
    }
  }
  if (is_query_field(name)) meaning |= is_query;
  const auto kind = map != nullptr ? kind_of(*map, name) : kind_by_field(name);
  if (kind != NamedKind::none) meaning |= first_named << static_cast<unsigned>(kind);
  return meaning;
}

bool ValueSieve::long_value(Slice span) {
  const auto size = span.size();
  if ((size == 64 || size == 128) && all_of(index.hex, span)) return hash(span);
  const auto value = view(span);
  if (known.holds(value)) return true;
  const auto shape = shape_of(value);
  if (shape.only(name_shape)) return !shape.has(Shape::dot) || long_name(value);
  const auto asked = candidates.size();
  if (!odd_value(value, shape)) return false;
  // A path counts for its line, and what was added is yet to be asked.
  if (candidates.size() == asked && value.front() != '/') known.add(value);
  return true;
}

bool ValueSieve::long_name(std::string_view value) {
  if (!domains) return true;
  if (value.ends_with('.')) value.remove_suffix(1);
  if (value.size() > domain_bytes_max || value.find('.') == value.npos) return true;
  const auto key = candidates.lower(value, true);
  candidates.add_name(key, domain_tail(key), line);
  return true;
}

bool ValueSieve::odd_host(std::string_view value) {
  if (value.empty()) return true;
  if (const auto address = model::parse_ipv4(value))
    return candidates.add(Address::of_v4(*address), line), true;
  if (const auto address = model::parse_ipv6(value)) return candidates.add(*address, line), true;
  const auto shape = shape_of(value);
  if (shape.only(name_shape)) return long_name(value);
  return !shape.has(Shape::high) || !domains;
}

bool ValueSieve::odd_url(std::string_view host_of_url) {
  if (!urls || host_of_url.empty()) return true;
  if (!shape_of(host_of_url).only(name_shape)) return false;
  if (host_of_url.ends_with('.')) host_of_url.remove_suffix(1);
  if (host_of_url.size() <= domain_bytes_max)
    candidates.add_url(Candidates::Schemes::other, candidates.lower(host_of_url, true), {}, line);
  return true;
}

bool ValueSieve::file_name(std::string_view value) {
  if (value.size() > model::value_bytes_max) return true;
  const auto name_of_file = trimmed(value.substr(value.rfind('/') + 1));  // no backslashes here
  static constexpr std::size_t name_bytes_max = 1024;
  if (name_of_file.empty() || name_of_file.size() > name_bytes_max) return true;
  if (std::ranges::any_of(name_of_file, [](char c) { return (c & 0x80) != 0; })) return false;
  candidates.add(LiteralKind::file_name, candidates.lower(name_of_file, true), line);
  return true;
}

bool ValueSieve::named(std::uint32_t meaning, Slice span) {
  if (urls && (meaning & is_host) != 0) pieces.hosts.push_back(span);
  pieces.has_query = pieces.has_query || (meaning & is_query) != 0;
  if ((meaning & is_rewritten) != 0) return false;
  const auto asked = meaning & asked_by_name;
  if (asked == 0) return true;
  const auto is = [&](NamedKind kind) { return (asked & first_named << static_cast<unsigned>(kind)) != 0; };
  if (is(NamedKind::user_agent)) return as_written(LiteralKind::user_agent, view(span));
  if (is(NamedKind::mutex)) return as_written(LiteralKind::mutex, view(span));
  return false;
}

bool ValueSieve::as_written(LiteralKind kind, std::string_view value) {
  const auto plain = trimmed(value);
  if (!plain.empty() && plain.size() <= model::value_bytes_max) candidates.add(kind, plain, line);
  return true;
}

bool ValueSieve::escaped(std::uint32_t meaning, Slice span) {
  const auto told = meaning & of_interest;
  if ((told & ~std::uint32_t{is_query}) != 0 || file_names || file_paths) return false;
  const auto value = candidates.unescaped(view(span));
  if (!value) return false;
  pieces.has_query = pieces.has_query || (told & is_query) != 0;
  return odd_value(*value, shape_of(*value));  // it has a quote, slash, backslash or control: is no name
}

bool ValueSieve::odd_value(std::string_view value, Shape shape) {
  if (value.starts_with('/')) note_path(value);
  if (value.size() > model::value_bytes_max) return true;
  if (file_paths && shape.has(Shape::slash)) return false;
  if (mac && value.size() >= 12 && value.size() <= 17) return false;
  if (ja4 && value.size() == 36 && value[10] == '_') return false;
  if (shape.only(hex_shape | Shape::dot | Shape::colon))
    if (const auto address = model::parse_ipv6(value)) return candidates.add(*address, line), true;
  if (shape.only(name_shape | Shape::colon)) return odd_host(without_port(value));
  if (shape.has(Shape::bracket) && is_defanged(value)) return false;
  if (shape.has(Shape::colon) && shape.has(Shape::slash) && value.find("://") != value.npos) {
    const auto host_text = url_host(value);
    return odd_host(host_text) && odd_url(host_text);
  }
  if (shape.has(Shape::space | Shape::backslash))
    return !(emails && value.ends_with('>') && shape.has(Shape::at));
  if (value.starts_with('[') && shape.only(hex_shape | Shape::dot | Shape::colon | Shape::bracket))
    return odd_host(without_port(value));
  if (shape.has(Shape::at)) return !emails;
  if (value.starts_with("*.")) return odd_host(value.substr(2));
  if (shape.has(Shape::slash)) return odd_url(without_port(value.substr(0, value.find('/'))));
  return !shape.has(Shape::high) || !domains;
}

bool ValueSieve::url_in_pieces() {
  const bool whole = pieces.paths == 1 && !pieces.has_query;
  return std::ranges::all_of(pieces.hosts, [&](Slice field) {
    const auto host_of_url = without_port(view(field));
    if (!whole || host_of_url.size() != field.size()) return odd_url(host_of_url);
    return url(Candidates::Schemes::both, field, pieces.path);
  });
}

}  // namespace shieldwall::detect
