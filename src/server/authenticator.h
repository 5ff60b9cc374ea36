#pragma once
// From a request to who calls. Nothing else in the node makes a Caller.

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/call.h"
#include "base/guarded.h"
#include "server/account.h"
#include "server/credentials.h"
#include "server/limiter.h"
#include "server/password.h"
#include "server/watched_store.h"

namespace shieldwall::server {

/// Why nobody is signed in.
struct Refusal {
  int status = 401;  // 401, 429: too many tries, 503: too many at once
  std::string detail{};
  std::optional<Duration> retry_after{};
};

template <typename T>
using Admission = std::expected<T, Refusal>;

class Authenticator {
 public:
  struct Options {
    Bytes secret{};                      // 32 bytes of the node's own; keys and sessions are hashed under it
    std::optional<std::uint32_t> uid{};  // whose processes are this machine's operator; nothing: nobody's
    PasswordCost cost{};
    PasswordHasher::Limits hashing{};
    Limiter::Rule per_account{.tries = 10, .window = minutes(5)};
    Limiter::Rule per_address{.tries = 50,
                              .window = minutes(5)};  // an office behind one address mistypes too
  };
  static constexpr Duration session_idle = minutes(30);
  static constexpr Duration session_whole = hours(12);
  static constexpr Duration password_kept =
      minutes(5);  // a verified Basic password is not hashed again that long

  Authenticator(Options options, WatchedStore& store, const Clock& clock, Random& random);

  /// Who sends this request; nothing when it says nothing about that.
  Admission<std::optional<api::Caller>> caller_of(const net::Request& request);

  /// The one place where a password is tried: Basic, sign-in, whatever method or path.
  Admission<api::Caller> by_password(std::string_view account,
                                     std::string_view password,
                                     std::string_view peer_address,
                                     Deadline deadline);

  /// A new session for the account; gives the cookie's value, which is kept nowhere.
  Result<std::string> open_session(const api::Caller& caller);
  /// Ends the session of this request, if it has one.
  Done close_session(const net::Request& request);

  /// A new key's secret and what is stored of it.
  struct NewSecret {
    std::string prefix;
    std::string secret;
    Digest hash;
  };
  NewSecret make_secret();
  Digest hash_of_secret(std::string_view secret) const;

  /// The caller that a request over the local socket is, unless it names an account.
  Result<api::Caller> local_operator() const;

  PasswordHasher& hasher() { return hasher_; }

 private:
  /// An account as callers are made from it, while `stamp_of_rows` stays.
  struct Known {
    api::Caller caller;
    std::uint32_t generation = 0;
    bool disabled = false;
  };
  struct KnownAccounts {
    std::uint64_t stamp = 0;
    std::unordered_map<AccountId, std::shared_ptr<const Known>> by_id;
  };
  struct Verified {
    AccountId account{};
    std::uint32_t generation = 0;
    Duration until{};
  };
  using VerifiedPasswords = std::unordered_map<std::string, Verified, TextHash, std::equal_to<>>;

  std::uint64_t stamp_of_rows() const;
  Result<std::shared_ptr<const Known>> known(const AccountId& id);

  Admission<std::optional<api::Caller>> local_caller(const net::Request& request);
  Admission<api::Caller> by_key(const KeyCredentials& key, std::string_view peer_address);
  Admission<api::Caller> by_session(const SessionCredentials& session);
  Admission<api::Caller> by_basic(const BasicCredentials& basic, const net::Request& request);
  std::shared_ptr<const Known> verified_before(std::string_view cache_key);
  void remember(std::string cache_key, const Known& account);
  Done rehash(const ledger::Row<Account>& row, std::string_view password, Deadline deadline);

  Options options_;
  WatchedStore& store_;
  const Clock& clock_;
  Random& random_;
  PasswordHasher hasher_;
  Bytes cache_secret_;
  Limiter per_account_;
  Limiter per_address_;
  Guarded<KnownAccounts> known_;
  Guarded<VerifiedPasswords> verified_;
};

}  // namespace shieldwall::server
