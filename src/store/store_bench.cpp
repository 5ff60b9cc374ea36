// What the store costs, each figure beside a floor of the same run: store_bench [COUNT [PUTS [FOLDER]]]
//
//   bulk     COUNT distinct objects of about 1.5 KB put with all indexes, in batches of 5,000: objects/s over
//            all, in the first and the last fifth, without the making of the objects; floor: plain SQLite
//            storing the same bytes in the same commits, nothing else
//   look-up  by id and by canonical value at that size: p50 and p99
//   text     how long full text takes to catch up
//   writers  64 threads put PUTS objects made beforehand, one at a time, each durable before the next; floor:
//   syncs the
//            disk does one after the other, since without sharing commits that is all there could be

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "store/store.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::store;

constexpr std::size_t batch_objects = 5'000;
constexpr std::uint64_t look_ups = 20'000;
constexpr int writer_threads = 64;

double now_s() {
  return static_cast<double>(system_clock().steady().us) / 1e6;
}

/// Processor time of all threads.
double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void stop(const Error& error) {
  fmt::print(stderr, "store_bench: {}\n", error.message);
  std::exit(1);
}

template <typename T>
T need(Result<T> result) {
  if (!result) stop(result.error());
  return std::move(*result);
}

Uuid numbered(std::uint64_t number) {
  return Uuid::named(Uuid{}, fmt::format("store_bench/{}", number));
}

std::string object_text(std::uint64_t number) {
  auto text = fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"indicator--{}",)"
      R"("created_by_ref":"identity--00000000-0000-4000-8000-{:012}",)"
      R"("created":"2024-03-01T12:00:00.000Z","modified":"2024-03-01T12:00:00.000Z",)"
      R"("name":"server {}.campaign-{}.example","indicator_types":["malicious-activity"],)"
      R"("labels":["campaign-{}","c2"],"pattern_type":"stix","valid_from":"2024-03-01T12:00:00Z",)"
      R"("pattern":"[domain-name:value = 'host-{}.example'] OR [ipv4-addr:value = '10.{}.{}.{}']",)"
      R"("external_references":[{{"source_name":"ticket","external_id":"T-{}"}}],"description":")",
      numbered(number).text(),
      number % 500,
      number,
      number % 1000,
      number % 1000,
      number,
      number >> 16 & 255,
      number >> 8 & 255,
      number & 255,
      number);
  for (int i = 0; i < 12; ++i)
    text += fmt::format("Observed in stage {} of operation {}: contacts the server every {} seconds. ",
                        i,
                        number % 10'000,
                        number % 997 + static_cast<std::uint64_t>(i));
  return text + R"("})";
}

const OrganisationId organisation{numbered(1'000'000'000)};

NewHolding holding(std::uint64_t number) {
  const auto document = need(model::JsonDocument::parse(object_text(number)));
  auto object = model::read_object(document.root());
  if (!object) stop({ErrorCode::internal, "the bench's own object is refused"});
  policy::Label label;
  label.tlp = policy::Tlp::amber;
  label.audience = {{.owner = organisation, .inside = {}}};
  return {.object = std::move(*object),
          .text = model::searchable_text(document.root()),
          .source = {.kind = policy::Source::Kind::own, .id = organisation.uuid},
          .collection = {},
          .label = std::move(label),
          .parts = {}};
}

std::vector<NewHolding> holdings(std::uint64_t first, std::uint64_t count) {
  std::vector<NewHolding> batch;
  batch.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) batch.push_back(holding(first + i));
  return batch;
}

policy::Scope reader() {
  policy::Subject subject;
  subject.own.organisation = organisation;
  return policy::Scope::of(std::move(subject));
}

std::unique_ptr<Store> fresh_store(const std::string& folder) {
  std::filesystem::remove_all(folder);
  return need(open_sqlite(folder, {system_clock(), system_random(), system_fs()}));
}

// ---------------------------------------------------------------- floors

void must(sqlite3* db, int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE) return;
  fmt::print(stderr, "store_bench: plain SQLite: {}\n", sqlite3_errmsg(db));
  std::exit(1);
}

/// Stores the same bytes in the same commits, and nothing else. Objects/s.
double plain_sqlite(const std::string& path, std::uint64_t count) {
  for (const auto* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  sqlite3* db = nullptr;
  must(db, sqlite3_open(path.c_str(), &db));
  must(db,
       sqlite3_exec(db,
                    "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                    "PRAGMA wal_autocheckpoint = 8192;"
                    "CREATE TABLE content (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
                    nullptr,
                    nullptr,
                    nullptr));
  sqlite3_stmt* insert = nullptr;
  must(db, sqlite3_prepare_v2(db, "INSERT INTO content VALUES (?1, ?2)", -1, &insert, nullptr));
  double storing = 0;
  for (std::uint64_t first = 0; first < count; first += batch_objects) {
    std::vector<std::string> texts;
    for (auto number = first; number < std::min(first + batch_objects, count); ++number)
      texts.push_back(object_text(number));
    const auto begun = now_s();
    must(db, sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(first + i));
      sqlite3_bind_blob64(insert, 2, texts[i].data(), texts[i].size(), SQLITE_STATIC);
      must(db, sqlite3_step(insert));
      sqlite3_reset(insert);
    }
    must(db, sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr));
    storing += now_s() - begun;
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
  std::filesystem::remove(path);
  return static_cast<double>(count) / storing;
}

/// Syncs of one growing file, one after the other, in a second.
double syncs_per_second(const std::string& path) {
  std::filesystem::remove(path);
  const auto file = need(system_fs().open(path, OpenMode::write));
  const std::string block(8192, 'x');
  const auto begun = now_s();
  std::uint64_t syncs = 0;
  for (; now_s() - begun < 1; ++syncs) {
    if (auto done = file->write_at(syncs * block.size(), block); !done) stop(done.error());
    if (auto done = file->sync(); !done) stop(done.error());
  }
  std::filesystem::remove(path);
  return static_cast<double>(syncs) / (now_s() - begun);
}

// ---------------------------------------------------------------- bulk

void bulk(Store& store, std::uint64_t count, const std::string& folder) {
  std::vector<double> took;  // of each put
  const auto make = [count](std::uint64_t first) {
    return first < count ? holdings(first, std::min<std::uint64_t>(batch_objects, count - first))
                         : std::vector<NewHolding>{};
  };
  auto next = make(0);
  const auto cpu_before = cpu_s();
  const auto begun = now_s();
  for (std::uint64_t first = 0; first < count; first += batch_objects) {
    const auto batch = std::move(next);
    auto making = std::async(std::launch::async, make, first + batch_objects);
    const auto from = now_s();
    const auto outcomes = need(store.objects().put(batch, Deadline::none()));
    took.push_back(now_s() - from);
    for (const auto& outcome : outcomes)
      if (outcome.status != PutStatus::stored) stop({ErrorCode::internal, "an object was not stored"});
    next = making.get();
  }
  const auto wall = now_s() - begun;
  const auto rate = [&](std::size_t from, std::size_t to) {
    double seconds = 0;
    for (auto i = from; i < to; ++i) seconds += took[i];
    return static_cast<double>((to - from) * batch_objects) / seconds;
  };
  const auto fifth = std::max<std::size_t>(1, took.size() / 5);
  const auto cpu = cpu_s() - cpu_before;
  const auto floor = plain_sqlite(folder + "/floor.db", std::min<std::uint64_t>(count, 200'000));
  const auto put = rate(0, took.size());
  fmt::print("bulk: {} objects, {:.0f}/s in put (first fifth {:.0f}/s, last {:.0f}/s)\n",
             count,
             put,
             rate(0, fifth),
             rate(took.size() - fifth, took.size()));
  fmt::print(
      "bulk: plain SQLite of the same bytes {:.0f}/s, ratio {:.2f}; with the making on a second thread "
      "{:.0f}/s, {:.1f} us of processor an object\n",
      floor,
      put / floor,
      static_cast<double>(count) / wall,
      cpu * 1e6 / static_cast<double>(count));
}

// ---------------------------------------------------------------- look-ups

void print_look_ups(std::string_view name, std::vector<double> times) {
  std::ranges::sort(times);
  fmt::print("look-up {}: p50 {:.0f} us, p99 {:.0f} us (under 1000), worst {:.0f} us\n",
             name,
             times[times.size() / 2] * 1e6,
             times[times.size() * 99 / 100] * 1e6,
             times.back() * 1e6);
}

void look_up(Store& store, std::uint64_t count) {
  const auto scope = reader();
  SeededRandom random(5);
  std::vector<double> by_id;
  std::vector<double> by_value;
  for (std::uint64_t i = 0; i < look_ups; ++i) {
    const auto number = random.below(count);
    const model::ObjectId id{"indicator", numbered(number)};
    const auto value =
        need(model::canonical(model::ValueKind::domain, fmt::format("host-{}.example", number)));
    auto from = now_s();
    const auto found = need(store.objects().get(scope, id));
    by_id.push_back(now_s() - from);
    Query query;
    query.values = {value};
    from = now_s();
    const auto page = need(store.objects().find(scope, query, {}, 10, SIZE_MAX, Deadline::none()));
    by_value.push_back(now_s() - from);
    if (found.id != id || page.holdings.size() != 1 || page.holdings.front().id != id)
      stop({ErrorCode::internal, "a look-up found something else"});
  }
  print_look_ups("by id", std::move(by_id));
  print_look_ups("by value", std::move(by_value));
}

void catch_up(Store& store) {
  const auto lag = store.objects().text_lag();
  const auto begun = now_s();
  while (store.objects().text_lag() > 0) need(store.objects().tend(milliseconds(500)));
  const auto searchable = now_s() - begun;
  while (need(store.objects().tend(milliseconds(500)))) {
  }
  fmt::print("text: {} behind, searchable in {:.1f} s (within 60), merged in {:.1f} s\n",
             lag,
             searchable,
             now_s() - begun);
}

// ---------------------------------------------------------------- single writers

void writers(const std::string& folder, std::uint64_t count) {
  const auto store = fresh_store(folder);
  const auto items = holdings(0, count);
  std::atomic<std::uint64_t> next = 0;
  std::vector<std::vector<double>> times(writer_threads);
  std::vector<std::thread> threads;
  const auto begun = now_s();
  const auto cpu_before = cpu_s();
  for (auto& mine : times)
    threads.emplace_back([&] {
      for (auto i = next++; i < count; i = next++) {
        const auto from = now_s();
        need(store->objects().put({&items[i], 1}, Deadline::none()));
        mine.push_back(now_s() - from);
      }
    });
  for (auto& thread : threads) thread.join();
  const auto took = now_s() - begun;
  const auto cpu = cpu_s() - cpu_before;
  std::vector<double> all;
  for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  std::ranges::sort(all);
  const auto rate = static_cast<double>(count) / took;
  const auto floor = syncs_per_second(folder + "/floor");
  fmt::print(
      "writers: {} threads, {:.0f} durable puts/s (10000 or more), p50 {:.1f} ms, p99 {:.1f} ms, {:.0f} us "
      "of "
      "processor each\n",
      writer_threads,
      rate,
      all[all.size() / 2] * 1e3,
      all[all.size() * 99 / 100] * 1e3,
      cpu * 1e6 / static_cast<double>(count));
  fmt::print(
      "writers: the disk syncs {:.0f} times/s, one after the other; ratio {:.2f}\n", floor, rate / floor);
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 50'000;
  const auto puts = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000;
  const std::string folder = argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "store_bench";
  {
    const auto store = fresh_store(folder);
    bulk(*store, count, folder);
    look_up(*store, count);
    catch_up(*store);
    look_up(*store, count);
  }
  writers(folder, puts);
  std::filesystem::remove_all(folder);
}
