// Hidden equals absent, over every route of this room: random histories, all requests, identical bytes.

#include <set>

#include "library_world.h"
#include "store/steps.h"
#include "test_size.h"
#include "twin_world.h"

using namespace shieldwall;
using namespace shieldwall::library;
using tests::NodeWorld;
using tests::Probe;
using tests::Step;

namespace {

constexpr int objects_max = 12;  // few, so that members put, change and name the same ones

/// Who is inside what. The reader shares one circle with the author; the author shares another with a third.
struct Cast {
  OrganisationId reader, author, other;
  CircleId shared, apart;
  api::Caller at_reader, at_author, at_other;

  explicit Cast(NodeWorld& world)
      : reader(world.organisation("reader")),
        author(world.organisation("author")),
        other(world.organisation("other")),
        shared(world.circle("shared",
                            {author, reader},
                            [](ledger::Circle& circle) { circle.label.unmarked = policy::Tlp::green; })),
        apart(world.circle("apart", {author, other})),
        at_reader(world.caller(reader)),
        at_author(world.caller(author)),
        at_other(world.caller(other)) {}
};

/// The same for both nodes, made from the history's own seed.
struct Worlds {
  std::unique_ptr<NodeWorld> full, bare;
  std::map<const NodeWorld*, std::unique_ptr<Cast>> casts;

  Worlds(std::span<const api::Route> rows, const NodeWorld::Wrap& wrap)
      : full(std::make_unique<NodeWorld>(rows, 1, wrap)), bare(std::make_unique<NodeWorld>(rows, 2, wrap)) {
    for (auto* world : {full.get(), bare.get()}) casts[world] = std::make_unique<Cast>(*world);
  }
};

std::string any_object(Random& random) {
  const int number = static_cast<int>(random.below(objects_max));
  const int version = static_cast<int>(random.below(3));
  switch (random.below(4)) {
    case 0:
      return malware(number);
    case 1:
      return relationship(number,
                          indicator_id(static_cast<int>(random.below(objects_max))),
                          malware_id(static_cast<int>(random.below(objects_max))));
    case 2:
      return indicator(
          number, version, fmt::format(R"(,"labels":["l{}"],"confidence":{})", number % 3, version));
    default:
      return indicator(number, version);
  }
}

/// Puts and deletions of which the reader may or may not know. References of what is seen name seen objects
/// only: what a released object names is fixed when it is released (decision 0002), so a hidden target is
/// itself part of what is seen or not.
class Author {
 public:
  Author(Worlds& worlds, std::uint64_t seed) : worlds_(worlds), random_(seed) {}

  std::vector<Step> history(int steps) {
    std::vector<Step> all;
    for (int i = 0; i < objects_max; ++i) all.push_back(put(true, "shared", &Cast::at_author, malware(i)));
    for (int i = 0; i < objects_max; ++i) all.push_back(put(true, "shared", &Cast::at_author, indicator(i)));
    for (int i = 0; i < objects_max; ++i) all.push_back(put(false, "", &Cast::at_author, malware(100 + i)));
    for (int i = 0; i < steps; ++i) all.push_back(random_.below(2) == 0 ? seen() : hidden());
    return all;
  }

 private:
  using Who = api::Caller Cast::*;

  Step run(bool is_seen, Who who, net::Method method, const std::string& target, const std::string& body) {
    return {
        .seen = is_seen,
        .run = [this, who, method, target, body](
                   NodeWorld& world) { world.ask((*worlds_.casts.at(&world)).*who, method, target, body); },
        .known = target + " " + body};
  }

  Step put(bool is_seen, const std::string& circle, Who who, const std::string& object) {
    const auto target = circle.empty() ? std::string("/api/v1/objects") : "/api/v1/objects?circle=" + circle;
    return run(is_seen, who, net::Method::post, target, object);
  }

  Step amend(bool is_seen, const std::string& id, const std::string& label) {
    return run(is_seen,
               &Cast::at_author,
               net::Method::patch,
               "/api/v1/objects/" + id + "?circle=shared&" + label,
               "");
  }

  /// A report of which the reader gets what it would get had the hidden reference never been written.
  Step redacted() {
    const int number = static_cast<int>(random_.below(objects_max));
    const auto seen_ref = "\"" + indicator_id(number) + "\"";
    const auto with = report(number, seen_ref + ",\"" + malware_id(100 + number) + "\"");
    const auto without = report(number, seen_ref);
    return {.seen = true,
            .run =
                [this, with, without](NodeWorld& world) {
                  world.post(worlds_.casts.at(&world)->at_author,
                             "/api/v1/objects?circle=shared",
                             &world == worlds_.full.get() ? with : without);
                },
            .known = without};
  }

  static std::string report(int number, const std::string& references) {
    return fmt::format(
        R"({{"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-{:012}",)"
        R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z","name":"report",)"
        R"("report_types":["indicator"],"published":"2020-01-01T00:00:00Z","object_refs":[{}]}})",
        number,
        references);
  }

  Step seen() {
    switch (random_.below(6)) {
      case 3:
        return amend(true,
                     indicator_id(static_cast<int>(random_.below(objects_max))),
                     random_.below(2) == 0 ? "tlp=red" : "tlp=green");
      case 0:
        return put(true, "", &Cast::at_reader, any_object(random_));
      case 1:
        return run(true,
                   &Cast::at_reader,
                   net::Method::delete_,
                   "/api/v1/objects/" + indicator_id(static_cast<int>(random_.below(objects_max))),
                   "");
      case 2:
        return redacted();
      default:
        return put(true, "shared", &Cast::at_author, any_object(random_));
    }
  }

  Step hidden() {
    switch (random_.below(11)) {
      case 9:
        return amend(
            false, indicator_id(100 + static_cast<int>(random_.below(objects_max))), "tlp=red&pap=red");
      case 0: {
        const int number = static_cast<int>(random_.below(objects_max));
        others_last_ = indicator_id(number);
        return put(false, "", &Cast::at_other, indicator(number));
      }
      case 1:
        return put(false, "apart", &Cast::at_other, others_object());
      case 2:
        return put(false, "apart", &Cast::at_author, known_object());
      case 3:
        return put(false, "shared&tlp=red", &Cast::at_author, hidden_object());
      case 4:
        return put(false, "shared&embargo=2100-01-01T00:00:00Z", &Cast::at_author, hidden_object());
      case 5:
        return run(false, &Cast::at_other, net::Method::delete_, "/api/v1/objects/" + others_last_, "");
      case 6:
        return put(false, "shared", &Cast::at_author, half_hidden());
      case 7:
        return run(false, &Cast::at_author, net::Method::delete_, "/api/v1/objects/" + half_hidden_last_, "");
      case 8:
        return run(false,
                   &Cast::at_other,
                   net::Method::post,
                   "/api/v1/imports?circle=apart",
                   bundle({others_object()}));
      default:
        return run(false,
                   &Cast::at_other,
                   net::Method::post,
                   "/api/v1/sightings",
                   fmt::format(R"({{"sightings":[{{"indicator":"{}","at":"2023-11-14T10:00:00Z"}}]}})",
                               indicator_id(static_cast<int>(random_.below(objects_max)))));
    }
  }

  /// The author's own second word about a version, were it seen in one world only, would change whether a
  /// later one is a conflict there: so what the author hides inside the shared circle is nothing it also
  /// shows.
  std::string known_object() {
    const int number = static_cast<int>(random_.below(objects_max));
    return random_.below(2) == 0 ? malware(number) : indicator(number);
  }
  /// What the author holds by another's word it may not release as its own (ledger/ceiling.h): so the other
  /// speaks to it of objects that the author spoke of first, and of relationships that it never speaks of.
  std::string others_object() {
    const int number = static_cast<int>(random_.below(objects_max));
    return random_.below(2) == 0 ? known_object()
                                 : relationship(200 + number, indicator_id(number), malware_id(number));
  }
  std::string hidden_object() { return indicator(100 + static_cast<int>(random_.below(objects_max))); }

  /// A relationship that the reader could see, but for its hidden end.
  std::string half_hidden() {
    const int number = static_cast<int>(random_.below(objects_max));
    half_hidden_last_ = fmt::format("relationship--00000000-0000-4000-8000-{:012}", 100 + number);
    return relationship(100 + number, indicator_id(number), malware_id(100 + number));
  }

  Worlds& worlds_;
  SeededRandom random_;
  std::string others_last_ = indicator_id(0);
  std::string half_hidden_last_ = indicator_id(100);
};

/// Everything the reader can ask. The routes that change something come last.
class Reader {
 public:
  explicit Reader(Worlds& worlds) : worlds_(worlds) {}

  std::vector<Probe> probes() {
    search();
    single();
    others();
    writes();
    return std::move(probes_);
  }

  /// "GET /api/v1/objects/{id}" of each route asked.
  const std::set<std::string>& asked() const { return asked_; }

 private:
  std::string ask(NodeWorld& world,
                  net::Method method,
                  const std::string& target,
                  const std::string& body = {}) {
    const auto parsed = net::parse_target(target);
    if (const auto match = world.router.find(method, *parsed); match.route != nullptr)
      asked_.insert(std::string(net::name_of(method)) + " " + std::string(match.route->path));
    return tests::text_of(world.ask(worlds_.casts.at(&world)->at_reader, method, target, body));
  }

  void probe(net::Method method, const std::string& target, const std::string& body = {}) {
    probes_.push_back(
        {std::string(net::name_of(method)) + " " + target,
         [this, method, target, body](NodeWorld& world) { return ask(world, method, target, body); }});
  }

  /// All pages, each world with its own cursors.
  void pages(const std::string& target) {
    probes_.push_back({"pages of " + target, [this, target](NodeWorld& world) {
                         std::string all;
                         std::string cursor;
                         for (int i = 0; i < 1000; ++i) {
                           const auto text = ask(world, net::Method::get, target + cursor);
                           all += text;
                           const auto place = text.find(R"("next":")");
                           if (place == text.npos) break;
                           const auto begin = place + 8;
                           cursor = "&cursor=" + text.substr(begin, text.find('"', begin) - begin);
                         }
                         return all;
                       }});
  }

  void search() {
    for (const auto* query : {"limit=3",
                              "limit=3&order=oldest",
                              "limit=2&version=all",
                              "limit=1&type=indicator",
                              "limit=5&version=first",
                              "limit=4&circle=shared",
                              "limit=4&source=own"})
      pages(std::string("/api/v1/objects?") + query);
    for (const auto* query : {"label=l1",
                              "words=family",
                              "words=name1",
                              "value=h1.example",
                              "value=domain:h101.example",
                              "circle=apart",
                              "added_after=2023-11-14T22:13:30Z",
                              "version=2020-01-01T00:01:00Z"})
      probe(net::Method::get, std::string("/api/v1/objects?") + query);
    for (const int i : {0, 1, 2, 100, 101})
      probe(net::Method::get, "/api/v1/objects?refers_to=" + malware_id(i));
    for (const std::string type : {"report", "relationship"}) pages("/api/v1/objects?limit=2&type=" + type);
  }

  void single() {
    for (const int i : {0, 1, 2, 3, 100, 101, 102})
      for (const auto& id : {indicator_id(i), malware_id(i)})
        for (const auto* end :
             {"", "/versions", "/relationships", "?version=first", "?version=2020-01-01T00:02:00Z"})
          probe(net::Method::get, "/api/v1/objects/" + id + end);
  }

  void others() {
    for (int i = 0; i < 4; ++i)
      for (const auto* end : {"", "/versions", "/relationships"})
        for (const auto& [type, number] : {std::pair{"relationship", 100 + i}, std::pair{"report", i}})
          probe(net::Method::get,
                fmt::format("/api/v1/objects/{}--00000000-0000-4000-8000-{:012}{}", type, number, end));
    for (const auto* from : {"beginning", "now"})
      probe(net::Method::get, fmt::format("/api/v1/changes?once=true&from={}", from));
    probe(net::Method::get, "/api/v1/jobs");
    probe(net::Method::get, "/api/v1/jobs/99999999-9999-4999-8999-999999999999");
    probe(net::Method::get, "/api/v1/sightings");
    probe(net::Method::get, "/api/v1/sightings/own");
  }

  void writes() {
    using enum net::Method;
    for (const int i : {0, 1, 100, 101}) {
      probe(post, "/api/v1/objects?circle=shared", indicator(i, 1));
      probe(post,
            "/api/v1/objects",
            bundle({indicator(i, 2), malware(i), relationship(200 + i, indicator_id(i), malware_id(i))}));
      probe(post,
            "/api/v1/sightings",
            fmt::format(R"({{"sightings":[{{"indicator":"{}","at":"2023-11-14T10:00:00Z"}}]}})",
                        indicator_id(i)));
    }
    probe(post, "/api/v1/imports?circle=shared", bundle({indicator(2, 1), indicator(102)}));
    probe(post, "/api/v1/sightings/send");
    probes_.push_back({"the reader lets counts return", [this](NodeWorld& world) {
                         const auto& cast = *worlds_.casts.at(&world);
                         choose(world, cast.shared, cast.reader, ledger::SightingChoice::counts);
                         return std::string();
                       }});
    probe(post, "/api/v1/sightings/send");
    probe(post, "/api/v1/sightings/stop", R"({"stopped":true})");
    probe(post, "/api/v1/store/backup", R"({"path":"/nowhere/node.db"})");
    probe(post, "/api/v1/store/check");
    for (const int i : {0, 1, 100})
      probe(post, "/api/v1/releases?circle=shared", fmt::format(R"({{"objects":["{}"]}})", indicator_id(i)));
    probe(get, "/api/v1/releases");
    probe(post, "/api/v1/releases/99999999-9999-4999-8999-999999999999/consent");
    probe(delete_, "/api/v1/releases/99999999-9999-4999-8999-999999999999");
    for (const int i : {0, 1, 100})
      probe(patch, "/api/v1/objects/" + indicator_id(i) + "?circle=shared&tlp=amber");
    for (const int i : {0, 1, 100})
      probe(post, "/api/v1/objects/" + indicator_id(i) + "/vouch?circle=shared");
    for (const int i : {0, 1, 100, 103}) probe(delete_, "/api/v1/objects/" + indicator_id(i));
    probe(delete_, "/api/v1/jobs/99999999-9999-4999-8999-999999999999");
    pages("/api/v1/objects?limit=7&version=all");
    probe(get, "/api/v1/changes?once=true&from=beginning");
  }

  Worlds& worlds_;
  std::vector<Probe> probes_;
  std::set<std::string> asked_;
};

std::optional<std::string> twin(std::uint64_t seed,
                                std::span<const api::Route> rows = routes(),
                                const NodeWorld::Wrap& wrap = {},
                                std::set<std::string>* asked = nullptr) {
  Worlds worlds(rows, wrap);
  Reader reader(worlds);
  Author author(worlds, seed);
  const auto history = author.history(40);
  const auto probes = reader.probes();
  auto found = tests::difference(*worlds.full,
                                 *worlds.bare,
                                 history,
                                 probes,
                                 "99999999-9999-4999-8999-999999999999 " +
                                     worlds.casts.begin()->second->reader.text() + " " +
                                     worlds.casts.begin()->second->author.text());
  if (asked != nullptr) *asked = reader.asked();
  return found;
}

/// The places where a store could forget whom it answers.
enum class Leak { find, put };

class LeakyObjects final : public store::Objects, public store::Steps {
 public:
  LeakyObjects(store::Objects& inner, Leak leak) : inner_(inner), leak_(leak) {}

  Result<std::vector<store::PutOutcome>> put(std::span<const store::NewHolding> batch,
                                             Deadline deadline) override {
    auto outcomes = TRY(inner_.put(batch, deadline));
    return told(batch, std::move(outcomes));
  }
  Result<std::vector<store::PutOutcome>> put_along(std::span<const store::NewHolding> batch,
                                                   const store::Alongside& alongside,
                                                   Deadline deadline) override {
    auto outcomes = TRY(store::put(inner_, batch, alongside, deadline));
    return told(batch, std::move(outcomes));
  }
  Result<store::Page> find_met(const policy::Scope& scope,
                               const store::PastRights& pasts,
                               const store::Query& query,
                               std::optional<store::Place> from,
                               int limit,
                               std::size_t bytes_max,
                               Deadline deadline) override {
    return store::find(inner_, through(scope, Leak::find), pasts, query, from, limit, bytes_max, deadline);
  }
  Result<std::size_t> count_until(const policy::Scope& scope,
                                  const store::Query& query,
                                  std::size_t most,
                                  Deadline deadline) override {
    return store::count(inner_, scope, query, most, deadline);
  }
  Result<std::size_t> remove_until(const policy::Scope& scope,
                                   const store::Query& query,
                                   Deadline deadline) override {
    return store::remove(inner_, scope, query, deadline);
  }
  Result<Timestamp> claim_instant() override { return store::claim_instant(inner_); }
  Result<store::Page> find(const policy::Scope& scope,
                           const store::Query& query,
                           std::optional<store::Place> from,
                           int limit,
                           std::size_t bytes_max,
                           Deadline deadline) override {
    return inner_.find(through(scope, Leak::find), query, from, limit, bytes_max, deadline);
  }
  Result<policy::Holding> get(const policy::Scope& scope, const model::ObjectId& id) override {
    return inner_.get(scope, id);
  }
  Result<std::vector<store::VersionEntry>> versions(const policy::Scope& scope,
                                                    const model::ObjectId& id,
                                                    std::optional<CircleId> collection) override {
    return inner_.versions(scope, id, collection);
  }
  Result<std::size_t> count(const policy::Scope& scope,
                            const store::Query& query,
                            std::size_t most) override {
    return inner_.count(scope, query, most);
  }
  Result<std::size_t> remove(const policy::Scope& scope, const store::Query& query) override {
    return inner_.remove(scope, query);
  }
  Result<store::Changes> changes(const policy::Scope& scope, store::Sequence after, int limit) override {
    return inner_.changes(scope, after, limit);
  }
  Done amend(std::span<const store::Amendment> batch) override { return inner_.amend(batch); }
  store::Sequence newest() const override { return inner_.newest(); }
  Result<Timestamp> advance(Timestamp now) override { return inner_.advance(now); }
  std::size_t text_lag() const override { return inner_.text_lag(); }
  Result<bool> tend(Duration budget) override { return inner_.tend(budget); }

 private:
  policy::Scope through(const policy::Scope& scope, Leak where) const {
    return where == leak_ ? policy::Scope::everything("a seeded defect") : scope;
  }

  std::vector<store::PutOutcome> told(std::span<const store::NewHolding> batch,
                                      std::vector<store::PutOutcome> outcomes) {
    for (std::size_t i = 0; leak_ == Leak::put && i < batch.size(); ++i)
      if (is_held_elsewhere(batch[i])) outcomes[i].status = store::PutStatus::duplicate;
    return outcomes;
  }

  bool is_held_elsewhere(const store::NewHolding& holding) {
    store::Query query;
    query.ids = {holding.object.id};
    query.select = store::VersionSelect::all;
    const auto page = *inner_.find(
        policy::Scope::everything("a seeded defect"), query, std::nullopt, 100, 1u << 20, Deadline::none());
    return std::ranges::any_of(page.holdings,
                               [&](const auto& held) { return held.source != holding.source; });
  }

  store::Objects& inner_;
  Leak leak_;
};

class LeakyStore final : public store::Store {
 public:
  LeakyStore(std::unique_ptr<store::Store> inner, Leak leak)
      : inner_(std::move(inner)), objects_(inner_->objects(), leak) {}
  store::Objects& objects() override { return objects_; }
  store::Records& records() override { return inner_->records(); }
  store::Blobs& blobs() override { return inner_->blobs(); }
  store::Settings& settings() override { return inner_->settings(); }
  store::Log& audit() override { return inner_->audit(); }
  Done backup(const std::string& path) override { return inner_->backup(path); }
  Result<std::vector<std::string>> check() override { return inner_->check(); }

 private:
  std::unique_ptr<store::Store> inner_;
  LeakyObjects objects_;
};

/// GET /api/v1/jobs as it must not be.
Result<api::Response> everybodys_jobs(api::Call& call) {
  const auto rows = TRY(call.services.store.records().scan(store::Table::job, "job/", "", 1000));
  return api::Response(200, policy::Public::of(std::to_string(rows.size())));
}

bool is_noticed(std::span<const api::Route> rows, const NodeWorld::Wrap& wrap = {}) {
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    if (twin(seed, rows, wrap)) return true;
  return false;
}

}  // namespace

TEST_CASE("what a reader may not see changes no answer of any route") {
  const auto histories = tests::test_size("twin.histories");
  for (std::int64_t seed = 0; seed < histories; ++seed) {
    const auto found = twin(static_cast<std::uint64_t>(seed));
    CAPTURE(seed);
    if (found) FAIL(*found);
  }
}

TEST_CASE("the twin worlds are asked through every route of the room") {
  std::set<std::string> asked;
  twin(1, routes(), {}, &asked);
  for (const auto& route : routes()) {
    const auto name = std::string(net::name_of(route.method)) + " " + std::string(route.path);
    CAPTURE(name);
    CHECK(asked.contains(name));
  }
}

TEST_CASE("the twin worlds notice a store that forgets whom it answers") {
  for (const auto leak : {Leak::find, Leak::put}) {
    CAPTURE(static_cast<int>(leak));
    CHECK(is_noticed(routes(), [&](std::unique_ptr<store::Store> inner) -> std::unique_ptr<store::Store> {
      return std::make_unique<LeakyStore>(std::move(inner), leak);
    }));
  }
}

TEST_CASE("the twin worlds notice a route that counts everybody's rows") {
  std::vector<api::Route> defective(routes().begin(), routes().end());
  for (auto& route : defective)
    if (route.path == "/api/v1/jobs") route.handler = everybodys_jobs;
  CHECK(is_noticed(defective));
}
