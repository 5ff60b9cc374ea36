#include "server/role.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace shieldwall::server {

namespace {

using api::Right;

struct RoleRow {
  std::string_view name;
  std::array<Right, 3> rights;
  std::size_t count;
};

constexpr RoleRow rows[] = {
    {"reader", {Right::read}, 1},
    {"analyst", {Right::read, Right::sight}, 2},
    {"publisher", {Right::read, Right::sight, Right::publish}, 3},
    {"operator", {Right::read, Right::operate}, 2},
    {"auditor", {Right::audit}, 1},
};
static_assert(std::size(rows) == std::size(all_roles));

const RoleRow& row_of(Role role) {
  return rows[static_cast<std::size_t>(role)];
}

}  // namespace

std::string_view name_of(Role role) {
  return row_of(role).name;
}

Result<Role> role_named(std::string_view name) {
  for (const auto role : all_roles)
    if (name_of(role) == name) return role;
  return fail(
      ErrorCode::invalid, "'{}' is no role: reader, analyst, publisher, operator or auditor", excerpt(name));
}

std::span<const Right> rights_of(Role role) {
  return std::span(row_of(role).rights).first(row_of(role).count);
}

std::vector<Right> rights_of(std::span<const Role> roles) {
  std::vector<Right> rights;
  for (const auto role : roles) rights.insert(rights.end(), rights_of(role).begin(), rights_of(role).end());
  std::ranges::sort(rights);
  const auto repeated = std::ranges::unique(rights);
  rights.erase(repeated.begin(), repeated.end());
  return rights;
}

}  // namespace shieldwall::server
