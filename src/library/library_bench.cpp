// What taking in costs, beside Python's bare json.loads of the same file in the same run, and at a million
// objects: library_bench attack|million [COUNT] [FOLDER]
//
//   attack   ATT&CK enterprise checked, stored and indexed: wall time, ratio to json.loads, peak memory
//   million  that many distinct objects of about 1.5 KB from a file, on a pool of two: objects/s over all, in
//            the first and the last fifth, full text's lag and catching up, look-ups by id and by value

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sys/resource.h>

#include "ledger/organisation.h"
#include "library/importer.h"
#include "wire/compression.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::library;

double now_s() {
  return static_cast<double>(system_clock().steady().us) / 1e6;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

[[noreturn]] void stop(const Error& error) {
  fmt::print(stderr, "library_bench: {}\n", error.message);
  std::exit(1);
}

template <typename T>
T need(Result<T> result) {
  if (!result) stop(result.error());
  return std::move(*result);
}

std::unique_ptr<store::Store> fresh_store(const std::string& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return need(store::open_sqlite(folder, {system_clock(), system_random(), system_fs()}));
}

api::Caller caller_in(store::Store& store) {
  const OrganisationId organisation{Uuid::named(Uuid{}, "bench")};
  const ledger::Organisation row{
      .id = organisation, .name = "bench", .hosted = true, .identity = ledger::identity_of(organisation)};
  const auto write = need(ledger::write_of(row, 0));
  if (auto done = store.records().write({&write, 1}); !done) stop(done.error());
  policy::Subject subject;
  subject.own.organisation = organisation;
  return {.account = {},
          .name = "bench",
          .organisation = organisation,
          .rights = {api::Right::publish},
          .scope = policy::Scope::of(std::move(subject))};
}

struct Node {
  std::string folder;
  std::unique_ptr<store::Store> store;
  api::Caller caller;

  explicit Node(std::string where)
      : folder(std::move(where)), store(fresh_store(folder)), caller(caller_in(*store)) {}
  ~Node() {
    store.reset();
    std::filesystem::remove_all(folder);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Terms terms() { return need(terms_of(store->records(), caller, {})); }

  double catch_up() {
    const auto begun = now_s();
    while (need(store->objects().tend(milliseconds(500)))) {
    }
    return now_s() - begun;
  }
};

void attack(const std::string& folder) {
  const std::string packed = SHIELDWALL_SOURCE_DIR "/../shared/data/attack/enterprise-attack-18.1.json.gz";
  if (!std::filesystem::exists(packed)) {
    fmt::print("attack: skipped, {} is not there\n", packed);
    return;
  }
  const auto plain = folder + ".json";
  const auto command = fmt::format("gzip -dc '{}' > '{}'", packed, plain);
  if (std::system(command.c_str()) != 0) std::exit(1);
  const auto python = fmt::format(
      "python3 -c \"import json,time; d=open('{}','rb').read(); "
      "print('%.3f' % min((lambda t: (json.loads(d), time.time()-t)[1])(time.time()) for _ in range(3)))\"",
      plain);
  double python_s = 0;
  if (FILE* pipe = popen(python.c_str(), "r")) {
    if (std::fscanf(pipe, "%lf", &python_s) != 1) python_s = 0;
    pclose(pipe);
  }
  {
    Node node(folder);
    ThreadPool pool(2, 256);
    const auto begun = now_s();
    Importer importer(*node.store, node.terms(), node.caller.scope, {.pool = &pool});
    FILE* file = std::fopen(plain.c_str(), "rb");
    std::string buffer(1u << 20, '\0');
    while (const auto got = std::fread(buffer.data(), 1, buffer.size(), file))
      if (auto pushed = importer.push(std::string_view(buffer).substr(0, got)); !pushed) stop(pushed.error());
    std::fclose(file);
    const auto report = need(importer.finish());
    const auto took = now_s() - begun;
    const auto lag = node.store->objects().text_lag();
    fmt::print("attack: {} objects, {} stored, {} refused, {:.1f} MB in {:.2f} s = {:.0f} objects/s\n",
               report.objects,
               report.tally.stored,
               report.tally.refused,
               static_cast<double>(report.bytes) / 1e6,
               took,
               static_cast<double>(report.objects) / took);
    fmt::print("attack: json.loads {:.2f} s, ratio {:.2f} (at most 4), peak memory {:.0f} MB (under 400)\n",
               python_s,
               python_s > 0 ? took / python_s : 0,
               peak_mb());
    const auto caught_up = node.catch_up();
    fmt::print("attack: full text was {} objects behind, caught up in {:.2f} s; peak {:.0f} MB\n",
               lag,
               caught_up,
               peak_mb());
  }
  std::filesystem::remove(plain);
}

/// About 1.5 KB, no two alike.
void append_object(std::string& out, std::uint64_t number, Random& random) {
  const auto id = Uuid::random(random).text();
  fmt::format_to(
      std::back_inserter(out),
      R"({{"type":"indicator","spec_version":"2.1","id":"indicator--{}",)"
      R"("created_by_ref":"identity--00000000-0000-4000-8000-{:012}",)"
      R"("created":"2024-03-01T12:00:00.000Z","modified":"2024-03-01T12:00:00.000Z",)"
      R"("name":"server {}.campaign-{}.example","indicator_types":["malicious-activity"],)"
      R"("labels":["campaign-{}","c2"],"pattern_type":"stix","valid_from":"2024-03-01T12:00:00Z",)"
      R"("pattern":"[domain-name:value = 'host-{}.example'] OR [ipv4-addr:value = '10.{}.{}.{}']",)"
      R"("external_references":[{{"source_name":"ticket","external_id":"T-{}"}}],"description":")",
      id,
      number % 500,
      number,
      number % 1000,
      number % 1000,
      number,
      number >> 16 & 255,
      number >> 8 & 255,
      number & 255,
      number);
  while (out.size() % 64 != 0) out += 'x';
  for (int i = 0; i < 12; ++i)
    fmt::format_to(std::back_inserter(out),
                   "Observed in stage {} of operation {}: contacts the server every {} seconds. ",
                   i,
                   number % 10'000,
                   number % 997 + static_cast<std::uint64_t>(i));
  out += R"("})";
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

/// A bundle of so many objects, one a line.
void write_bundle(const std::string& path, std::uint64_t count) {
  SeededRandom random(1);
  auto* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) stop({ErrorCode::unavailable, "cannot write " + path});
  std::string piece = R"({"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[)";
  for (std::uint64_t i = 0; i < count; ++i) {
    piece += i > 0 ? ",\n" : "\n";
    append_object(piece, i, random);
    if (piece.size() < (1u << 20) && i + 1 < count) continue;
    std::fwrite(piece.data(), 1, piece.size(), file);
    piece.clear();
  }
  std::fputs("]}", file);
  std::fclose(file);
}

void look_up(Node& node, std::uint64_t count) {
  constexpr int look_ups = 10'000;
  SeededRandom random(5);
  std::vector<double> by_value;
  std::vector<double> by_id;
  for (int i = 0; i < look_ups; ++i) {
    store::Query query;
    query.values = {need(
        model::canonical(model::ValueKind::domain, fmt::format("host-{}.example", random.below(count))))};
    auto from = now_s();
    const auto page = need(
        node.store->objects().find(node.caller.scope, query, std::nullopt, 10, 1u << 24, Deadline::none()));
    by_value.push_back(now_s() - from);
    if (page.holdings.size() != 1) stop({ErrorCode::internal, "a value was not found"});
    from = now_s();
    need(node.store->objects().get(node.caller.scope, page.holdings.front().id));
    by_id.push_back(now_s() - from);
  }
  for (auto [name, times] : {std::pair("value", &by_value), std::pair("id just met", &by_id)}) {
    std::ranges::sort(*times);
    fmt::print("million: look-up by {}: p50 {:.0f} us, p99 {:.0f} us (under 1000)\n",
               name,
               (*times)[look_ups / 2] * 1e6,
               (*times)[look_ups * 99 / 100] * 1e6);
  }
}

void million(std::uint64_t count, const std::string& folder) {
  const auto source = folder + ".json";
  write_bundle(source, count);
  Node node(folder);
  ThreadPool pool(2, 256);
  Importer importer(*node.store, node.terms(), node.caller.scope, {.pool = &pool});
  std::string buffer(1u << 20, '\0');
  const auto cpu_before = cpu_s();
  const auto begun = now_s();
  std::vector<std::pair<double, std::uint64_t>> timeline{{0, 0}};
  auto* const file = std::fopen(source.c_str(), "rb");
  if (file == nullptr) stop({ErrorCode::unavailable, "cannot read " + source});
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), file)) {
    if (auto pushed = importer.push(std::string_view(buffer).substr(0, got)); !pushed) stop(pushed.error());
    timeline.emplace_back(now_s() - begun, importer.progress().tally.stored);
  }
  std::fclose(file);
  const auto report = need(importer.finish());
  const auto took = now_s() - begun;
  const auto cpu = cpu_s() - cpu_before;
  std::filesystem::remove(source);
  timeline.emplace_back(took, report.tally.stored);
  const auto rate_between = [&](std::uint64_t from, std::uint64_t to) {
    double from_s = -1, to_s = took;
    std::uint64_t from_n = 0, to_n = report.tally.stored;
    for (const auto& [at, stored] : timeline) {
      if (from_s < 0 && stored >= from) from_s = at, from_n = stored;
      if (stored >= to) {
        to_s = at, to_n = stored;
        break;
      }
    }
    return static_cast<double>(to_n - from_n) / (to_s - from_s);
  };
  fmt::print(
      "million: {} stored of {}, {:.0f} bytes each, in {:.1f} s = {:.0f} objects/s; {:.1f} us of processor "
      "each\n",
      report.tally.stored,
      report.objects,
      static_cast<double>(report.bytes) / static_cast<double>(count),
      took,
      static_cast<double>(count) / took,
      cpu * 1e6 / static_cast<double>(count));
  fmt::print("million: first fifth {:.0f}/s, last fifth {:.0f}/s; peak memory {:.0f} MB\n",
             rate_between(0, count / 5),
             rate_between(count - count / 5, count),
             peak_mb());
  const auto lag = node.store->objects().text_lag();
  const auto caught_up = node.catch_up();
  fmt::print("million: full text was {} behind, caught up in {:.1f} s (within 60)\n", lag, caught_up);
  store::Query query;
  query.words = "operation 77";
  const auto page = need(
      node.store->objects().find(node.caller.scope, query, std::nullopt, 10, 1u << 24, Deadline::none()));
  fmt::print("million: a search by words found {} on its first page\n", page.holdings.size());
  look_up(node, count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "attack";
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  const std::string folder = argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "library_bench";
  if (what == "attack") attack(folder);
  if (what == "million") million(count, folder);
}
