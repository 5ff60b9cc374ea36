#include "ledger/day_count.h"

#include <doctest/doctest.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/random.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

TEST_CASE("a day's count is taken whole or not at all, and the next day begins anew") {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random(1);
  const auto store = *store::open_memory({.clock = clock, .random = random, .fs = system_fs()});
  auto& records = store->records();
  auto day = *DayCount::read(records, "told/a", clock.now());
  CHECK(day.count() == 0);
  CHECK(day.take(3, 5));
  CHECK_FALSE(day.take(3, 5));
  CHECK(day.take(2, 5));
  const auto write = day.write();
  REQUIRE(records.write({&write, 1}));
  CHECK(DayCount::read(records, "told/a", clock.now())->count() == 5);
  CHECK(DayCount::read(records, "told/b", clock.now())->count() == 0);
  CHECK(records.write({&write, 1}).error().code == ErrorCode::conflict);  // counted since it was read
  CHECK(day.end() > clock.now());
  CHECK(DayCount::read(records, "told/a", day.end())->count() == 0);
}

TEST_CASE("a count that is no number is told of, and not taken for nothing") {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random(1);
  const auto store = *store::open_memory({.clock = clock, .random = random, .fs = system_fs()});
  for (const auto* const text : {"", "x", "12x", "-1", "99999999999999999999999"}) {
    const store::Write write{.table = store::Table::quota,
                             .key = DayCount::key("told/a", clock.now()),
                             .value = text,
                             .expected = std::nullopt};
    REQUIRE(store->records().write({&write, 1}));
    CHECK(DayCount::read(store->records(), "told/a", clock.now()).error().code == ErrorCode::corrupt);
  }
}
