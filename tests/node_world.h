#pragma once
// For tests of routes: a store in memory with organisations, circles and callers, asked as the node asks its
// routes, without sockets, accounts and sessions.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/route.h"
#include "api/seal.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "ledger/readable.h"

namespace shieldwall::tests {

/// No network: nothing here sends.
class NoNet final : public net::Net {
 public:
  Result<net::Response> send(const net::Url&, net::Request, const net::SendOptions&) override {
    return fail(ErrorCode::unavailable, "no network in this test");
  }
};

inline std::vector<api::Right> all_rights() {
  using enum api::Right;
  return {read, sight, publish, operate, audit};
}

class NodeWorld {
 public:
  using Wrap = std::function<std::unique_ptr<store::Store>(std::unique_ptr<store::Store>)>;

  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random;
  std::unique_ptr<store::Store> store;
  api::Sealer sealer;
  NoNet net;
  api::Services services;
  api::Router router;

  /// `wrap` may put something around the store: a seeded defect.
  explicit NodeWorld(std::span<const api::Route> routes, std::uint64_t seed = 7, const Wrap& wrap = {})
      : random(seed),
        store(opened(wrap)),
        sealer(std::string(api::Sealer::key_bytes, 'k'), random),
        services{*store, clock, random, system_fs(), net, sealer},
        router({routes.begin(), routes.end()}) {}

  /// An organisation, its id made from its name.
  OrganisationId organisation(const std::string& name, bool hosted = true) {
    const OrganisationId id{Uuid::named(Uuid{}, name)};
    const ledger::Organisation row{
        .id = id, .name = name, .hosted = hosted, .identity = ledger::identity_of(id)};
    write({*ledger::write_of(row, 0)});
    return id;
  }

  /// A circle of those, owned by the first; its id is made from its alias.
  CircleId circle(const std::string& alias,
                  const std::vector<OrganisationId>& members,
                  const std::function<void(ledger::Circle&)>& change = {}) {
    ledger::Circle circle{.id = CircleId{Uuid::named(Uuid{}, alias)},
                          .owner = members.front(),
                          .title = "Circle " + alias,
                          .alias = alias,
                          .created = clock.now()};
    for (const auto& member : members) ledger::enter(circle, member);
    if (change) change(circle);
    write(*ledger::writes_of(store->records(), circle, nullptr));
    return circle.id;
  }

  void change_circle(const CircleId& id, const std::function<void(ledger::Circle&)>& change) {
    const auto before = *ledger::read_circle(store->records(), id);
    auto after = before.value;
    change(after);
    write(*ledger::writes_of(store->records(), after, &before));
  }

  /// The caller as the authenticator would make it now: its scope says what its organisation is inside of.
  api::Caller caller(const OrganisationId& organisation,
                     const std::string& name = "analyst",
                     std::vector<api::Right> rights = all_rights()) {
    policy::Subject subject;
    subject.own.organisation = organisation;
    const auto circles = *ledger::circles_of(store->records(), organisation);
    for (const auto& row : circles)
      subject.own.circles.push_back(ledger::standing_in(row.value, organisation));
    const AccountId account{Uuid::named(organisation.uuid, name)};
    REQUIRE(ledger::close_unreadable(store->records(), account, subject));
    return {.account = account,
            .name = name,
            .organisation = organisation,
            .rights = std::move(rights),
            .scope = policy::Scope::of(policy::sorted(std::move(subject)))};
  }

  /// Asks as the node does. Errors come as problem details; a stream is read to its first wait or its end.
  net::Response ask(const api::Caller& caller,
                    net::Method method,
                    const std::string& target,
                    Bytes body = {},
                    net::Headers headers = {}) {
    net::Request request{
        .method = method, .target = target, .headers = std::move(headers), .body = std::move(body)};
    const auto parsed = net::parse_target(target);
    if (!parsed) return api::problem(parsed.error()).into_http();
    const auto match = router.find(method, *parsed);
    if (match.route == nullptr) return net::problem(match.path_exists ? 405 : 404, "no such address");
    if (!caller.has(match.route->right)) return api::problem({ErrorCode::denied, "no right"}).into_http();
    api::Call call{services, request, *parsed, match.path, caller, clock.now(), Deadline::none()};
    auto response = match.route->handler(call);
    auto http = (response ? std::move(*response) : api::problem(response.error())).into_http();
    if (http.stream) drain(http);
    return http;
  }

  net::Response get(const api::Caller& caller, const std::string& target) {
    return ask(caller, net::Method::get, target);
  }
  net::Response post(const api::Caller& caller, const std::string& target, Bytes body) {
    return ask(caller, net::Method::post, target, std::move(body));
  }

 private:
  std::unique_ptr<store::Store> opened(const Wrap& wrap) {
    auto inner = *store::open_memory({clock, random, system_fs()});
    return wrap ? wrap(std::move(inner)) : std::move(inner);
  }

  void write(const std::vector<store::Write>& writes) { REQUIRE(store->records().write(writes)); }

  static void drain(net::Response& http) {
    constexpr int pieces_max = 100'000;
    for (int i = 0; i < pieces_max; ++i) {
      Bytes piece;
      if (http.stream->next(piece) != net::Poll::chunk) return;
      http.body += piece;
    }
    FAIL("the stream does not end");
  }
};

}  // namespace shieldwall::tests
