#include "library/importer.h"

#include "library/job.h"
#include "library_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

struct Import {
  World world;
  ImportOptions options{};

  Terms terms(const std::string& circle = "c") {
    LabelRequest request{.circle = circle, .tlp = policy::Tlp::green};
    return *terms_of(world.store->records(), world.at_cert(), request);
  }

  /// The text in pieces of that many bytes.
  Result<ImportReport> run(std::string_view text, std::size_t piece = 1000) {
    options.author = *author_of(world.store->records(), world.cert, world.clock.now());
    Importer importer(*world.store, terms(), world.at_cert().scope, options);
    for (std::size_t i = 0; i < text.size(); i += piece) TRY(importer.push(text.substr(i, piece)));
    return importer.finish();
  }

  std::size_t held() {
    store::Query query;
    query.select = store::VersionSelect::all;
    return *world.store->objects().count(world.at_cert().scope, query, 1'000'000);
  }
};

Texts numbered(int count) {
  Texts objects;
  for (int i = 0; i < count; ++i) objects.push_back(indicator(i));
  return objects;
}

}  // namespace

TEST_CASE("an import stores every object of a bundle, whatever the pieces it comes in") {
  for (const std::size_t piece : {1u, 7u, 4096u, 1u << 20}) {
    Import import;
    const auto report = import.run(bundle(numbered(50)), piece);
    REQUIRE(report);
    CHECK(report->objects == 50);
    CHECK(report->tally.stored == 50);
    CHECK(report->format == TextFormat::stix);
    CHECK(import.held() == 50);
  }
}

TEST_CASE("an import on a pool keeps the order of the text") {
  ThreadPool pool(2, 64);
  Import import;
  import.options.pool = &pool;
  const auto count = static_cast<int>(tests::test_size("imported_on_pool"));
  import.options.batch_objects = static_cast<std::size_t>(count) / 10;
  const auto report = import.run(bundle(numbered(count)), 100'000);
  REQUIRE(report);
  CHECK(report->tally.stored == static_cast<std::uint64_t>(count));
  const auto page = *import.world.store->objects().find(
      import.world.at_cert().scope, {}, std::nullopt, static_cast<std::size_t>(count), 1u << 30, Deadline::none());
  REQUIRE(page.holdings.size() == static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    if (page.holdings[static_cast<std::size_t>(i)].id.text() == indicator_id(i)) continue;
    FAIL("object ", i, " is out of its place");
  }
}

TEST_CASE("an import says what it refused, found twice and found in conflict, and stores the rest") {
  Import import;
  auto objects = numbered(10);
  objects.push_back(indicator(3));                           // again
  objects.push_back(indicator(4, 0, R"(,"confidence":7)"));  // the same version, other content
  objects.push_back(R"({"type":"indicator"})");
  const auto report = import.run(bundle(objects));
  REQUIRE(report);
  CHECK(report->tally.stored == 10);
  CHECK(report->tally.duplicate == 1);
  CHECK(report->tally.conflict == 1);
  CHECK(report->tally.refused == 1);
  REQUIRE(report->findings.size() == 2);
  for (const auto& outcome : report->findings) {
    CHECK(outcome.index >= 11);
    CHECK(!outcome.findings.empty());
  }
}

TEST_CASE("findings are kept up to a number and counted beyond") {
  Import import;
  import.options.findings_max = 5;
  const auto report = import.run(bundle(Texts(20, R"({"type":"indicator"})")));
  REQUIRE(report);
  CHECK(report->tally.refused == 20);
  CHECK(report->findings.size() == 5);
}

TEST_CASE("objects wait for a marking definition that comes later in the text") {
  const auto id = std::string("marking-definition--11111111-1111-4111-8111-111111111111");
  const auto definition =
      R"({"type":"marking-definition","spec_version":"2.1","id":")" + id +
      R"(","created":"2020-01-01T00:00:00.000Z","definition_type":"statement","definition":{"statement":"(c) us"}})";
  Import import;
  Texts objects;
  for (int i = 0; i < 600; ++i)
    objects.push_back(indicator(i, 0, R"(,"object_marking_refs":[")" + id + R"("])"));
  objects.push_back(definition);
  const auto report = import.run(bundle(objects));
  REQUIRE(report);
  CHECK(report->tally.stored == 601);
  CHECK(*import.world.store->objects().count(import.world.at_company().scope, {}, 1000) == 601);
}

TEST_CASE("an import cut in the middle keeps the whole objects before the cut and says where it broke") {
  Import import;
  const auto text = bundle(numbered(100));
  const auto report = import.run(std::string_view(text).substr(0, text.size() / 2));
  REQUIRE(!report);
  CHECK(report.error().code == ErrorCode::invalid);
  CHECK(import.held() > 40);
  CHECK(import.held() < 60);
}

TEST_CASE("one object a line, and a list of values, are known by their look") {
  Import by_line;
  std::string text;
  for (const auto& object : numbered(20)) text += object + "\n";
  auto report = by_line.run(text);
  REQUIRE(report);
  CHECK(report->format == TextFormat::ndjson);
  CHECK(report->tally.stored == 20);

  Import list;
  report = list.run(
      "\xEF\xBB\xBF# bad places\nvalue,comment\n192.0.2.7,scanner\nhxxp://evil[.]example/a'b\n\nnot a "
      "value!\n");
  REQUIRE(report);
  CHECK(report->format == TextFormat::list);
  CHECK(report->tally.stored == 2);
  CHECK(report->tally.refused == 2);  // the table's head stands on line 2 here, and the last line
  store::Query query;
  query.values = {{model::ValueKind::ipv4, "192.0.2.7"}};
  const auto page = *list.world.store->objects().find(
      list.world.at_company().scope, query, std::nullopt, 10, 1u << 20, Deadline::none());
  REQUIRE(page.holdings.size() == 1);
  CHECK(page.holdings[0].bytes->find("[ipv4-addr:value = '192.0.2.7']") != std::string::npos);
}

TEST_CASE("what is neither STIX nor a list is refused with a clear word") {
  for (const std::string_view text : {std::string_view("\xFF\xFE{\0}\0", 6),
                                      std::string_view("  \n "),
                                      std::string_view("{\"type\":\"bundle\",\"objects\":[}", 29),
                                      std::string_view("ab\0cd\n", 6)}) {
    Import import;
    const auto report = import.run(text);
    REQUIRE(!report);
    CHECK(report.error().code == ErrorCode::invalid);
    CHECK(!report.error().message.empty());
    CHECK(import.held() == 0);
  }
}

TEST_CASE("a full disk ends an import with an error, and nothing of the failed batch is held") {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random(1);
  int puts = 0;
  auto store = *store::open_memory({clock, random, system_fs()}, [&](std::string_view step) -> Done {
    if (step == "put" && ++puts == 2) return fail(ErrorCode::exhausted, "disk full");
    return {};
  });
  World world;
  const auto caller = world.at_cert();
  const Terms terms = *terms_of(world.store->records(), caller, {});
  Importer importer(*store, terms, caller.scope, {.batch_objects = 256});
  const auto pushed = importer.push(bundle(numbered(1000)));
  const auto report = importer.finish();
  REQUIRE(!report);
  CHECK(report.error().code == ErrorCode::exhausted);
  const auto held = *store->objects().count(caller.scope, {}, 10'000);
  CHECK(held == importer.progress().tally.stored);
  CHECK(held < 1000);
}

TEST_CASE("an import whose time is over says how much is stored, and that it may be sent again") {
  Import import;
  import.options.author =
      *author_of(import.world.store->records(), import.world.cert, import.world.clock.now());
  Importer importer(*import.world.store, import.terms(), import.world.at_cert().scope, import.options);
  REQUIRE(importer.push(bundle(numbered(4))));
  const auto ended = importer.finish(Deadline::in(Duration{0}, import.world.clock));
  REQUIRE(!ended);
  CHECK(ended.error().code == ErrorCode::unavailable);
  CHECK(ended.error().message.find("send it again") != std::string::npos);
  CHECK(import.held() == 0);
}

TEST_CASE("a cancelled import stops") {
  Import import;
  Importer importer(*import.world.store, import.terms(), import.world.at_cert().scope, {});
  REQUIRE(
      importer.push(R"({"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[)"));
  importer.cancel();
  CHECK(!importer.push(indicator(1)));
  CHECK(!importer.finish());
  CHECK(import.held() == 0);
}

TEST_CASE("an import over the API is told as a job that its organisation alone sees") {
  World world;
  const auto job = std::string("99999999-9999-4999-8999-999999999999");
  const Answer done(
      world.post(world.at_cert(), "/api/v1/imports?circle=c&tlp=green&job=" + job, bundle(numbered(30))));
  CHECK(done.status == 200);
  CHECK(done.text("state") == "done");
  CHECK(done.text("id") == job);
  CHECK(done.root().find("progress")->find("stored")->number() == "30");
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/jobs/" + job)).text("state") == "done");
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/jobs")).texts("jobs", "id") == Texts{job});
  CHECK(world.get(world.at_company(), "/api/v1/jobs/" + job).status == 404);
  CHECK(Answer(world.get(world.at_company(), "/api/v1/jobs")).texts("jobs", "id").empty());
  CHECK(world.post(world.at_cert(), "/api/v1/imports?job=" + job, bundle({})).status == 409);
  CHECK(Answer(world.get(world.at_company(), "/api/v1/objects?limit=1000")).ids().size() == 30);
}

TEST_CASE("a body that arrives in pieces is imported while it arrives, and its job can be cancelled") {
  World world;
  const auto job = std::string("99999999-9999-4999-8999-999999999999");
  const auto caller = world.at_cert();
  const auto target = *net::parse_target("/api/v1/imports?circle=c&job=" + job);
  net::Request request{.method = net::Method::post};
  api::Call head{world.services, request, target, {}, caller, world.clock.now(), Deadline::none()};
  const auto match = world.router.find(net::Method::post, target);
  REQUIRE((match.route->opener != nullptr));
  request.sink = *match.route->opener(head);
  Texts objects;
  for (int i = 0; i < 6000; ++i) objects.push_back(indicator(i));
  const auto text = bundle(objects);
  REQUIRE(request.sink->write(std::string_view(text).substr(0, text.size() / 2)));
  world.clock.advance(seconds(2));
  REQUIRE(request.sink->write(std::string_view(text).substr(text.size() / 2, 10)));
  const Answer running(world.get(world.at_cert(), "/api/v1/jobs/" + job));
  CHECK(running.text("state") == "running");
  CHECK(running.root().find("progress")->find("bytes")->number() == std::to_string(text.size() / 2 + 10));

  CHECK(world.ask(world.at_company(), net::Method::delete_, "/api/v1/jobs/" + job).status == 404);
  CHECK(world.ask(world.at_cert(), net::Method::delete_, "/api/v1/jobs/" + job).status == 202);
  world.clock.advance(seconds(2));
  REQUIRE(request.sink->write(std::string_view(text).substr(text.size() / 2 + 10, 10)));
  REQUIRE(request.sink->write(std::string_view(text).substr(text.size() / 2 + 20)));
  const auto ended = match.route->handler(head);
  REQUIRE(ended);
  CHECK(ended->status() == 409);
  CHECK(Answer(world.get(world.at_cert(), "/api/v1/jobs/" + job)).text("state") == "cancelled");
}

TEST_CASE("a job whose process ended is told as lost") {
  World world;
  const Job job{.id = JobId::random(world.random),
                .organisation = world.cert,
                .kind = "import",
                .started = world.clock.now(),
                .updated = world.clock.now()};
  REQUIRE(begin_job(world.store->records(), job));
  world.clock.advance(minutes(1));
  CHECK(read_job(world.store->records(), world.cert, job.id, world.clock.now())->state == JobState::running);
  world.clock.advance(minutes(2));
  CHECK(read_job(world.store->records(), world.cert, job.id, world.clock.now())->state == JobState::lost);
}
