// Cyber-observables: what section 6 asks beyond the rows, and the deprecated container of section 2.13.

#include <algorithm>

#include "base/text.h"
#include "model/canonical.h"
#include "model/object_check.h"

namespace shieldwall::model {

namespace {

bool is_string(const std::optional<Json>& value) {
  return value && value->is(JsonKind::string);
}

/// A member of a predefined extension.
std::optional<Json> in_extension(const Json& object, std::string_view extension, std::string_view name) {
  const auto extensions = object.find("extensions");
  const auto found = extensions ? extensions->find(extension) : std::nullopt;
  return found ? found->find(name) : std::nullopt;
}

}  // namespace

void Checker::check_observable(const Json& object, const StixType& type) {
  const auto name = type.own.name;
  if (name == "artifact") check_media_type(object, Severity::error, "6.1.1");
  if (name == "file") check_media_type(object, should_, "6.7.1");
  if (name == "network-traffic") check_network_traffic(object);
  if (name == "ipv4-addr" || name == "ipv6-addr" || name == "mac-addr") check_address(object, name);
  for (const auto encoding : {"name_enc", "path_enc"})
    if (const auto value = object.find(encoding); is_string(value) && !is_character_set(value->string()))
      error("character-set", "3.9.1", *value, "'{}' is no IANA character set", shown(value->string()));
  const auto priority = in_extension(object, "windows-process-ext", "priority");
  if (is_string(priority) && !priority->string().ends_with("_CLASS"))
    should("process-priority",
           "6.13.2.1",
           *priority,
           "'priority' should be the name of a priority class, ending in '_CLASS'");
}

void Checker::check_media_type(const Json& object, Severity severity, std::string_view section) {
  const auto value = object.find("mime_type");
  if (is_string(value) && !is_media_type(value->string()))
    report(severity,
           "media-type",
           section,
           *value,
           fmt::format("'{}' is no IANA media type", shown(value->string())));
}

void Checker::check_network_traffic(const Json& object) {
  if (container_ == nullptr && (!object.find("src_port") || !object.find("dst_port")))
    should("network-traffic-ports", "6.12.1", object, "both 'src_port' and 'dst_port' should be there");
  if (const auto protocols = object.find("protocols"); protocols && protocols->is(JsonKind::array)) {
    const Json list = *protocols;
    for (const Json protocol : list)
      if (protocol.is(JsonKind::string) && !is_protocol(protocol.string()))
        should("protocol", "6.12.1", protocol, "'{}' is no IANA service name", shown(protocol.string()));
  }
  if (const auto flows = object.find("ipfix"); flows && flows->is(JsonKind::object)) {
    const Json elements = *flows;
    for (const Json element : elements) {
      const auto key = element.key();
      const bool fits = !key.empty() && key[0] >= 'a' && key[0] <= 'z' && key.find_first_of("-_") == key.npos;
      if (!fits) should("ipfix", "6.12.1", element, "'{}' is no IANA IPFIX element", shown(key));
    }
  }
  if (const auto headers = in_extension(object, "http-request-ext", "request_header");
      headers && headers->is(JsonKind::object)) {
    const Json fields = *headers;
    for (const Json field : fields)
      if (!is_http_request_header(field.key()))
        should(
            "http-request-header", "6.12.2.1", field, "'{}' is no HTTP request header", shown(field.key()));
  }
  if (const auto options = in_extension(object, "socket-ext", "options");
      options && options->is(JsonKind::object)) {
    const Json entries = *options;
    for (const Json option : entries) {
      if (!is_socket_option(option.key()))
        should("socket-option", "6.12.4.1", option, "'{}' is no socket option", shown(option.key()));
      expect(option, JsonKind::number, "6.12.4.1", option.key());
    }
  }
}

void Checker::check_address(const Json& object, std::string_view type) {
  const auto value = object.find("value");
  if (!is_string(value)) return;
  const auto text = value->string();
  const bool network = text.contains('/');
  bool good = false;
  if (type == "mac-addr") {
    good = is_mac(text);
  } else if (type == "ipv4-addr") {
    good = canonical(network ? ValueKind::ipv4_cidr : ValueKind::ipv4, text).has_value() &&
           is_plain_address(text);
  } else {
    good = canonical(network ? ValueKind::ipv6_cidr : ValueKind::ipv6, text).has_value() &&
           is_plain_address(text);
  }
  if (!good)
    error("address",
          profile_.type->own.section,
          *value,
          "'{}' is no {}",
          shown(text),
          type == "mac-addr"    ? "MAC address: six pairs of lower-case hexadecimal digits, joined by colons"
          : type == "ipv4-addr" ? "IPv4 address or CIDR"
                                : "IPv6 address or CIDR");
}

void Checker::check_observables(const Json& container) {
  if (!expect(container, JsonKind::object, "2.13", "objects")) return;
  if (container.size() == 0) error("empty-dictionary", "2.13", container, "the container must not be empty");
  for (const Json member : container) {
    const bool number = !member.key().empty() &&
                        std::ranges::all_of(member.key(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number)
      should("container-key", "2.9", member, "the key '{}' should be a number", shown(member.key()));
    check_container_member(container, member);
  }
}

/// Observables in a container have neither id nor version, and refer to each other by key.
void Checker::check_container_member(const Json& container, const Json& member) {
  if (!expect(member, JsonKind::object, "2.13", member.key())) return;
  const auto type_at = member.find("type");
  if (!is_string(type_at)) {
    error("required", "2.13", member, "the property 'type' is missing");
    return;
  }
  const StixType* type = find_stix_type(type_at->string());
  if (type == nullptr || type->type_class != TypeClass::sco) {
    if (!is_type_name(type_at->string())) check_type_name(*type_at);
    check_custom_value(member, 1);
    return;
  }
  const Profile outer = profile_;
  const Json* const outer_container = container_;
  profile_ = {.version = outer.version, .type = type, .type_class = TypeClass::sco};
  container_ = &container;
  for (const Json property : member) {
    if (const Property* row = find_property(*type, property.key()))
      check_property(*row, property);
    else
      check_custom_property(property, type->own.name);
  }
  for (const Property& row : type->own.properties)
    if (row.need == Need::required && !member.find(row.name) && outer.version == SpecVersion::v2_1)
      error("required", type->own.section, member, "the property '{}' is missing", row.name);
  check_rules(member, type->own);
  check_observable(member, *type);
  profile_ = outer;
  container_ = outer_container;
}

}  // namespace shieldwall::model
