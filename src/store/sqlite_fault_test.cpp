// Every I/O call of a scripted session fails once, in each way: never a false acknowledgement.

#include <atomic>
#include <set>
#include <thread>

#include <unistd.h>

#include "store/fault_fs.h"
#include "store/store_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);

/// What a session was told is so.
struct Acknowledged {
  std::set<std::uint32_t> put;
  std::set<std::uint32_t> tried_to_remove;
  std::set<std::uint32_t> removed;
  bool record = false;
  bool stopped = false;
};

Acknowledged session(const std::string& folder, FaultFs& fs, SqliteOptions options = small_segments()) {
  Acknowledged told;
  ManualClock clock{start};
  SeededRandom random(3);
  const Seams seams{
      .clock = clock, .random = random, .fs = fs, .stop = [&](std::string_view) { told.stopped = true; }};
  const auto opened = open_sqlite_with(folder, seams, options);
  if (!opened) return told;
  auto& store = **opened;
  for (std::uint32_t number = 1; number <= 12; ++number) {
    const auto item = holding(indicator(number));
    if (store.objects().put({&item, 1}, Deadline::none())) told.put.insert(number);
    if (number % 4 == 0) static_cast<void>(store.objects().tend(milliseconds(0)));
    if (number % 6 != 0) continue;
    Query query;
    query.ids = {indicator_id(number - 1)};
    told.tried_to_remove.insert(number - 1);
    const auto removed = store.objects().remove(us, query);
    if (removed && *removed == 1) told.removed.insert(number - 1);
  }
  const Write write{.table = Table::job, .key = "a", .value = "b", .expected = 0};
  told.record = store.records().write({&write, 1}).has_value();
  return told;
}

/// How many objects were acknowledged and are not there.
std::size_t lost(const std::string& folder, const Acknowledged& told) {
  const auto opened =
      open_sqlite_with(folder, {.clock = system_clock(), .random = system_random(), .fs = system_fs()}, {});
  if (!opened) return told.put.size();
  std::size_t missing = 0;
  for (const auto number : told.put)
    if (!told.tried_to_remove.contains(number) && !(*opened)->objects().get(us, indicator_id(number)))
      ++missing;
  return missing;
}

void verify(const std::string& folder, const Acknowledged& told) {
  ManualClock clock{start};
  SeededRandom random(4);
  const auto opened =
      open_sqlite_with(folder, {.clock = clock, .random = random, .fs = system_fs()}, small_segments());
  if (!opened) MESSAGE(opened.error().message);
  REQUIRE(opened);
  auto& store = **opened;
  for (const auto number : told.put) {
    const bool held = store.objects().get(us, indicator_id(number)).has_value();
    if (!told.tried_to_remove.contains(number)) CHECK(held);
  }
  for (const auto number : told.removed) CHECK(!store.objects().get(us, indicator_id(number)));
  if (told.record) CHECK(store.records().read(Table::job, "a"));
  const auto findings = store.check();
  REQUIRE(findings);
  for (const auto& finding : *findings) MESSAGE(finding);
  CHECK(findings->empty());
}

}  // namespace

TEST_CASE("whichever I/O call fails, whatever was acknowledged is there and the store opens clean") {
  std::uint64_t calls = 0;
  {
    const Folder folder;
    FaultFs fs(system_fs());
    const auto told = session(folder.path(), fs);
    calls = fs.calls();
    REQUIRE(told.put.size() == 12);
    REQUIRE(told.removed.size() == 2);
    verify(folder.path(), told);
  }
  const auto stride = static_cast<std::uint64_t>(tests::test_size("store_fault_stride"));
  int stops = 0;
  for (const auto fault : {Fault::io_error, Fault::disk_full, Fault::short_write, Fault::failed_sync})
    for (std::uint64_t call = 1; call <= calls; call += stride) {
      CAPTURE(call);
      CAPTURE(static_cast<int>(fault));
      const Folder folder;
      FaultFs fs(system_fs());
      fs.arm(call, fault);
      const auto told = session(folder.path(), fs);
      stops += told.stopped ? 1 : 0;
      verify(folder.path(), told);
    }
  if (stride == 1) CHECK(stops > 0);
}

TEST_CASE("a store that acknowledges early is caught by the sweep") {
  auto defective = small_segments();
  defective.acknowledge_early = true;
  std::size_t caught = 0;
  for (std::uint64_t call = 40; call < 400 && caught == 0; ++call) {
    const Folder folder;
    FaultFs fs(system_fs());
    fs.arm(call, Fault::disk_full);
    const auto told = session(folder.path(), fs, defective);
    caught += lost(folder.path(), told);
  }
  CHECK(caught > 0);
}

TEST_CASE("a put is synced before it answers, and a store that skips syncs is caught") {
  for (const bool defective : {false, true}) {
    CAPTURE(defective);
    const Folder folder;
    FaultFs fs(system_fs());
    auto options = small_segments();
    options.skip_sync = defective;
    const auto opened = open_sqlite_with(
        folder.path(), {.clock = system_clock(), .random = system_random(), .fs = fs}, options);
    REQUIRE(opened);
    const auto before = fs.syncs();
    const auto item = holding(indicator(1));
    REQUIRE((*opened)->objects().put({&item, 1}, Deadline::none()));
    CHECK((fs.syncs() > before) == !defective);
  }
}

TEST_CASE("writers that wait while a sync is under way share the next, and none is told before its own") {
  constexpr std::uint32_t writers = 24;
  const Folder folder;
  FaultFs fs(system_fs());
  std::atomic<std::uint64_t> synced = 0;
  std::atomic<std::uint32_t> waiting = 0;
  const auto opened = open_sqlite_with(
      folder.path(), {.clock = system_clock(), .random = system_random(), .fs = fs}, small_segments());
  REQUIRE(opened);
  auto& objects = (*opened)->objects();
  // The first sync lasts until everybody has come.
  fs.before_sync([&] {
    for (int i = 0; i < 5'000 && waiting < writers; ++i) ::usleep(1'000);
    ::usleep(20'000);
    ++synced;
  });
  const auto before = fs.syncs();
  std::atomic<std::uint32_t> told_early = 0;
  std::vector<NewHolding> items;
  for (std::uint32_t number = 1; number <= writers; ++number) items.push_back(holding(indicator(number)));
  std::vector<std::thread> threads;
  for (std::uint32_t number = 0; number < writers; ++number)
    threads.emplace_back([&, number] {
      const auto begun_after = synced.load();
      ++waiting;
      const auto done = objects.put({&items[number], 1}, Deadline::none());
      if (!done || synced == begun_after) ++told_early;
    });
  for (auto& thread : threads) thread.join();
  CHECK(told_early == 0);
  CHECK(fs.syncs() - before <= 6);  // one leads alone, the rest follow together; a checkpoint syncs too
  for (std::uint32_t number = 1; number <= writers; ++number) CHECK(objects.get(us, indicator_id(number)));
}
