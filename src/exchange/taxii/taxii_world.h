#pragma once
// For tests: a store in memory with organisations, circles and accounts, asked through the TAXII routes as
// the node asks them.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "api/route.h"
#include "api/seal.h"
#include "api/shelf.h"
#include "exchange/taxii/media_type.h"
#include "exchange/taxii/taxii.h"
#include "ledger/api_root.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "model/json.h"

namespace shieldwall::exchange::taxii {

/// Worlds made while one of these lives keep their objects in SQLite, each in a folder of its own.
class KeptInSqlite {
 public:
  KeptInSqlite() { current() = this; }
  ~KeptInSqlite() {
    current() = nullptr;
    std::filesystem::remove_all(folder_);
  }
  KeptInSqlite(const KeptInSqlite&) = delete;
  KeptInSqlite& operator=(const KeptInSqlite&) = delete;

  /// A new folder; empty when worlds are kept in memory.
  static std::string next_folder() {
    if (current() == nullptr) return {};
    const auto folder = current()->folder_ / std::to_string(current()->made_++);
    std::filesystem::create_directories(folder);
    return folder.string();
  }

 private:
  static KeptInSqlite*& current() {
    static KeptInSqlite* one = nullptr;
    return one;
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("shieldwall-taxii-{}", ::getpid());
  int made_ = 0;
};

/// A test case that runs on each kind of store.
#define STORE_TEST_CASE(sentence) STORE_TEST_CASE_AS(sentence, DOCTEST_ANONYMOUS(on_every_store_))
#define STORE_TEST_CASE_AS(sentence, function) \
  static void function();                      \
  TEST_CASE(sentence " (in memory)") {         \
    function();                                \
  }                                            \
  TEST_CASE(sentence " (in SQLite)") {         \
    const KeptInSqlite kept;                   \
    function();                                \
  }                                            \
  static void function()

/// No network: nothing here sends.
class NoNet final : public net::Net {
 public:
  Result<net::Response> send(const net::Url&, net::Request, const net::SendOptions&) override {
    return fail(ErrorCode::unavailable, "no network in this test");
  }
};

struct World {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{7};
  std::function<Done(std::string_view step)> fault{};  // asked before durable steps of a store in memory
  std::unique_ptr<store::Store> store;
  api::Sealer sealer;
  api::Shelf shelf;
  NoNet net;
  api::Services services;
  api::Router router;

  OrganisationId cert = OrganisationId::random(random);     // owns the circle
  OrganisationId company = OrganisationId::random(random);  // is inside
  OrganisationId stranger = OrganisationId::random(random);

  /// `node_random` is what the node itself draws from; threads need one that they can share.
  ///   folder       where SQLite keeps it; empty: in memory
  explicit World(Random* node_random = nullptr, const std::string& folder = KeptInSqlite::next_folder())
      : store(open(folder,
                   {clock, node_random ? *node_random : random, system_fs()},
                   [this](std::string_view step) { return fault ? fault(step) : Done{}; })),
        sealer(std::string(api::Sealer::key_bytes, 'k'), node_random ? *node_random : random),
        services{*store, clock, node_random ? *node_random : random, system_fs(), net, sealer, &shelf},
        router({taxii_routes().begin(), taxii_routes().end()}) {
    add_organisation(cert, "CERT");
    add_organisation(company, "Company");
    add_organisation(stranger, "Stranger");
    add_root({.name = "api1", .title = "One", .is_default = true});
  }

  static std::unique_ptr<store::Store> open(const std::string& folder,
                                            store::Seams seams,
                                            std::function<Done(std::string_view step)> inject) {
    auto store =
        folder.empty() ? store::open_memory(seams, std::move(inject)) : store::open_sqlite(folder, seams);
    REQUIRE(store);
    return std::move(*store);
  }

  void write(std::vector<store::Write> writes) { REQUIRE(store->records().write(writes)); }

  void add_organisation(const OrganisationId& id, std::string name) {
    const ledger::Organisation organisation{
        .id = id, .name = std::move(name), .hosted = true, .identity = ledger::identity_of(id)};
    write({*ledger::write_of(organisation, 0)});
  }

  void add_root(const ledger::ApiRoot& root) { write(*ledger::writes_of(store->records(), root, 0)); }

  ledger::Circle circle_of(std::string alias, std::vector<OrganisationId> members) {
    ledger::Circle circle{.id = CircleId::random(random),
                          .owner = cert,
                          .title = "Circle " + alias,
                          .alias = std::move(alias),
                          .api_root = "api1"};
    circle.created = clock.now();
    for (const auto& member : members) ledger::enter(circle, member);
    return circle;
  }

  void put(const ledger::Circle& circle, const ledger::Row<ledger::Circle>* before = nullptr) {
    write(*ledger::writes_of(store->records(), circle, before));
  }

  ledger::Circle add_circle(std::string alias, std::vector<OrganisationId> members) {
    auto circle = circle_of(std::move(alias), std::move(members));
    put(circle);
    return circle;
  }

  /// The caller as the authenticator would make it now: its scope says what its organisation is inside of.
  api::Caller caller_of(const OrganisationId& organisation,
                        std::string name,
                        std::vector<api::Right> rights = {api::Right::read, api::Right::publish}) {
    policy::Subject subject;
    subject.own.organisation = organisation;
    const auto circles = ledger::circles_of(store->records(), organisation);
    for (const auto& row : *circles)
      subject.own.circles.push_back(ledger::standing_in(row.value, organisation));
    std::ranges::sort(subject.own.circles, {}, &policy::CircleStanding::circle);
    return {.account = AccountId{Uuid::named(Uuid{}, name)},
            .name = std::move(name),
            .organisation = organisation,
            .rights = std::move(rights),
            .scope = policy::Scope::of(std::move(subject))};
  }

  net::Response ask(const api::Caller& caller,
                    net::Method method,
                    std::string target,
                    Bytes body = {},
                    net::Headers headers = {}) {
    net::Request request{.method = method, .target = target};
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.headers.add("Host", "taxii.example");
    if (!request.headers.has("Accept")) request.headers.add("Accept", media_type);
    if (method == net::Method::post && !request.headers.has("Content-Type"))
      request.headers.add("Content-Type", media_type);
    return handle(caller, std::move(request));
  }

  /// What the node does around a handler, for a caller who is known.
  net::Response handle(const api::Caller& caller, net::Request request) {
    const auto parsed = net::parse_target(request.target);
    REQUIRE(parsed);
    const auto match = router.find(request.method, *parsed);
    if (match.route == nullptr)
      return taxii_error(match.path_exists ? 405 : 404, "no such address").into_http();
    api::Call call{services, request, *parsed, match.path, caller, clock.now(), Deadline::none()};
    auto response = match.route->handler(call);
    if (!response && match.route->dialect == api::Dialect::api)
      return api::problem(response.error()).into_http();
    return (response ? std::move(*response) : taxii_error(response.error())).into_http();
  }

  net::Response get(const api::Caller& caller, std::string target) {
    return ask(caller, net::Method::get, std::move(target));
  }
};

/// A body as JSON, with what tests want from it.
class Answer {
 public:
  explicit Answer(const net::Response& response)
      : document_(*model::JsonDocument::parse(std::string(response.bytes()))) {}

  model::Json root() const { return document_.root(); }
  std::string text(std::string_view name) const {
    const auto found = root().find(name);
    return found && found->is(model::JsonKind::string) ? std::string(found->string()) : "";
  }
  std::string number(std::string_view name) const {
    const auto found = root().find(name);
    return found && found->is(model::JsonKind::number) ? std::string(found->number()) : "";
  }
  bool has(std::string_view name) const { return root().find(name).has_value(); }
  bool more() const { return root().find("more") && root().find("more")->boolean(); }
  /// The ids of what `list` lists, in order.
  std::vector<std::string> ids(std::string_view list = "objects") const {
    std::vector<std::string> ids;
    const auto elements = root().find(list);
    if (!elements) return ids;
    for (const auto element : *elements)
      ids.emplace_back(element.is(model::JsonKind::string) ? element.string() : element.find("id")->string());
    return ids;
  }

 private:
  model::JsonDocument document_;
};

/// An indicator with that number, at that version.
inline std::string indicator(int number, int version = 0, std::string_view extra = {}) {
  return fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-{:012}",)"
      R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:{:02}:00.000Z","name":"n{}",)"
      R"("pattern":"[domain-name:value = 'h{}.example']","pattern_type":"stix",)"
      R"("valid_from":"2020-01-01T00:00:00Z"{}}})",
      number,
      version,
      number,
      number,
      extra);
}

inline std::string envelope(std::initializer_list<std::string> objects) {
  std::string text;
  for (const auto& object : objects) text += (text.empty() ? "" : ",") + object;
  return fmt::format(R"({{"objects":[{}]}})", text);
}

}  // namespace shieldwall::exchange::taxii
