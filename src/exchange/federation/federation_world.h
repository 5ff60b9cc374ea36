#pragma once
// Some nodes of an alliance on the simulator's network, for tests: real stores in memory, real keys, the
// federation's own routes; no server, no accounts.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/seal.h"
#include "api/shelf.h"
#include "base/log.h"
#include "exchange/federation/federation.h"
#include "exchange/federation/joining.h"
#include "ledger/amending.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"
#include "net/sim.h"

namespace shieldwall::exchange::federation {

/// One node: what server::Node builds, as far as the federation needs it.
struct TestNode {
  TestNode(net::SimNet& sim, ManualClock& clock, Random& random, const std::string& host, bool reachable)
      : name(host),
        home(Uuid::named(Uuid{}, host)),
        pin(sha256("pin of " + host)),
        store(*store::open_memory({.clock = clock, .random = random, .fs = system_fs()})),
        sealer(std::string(api::Sealer::key_bytes, 'k'), random),
        out(sim.port_of(host, pin)),
        services{*store, clock, random, system_fs(), *out, sealer, &shelf},
        router({federation_routes().begin(), federation_routes().end()}) {
    const ledger::Organisation organisation{
        .id = home, .name = "Member " + host, .hosted = true, .identity = ledger::identity_of(home)};
    const auto write = *ledger::write_of(organisation, 0);
    REQUIRE(store->records().write({&write, 1}));
    shelf.of<ledger::KeyRing>().set(ledger::NodeKeys::make(random));
    federation = std::make_unique<Federation>(
        services, FederationOptions{.home = home, .address = reachable ? host + ":8444" : "", .pin = pin});
    shelf.of<FederationHandle>().at = federation.get();
    REQUIRE(federation->refresh());
    sim.listen(host, 8444, [this](net::Request&& request) { return answer(std::move(request)); });
  }

  net::Response answer(net::Request&& request) {
    if (!request.client_certificate_pin || !federation->admits(*request.client_certificate_pin))
      return net::problem(495, "the handshake fails");
    const auto target = net::parse_target(request.target);
    const auto match = router.find(request.method, *target);
    if (match.route == nullptr) return net::problem(404, "no such address");
    api::Call call{
        services, request, *target, match.path, std::nullopt, services.clock.now(), Deadline::none()};
    auto response = match.route->handler(call);
    return (response ? std::move(*response) : api::problem(response.error())).into_http();
  }

  /// Releases an indicator to the whole alliance, and gives its id.
  model::ObjectId share(const std::string& value, const std::function<void(policy::Label&)>& change = {}) {
    const auto circle = *ledger::circle_by_name(store->records(), home, "shield");
    const auto id = "indicator--" + Uuid::random(services.random).text();
    const auto text = fmt::format(
        R"({{"type":"indicator","spec_version":"2.1","id":"{}","created":"2023-11-14T00:00:00.000Z",)"
        R"("modified":"2023-11-14T00:00:00.000Z","pattern":"[domain-name:value = '{}']","pattern_type":"stix",)"
        R"("valid_from":"2023-11-14T00:00:00Z"}})",
        id,
        value);
    return put(text, circle.value, change);
  }
  model::ObjectId put(const std::string& text,
                      const ledger::Circle& circle,
                      const std::function<void(policy::Label&)>& change = {}) {
    const auto document = *model::JsonDocument::parse(text);
    auto object = model::read_object(document.root());
    REQUIRE(object);
    auto label = ledger::label_for(circle, home);
    label.tlp = policy::Tlp::amber;
    if (change) change(label);
    const store::NewHolding holding{.object = *object,
                                    .text = model::searchable_text(document.root()),
                                    .source = {policy::Source::Kind::own, home.uuid},
                                    .collection = circle.id,
                                    .label = policy::canonical(label),
                                    .parts = {}};
    REQUIRE(store->objects().put({&holding, 1}, Deadline::none()));
    return object->id;
  }

  /// As the route does it.
  void amend(const model::ObjectId& id, const std::function<void(policy::Label&)>& change) {
    const auto held = *store->objects().get(scope(), id);
    auto label = held.label;
    change(label);
    const store::Amendment amendment{.id = id,
                                     .version = held.version,
                                     .spec_version = held.spec_version,
                                     .source = held.source,
                                     .collection = held.collection,
                                     .before = held.label,
                                     .label = policy::canonical(label),
                                     .parts = {}};
    REQUIRE(ledger::note_amending(store->records(), id));
    REQUIRE(store->objects().amend({&amendment, 1}));
    REQUIRE(ledger::note_amended(store->records(), id));
  }
  void recall(const model::ObjectId& id) {
    store::Query query;
    query.ids = {id};
    REQUIRE(store->objects().remove(scope(), query).value_or(0) > 0);
  }

  policy::Scope scope() { return policy::Scope::of(*ledger::subject_of(store->records(), home)); }
  bool has(const model::ObjectId& id) { return store->objects().get(scope(), id).has_value(); }
  std::size_t words_found(const std::string& words) {
    while (*store->objects().tend(seconds(1))) {
    }
    store::Query query;
    query.words = words;
    return *store->objects().count(scope(), query, 1000);
  }

  std::string name;
  OrganisationId home;
  Digest pin;
  std::unique_ptr<store::Store> store;
  api::Sealer sealer;
  api::Shelf shelf;
  std::unique_ptr<net::Net> out;
  api::Services services;
  api::Router router;
  std::unique_ptr<Federation> federation;
};

struct FederationWorld {
  explicit FederationWorld(std::uint64_t seed = 1) : random(seed) { log::set_level(log::Level::off); }

  TestNode& node(const std::string& host, bool reachable = true) {
    return *nodes.emplace_back(std::make_unique<TestNode>(sim, clock, random, host, reachable));
  }
  /// A node that carries what it cannot read.
  TestNode& relay(const std::string& host) {
    auto& hub = node(host);
    auto options = hub.federation->options();
    options.relay = true;
    hub.federation = std::make_unique<Federation>(hub.services, options);
    hub.shelf.of<FederationHandle>().at = hub.federation.get();
    REQUIRE(hub.federation->refresh());
    return hub;
  }
  /// An alliance named "shield" that the first founds and the others join by invitation.
  void alliance(const std::vector<TestNode*>& members) {
    auto& first = *members.front();
    const auto founded = found_alliance(*first.federation, "shield");
    REQUIRE(founded);
    for (std::size_t i = 1; i < members.size(); ++i) enter(*members[i], first);
    settle();
  }
  /// `joiner` joins an alliance of `founder`, who invites it.
  static void enter(TestNode& joiner, TestNode& founder, std::string_view alliance = "shield") {
    const auto invitation =
        invite(*founder.federation, *ledger::alliance_named(founder.store->records(), alliance));
    REQUIRE(invitation);
    const auto joined = join(*joiner.federation, *invitation);
    if (!joined) FAIL(joined.error().message);
  }
  /// Everybody does all there is to do; what a cut line stops stays undone.
  void settle() {
    for (int round = 0; round < 8; ++round)
      for (const auto& one : nodes) step(*one);
  }
  void step(TestNode& one) {
    while (true) {
      const auto more = one.federation->release();
      if (!more || !*more) break;
    }
    for (const auto& peer : one.federation->to_call()) {
      static_cast<void>(one.federation->fetch_from(peer, seconds(0)));
      if (one.federation->brings()) static_cast<void>(one.federation->bring_to(peer));
    }
  }

  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random;
  net::SimNet sim{random, clock};
  std::vector<std::unique_ptr<TestNode>> nodes;
};

}  // namespace shieldwall::exchange::federation
