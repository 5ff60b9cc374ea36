#pragma once
// Roles: names under which people know sets of rights.

#include <span>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace shieldwall::server {

enum class Role : std::uint8_t {
  reader,     // sees what was released to the organisation
  analyst,    // and reports sightings
  publisher,  // and puts and releases objects
  operator_,  // accounts, circles, members, configuration; sees what the organisation sees
  auditor,    // reads the audit log, no intelligence
};

inline constexpr Role all_roles[] = {
    Role::reader, Role::analyst, Role::publisher, Role::operator_, Role::auditor};

std::string_view name_of(Role role);  // "operator"
/// errors: invalid, naming those there are
Result<Role> role_named(std::string_view name);

std::span<const api::Right> rights_of(Role role);
/// Of all of them together, sorted.
std::vector<api::Right> rights_of(std::span<const Role> roles);

}  // namespace shieldwall::server
