#pragma once
// A whole node in memory, for tests: no sockets, no real clock, hashing as cheap as it goes.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/text.h"
#include "model/json.h"
#include "net/sim.h"
#include "server/node.h"

namespace shieldwall::server {

inline constexpr std::string_view test_password = "correct horse battery";
inline constexpr std::string_view every_role = R"(["reader","analyst","publisher","operator","auditor"])";

/// A route's path with what `name_for` says in the place of each {parameter}.
template <typename NameFor>
std::string filled_path(std::string_view path, NameFor&& name_for) {
  std::string filled;
  for (const auto segment : split(path, '/')) {
    if (segment.data() != path.data()) filled += '/';
    filled +=
        segment.starts_with('{') ? name_for(segment.substr(1, segment.size() - 2)) : std::string(segment);
  }
  return filled;
}

/// As whom a request is sent.
struct As {
  std::string account{};  // Basic, with `password`
  std::string password{test_password};
  std::string key{};     // Bearer
  std::string cookie{};  // of a session
  bool local = false;    // the local socket
  std::string address = "192.0.2.1";
};

struct NodeWorld {
  explicit NodeWorld(std::uint64_t seed = 1,
                     NodeOptions options = {},
                     std::function<Done(std::string_view)> inject = {})
      : random(seed) {
    log::set_level(log::Level::off);
    options.secret = random.bytes(Node::secret_bytes);
    options.uid = 1000;
    options.password_cost = {.passes = 1, .memory_bytes = 8192};
    auto opened =
        *store::open_memory({.clock = clock, .random = random, .fs = system_fs()}, std::move(inject));
    home = OrganisationId::random(random);
    Founding founding;
    founding.organisation = {.id = home, .name = "Home", .identity = ledger::identity_of(home)};
    token = *found_node(*opened, options.secret, founding, clock.now(), random);
    outgoing = net.port_of("home");
    node = *Node::open(std::move(options),
                       std::move(opened),
                       {.clock = clock, .random = random, .fs = system_fs(), .net = *outgoing});
  }

  net::Response send(net::Request request, const As& as) {
    if (as.local) {
      request.role = net::ListenerRole::local;
      request.peer_uid = 1000;
    } else {
      request.peer_address = as.address;
      request.secure = true;
      request.headers.set("Host", "node.example");
    }
    if (!as.account.empty())
      request.headers.set("Authorization", "Basic " + to_base64(as.account + ":" + as.password));
    if (!as.key.empty()) request.headers.set("Authorization", "Bearer " + as.key);
    if (!as.cookie.empty()) request.headers.set("Cookie", "__Host-session=" + as.cookie);
    if (!request.body.empty() && !request.headers.has("Content-Type"))
      request.headers.set("Content-Type", "application/json");
    request.deadline = Deadline::in(seconds(30), clock);
    return node->handle(std::move(request));
  }
  net::Response ask(const As& as, net::Method method, std::string target, std::string body = {}) {
    return send({.method = method, .target = std::move(target), .body = std::move(body)}, as);
  }
  net::Response get(const As& as, std::string target) { return ask(as, net::Method::get, std::move(target)); }
  net::Response post(const As& as, std::string target, std::string body) {
    return ask(as, net::Method::post, std::move(target), std::move(body));
  }

  /// Makes an account with test_password over the local socket; gives how to send as it.
  As account(const std::string& name, std::string_view roles, std::string_view organisation = {}) {
    const auto answer =
        post({.local = true},
             "/api/v1/accounts",
             fmt::format(R"({{"name":"{}","roles":{},"password":"{}"{}}})",
                         name,
                         roles,
                         test_password,
                         organisation.empty() ? "" : fmt::format(R"(,"organisation":"{}")", organisation)));
    if (answer.status != 201) throw std::runtime_error(std::string(answer.bytes()));
    return {.account = name};
  }
  /// An organisation hosted on the node.
  std::string hosted(const std::string& name) {
    const auto answer =
        post({.local = true}, "/api/v1/members", fmt::format(R"({{"name":"{}","hosted":true}})", name));
    if (answer.status != 201) throw std::runtime_error(std::string(answer.bytes()));
    return text(answer, "id");
  }
  static std::string text(const net::Response& response, std::string_view member) {
    const auto document = model::JsonDocument::parse(std::string(response.bytes()));
    if (!document) return "(no JSON: " + std::string(response.bytes()) + ")";
    const auto found = document->root().find(member);
    if (!found) return "(no such member)";
    return found->is(model::JsonKind::string) ? std::string(found->string()) : std::string(found->raw());
  }

  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random;
  net::SimNet net{random, clock};
  std::unique_ptr<net::Net> outgoing;
  OrganisationId home{};
  std::string token;
  std::unique_ptr<Node> node;
};

}  // namespace shieldwall::server
