#include "ledger/milestone.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

struct World {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{5};
  std::unique_ptr<store::Store> store =
      std::move(*store::open_memory({.clock = clock, .random = random, .fs = system_fs()}));
  OrganisationId ours = OrganisationId::random(random);
  OrganisationId theirs = OrganisationId::random(random);

  store::Records& records() { return store->records(); }
  model::ObjectId object() { return {"indicator", Uuid::random(random)}; }
};

}  // namespace

TEST_CASE("a milestone keeps the earliest instant that was noted") {
  World world;
  const auto object = world.object();
  for (const auto at : {200, 100, 300})
    REQUIRE(note_milestones(world.records(), world.ours, Step::live, {{object}}, Timestamp{at}));
  const auto kept = milestones_of(world.records(), world.ours, object);
  REQUIRE(kept);
  CHECK((*kept)[Step::live] == Timestamp{100});
  CHECK_FALSE((*kept)[Step::received]);
}

TEST_CASE("milestones of one organisation are not another's") {
  World world;
  const auto object = world.object();
  REQUIRE(note_milestones(world.records(), world.ours, Step::hit, {{object}}, Timestamp{1}));
  CHECK_FALSE((*milestones_of(world.records(), world.theirs, object))[Step::hit]);
  CHECK(milestones_from(world.records(), world.theirs, {}, 10)->empty());
}

TEST_CASE("an object named twice in one batch is noted once") {
  World world;
  const auto object = world.object();
  const std::vector<model::ObjectId> twice{object, object};
  REQUIRE(note_milestones(world.records(), world.ours, Step::hit, twice, Timestamp{1}));
  CHECK(milestones_from(world.records(), world.ours, {}, 10)->size() == 1);
}

TEST_CASE("more milestones than fit one transaction are all noted, and listed page by page") {
  World world;
  std::vector<model::ObjectId> objects(milestones_at_once + 3);
  for (auto& object : objects) object = world.object();
  REQUIRE(note_milestones(world.records(), world.ours, Step::received, objects, Timestamp{7}));
  std::size_t count = 0;
  std::optional<model::ObjectId> after;
  for (;;) {
    const auto page = *milestones_from(world.records(), world.ours, after, 5'000);
    if (page.empty()) break;
    count += page.size();
    after = page.back().object;
    CHECK(page.back()[Step::received] == Timestamp{7});
  }
  CHECK(count == objects.size());
}

TEST_CASE("milestones that are cut, longer or of another form are refused") {
  Milestones milestones;
  milestones[Step::observed] = Timestamp{-1};
  milestones[Step::hit] = Timestamp{2};
  const auto row = encode(milestones);
  CHECK(decode_milestones(row)->at == milestones.at);
  for (std::size_t length = 0; length < row.size(); ++length)
    CHECK_FALSE(decode_milestones(std::string_view(row).substr(0, length)));
  CHECK_FALSE(decode_milestones(row + "x"));
  CHECK_FALSE(decode_milestones("\2" + row.substr(1)));
  CHECK_FALSE(decode_milestones(std::string("\1\xc0", 2)));
}
