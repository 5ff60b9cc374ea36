#pragma once
// How accounts look in answers.

#include <optional>
#include <string>

#include "api/fields.h"
#include "api/route.h"
#include "model/json_writer.h"
#include "server/account.h"

namespace shieldwall::server {

/// Without secrets; `password` is one that was just made, told this once.
void write_account(model::JsonWriter& out,
                   const Account& account,
                   const std::optional<std::string>& password);

inline constexpr api::Field account_fields[] = {
    {"id", "string", "UUID"},
    {"name", "string", "as its operator wrote it"},
    {"organisation", "string", "UUID"},
    {"roles", "[]string", "reader, analyst, publisher, operator, auditor"},
    {"rights", "[]string", "what the roles allow: read, sight, publish, operate, audit"},
    {"person", "string", "UUID of the person", false},
    {"compartments", "[]string", "UUIDs"},
    {"disabled", "boolean", "no sign-in, no key"},
    {"has_password", "boolean", "may sign in by password"},
    {"created", "timestamp", "when it was made"},
    {"password", "string", "one that was just made; told this once", false},
};
inline constexpr api::Type account_type{"Account", account_fields};

}  // namespace shieldwall::server
