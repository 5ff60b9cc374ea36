#include "detect/field_kind.h"

namespace shieldwall::detect {

namespace {

struct Row {
  std::string_view ending;  // lower case, without separators
  NamedKind kind;
};

constexpr Row rows[] = {
    {"useragent", NamedKind::user_agent},          // Zeek, Suricata, W3C cs(User-Agent)
    {"useragentoriginal", NamedKind::user_agent},  // ECS
    {"mutex", NamedKind::mutex},                   //
    {"mutexname", NamedKind::mutex},               //
    {"mutant", NamedKind::mutex},                  // as Windows' kernel calls them
    {"targetobject", NamedKind::registry_key},     // Sysmon 12-14
    {"registrykey", NamedKind::registry_key},      //
    {"registrypath", NamedKind::registry_key},     // ECS registry.path
    {"regkeypath", NamedKind::registry_key},       // OCSF reg_key.path
    {"asn", NamedKind::asn},                       //
    {"asnumber", NamedKind::asn},                  // ECS as.number
    {"autonomoussystemnumber", NamedKind::asn},    // GeoIP
    {"serial", NamedKind::cert_serial},            // Zeek certificate.serial, Suricata tls.serial
    {"serialnumber", NamedKind::cert_serial},      // ECS x509.serial_number
};

bool is_letter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Does the name end so, when separators and case are passed over? The ending begins where a word does:
/// "alias_number" does not end in "asnumber".
bool ends_so(std::string_view name, std::string_view ending) {
  char first = '\0';
  while (!ending.empty()) {
    if (name.empty()) return false;
    const char c = name.back();
    name.remove_suffix(1);
    if (!is_letter(c) && !is_digit(c)) continue;
    if ((c | 0x20) != ending.back()) return false;
    ending.remove_suffix(1);
    first = c;
  }
  return name.empty() || !is_letter(name.back()) || (first >= 'A' && first <= 'Z');
}

}  // namespace

NamedKind kind_by_field(std::string_view name) {
  for (const auto& row : rows)
    if (ends_so(name, row.ending)) return row.kind;
  return NamedKind::none;
}

}  // namespace shieldwall::detect
