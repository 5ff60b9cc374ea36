#pragma once
// One node: its parts, built in dependency order. The same for the real process, the command line without
// one, and the simulator.

#include <memory>
#include <optional>
#include <string>

#include "api/route.h"
#include "exchange/federation/federation.h"
#include "exchange/taxii/taxii.h"
#include "ledger/keys.h"
#include "net/server.h"
#include "server/authenticator.h"
#include "server/first_run.h"
#include "server/request_limits.h"

namespace shieldwall::server {

struct NodeOptions {
  std::string name = "shieldwall";  // what it calls itself
  exchange::TaxiiNames taxii{};
  Bytes secret{};  // 32 bytes, from the node's folder; what is sealed or hashed depends on it
  exchange::federation::FederationOptions federation{};  // home is set by the node
  std::optional<ledger::NodeKeys> keys{};                // nothing: a node that takes no part in any alliance
  std::string log_folder{};            // of its transparency log; empty, or without keys: none
  std::optional<std::uint32_t> uid{};  // whose processes the local socket serves
  const Clock* deadlines = nullptr;    // what deadlines of requests are read on; nothing: the clock
  PasswordCost password_cost{};
  PasswordHasher::Limits hashing{};
  Limiter::Rule tries_per_account{.tries = 10, .window = minutes(5)};
  Limiter::Rule tries_per_address{.tries = 50, .window = minutes(5)};
  RequestLimits::Rules requests{};
};

struct Seams {
  Clock& clock;
  Random& random;
  Fs& fs;
  net::Net& net;
};

class Node {
 public:
  static constexpr std::size_t secret_bytes = 32;

  /// The store must have been founded (found_node).
  ///   errors  not_found: it was not; invalid: the secret; as the store
  static Result<std::unique_ptr<Node>> open(NodeOptions options,
                                            std::unique_ptr<store::Store> store,
                                            Seams seams);
  ~Node();

  /// Answers one request; the one way in for every listener, the local socket and the simulator.
  net::Response handle(net::Request&& request);
  net::Intake intake(const net::Request& head);

  /// Works on what may be done later, for about `budget`: full text, embargoes, expiry. True while there is
  /// more. Called by one thread. errors: what the store said; the node is not ready until a call succeeds
  Result<bool> tick(Duration budget);

  /// From now on /readyz says no, so that a balancer sends nobody more.
  void stopping();
  void count_connections(std::function<net::ServerCounters()> counters);

  store::Store& store();
  /// Nothing: a node without keys.
  exchange::federation::Federation* federation();
  const std::vector<api::Route>& routes() const;

  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

 private:
  struct State;
  explicit Node(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::server
