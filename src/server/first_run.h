#pragma once
// What `init` leaves in a new store: the organisation, an API root, and a token for the first account.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/organisation.h"

namespace shieldwall::server {

inline constexpr Duration first_run_token_life = days(7);

struct Founding {
  ledger::Organisation organisation{};  // the node's own
  std::string api_root = "default";     // empty: none
  std::string api_root_title = "Shieldwall";
};

/// Gives the one-time token; only its hash is kept.
///   errors  conflict: the store has an organisation already
Result<std::string> found_node(
    store::Store& store, std::string_view secret, const Founding& founding, Timestamp now, Random& random);

/// The write that uses the token up.
///   errors  denied: wrong, used or expired
Result<std::vector<store::Write>> redeem_first_run_token(store::Records& records,
                                                         std::string_view secret,
                                                         std::string_view token);

}  // namespace shieldwall::server
