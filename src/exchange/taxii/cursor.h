#pragma once
// The `next` of a page: a place in one account's answer to one question, sealed. No session stands behind it.

#include <string>
#include <string_view>

#include "api/call.h"

namespace shieldwall::exchange::taxii {

/// What a cursor belongs to: the account, the kind of answer ("objects"), whatever the path names and the
/// filters.
std::string cursor_purpose(const api::Caller& caller, std::string_view what, std::string_view filters);

std::string seal_place(const api::Sealer& sealer, std::string_view purpose, const store::Place& place);
/// errors  invalid: given for another question, another account, or not by this node
Result<store::Place> open_place(const api::Sealer& sealer, std::string_view purpose, std::string_view token);

}  // namespace shieldwall::exchange::taxii
