#include "server/authenticator.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "ledger/audit.h"
#include "ledger/readable.h"
#include "ledger/subject.h"
#include "net/address.h"
#include "server/session.h"

namespace shieldwall::server {

namespace {

using api::Caller;
using store::Table;

constexpr std::size_t verified_max = 10'000;  // 2 MB; a node's tools are hundreds
constexpr std::size_t known_max = 10'000;

std::unexpected<Refusal> refuse(std::string_view detail) {
  return std::unexpected(Refusal{.status = 401, .detail = std::string(detail)});
}

std::unexpected<Refusal> refuse(const Error& error) {
  if (error.code == ErrorCode::not_found)
    return refuse("the account or its credentials are gone; sign in again");
  log::error("sign-in failed", {{"why", error.message}});
  return std::unexpected(Refusal{.status = 503, .detail = error.message, .retry_after = seconds(1)});
}

std::unexpected<Refusal> too_many(Duration wait) {
  return std::unexpected(
      Refusal{.status = 429, .detail = "too many failed tries; wait and try again", .retry_after = wait});
}

/// What tries are counted under; empty for this machine, where a proxy may speak for many.
std::string counted_address(std::string_view peer_address) {
  const auto address = net::IpAddress::parse(peer_address);
  if (!address || address->is_loopback()) return {};
  return address->subscriber().text();
}

}  // namespace

Authenticator::Authenticator(Options options, WatchedStore& store, const Clock& clock, Random& random)
    : options_(std::move(options)),
      store_(store),
      clock_(clock),
      random_(random),
      hasher_(random, options_.cost, options_.hashing),
      cache_secret_(random.bytes(32)),
      per_account_(clock, options_.per_account),
      per_address_(clock, options_.per_address) {}

Admission<std::optional<Caller>> Authenticator::caller_of(const net::Request& request) {
  if (request.role == net::ListenerRole::local) return local_caller(request);
  const auto some = [](Admission<Caller> caller) -> Admission<std::optional<Caller>> {
    if (!caller) return std::unexpected(std::move(caller).error());
    return std::move(*caller);
  };
  const auto credentials = credentials_of(request.headers);
  if (const auto* malformed = std::get_if<MalformedCredentials>(&credentials)) return refuse(malformed->why);
  if (const auto* basic = std::get_if<BasicCredentials>(&credentials)) return some(by_basic(*basic, request));
  if (const auto* key = std::get_if<KeyCredentials>(&credentials))
    return some(by_key(*key, request.peer_address));
  if (const auto* session = std::get_if<SessionCredentials>(&credentials)) return some(by_session(*session));
  return std::nullopt;
}

// ------------------------------------------------------------------ accounts as callers

std::uint64_t Authenticator::stamp_of_rows() const {
  return store_.writes_to(Table::account) + store_.writes_to(Table::organisation) +
         store_.writes_to(Table::circle) + store_.writes_to(Table::roster);
}

Result<std::shared_ptr<const Authenticator::Known>> Authenticator::known(const AccountId& id) {
  const auto stamp =
      stamp_of_rows();  // before the rows: a write in between makes this entry stale, not wrong
  auto found = known_.with([&](KnownAccounts& accounts) -> std::shared_ptr<const Known> {
    if (accounts.stamp != stamp) return nullptr;
    const auto place = accounts.by_id.find(id);
    return place == accounts.by_id.end() ? nullptr : place->second;
  });
  if (found) return found;
  const auto account = TRY(read_account(store_.records(), id)).value;
  auto subject = TRY(ledger::subject_of(
      store_.records(), account.organisation, account.person, {.compartments = account.compartments}));
  TRY(ledger::close_unreadable(store_.records(), id, subject));
  auto made = std::make_shared<const Known>(Known{.caller = {.account = account.id,
                                                             .name = account.name,
                                                             .organisation = account.organisation,
                                                             .rights = rights_of(account.roles),
                                                             .scope = policy::Scope::of(std::move(subject))},
                                                  .generation = account.generation,
                                                  .disabled = account.disabled});
  known_.with([&](KnownAccounts& accounts) {
    if (accounts.stamp > stamp) return;
    if (accounts.stamp < stamp || accounts.by_id.size() >= known_max) accounts.by_id.clear();
    accounts.stamp = stamp;
    accounts.by_id.insert_or_assign(id, made);
  });
  return made;
}

Result<Caller> Authenticator::local_operator() const {
  const auto home = TRY(ledger::home_organisation(store_.settings()));
  auto subject = TRY(ledger::subject_of(store_.records(), home));
  return Caller{.account = {Uuid::named(home.uuid, "local operator")},
                .name = "local operator",
                .organisation = home,
                .rights = {api::Right::read,
                           api::Right::sight,
                           api::Right::publish,
                           api::Right::operate,
                           api::Right::audit},
                .scope = policy::Scope::of(std::move(subject)),
                .local = true};
}

Admission<std::optional<Caller>> Authenticator::local_caller(const net::Request& request) {
  constexpr std::uint32_t root = 0;  // can become any user anyway
  if (!request.peer_uid || !options_.uid || (*request.peer_uid != *options_.uid && *request.peer_uid != root))
    return refuse("the local socket serves the user that the node runs as");
  const auto named = request.headers.get("Shieldwall-Account");
  if (!named) {
    auto caller = local_operator();
    if (!caller) return refuse(caller.error());
    caller->name = fmt::format("local operator (uid {})", *request.peer_uid);
    return std::move(*caller);
  }
  const auto row = account_named(store_.records(), *named);
  if (!row) return refuse(row.error());
  const auto account = known(row->value.id);
  if (!account) return refuse(account.error());
  if ((*account)->disabled) return refuse("that account is disabled");
  return (*account)->caller;
}

// ------------------------------------------------------------------ passwords

Admission<Caller> Authenticator::by_basic(const BasicCredentials& basic, const net::Request& request) {
  // Tools that know only Basic may send an API key as the password.
  if (const auto key = key_credentials(basic.password)) {
    auto caller = by_key(*key, request.peer_address);
    if (caller && !equal_ignoring_case(caller->name, basic.account))
      return refuse("the API key belongs to another account");
    return caller;
  }
  // The length keeps "a" + "bc" and "ab" + "c" apart. Verified once, a password is known by this for a while:
  // TAXII clients send it with each request.
  auto cache_key =
      hmac_sha256(cache_secret_, fmt::format("{}:{}{}", basic.account.size(), basic.account, basic.password));
  std::string remembered(cache_key.view());
  if (const auto account = verified_before(remembered)) return account->caller;
  auto caller = by_password(basic.account, basic.password, request.peer_address, request.deadline);
  if (!caller) return caller;
  if (const auto account = known(caller->account)) remember(std::move(remembered), **account);
  return caller;
}

std::shared_ptr<const Authenticator::Known> Authenticator::verified_before(std::string_view cache_key) {
  const auto now = clock_.steady();
  const auto entry = verified_.with([&](VerifiedPasswords& verified) -> std::optional<Verified> {
    const auto found = verified.find(cache_key);
    if (found == verified.end()) return std::nullopt;
    if (found->second.until > now) return found->second;
    verified.erase(found);
    return std::nullopt;
  });
  if (!entry) return nullptr;
  const auto account = known(entry->account);
  if (!account || (*account)->disabled || (*account)->generation != entry->generation) return nullptr;
  return *account;
}

void Authenticator::remember(std::string cache_key, const Known& account) {
  const Verified entry{.account = account.caller.account,
                       .generation = account.generation,
                       .until = Duration{clock_.steady().us + password_kept.us}};
  verified_.with([&](VerifiedPasswords& verified) {
    if (verified.size() >= verified_max) verified.clear();
    verified.insert_or_assign(std::move(cache_key), entry);
  });
}

Admission<Caller> Authenticator::by_password(std::string_view account,
                                             std::string_view password,
                                             std::string_view peer_address,
                                             Deadline deadline) {
  const auto name = canonical_account_name(account);
  const std::string counted = name ? *name : "(no name)";
  const auto address = counted_address(peer_address);
  if (const auto wait = address.empty() ? std::nullopt : per_address_.attempt(address))
    return too_many(*wait);
  if (const auto wait = per_account_.attempt(counted)) {
    log::warn("sign-in limited", {{"account", counted}, {"address", peer_address}});
    return too_many(*wait);
  }
  auto row = account_named(store_.records(), counted);
  if (!row && row.error().code != ErrorCode::not_found) return refuse(row.error());
  // An account that does not exist costs the same time, so that names cannot be told by it.
  const auto right = hasher_.verify(password, row ? row->value.password : "", deadline);
  if (!right) {
    per_account_.forgive(counted);  // not tried
    if (!address.empty()) per_address_.forgive(address);
    return refuse(right.error());
  }
  if (!*right || row->value.disabled) return refuse("the account or the password is wrong");
  per_account_.clear(counted);
  if (!address.empty()) per_address_.forgive(address);
  if (hasher_.is_outdated(row->value.password))
    if (const auto done = rehash(*row, password, deadline); !done)
      log::warn("password kept at its old cost",
                {{"account", row->value.id.text()}, {"why", done.error().message}});
  const auto found = known(row->value.id);
  if (!found) return refuse(found.error());
  return (*found)->caller;
}

Done Authenticator::rehash(const ledger::Row<Account>& row, std::string_view password, Deadline deadline) {
  auto account = row.value;
  account.password = TRY(hasher_.hash(password, deadline));
  const auto writes = TRY(writes_of(account, row.revision));
  return store_.records().write(writes);
}

// ------------------------------------------------------------------ keys

Digest Authenticator::hash_of_secret(std::string_view secret) const {
  return hmac_sha256(options_.secret, fmt::format("api key {}", secret));
}

Authenticator::NewSecret Authenticator::make_secret() {
  NewSecret made;
  made.prefix = to_hex(random_.bytes(6));
  made.secret = to_base64url(random_.bytes(32));
  made.hash = hash_of_secret(made.secret);
  return made;
}

Admission<Caller> Authenticator::by_key(const KeyCredentials& key, std::string_view peer_address) {
  const auto address = counted_address(peer_address);
  if (!address.empty())
    if (const auto wait = per_address_.wait_of(address)) return too_many(*wait);
  const auto row = read_key(store_.records(), key.prefix);
  if (!row && row.error().code != ErrorCode::not_found) return refuse(row.error());
  const bool right = row && equal_in_constant_time(row->value.hash.view(), hash_of_secret(key.secret).view());
  if (!right || row->value.expires <= clock_.now()) {
    if (!address.empty()) (void)per_address_.attempt(address);
    return refuse("the API key is wrong, expired or revoked");
  }
  const auto account = known(row->value.account);
  if (!account) return refuse(account.error());
  if ((*account)->disabled) return refuse("the API key is wrong, expired or revoked");
  auto caller = (*account)->caller;
  if (row->value.rights)
    std::erase_if(caller.rights, [&](auto held) {
      return std::ranges::find(*row->value.rights, held) == row->value.rights->end();
    });
  return caller;
}

// ------------------------------------------------------------------ sessions

Result<std::string> Authenticator::open_session(const Caller& caller) {
  const auto account = TRY(known(caller.account));
  const auto token = to_base64url(random_.bytes(32));
  const auto now = clock_.now();
  const Session session{
      .account = caller.account, .generation = account->generation, .created = now, .seen = now};
  const store::Write writes[] = {write_of(session, session_key(options_.secret, token), session_whole, 0)};
  TRY(ledger::change(store_, caller, "session.open", {}, writes));
  return token;
}

Done Authenticator::close_session(const net::Request& request) {
  const auto credentials = credentials_of(request.headers);
  const auto* session = std::get_if<SessionCredentials>(&credentials);
  if (session == nullptr) return {};
  const store::Write writes[] = {{.table = Table::session,
                                  .key = session_key(options_.secret, session->token),
                                  .value = std::nullopt,
                                  .expected = std::nullopt}};
  return store_.records().write(writes);
}

Admission<Caller> Authenticator::by_session(const SessionCredentials& credentials) {
  const auto over = [] { return refuse("the session is over; sign in again"); };
  const auto key = session_key(options_.secret, credentials.token);
  const auto row = read_session(store_.records(), key);
  if (!row) return row.error().code == ErrorCode::not_found ? over() : refuse(row.error());
  auto session = row->value;
  const auto now = clock_.now();
  // A clock set back must not make sessions live longer.
  const bool alive = session.created <= now && session.seen <= now && now < session.created + session_whole &&
                     now < session.seen + session_idle;
  if (!alive) return over();
  const auto account = known(session.account);
  if (!account) return refuse(account.error());
  if ((*account)->disabled || (*account)->generation != session.generation) return over();
  constexpr Duration seen_step = minutes(1);  // one write a minute, not one a request
  if (now - session.seen >= seen_step) {
    session.seen = now;
    const store::Write writes[] = {write_of(session, key, session_whole, row->revision)};
    const auto done = store_.records().write(writes);
    // A conflict: another request did it, or the session was closed meanwhile and must stay so.
    if (!done && done.error().code != ErrorCode::conflict) return refuse(done.error());
  }
  return (*account)->caller;
}

}  // namespace shieldwall::server
