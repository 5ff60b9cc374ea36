#include "detect/value_names.h"

#include <algorithm>
#include <string>

namespace shieldwall::detect {

namespace {

using model::ValueKind;

struct Row {
  std::string_view name;  // lower case, words joined by '_'
  ValueName what;
};

constexpr ValueName of_kind(ValueKind kind) {
  return {.kind = kind, .is_value_column = true};
}
// ipv6 takes IPv4 and networks too: the text decides.
constexpr ValueName an_address = of_kind(ValueKind::ipv6);
constexpr ValueName a_hash = {.is_hash = true, .is_value_column = true};
constexpr ValueName a_value = {.is_value_column = true};
constexpr ValueName a_kind = {.is_kind_column = true};

constexpr Row rows[] = {
    {"value", a_value},
    {"indicator", a_value},
    {"ioc", a_value},
    {"ioc_value", a_value},
    {"observable", a_value},
    {"indicator_value", a_value},
    {"type", a_kind},
    {"kind", a_kind},
    {"indicator_type", a_kind},
    {"ioc_type", a_kind},
    {"ip", an_address},
    {"ipv4", an_address},
    {"ipv6", an_address},
    {"ip_address", an_address},
    {"ipaddress", an_address},
    {"ip_addr", an_address},
    {"ip_dst", an_address},
    {"ip_src", an_address},
    {"dst_ip", an_address},
    {"ipv4_addr", an_address},
    {"ipv6_addr", an_address},
    {"ipv4_cidr", an_address},
    {"ipv6_cidr", an_address},
    {"cidr", an_address},
    {"network", an_address},
    {"subnet", an_address},
    {"intel::addr", an_address},
    {"intel::subnet", an_address},
    {"domain", of_kind(ValueKind::domain)},
    {"domain_name", of_kind(ValueKind::domain)},
    {"hostname", of_kind(ValueKind::domain)},
    {"fqdn", of_kind(ValueKind::domain)},
    {"intel::domain", of_kind(ValueKind::domain)},
    {"url", of_kind(ValueKind::url)},
    {"uri", of_kind(ValueKind::url)},
    {"link", of_kind(ValueKind::url)},
    {"intel::url", of_kind(ValueKind::url)},
    {"md5", of_kind(ValueKind::md5)},
    {"md5_hash", of_kind(ValueKind::md5)},
    {"sha1", of_kind(ValueKind::sha1)},
    {"sha_1", of_kind(ValueKind::sha1)},
    {"sha1_hash", of_kind(ValueKind::sha1)},
    {"sha256", of_kind(ValueKind::sha256)},
    {"sha_256", of_kind(ValueKind::sha256)},
    {"sha256_hash", of_kind(ValueKind::sha256)},
    {"sha512", of_kind(ValueKind::sha512)},
    {"sha_512", of_kind(ValueKind::sha512)},
    {"hash", a_hash},
    {"file_hash", a_hash},
    {"filehash", a_hash},
    {"intel::file_hash", a_hash},
    {"intel::cert_hash", a_hash},
    {"email", of_kind(ValueKind::email)},
    {"email_address", of_kind(ValueKind::email)},
    {"email_addr", of_kind(ValueKind::email)},
    {"email_src", of_kind(ValueKind::email)},
    {"email_dst", of_kind(ValueKind::email)},
    {"intel::email", of_kind(ValueKind::email)},
    {"file_name", of_kind(ValueKind::file_name)},
    {"filename", of_kind(ValueKind::file_name)},
    {"intel::file_name", of_kind(ValueKind::file_name)},
    {"ja3", of_kind(ValueKind::ja3)},
    {"ja4", of_kind(ValueKind::ja4)},
    {"user_agent", of_kind(ValueKind::user_agent)},
    {"intel::software", of_kind(ValueKind::user_agent)},
    {"mutex", of_kind(ValueKind::mutex)},
    {"registry_key", of_kind(ValueKind::registry_key)},
    {"regkey", of_kind(ValueKind::registry_key)},
    {"mac", of_kind(ValueKind::mac)},
    {"asn", of_kind(ValueKind::asn)},
    {"cert_serial", of_kind(ValueKind::cert_serial)},
};

}  // namespace

ValueName value_name(std::string_view name) {
  std::string plain(name);
  std::ranges::transform(plain, plain.begin(), [](char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c | 0x20);
    return c == '-' || c == ' ' ? '_' : c;
  });
  const auto* const found = std::ranges::find(rows, plain, &Row::name);
  return found == std::end(rows) ? ValueName{} : found->what;
}

}  // namespace shieldwall::detect
