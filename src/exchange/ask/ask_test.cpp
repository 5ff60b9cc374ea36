#include "exchange/ask/ask.h"

#include <doctest/doctest.h>

#include "api/shelf.h"
#include "crash_fs.h"
#include "exchange/ask/client.h"
#include "exchange/ask/quota.h"
#include "exchange/ask/set.h"
#include "ledger/delivery.h"
#include "ledger/log/node_log.h"
#include "node_world.h"

using namespace shieldwall;
using namespace shieldwall::exchange;
using namespace shieldwall::exchange::ask;

namespace {

/// A CERT that answers, a company in its circle that asks, and a stranger.
struct World : tests::NodeWorld {
  World() : NodeWorld(ask_routes()) { services.shelf = &shelf; }

  api::Shelf shelf;
  OrganisationId cert = organisation("cert");
  OrganisationId company = organisation("company");
  OrganisationId stranger = organisation("stranger");
  CircleId shared = circle("shared", {cert, company});
  CircleId other = circle("other", {cert, stranger});

  /// An indicator of the CERT for that domain, released into that circle.
  void hold(int number,
            std::string_view domain,
            const CircleId& into,
            const std::function<void(policy::Label&)>& change = {}) {
    const auto text = fmt::format(
        R"({{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-{:012}",)"
        R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",)"
        R"("pattern":"[domain-name:value = '{}']","pattern_type":"stix","valid_from":"2020-01-01T00:00:00Z"}})",
        number,
        domain);
    const auto document = model::JsonDocument::parse(text);
    const auto row = *ledger::read_circle(store->records(), into);
    auto label = ledger::label_for(row.value, cert);
    if (change) change(label);
    const store::NewHolding holdings[] = {{.object = *model::read_object(document->root()),
                                           .text = {},
                                           .source = {policy::Source::Kind::own, cert.uuid},
                                           .collection = into,
                                           .label = label,
                                           .parts = {}}};
    REQUIRE(store->objects().put(holdings, Deadline::none()));
    clock.advance(seconds(1));
  }

  Bytes filter_bytes(const OrganisationId& who) {
    const auto response = post(caller(who), "/api/v1/ask/filter", {});
    REQUIRE(response.status == 200);
    return Bytes(response.bytes());
  }

  net::Response evaluate(const OrganisationId& who,
                         std::uint32_t epoch,
                         std::span<const voprf::Blinded> blinded) {
    std::string elements;
    for (const auto& one : blinded)
      elements += fmt::format(R"({}"{}")", elements.empty() ? "" : ",", to_base64(one.element.view()));
    return post(caller(who),
                "/api/v1/ask/evaluations",
                fmt::format(R"({{"epoch":{},"elements":[{}]}})", epoch, elements));
  }

  voprf::Tag tag(const OrganisationId& who, const Filter& filter, const std::string& value) {
    const voprf::Blinded blinded[] = {*voprf::blind(voprf::Mode::voprf, value, system_random())};
    const auto response = evaluate(who, filter.epoch(), blinded);
    REQUIRE(response.status == 200);
    const auto evaluation = *read_evaluation(Bytes(response.bytes()));
    const std::string_view values[] = {value};
    const auto tags = voprf::finalize(voprf::Mode::voprf, filter.key(), values, blinded, evaluation);
    REQUIRE(tags);
    return tags->front();
  }

  std::optional<std::uint8_t> told(const OrganisationId& who, const std::string& value) {
    const auto filter = *Filter::parse(filter_bytes(who));
    return filter.find(tag(who, filter, value));
  }
};

}  // namespace

TEST_CASE("who asks learns what is held among what it may know of, and nothing else") {
  World world;
  world.hold(1, "shared.example", world.shared);
  world.hold(2, "other.example", world.other);
  world.hold(3, "quiet.example", world.shared, [](policy::Label& label) { label.discoverable = false; });
  world.hold(4, "kept.example", world.shared, [](policy::Label& label) { label.originator_control = true; });
  CHECK(world.told(world.company, "domain:shared.example") == may_request);
  CHECK_FALSE(world.told(world.company, "domain:other.example"));
  CHECK_FALSE(world.told(world.company, "domain:quiet.example"));
  CHECK(world.told(world.company, "domain:kept.example") == 0);
  CHECK_FALSE(world.told(world.company, "domain:absent.example"));
  CHECK(world.told(world.stranger, "domain:other.example") == may_request);
  CHECK_FALSE(world.told(world.stranger, "domain:shared.example"));
}

TEST_CASE("what comes and goes is told at once") {
  World world;
  CHECK_FALSE(world.told(world.company, "domain:new.example"));
  world.hold(1, "new.example", world.shared, [&](policy::Label& label) {
    label.embargo = world.clock.now() + minutes(5);
    label.end = world.clock.now() + minutes(10);
  });
  CHECK_FALSE(world.told(world.company, "domain:new.example"));
  world.clock.advance(minutes(6));
  REQUIRE(world.store->objects().advance(world.clock.now()));
  CHECK(world.told(world.company, "domain:new.example"));
  world.clock.advance(minutes(6));  // the scheduler has not run: the end counts all the same
  CHECK_FALSE(world.told(world.company, "domain:new.example"));
}

TEST_CASE("stores that differ in what the asker may not know give it the same bytes") {
  const auto life = [](int hidden) {
    World world;
    world.hold(1, "shared.example", world.shared);
    for (int i = 0; i < hidden; ++i) {
      world.hold(100 + i, fmt::format("h{}.example", i), world.other);
      if (i % 100 != 0) continue;
      world.hold(5'000 + i, "shared.example", world.other);
      world.hold(6'000 + i, fmt::format("q{}.example", i), world.shared, [](policy::Label& label) {
        label.discoverable = false;
      });
    }
    world.clock.set_wall(Timestamp{1'700'000'900'000'000});
    // The key is drawn at random; both worlds have to draw the same.
    world.random = SeededRandom(1);
    return std::pair(world.filter_bytes(world.company), world.filter_bytes(world.stranger));
  };
  const auto bare = life(0);
  const auto full = life(1'030);  // beyond the smallest size class, were it counted
  CHECK(bare.first == full.first);
  CHECK(bare.second.size() < full.second.size());  // the stranger sees what is hidden from the company
}

TEST_CASE("one more question than the day has is refused, and the day after it is not") {
  World world;
  world.hold(1, "shared.example", world.shared);
  const auto filter = *Filter::parse(world.filter_bytes(world.company));
  const std::vector<voprf::Blinded> one{*voprf::blind(voprf::Mode::voprf, "domain:x", system_random())};
  const auto left = questions_per_day - filter_costs;
  REQUIRE(take_questions(world.store->records(), world.company, left - 1, world.clock.now())->granted);
  CHECK(world.evaluate(world.company, filter.epoch(), one).status == 200);
  const auto refused = world.evaluate(world.company, filter.epoch(), one);
  CHECK(refused.status == 429);
  const auto wait = std::stoll(std::string(refused.headers.get("Retry-After").value_or("0")));
  CHECK(wait > 0);
  CHECK(wait <= 86'400);
  CHECK(world.post(world.caller(world.company, "another"), "/api/v1/ask/filter", {}).status == 429);
  CHECK(world.post(world.caller(world.stranger), "/api/v1/ask/filter", {}).status == 200);
  world.clock.advance(seconds(wait));
  CHECK(world.evaluate(world.company, filter.epoch(), one).status == 200);
}

TEST_CASE("a new epoch has another key, and answers nothing under the old one") {
  World world;
  world.hold(1, "shared.example", world.shared);
  const auto filter = *Filter::parse(world.filter_bytes(world.company));
  world.clock.advance(epoch_length);
  const auto later = *Filter::parse(world.filter_bytes(world.company));
  CHECK(later.epoch() == filter.epoch() + 1);
  CHECK(later.key() != filter.key());
  const std::vector<voprf::Blinded> one{*voprf::blind(voprf::Mode::voprf, "domain:x", system_random())};
  CHECK(world.evaluate(world.company, filter.epoch(), one).status == 409);
  CHECK(open_keys(world.store->records())->size() == 2);
  CHECK(open_keys(world.store->records())->front().key == filter.key());
}

TEST_CASE("the key of an epoch stands in the node's log, for everybody to read") {
  World world;
  tests::CrashFs disk;
  const auto key = *SigningKey::from_seed(std::string(SigningKey::seed_bytes, 'k'));
  ledger::NodeLog::Options options{
      .folder = "log",
      .signers = *ledger::signers_of("a.example/log", ledger::NoteKeyType::ed25519, key)};
  options.keep = [](std::span<const ledger::Opening>) { return Done{}; };
  const auto log = *ledger::NodeLog::open(std::move(options), disk);
  world.shelf.of<ledger::LogOnShelf>().log = log.get();
  const auto filter = *Filter::parse(world.filter_bytes(world.company));
  world.filter_bytes(world.stranger);  // the same epoch: no second entry
  const auto size = log->size();
  REQUIRE(size == 1);
  REQUIRE(log->publish());  // only what a checkpoint covers is handed out
  const auto entry = ledger::read_entry(*log->entry(0));
  REQUIRE(entry);
  REQUIRE(*entry);
  CHECK((*entry)->kind == "ask-key");
  CHECK((*entry)->content == fmt::format("{} {}", filter.epoch(), to_hex(filter.key().view())));
}

TEST_CASE("a reference brings the request to the owner; one that was guessed brings nothing") {
  World world;
  world.hold(1, "shared.example", world.shared);
  world.hold(2, "kept.example", world.shared, [](policy::Label& label) { label.originator_control = true; });
  const auto filter = *Filter::parse(world.filter_bytes(world.company));
  const auto ask_for = [&](const Bytes& reference) {
    return world.post(
        world.caller(world.company),
        "/api/v1/ask/requests",
        fmt::format(R"({{"epoch":{},"reference":"{}"}})", filter.epoch(), to_base64(reference)));
  };
  const auto listed = [&] {
    return Bytes(world.get(world.caller(world.cert), "/api/v1/ask/requests").bytes());
  };
  CHECK(ask_for(Bytes(16, 'x')).status == 404);
  CHECK(ask_for(reference_of(world.tag(world.company, filter, "domain:kept.example"))).status == 404);
  CHECK(listed() == R"({"requests":[]})");
  CHECK(ask_for(reference_of(world.tag(world.company, filter, "domain:shared.example"))).status == 202);
  CHECK(listed().find("domain:shared.example") != Bytes::npos);
}

TEST_CASE("questions that are no elements, too many or none are refused") {
  World world;
  world.hold(1, "shared.example", world.shared);
  const auto filter = *Filter::parse(world.filter_bytes(world.company));
  const auto status = [&](const std::string& elements) {
    return world
        .post(world.caller(world.company),
              "/api/v1/ask/evaluations",
              fmt::format(R"({{"epoch":{},"elements":[{}]}})", filter.epoch(), elements))
        .status;
  };
  CHECK(status("") == 400);
  CHECK(status(R"("!")") == 400);
  std::string many;
  for (std::size_t i = 0; i <= batch_max; ++i) many += i == 0 ? R"("A")" : R"(,"A")";
  CHECK(status(many) == 400);
  const auto left = [&] {
    return take_questions(world.store->records(), world.company, 0, world.clock.now())->left;
  };
  CHECK(left() == questions_per_day - filter_costs);
  // What could only be told by the multiplication was work, and counts.
  CHECK(status(fmt::format(R"("{}")", to_base64(std::string(32, '\0')))) == 400);
  CHECK(left() == questions_per_day - filter_costs - 1);
}
