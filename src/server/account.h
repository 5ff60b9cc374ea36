#pragma once
// Accounts and API keys as rows. Secrets appear here as hashes alone.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/authority.h"
#include "server/role.h"

namespace shieldwall::server {

inline constexpr std::size_t account_name_bytes_max = 128;
inline constexpr int accounts_max = 100'000;      // of one organisation
inline constexpr int keys_per_account_max = 100;  // a key per tool; more is a script that runs wild

struct Account {
  AccountId id{};
  OrganisationId organisation{};
  std::string name{};  // as its owner writes it; unique on the node in its canonical form
  std::vector<Role> roles{};
  std::optional<PersonId> person{};           // the person whose account it is, for labels that name persons
  std::vector<CompartmentId> compartments{};  // the account is in
  bool disabled = false;
  std::string password{};        // PasswordHasher's text; empty: no sign-in by password
  std::uint32_t generation = 0;  // grows when credentials or rights change; sessions of an older one are void
  Timestamp created{};

  ledger::Principal principal() const;
};

/// The one spelling by which names are compared and limits are kept: ASCII lower case.
///   errors  invalid: empty, too long, or other than letters, digits and . _ - @ +
Result<std::string> canonical_account_name(std::string_view name);

/// errors: not_found
Result<ledger::Row<Account>> read_account(store::Records& records, const AccountId& id);
/// By name in any spelling, or by id. errors: not_found, also for what cannot be a name
Result<ledger::Row<Account>> account_named(store::Records& records, std::string_view name_or_id);
/// By name.
Result<std::vector<ledger::Row<Account>>> accounts_of(store::Records& records,
                                                      const OrganisationId& organisation);

/// errors  invalid: name, or no role
Result<std::vector<store::Write>> writes_of(const Account& account, std::uint64_t revision);

struct ApiKey {
  std::string prefix{};  // its public name, 12 hexadecimal digits
  AccountId account{};
  OrganisationId organisation{};
  std::string label{};                              // what it is for
  std::optional<std::vector<api::Right>> rights{};  // narrower than the account's; nothing: the account's
  Digest hash{};                                    // keyed, of the secret part
  Timestamp created{};
  Timestamp expires = Timestamp::never();
};

/// errors: not_found
Result<ledger::Row<ApiKey>> read_key(store::Records& records, std::string_view prefix);
Result<std::vector<ledger::Row<ApiKey>>> keys_of(store::Records& records, const AccountId& account);
Result<std::vector<store::Write>> writes_of(const ApiKey& key);
std::vector<store::Write> removal_of(const ledger::Row<ApiKey>& key);

Result<api::Right> right_named(std::string_view name);

}  // namespace shieldwall::server
