#pragma once
// What the server's own handlers work with, beside what every handler has.

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "api/route.h"
#include "model/json_writer.h"
#include "net/server.h"
#include "server/authenticator.h"
#include "server/request_limits.h"
#include "server/watched_store.h"

namespace shieldwall::server {

inline constexpr std::string_view version = "0.1.0";
inline constexpr std::size_t admin_body_bytes_max = 1u << 20;  // a circle with 2,000 members is 100 KB

/// Counts since the start.
struct Counters {
  std::atomic<std::uint64_t> answers[6]{};  // by the first digit of the status
  std::atomic<std::uint64_t> refused_sign_ins{0};
  std::atomic<std::uint64_t> limited_sign_ins{0};
  std::atomic<std::uint64_t> limited_requests[3]{};  // by RequestLimits::By
  std::atomic<std::uint64_t> microseconds{0};        // spent in handlers
};

struct Parts : api::Services {
  WatchedStore& watched;
  Authenticator& authenticator;
  RequestLimits& limits;
  const Clock& deadlines;  // what deadlines of requests are read on
  std::string node_name{};
  OrganisationId home{};
  Bytes openapi{};
  Timestamp started{};
  Bytes secret{};
  std::function<net::ServerCounters()> connections{};  // empty where nothing listens
  Counters counters{};
  std::atomic<bool> ready{true};  // false while the node stops or its background work fails
};

/// Every call that reaches a handler of this room was made by the gate with a Parts.
inline Parts& parts_of(const api::Call& call) {
  return static_cast<Parts&>(call.services);
}

/// The caller; errors: denied when nobody is signed in, which the gate tells as 401.
Result<const api::Caller*> signed_in(const api::Call& call);

/// What a 401 asks for. Basic for the tools that know nothing else.
inline constexpr std::string_view challenge = "Basic realm=\"shieldwall\", charset=\"UTF-8\", Bearer";
/// Problem details that say why nobody is signed in; counts it.
api::Response refused(Parts& parts, const Refusal& refusal);

/// The JSON body. errors: invalid: not JSON, or another Content-Type; exhausted
Result<model::JsonDocument> json_body(const api::Call& call);

/// Rows that the handler has already chosen by the caller's organisation and rights, as JSON.
api::Response answer(int status, model::JsonWriter out);

/// The organisation in the path or body: by id or name. errors: not_found
Result<ledger::Row<ledger::Organisation>> organisation_of(const api::Call& call, std::string_view id_or_name);
/// Whether the caller may know that this organisation exists: its own, the node's, those in its circles; the
/// node's own operators know all.
Result<bool> knows_organisation(const api::Call& call, const OrganisationId& id);

std::span<const api::Route> account_routes();
std::span<const api::Route> key_routes();
std::span<const api::Route> session_routes();
std::span<const api::Route> circle_routes();
std::span<const api::Route> member_routes();
std::span<const api::Route> api_root_routes();
std::span<const api::Route> node_routes();
std::span<const api::Route> log_routes();
std::span<const api::Route> witness_routes();

/// Every row of the node, of every room.
std::vector<api::Route> all_routes();

}  // namespace shieldwall::server
