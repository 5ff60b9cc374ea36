#pragma once
// Sessions of people in browsers, as rows of Table::session under the keyed hash of their cookie.

#include <string>
#include <string_view>

#include "ledger/row.h"

namespace shieldwall::server {

struct Session {
  AccountId account{};
  std::uint32_t generation = 0;  // of the account when it signed in
  Timestamp created{};
  Timestamp seen{};  // last request, to the minute
};

std::string session_key(std::string_view secret, std::string_view token);
/// errors: not_found
Result<ledger::Row<Session>> read_session(store::Records& records, std::string_view key);
/// Puts it in the place of `revision`; the row is gone `whole` after the session began.
store::Write write_of(const Session& session, std::string key, Duration whole, std::uint64_t revision);

}  // namespace shieldwall::server
