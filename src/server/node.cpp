#include "server/node.h"

#include "api/seal.h"
#include "api/shelf.h"
#include "base/log.h"
#include "ledger/delivery.h"
#include "server/gate.h"
#include "server/log_check.h"
#include "server/log_of_node.h"
#include "server/witnessing.h"

namespace shieldwall::server {

namespace {

constexpr Duration expiry_pause = minutes(1);  // between two sweeps of expired rows

Bytes derived(std::string_view secret, std::string_view purpose) {
  return Bytes(hmac_sha256(secret, purpose).view());
}

/// What people and programs ask; nodes ask one another in a form of their own (docs/formats/federation.md).
std::vector<api::Route> described(const std::vector<api::Route>& routes) {
  std::vector<api::Route> told;
  for (const auto& route : routes)
    if (!route.path.starts_with("/federation/")) told.push_back(route);
  return told;
}

}  // namespace

/// In dependency order: what stands below may use what stands above.
struct Node::State {
  State(NodeOptions options, std::unique_ptr<store::Store> inner, Seams seams, OrganisationId home)
      : store(std::move(inner)),
        sealer(derived(options.secret, "shieldwall cursors"), seams.random),
        authenticator({.secret = derived(options.secret, "shieldwall credentials"),
                       .uid = options.uid,
                       .cost = options.password_cost,
                       .hashing = options.hashing,
                       .per_account = options.tries_per_account,
                       .per_address = options.tries_per_address},
                      store,
                      seams.clock,
                      seams.random),
        limits(seams.clock, options.requests),
        parts{{.store = store,
               .clock = seams.clock,
               .random = seams.random,
               .fs = seams.fs,
               .net = seams.net,
               .sealer = sealer,
               .shelf = &shelf},
              store,
              authenticator,
              limits,
              options.deadlines != nullptr ? *options.deadlines : seams.clock},
        gate(parts, all_routes()) {
    parts.node_name = std::move(options.name);
    if (options.keys) shelf.of<ledger::KeyRing>().set(std::move(*options.keys));
    shelf.of<exchange::TaxiiNames>() = std::move(options.taxii);
    parts.home = home;
    parts.secret = std::move(options.secret);
    parts.openapi = api::openapi(described(gate.routes()), version);
    parts.started = seams.clock.now();
  }

  Done take_part(exchange::federation::FederationOptions options) {
    options.home = parts.home;
    options.check_log = [this](const OrganisationId& member) -> Result<std::string> {
      auto* const witness = shelf.of<WitnessOnShelf>().witness.get();
      if (witness == nullptr) return std::string("this node sees no logs");
      return check_log_of(*federation, *witness, member);
    };
    federation = std::make_unique<exchange::federation::Federation>(parts, std::move(options));
    shelf.of<exchange::federation::FederationHandle>().at = federation.get();
    return federation->refresh();
  }

  /// Log and witness sign by the keys that the node has now.
  Done follow_keys() {
    if (!log) return {};
    const auto keys = TRY(shelf.of<ledger::KeyRing>().keys());
    if (keys == keys_of_log) return {};
    log->use(TRY(log_signers(parts.home, *keys)));
    shelf.of<WitnessOnShelf>().witness->use(TRY(witness_signers(parts.home, *keys)));
    keys_of_log = keys;
    return {};
  }

  WatchedStore store;
  std::unique_ptr<ledger::NodeLog> log;  // nothing: this node keeps none
  api::Sealer sealer;
  api::Shelf shelf;
  Authenticator authenticator;
  RequestLimits limits;
  Parts parts;
  Gate gate;
  std::unique_ptr<exchange::federation::Federation> federation;  // nothing: a node without keys
  ledger::KeyRing::Keys keys_of_log;                             // by which log and witness sign
  Timestamp next_visibility = Timestamp::always();
  Timestamp next_expiry = Timestamp::always();
  std::atomic<bool> stops{false};
};

Node::Node(std::unique_ptr<State> state) : state_(std::move(state)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::open(NodeOptions options,
                                         std::unique_ptr<store::Store> store,
                                         Seams seams) {
  if (options.secret.size() != secret_bytes)
    return fail(
        ErrorCode::invalid, "the node's secret has {} bytes, not {}", options.secret.size(), secret_bytes);
  const auto home = TRY(ledger::home_organisation(store->settings()));
  const auto folder = options.log_folder;
  auto federation = std::move(options.federation);
  const auto keys = options.keys;
  auto state = std::make_unique<State>(std::move(options), std::move(store), seams, home);
  if (keys && !folder.empty()) {
    state->log = TRY(open_log(folder, home, *keys, state->store, seams.fs));
    state->shelf.of<ledger::LogOnShelf>().log = state->log.get();
    // Who shares with nobody has nobody to ask what its log lacks.
    if (TRY(state->store.records().scan(store::Table::roster, {}, {}, 1)).empty())
      TRY(state->log->resume(seams.clock.now()));
    state->shelf.of<WitnessOnShelf>().witness =
        TRY(open_witness(folder + "/witness", home, *keys, state->parts));
  }
  if (keys) TRY(state->take_part(std::move(federation)));
  return std::unique_ptr<Node>(new Node(std::move(state)));
}

net::Response Node::handle(net::Request&& request) {
  return state_->gate.answer(std::move(request));
}

net::Intake Node::intake(const net::Request& head) {
  return state_->gate.intake(head);
}

Result<bool> Node::tick(Duration budget) {
  auto& state = *state_;
  const auto work = [&]() -> Result<bool> {
    const auto now = state.parts.clock.now();
    TRY(state.follow_keys());
    // Asked anew each second, since a put may bring an earlier instant.
    if (now >= state.next_visibility)
      state.next_visibility = std::min(TRY(state.store.objects().advance(now)), now + seconds(1));
    if (state.log) TRY(state.log->publish());
    bool more = false;
    if (now >= state.next_expiry) {
      more = TRY(state.store.records().expire(now));
      if (!more) state.next_expiry = now + expiry_pause;
    }
    return TRY(state.store.objects().tend(budget)) || more;
  };
  auto more = work();
  if (!more && state.parts.ready) log::error("background work failed", {{"why", more.error().message}});
  state.parts.ready = more.has_value() && !state.stops;
  return more;
}

void Node::stopping() {
  state_->stops = true;
  state_->parts.ready = false;
}

void Node::count_connections(std::function<net::ServerCounters()> counters) {
  state_->parts.connections = std::move(counters);
}

store::Store& Node::store() {
  return state_->store;
}

exchange::federation::Federation* Node::federation() {
  return state_->federation.get();
}

const std::vector<api::Route>& Node::routes() const {
  return state_->gate.routes();
}

}  // namespace shieldwall::server
