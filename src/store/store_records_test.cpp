// Records while they are read and written at once: on every store, and what SQLite's keeps in memory.

#include <atomic>
#include <charconv>
#include <thread>

#include "store/record_cache.h"
#include "store/store_world.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

Write set(std::string key, std::string value) {
  return {.table = Table::api_key, .key = std::move(key), .value = std::move(value), .expected = {}};
}

Write drop(std::string key) {
  return {.table = Table::api_key, .key = std::move(key), .value = std::nullopt, .expected = {}};
}

int number_in(const Record& record) {
  int number = -1;
  std::from_chars(record.value.data(), record.value.data() + record.value.size(), number);
  return number;
}

Record row(std::string key, std::string value) {
  return {.key = std::move(key), .value = std::move(value), .revision = 1};
}

}  // namespace

TEST_CASE("a row that was asked before is gone, changed or back as soon as a write of it returns") {
  for (const auto kind : kinds) {
    Rig rig(kind);
    auto& records = rig.store->records();
    const auto value = [&] {
      const auto read = records.read(Table::api_key, "k");
      return read ? read->value : Bytes(read.error().code == ErrorCode::not_found ? "absent" : "failed");
    };
    const auto scanned = [&] { return records.scan(Table::api_key, "", "", 10)->size(); };
    const auto write = [&](const Write& one) { return records.write({&one, 1}); };
    CHECK(value() == "absent");
    CHECK(scanned() == 0);
    for (const auto* const next : {"1", "2"}) {
      REQUIRE(write(set("k", next)));
      for (int again = 0; again < 2; ++again) {
        CHECK(value() == next);
        CHECK(scanned() == 1);
      }
    }
    REQUIRE(write(set("l", "other")));
    CHECK(scanned() == 2);
    CHECK(value() == "2");
    REQUIRE(write(drop("k")));
    CHECK(value() == "absent");
    CHECK(scanned() == 1);
    auto refused = set("l", "never");
    refused.expected = 77;
    CHECK(!write(refused));
    CHECK(records.read(Table::api_key, "l")->value == "other");
    auto brief = set("k", "brief");
    brief.expires = rig.clock.now() + seconds(1);
    REQUIRE(write(brief));
    CHECK(value() == "brief");
    CHECK(scanned() == 2);
    rig.clock.advance(seconds(1));
    CHECK(value() == "absent");
    CHECK(scanned() == 1);
    REQUIRE(records.expire(rig.clock.now()));
    rig.clock.set_wall(rig.clock.now() - seconds(1));
    CHECK(value() == "absent");
  }
}

TEST_CASE("nobody reads a row older than a write that returned, nor an older one after a newer") {
  for (const auto kind : kinds) {
    Rig rig(kind);
    auto& records = rig.store->records();
    const auto first = set("k", "0");
    REQUIRE(records.write({&first, 1}));
    std::atomic<int> returned = 0;
    std::atomic<int> wrong = 0;
    std::atomic<bool> over = false;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i)
      readers.emplace_back([&, i] {
        for (int newest = 0; !over;) {
          newest = std::max(newest, returned.load());
          const auto rows = records.scan(Table::api_key, "", "", 2);
          const auto read = i == 0 ? Result<Record>(rows->at(0)) : records.read(Table::api_key, "k");
          const int number = number_in(*read);
          if (number < newest) ++wrong;
          newest = std::max(newest, number);
        }
      });
    for (int number = 1; number <= 150; ++number) {
      const auto next = set("k", std::to_string(number));
      REQUIRE(records.write({&next, 1}));
      returned = number;
    }
    over = true;
    readers.clear();
    CHECK(wrong == 0);
    CHECK(number_in(*records.read(Table::api_key, "k")) == 150);
  }
}

TEST_CASE("what was read while a write went on is not kept, and what was kept before it is gone") {
  RecordCache cache;
  const auto table = Table::api_key;
  const Write write = set("k", "2");
  const ScanKey all{.prefix = "", .after = "", .limit = 10};

  const auto before = cache.begin_read(table);
  {
    const RecordCache::Writing writing(cache, {&write, 1});
    cache.keep(table, row("k", "1"), before);  // read before the write, kept in its midst
    CHECK(!cache.find(table, "k"));
    cache.keep(table, row("l", "1"), before);  // of another key
    CHECK(cache.find(table, "l"));
    cache.keep(table, all, {row("k", "1")}, before);
    CHECK(!cache.find(table, all));
  }
  cache.keep(table, row("k", "1"), before);  // and after it
  CHECK(!cache.find(table, "k"));
  cache.keep(table, all, {row("k", "1")}, before);
  CHECK(!cache.find(table, all));

  const auto after = cache.begin_read(table);
  cache.keep(table, row("k", "2"), after);
  cache.keep(table, all, {row("k", "2")}, after);
  CHECK(cache.find(table, "k")->value == "2");
  CHECK(cache.find(table, all)->size() == 1);
  CHECK(!cache.find(table, {.prefix = "", .after = "", .limit = 1}));
  CHECK(!cache.find(Table::account, "k"));
  const RecordCache::Writing writing(cache, {&write, 1});
  CHECK(!cache.find(table, "k"));
  CHECK(!cache.find(table, all));
}

TEST_CASE("rows kept in memory are bounded, each and together") {
  RecordCache cache;
  const auto keep = [&](const std::string& key, std::size_t bytes) {
    cache.keep(Table::job, row(key, std::string(bytes, 'x')), cache.begin_read(Table::job));
  };
  keep("large", 1u << 20);
  CHECK(!cache.find(Table::job, "large"));
  for (int i = 0; i < 200; ++i) keep(std::to_string(i), 60'000);
  CHECK(cache.find(Table::job, "199"));
  CHECK(!cache.find(Table::job, "0"));
}
