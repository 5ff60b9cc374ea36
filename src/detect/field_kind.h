#pragma once
// Values that look like any text or number, known by the name of their field alone.

#include <cstdint>
#include <string_view>

namespace shieldwall::detect {

enum class NamedKind : std::uint8_t { none, user_agent, mutex, registry_key, asn, cert_serial };

/// By the end of a field's name, in any case and with any separators: "user_agent.original", "httpUserAgent",
/// "TargetObject", "as.number", "certificate.serial".
NamedKind kind_by_field(std::string_view name);

}  // namespace shieldwall::detect
