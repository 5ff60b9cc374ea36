#pragma once
// Keys of rows that stand in the order of an instant.

#include <string>
#include <string_view>

#include "base/time.h"

namespace shieldwall::ledger {

/// "PREFIX", the instant in 20 digits, "/REST": the next row of a scan is the next in time.
std::string instant_key(std::string_view prefix, Timestamp at, std::string_view rest);

/// The instant in a key that instant_key made with that prefix.
Timestamp instant_of(std::string_view prefix, std::string_view key);

}  // namespace shieldwall::ledger
