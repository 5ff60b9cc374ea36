#include "model/canonical.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/address.h"
#include "model/canonical_parts.h"

namespace shieldwall::model {

namespace {

using Made = Result<CanonicalValue>;

struct Name {
  ValueKind kind;
  std::string_view name;
};

constexpr std::array<Name, 21> names = {{{ValueKind::ipv4, "ipv4"},
                                         {ValueKind::ipv6, "ipv6"},
                                         {ValueKind::ipv4_cidr, "ipv4_cidr"},
                                         {ValueKind::ipv6_cidr, "ipv6_cidr"},
                                         {ValueKind::domain, "domain"},
                                         {ValueKind::url, "url"},
                                         {ValueKind::md5, "md5"},
                                         {ValueKind::sha1, "sha1"},
                                         {ValueKind::sha256, "sha256"},
                                         {ValueKind::sha512, "sha512"},
                                         {ValueKind::email, "email"},
                                         {ValueKind::file_name, "file_name"},
                                         {ValueKind::file_path, "file_path"},
                                         {ValueKind::ja3, "ja3"},
                                         {ValueKind::ja4, "ja4"},
                                         {ValueKind::user_agent, "user_agent"},
                                         {ValueKind::mutex, "mutex"},
                                         {ValueKind::registry_key, "registry_key"},
                                         {ValueKind::mac, "mac"},
                                         {ValueKind::asn, "asn"},
                                         {ValueKind::cert_serial, "cert_serial"}}};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

Made of_network(ValueKind asked, const Network& network) {
  const bool v4 = network.is_v4();
  if (!v4 && (asked == ValueKind::ipv4 || asked == ValueKind::ipv4_cidr))
    return fail(ErrorCode::invalid, "'{}' is IPv6, not IPv4", to_text(network));
  const bool single = network.bits == 128;
  const auto kind = v4 ? (single ? ValueKind::ipv4 : ValueKind::ipv4_cidr)
                       : (single ? ValueKind::ipv6 : ValueKind::ipv6_cidr);
  return CanonicalValue{kind, to_text(network)};
}

Made of_hash(ValueKind kind, std::string_view text, std::size_t digits) {
  if (text.size() != digits || !is_hex(text))
    return fail(ErrorCode::invalid, "'{}' is not {} hexadecimal digits", excerpt(text), digits);
  return CanonicalValue{kind, to_lower_ascii(text)};
}

Made of_email(std::string_view text) {
  auto plain = refanged(text);
  if (to_lower_ascii(plain.substr(0, 7)) == "mailto:") plain.erase(0, 7);
  const auto at = plain.rfind('@');
  if (at == plain.npos || at == 0)
    return fail(ErrorCode::invalid, "'{}' is not an e-mail address", excerpt(text));
  const auto local = TRY(folded(std::string_view(plain).substr(0, at)));
  const bool bad = local.size() > 256 || std::ranges::any_of(local, [](char c) {
                     return (c >= 0 && c <= ' ') || c == 0x7f ||
                            std::string_view("\"(),:;<>@[\\]").find(c) != std::string_view::npos;
                   });
  if (bad) return fail(ErrorCode::invalid, "'{}' has no plain local part", excerpt(text));
  const auto domain = TRY(canonical_domain(std::string_view(plain).substr(at + 1)));
  return CanonicalValue{ValueKind::email, local + "@" + domain};
}

Made of_file_name(std::string_view text) {
  const auto name = trimmed(text.substr(text.find_last_of("/\\") + 1));  // npos + 1 is the beginning
  if (name.empty()) return fail(ErrorCode::invalid, "'{}' has no file name", excerpt(text));
  return CanonicalValue{ValueKind::file_name, TRY(folded(name))};
}

/// Removes separators and white space from the end, down to `size_min` bytes.
void strip_end(std::string& text, char separator, std::size_t size_min) {
  while (text.size() > size_min && (text.back() == separator || trimmed(text).size() < text.size()))
    text.pop_back();
}

bool is_windows_path(std::string_view text) {
  const bool drive =
      text.size() >= 2 && text[1] == ':' && ((text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'z');
  return drive || text.starts_with("\\\\") || text.starts_with("//");
}

/// Windows paths (a drive, or two separators in front) are folded, others keep their case: file systems
/// differ so.
Made of_path(std::string_view text) {
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "'{}' is not UTF-8", excerpt(text));
  const bool windows = is_windows_path(text);
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] == '\\' ? '/' : text[i];
    if (c == '/' && i > 1 && path.back() == '/') continue;
    path += c;
  }
  if (path.starts_with("//") && !windows) path.erase(0, 1);  // "/\x": two separators, but not a share
  strip_end(path, '/', path.ends_with(":/") ? path.size() : 1);
  if (windows) path = TRY(folded(path));
  return CanonicalValue{ValueKind::file_path, std::move(path)};
}

Made of_ja4(std::string_view text) {
  const auto lower = to_lower_ascii(text);
  const bool good =
      lower.size() == 36 && lower[10] == '_' && lower[23] == '_' &&
      std::ranges::all_of(lower.substr(0, 10),
                          [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }) &&
      is_hex(std::string_view(lower).substr(11, 12)) && is_hex(std::string_view(lower).substr(24));
  if (!good) return fail(ErrorCode::invalid, "'{}' is not a JA4 fingerprint (a_b_c)", excerpt(text));
  return CanonicalValue{ValueKind::ja4, lower};
}

Made of_registry_key(std::string_view text) {
  struct Hive {
    std::string_view spelling, full;
  };
  static constexpr std::array<Hive, 12> hives = {{{"hklm", "hkey_local_machine"},
                                                  {"hkcu", "hkey_current_user"},
                                                  {"hkcr", "hkey_classes_root"},
                                                  {"hku", "hkey_users"},
                                                  {"hkcc", "hkey_current_config"},
                                                  {"hklm:", "hkey_local_machine"},
                                                  {"hkcu:", "hkey_current_user"},
                                                  {"hkcr:", "hkey_classes_root"},
                                                  {"hku:", "hkey_users"},
                                                  {"hkcc:", "hkey_current_config"},
                                                  {"\\registry\\machine", "hkey_local_machine"},
                                                  {"\\registry\\user", "hkey_users"}}};
  const auto lower = TRY(folded(text));
  std::string key;
  for (const char c : lower)
    if (c != '\\' || key.empty() || key.back() != '\\') key += c;  // lists write the separator doubled
  strip_end(key, '\\', 0);
  for (const auto& hive : hives) {
    const bool here = key.starts_with(hive.spelling) &&
                      (key.size() == hive.spelling.size() || key[hive.spelling.size()] == '\\');
    if (!here) continue;
    key.replace(0, hive.spelling.size(), hive.full);
    break;
  }
  if (key.empty()) return fail(ErrorCode::invalid, "'{}' is not a registry key", excerpt(text));
  return CanonicalValue{ValueKind::registry_key, std::move(key)};
}

Made of_mac(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ':' && c != '-' && c != '.') digits += c;
  if (digits.size() != 12 || !is_hex(digits) || text.size() > 17)
    return fail(ErrorCode::invalid, "'{}' is not a MAC address of twelve hexadecimal digits", excerpt(text));
  auto lower = to_lower_ascii(digits);
  for (const std::size_t at : {10u, 8u, 6u, 4u, 2u}) lower.insert(at, ":");
  return CanonicalValue{ValueKind::mac, std::move(lower)};
}

/// Decimal; takes `AS64500` and asdot `1.10` (RFC 5396).
Made of_asn(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::invalid, "'{}' is not the number of an autonomous system", excerpt(text));
  };
  const auto number = [](std::string_view digits, std::uint64_t most) -> std::optional<std::uint64_t> {
    const auto value = as_number<std::uint64_t>(digits);
    return value && *value <= most ? value : std::nullopt;
  };
  auto digits = text;
  if (equal_ignoring_case(digits.substr(0, 3), "asn"))
    digits.remove_prefix(3);
  else if (equal_ignoring_case(digits.substr(0, 2), "as"))
    digits.remove_prefix(2);
  const auto dot = digits.find('.');
  const auto low =
      number(digits.substr(dot == digits.npos ? 0 : dot + 1), dot == digits.npos ? UINT32_MAX : UINT16_MAX);
  const auto high = dot == digits.npos ? 0 : number(digits.substr(0, dot), UINT16_MAX);
  if (!low || !high) return bad();
  return CanonicalValue{ValueKind::asn, std::to_string(*high << 16 | *low)};
}

/// Hexadecimal without leading zeros, whatever separates the bytes.
Made of_cert_serial(std::string_view text) {
  std::string digits;
  auto rest = text;
  if (rest.starts_with("0x") || rest.starts_with("0X")) rest.remove_prefix(2);
  for (const char c : rest)
    if (c != ':' && c != '-' && c != ' ') digits += c;
  if (digits.empty() || !is_hex(digits))
    return fail(ErrorCode::invalid, "'{}' is not a serial number in hexadecimal", excerpt(text));
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return CanonicalValue{ValueKind::cert_serial, to_lower_ascii(digits)};
}

Made as_written(ValueKind kind, std::string_view text) {
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "'{}' is not UTF-8", excerpt(text));
  return CanonicalValue{kind, std::string(text)};
}

Made of_kind(ValueKind kind, std::string_view text) {
  switch (kind) {
    case ValueKind::ipv4:
    case ValueKind::ipv6:
    case ValueKind::ipv4_cidr:
    case ValueKind::ipv6_cidr:
      return of_network(kind, TRY(parse_network(refanged(text))));
    case ValueKind::domain:
      return CanonicalValue{kind, TRY(canonical_domain(refanged(text)))};
    case ValueKind::url:
      return CanonicalValue{kind, TRY(canonical_url(text))};
    case ValueKind::md5:
    case ValueKind::ja3:
      return of_hash(kind, text, 32);
    case ValueKind::sha1:
      return of_hash(kind, text, 40);
    case ValueKind::sha256:
      return of_hash(kind, text, 64);
    case ValueKind::sha512:
      return of_hash(kind, text, 128);
    case ValueKind::email:
      return of_email(text);
    case ValueKind::file_name:
      return of_file_name(text);
    case ValueKind::file_path:
      return of_path(text);
    case ValueKind::ja4:
      return of_ja4(text);
    case ValueKind::user_agent:
    case ValueKind::mutex:
      return as_written(kind, text);
    case ValueKind::registry_key:
      return of_registry_key(text);
    case ValueKind::mac:
      return of_mac(text);
    case ValueKind::asn:
      return of_asn(text);
    case ValueKind::cert_serial:
      return of_cert_serial(text);
  }
  return fail(ErrorCode::internal, "no such kind of value: {}", static_cast<int>(kind));
}

std::optional<ValueKind> hash_kind(std::string_view text) {
  if (!is_hex(text)) return std::nullopt;
  switch (text.size()) {
    case 32:
      return ValueKind::md5;
    case 40:
      return ValueKind::sha1;
    case 64:
      return ValueKind::sha256;
    case 128:
      return ValueKind::sha512;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view name_of(ValueKind kind) {
  const auto* const found = std::ranges::find(names, kind, &Name::kind);
  return found == names.end() ? std::string_view("unknown") : found->name;
}

std::optional<ValueKind> value_kind_named(std::string_view name) {
  const auto* const found = std::ranges::find(names, name, &Name::name);
  return found == names.end() ? std::nullopt : std::optional(found->kind);
}

std::string refanged(std::string_view text) {
  struct Spelling {
    std::string_view defanged, plain;
  };
  static constexpr std::array<Spelling, 15> spellings = {{{"[.]", "."},
                                                          {"(.)", "."},
                                                          {"{.}", "."},
                                                          {"[dot]", "."},
                                                          {"(dot)", "."},
                                                          {"{dot}", "."},
                                                          {"[@]", "@"},
                                                          {"(@)", "@"},
                                                          {"[at]", "@"},
                                                          {"(at)", "@"},
                                                          {"{at}", "@"},
                                                          {"[:]", ":"},
                                                          {"[/]", "/"},
                                                          {"[://]", "://"},
                                                          {"(:)", ":"}}};
  if (text.find_first_of("])}") == text.npos) return std::string(text);
  std::string out;
  for (const char c : text) {
    out += c;
    if (c != ']' && c != ')' && c != '}') continue;
    for (const auto& [defanged, plain] : spellings) {
      if (out.size() < defanged.size()) continue;
      const auto start = out.size() - defanged.size();
      if (!equal_ignoring_case(std::string_view(out).substr(start), defanged)) continue;
      out.replace(start, defanged.size(), plain);
      break;
    }
  }
  return out;
}

Result<CanonicalValue> canonical(ValueKind kind, std::string_view text) {
  const auto value = trimmed(text);
  if (value.empty()) return fail(ErrorCode::invalid, "an empty value is no {}", name_of(kind));
  if (value.size() > value_bytes_max)
    return fail(ErrorCode::invalid, "the value is over {} bytes", value_bytes_max);
  if (value.find('\0') != value.npos) return fail(ErrorCode::invalid, "'{}' holds a NUL", excerpt(value));
  auto made = TRY(of_kind(kind, value));
  if (made.text.size() > value_bytes_max)  // folding and percent-encoding can lengthen
    return fail(ErrorCode::invalid, "the value is over {} bytes", value_bytes_max);
  return made;
}

Result<CanonicalValue> canonical_guess(std::string_view text) {
  const auto value = trimmed(text);
  if (auto network = canonical(ValueKind::ipv6, value)) return network;
  if (const auto plain = refanged(value.substr(0, value_bytes_max)); plain.find("://") != plain.npos)
    return canonical(ValueKind::url, value);
  if (const auto kind = hash_kind(value)) return canonical(*kind, value);
  if (auto email = canonical(ValueKind::email, value)) return email;
  if (auto domain = canonical(ValueKind::domain, value)) return domain;
  return fail(ErrorCode::invalid,
              "'{}' is no address, network, URL, hash, e-mail address or domain name; say which kind it is",
              excerpt(value));
}

}  // namespace shieldwall::model
