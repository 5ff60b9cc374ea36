// What stores do with objects beside what Objects names: store/steps.h.

#include <atomic>
#include <thread>

#include "store/steps.h"
#include "store/store_world.h"
#include "store/whole.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);
const auto outside = scope_of(partner);
const auto inside = scope_of(partner, {circle});
const auto further = scope_of(partner, {circle, other_circle});

template <typename Test>
void on_each(Test&& test) {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    test(rig);
  }
}

Write row(std::string key, Bytes value) {
  return {.table = Table::taxii_status, .key = std::move(key), .value = std::move(value), .expected = {}};
}

/// All that the reader is given, page by page: each id with its added time.
std::vector<std::pair<std::string, Timestamp>> met(
    Rig& rig, const policy::Scope& scope, const PastRights& pasts, Query query = {}, int limit = 1) {
  std::vector<std::pair<std::string, Timestamp>> all;
  std::optional<Place> from;
  do {
    const auto page = find(rig.objects(), scope, pasts, query, from, limit, SIZE_MAX, Deadline::none());
    REQUIRE(page);
    for (const auto& holding : page->holdings) all.emplace_back(holding.id.text(), holding.added);
    from = page->next;
  } while (from);
  return all;
}

/// Asks the store for background work, from another thread, whenever somebody looks at it.
struct AskingClock final : Clock {
  Timestamp now() const override { return start; }
  Duration steady() const override {
    if (objects != nullptr)
      std::thread([this] {
        const auto more = objects->tend(milliseconds(1));
        asked.fetch_add(1);
        if (!more || *more) came_back.fetch_add(1);
      }).join();
    return {};
  }
  Objects* objects = nullptr;
  mutable std::atomic<int> asked = 0;
  mutable std::atomic<int> came_back = 0;
};

}  // namespace

TEST_CASE("while a store is checked, background work rests and is not asked for again at once") {
  Rig rig(Kind::sqlite);
  for (std::uint32_t i = 1; i <= 40; ++i) rig.put(holding(indicator(i)));
  AskingClock clock;
  const auto deadline = Deadline::in(hours(1), clock);
  clock.objects = &rig.objects();
  CHECK(check(*rig.store, deadline)->empty());
  CHECK(clock.asked > 0);
  CHECK(clock.came_back == 0);
}

TEST_CASE("what is written along with a put knows the outcomes and is there with the objects") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1)));
    const std::vector<NewHolding> batch{holding(indicator(1)), holding(indicator(2))};
    const auto along = [](std::span<const PutOutcome> outcomes) -> Result<Along> {
      Along written;
      for (const auto& outcome : outcomes)
        written.audit.emplace_back(outcome.status == PutStatus::stored ? "stored" : "known");
      written.writes.push_back(row("status", "both"));
      return written;
    };
    CHECK(rig.store->records().read(Table::taxii_status, "status").error().code == ErrorCode::not_found);
    REQUIRE(put(rig.objects(), batch, along, Deadline::none()));
    if (rig.kind == Kind::sqlite) rig.reopen();
    CHECK(rig.find(us).size() == 2);
    CHECK(rig.store->records().read(Table::taxii_status, "status")->value == "both");
    const auto log = rig.store->audit().read(0, 10);
    REQUIRE(log->size() == 2);
    CHECK((*log)[0].entry == "known");
    CHECK((*log)[1].entry == "stored");
    REQUIRE(rig.store->records().write({std::vector{row("other", "later")}}));
    CHECK(rig.store->records().read(Table::taxii_status, "other")->revision >
          rig.store->records().read(Table::taxii_status, "status")->revision);
  });
}

TEST_CASE("a put whose companion fails stores nothing, and the store goes on") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1)));
    const std::vector<NewHolding> batch{holding(indicator(1, {.minute = 1})), holding(indicator(2))};
    const auto failing = [](std::span<const PutOutcome>) -> Result<Along> {
      return fail(ErrorCode::exhausted, "no more");
    };
    CHECK(put(rig.objects(), batch, failing, Deadline::none()).error().code == ErrorCode::exhausted);
    CHECK(rig.find(us).size() == 1);
    CHECK(rig.objects().newest() == 1);
    rig.put(batch);
    CHECK(rig.find(us).size() == 2);
    CHECK(rig.objects().versions(us, indicator_id(1), {})->size() == 2);
  });
}

TEST_CASE("counting and deleting end at their deadline, and then nothing is deleted") {
  on_each([](Rig& rig) {
    for (std::uint32_t i = 1; i <= 3; ++i) rig.put(holding(indicator(i)));
    const auto over = Deadline::in(seconds(1), rig.clock);
    rig.clock.advance(seconds(2));
    CHECK(count(rig.objects(), us, {}, 10, over).error().code == ErrorCode::unavailable);
    CHECK(remove(rig.objects(), us, {}, over).error().code == ErrorCode::unavailable);
    CHECK(*count(rig.objects(), us, {}, 10, Deadline::none()) == 3);
    CHECK(*remove(rig.objects(), us, {}, Deadline::in(seconds(1), rig.clock)) == 3);
  });
}

TEST_CASE("a claimed instant lies between the changes before and after it, also when the clock goes back") {
  on_each([](Rig& rig) {
    const auto before = rig.put(holding(indicator(1))).added;
    const auto claimed = *claim_instant(rig.objects());
    CHECK(claimed > before);
    rig.clock.set_wall(start - hours(1));
    if (rig.kind == Kind::sqlite) rig.reopen();
    CHECK(rig.put(holding(indicator(2))).added > claimed);
    CHECK(*claim_instant(rig.objects()) > claimed);
  });
}

TEST_CASE("what wider rights open is met when the rights became wide, in order and once") {
  on_each([](Rig& rig) {
    const auto open = [&](std::uint32_t number, CircleId audience) {
      rig.clock.advance(seconds(1));
      return rig.put(holding(indicator(number), {.label = shared_with(audience)})).added;
    };
    const auto one = open(1, circle);
    const auto two = open(2, other_circle);
    const auto widened = *claim_instant(rig.objects());
    const auto three = open(3, other_circle);
    const auto again = *claim_instant(rig.objects());
    const auto four = open(4, circle);
    const PastRights pasts{{.until = widened, .scope = outside}, {.until = again, .scope = inside}};

    using Met = std::vector<std::pair<std::string, Timestamp>>;
    const auto id = [](std::uint32_t number) { return indicator_id(number).text(); };
    const Met all{{id(1), widened}, {id(2), again}, {id(3), again}, {id(4), four}};
    CHECK(met(rig, further, pasts) == all);
    CHECK(met(rig, further, {}) == Met{{id(1), one}, {id(2), two}, {id(3), three}, {id(4), four}});
    // Whose rights were always so met it where it came; who lost and got it again, when they got it again.
    CHECK(met(rig, further, {{.until = widened, .scope = further}}) == met(rig, further, {}));
    CHECK(met(rig, further, {{.until = widened, .scope = further}, {.until = again, .scope = outside}}) ==
          Met{{id(1), again}, {id(2), again}, {id(3), again}, {id(4), four}});

    Query later;
    later.added_after = three;  // all that a reader with the rights of then had been given
    CHECK(met(rig, further, pasts, later) == Met{all.begin() + 1, all.end()});
    later.added_after = again;
    CHECK(met(rig, further, pasts, later) == Met{all.end() - 1, all.end()});
    Query backwards;
    backwards.newest_first = true;
    for (const int limit : {1, 2, 3})
      CHECK(met(rig, further, pasts, backwards, limit) == Met{all.rbegin(), all.rend()});
  });
}

TEST_CASE("a version that came first under a label closed to the reader is met where they saw it first") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1), {.source = member_source(stranger), .label = shared_with(other_circle)}));
    rig.clock.advance(seconds(1));
    const auto seen = rig.put(holding(indicator(1), {.label = shared_with(circle)})).added;
    const auto widened = *claim_instant(rig.objects());
    const PastRights pasts{{.until = widened, .scope = inside}};
    const auto given = met(rig, further, pasts);
    REQUIRE(given.size() == 1);
    CHECK(given.front().second == seen);  // who saw it before is not given it again
  });
}

TEST_CASE("of an object that a reader knew in part, the rest comes when their rights show it") {
  on_each([](Rig& rig) {
    auto item = holding(indicator(1));
    item.parts = {
        {.selectors = {"name"}, .label = *policy::join(shared_with(circle), shared_with(other_circle))}};
    rig.put(item);
    const auto widened = *claim_instant(rig.objects());
    CHECK(met(rig, further, {{.until = widened, .scope = inside}}).front().second == widened);
    CHECK(met(rig, inside, {{.until = widened, .scope = scope_of(partner, {circle})}}).front().second <
          widened);
  });
}
