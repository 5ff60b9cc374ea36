// A log of mixed Zeek-style JSON lines with planted hits, looked through with a million indicators; beside
// it, in the same run, floors and what a user would take instead. The findings are checked against the truth.
// The world is made once and kept in FOLDER (build/bench-detect of the source tree).
//   detect_bench [world [GIGABYTES [INDICATORS [FOLDER]]]]      walk for world: without the tools of others
//
// The same log again and again to standard output, for streams of any length, and what looking through one
// takes.
//   detect_bench stream GIGABYTES [FOLDER] | detect_bench drink [FOLDER]
//
// How fast real Zeek logs (JSON form) are looked through on one core with 1,000, 100,000 and 1,000,000
// indicators; beside it, in the same run, reading alone, `grep -F -f` with the same 1,000 values (which finds
// substrings and canonicalises nothing), and the floor: counting line ends with memchr. CPU seconds, best of
// three.
//   detect_bench zeek
//
// How long it takes until one new indicator hits, beside 1,000,000 others.
//   detect_bench live
//
// How a matcher file behaves with N literals: bytes, seconds to build and to load, look-ups a second on one
// core, of which one in a thousand is found; beside it one dependent read of main memory after the other.
//   detect_bench literals N [FOLDER]     needs about 110 bytes of memory and 50 of disk a literal

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "detect/bench/peers.h"
#include "detect/intel.h"
#include "detect/live_matcher.h"
#include "detect/packed/matcher_file.h"
#include "detect/readers/line_forms.h"
#include "detect/readers/quickly.h"
#include "detect/scan.h"
#include "detect/sieve.h"
#include "detect/tables.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

const std::string data = SHIELDWALL_SOURCE_DIR "/../shared/data/zeek-wrccdc/json";
constexpr int rounds = 5;
constexpr std::size_t grep_values = 1000;

using bench::cpu_seconds;
using bench::wall_seconds;

template <typename Work>
double best(Work&& work, int who = RUSAGE_SELF) {
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_seconds(who);
    work();
    least = std::min(least, cpu_seconds(who) - start);
  }
  return least;
}

std::vector<std::string> unpacked_logs() {
  const std::vector<std::string> folder = {data};
  const auto files = find_files(folder);
  std::vector<std::string> logs;
  if (!files) return logs;
  for (const auto& file : *files) {
    auto opened = open_unpacked(file.path);
    if (!opened) continue;
    auto& text = logs.emplace_back();
    static char block[1 << 18];
    for (;;) {
      const auto size = (*opened)->read(block);
      if (!size || *size == 0) break;
      text.append(block, *size);
    }
  }
  return logs;
}

/// A third each of domains, addresses and hashes that these logs do not hold, and ten values that they do,
/// one event in a hundred.
std::vector<std::string> values(std::size_t count) {
  std::vector<std::string> all = {"10.47.1.253",
                                  "134.71.3.16",
                                  "jerry.land",
                                  "203.0.113.77",
                                  "b2dafbcdbc75210672f137f27ce882ccb799887631655d4f11191d5a678e44fe",
                                  "mozilla.org",
                                  "10.164.94.121",
                                  "akamai.net",
                                  "evil.example",
                                  "198.51.100.9"};
  SeededRandom random(42);
  for (auto i = all.size(); i < count; ++i) {
    const auto r = random.below(1ull << 62);
    switch (i % 3) {
      case 0:
        all.push_back(fmt::format("w{:x}.host{}.example", r & 0xffffff, r >> 40));
        break;
      case 1:  // class E: in no log
        all.push_back(fmt::format("{}.{}.{}.{}", 240 + r % 15, r >> 8 & 255, r >> 16 & 255, r >> 24 & 255));
        break;
      default:
        all.push_back(fmt::format("{:016x}{:016x}{:016x}{:016x}", r, r * 3, r * 5, r * 7));
    }
  }
  return all;
}

Matcher matcher_of(std::span<const std::string> texts) {
  std::vector<Indicator> indicators;
  indicators.reserve(texts.size());
  for (const auto& text : texts)
    indicators.push_back({.id = text, .pattern = text, .values = {*model::canonical_guess(text)}});
  return compile(std::move(indicators), {.now = {}});
}

struct Seen {
  std::uint64_t records = 0, fields = 0, hits = 0;
};

Seen read_all(std::span<const std::string> logs, Scanner* scanner) {
  Seen seen;
  Record record;
  for (const auto& log : logs) {
    wire::MemoryReader source(log);
    LogReader reader(source);
    for (;;) {
      const auto more = reader.next(record);
      if (!more || !*more) break;
      ++seen.records;
      seen.fields += record.fields.size();
      if (scanner != nullptr) seen.hits += scanner->scan(record).size();
    }
  }
  return seen;
}

std::size_t line_ends(std::string_view text) {
  std::size_t count = 0;
  for (const char *at = text.data(), *const end = at + text.size();
       (at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)))) != nullptr;
       ++at)
    ++count;
  return count;
}

void row(std::string_view what, double seconds, std::size_t bytes, std::string_view remark) {
  fmt::print("{:<42} {:>8.3f} s {:>8.3f} GB/s  {}\n",
             what,
             seconds,
             static_cast<double>(bytes) / seconds / 1e9,
             remark);
}

void grep_row(std::span<const std::string> logs, std::span<const std::string> texts, std::size_t bytes) {
  char name[] = "/tmp/shieldwall-bench-XXXXXX";
  if (::mkdtemp(name) == nullptr) return;
  const std::string folder = name;
  {
    std::ofstream list(folder + "/list"), log(folder + "/log", std::ios::binary);
    for (const auto& text : texts) list << text << '\n';
    for (const auto& text : logs) log << text;
  }
  const auto command = fmt::format("LC_ALL=C grep -c -F -f {0}/list {0}/log > {0}/out", folder);
  bool ran = true;
  const auto seconds = best([&] { ran = std::system(command.c_str()) == 0 && ran; }, RUSAGE_CHILDREN);
  std::string lines = "?";
  std::ifstream(folder + "/out") >> lines;
  if (ran) row(fmt::format("grep -F -f, {} values", texts.size()), seconds, bytes, lines + " lines");
  std::filesystem::remove_all(folder);
}

constexpr std::uint64_t lookups = 20'000'000;

/// The key of the literal with that number: a domain of 15 to 31 bytes.
std::string_view key_of(std::uint64_t number, char (&into)[32]) {
  static constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz012345";
  auto mixed = (number + 1) * 0x9e3779b97f4a7c15u;
  std::size_t size = 0;
  for (auto left = 6 + mixed % 17; left > 0; --left, mixed = mixed * 5 + number)
    into[size++] = digits[mixed >> 59];
  for (auto rest = number; rest > 0; rest >>= 5) into[size++] = digits[rest & 31];
  std::memcpy(into + size, ".example", 8);
  return {into, std::min(size + 8, sizeof into)};
}

/// Numbers below `count` are in the table.
std::uint64_t lookup_number(std::uint64_t i, std::uint64_t count) {
  const auto mixed = i * 0x9e3779b97f4a7c15u;
  return i % 1000 == 0 ? mixed % count : count + (mixed >> 30);
}

void look_up_all(const LiteralImage& image, std::uint64_t count) {
  struct Asked {
    char bytes[32];
    std::string_view key;
    std::uint64_t hash;
  };
  constexpr std::size_t ahead = 32;
  static Asked asked[ahead];
  std::uint64_t found = 0;
  for (auto& one : asked) one.key = {};
  const auto start = cpu_seconds();
  for (std::uint64_t i = 0; i < lookups + ahead; ++i) {
    auto& one = asked[i % ahead];
    if (!one.key.empty()) found += image.find(one.hash, LiteralKind::domain, one.key).empty() ? 0 : 1;
    one.key = key_of(lookup_number(i, count), one.bytes);
    one.hash = literal_hash(image.key, LiteralKind::domain, one.key);
    image.prefetch(one.hash);
  }
  const auto all = cpu_seconds() - start;
  const auto begin = cpu_seconds();
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < lookups; ++i) sum += key_of(lookup_number(i, count), asked[0].bytes).size();
  const auto making = cpu_seconds() - begin;
  fmt::print(
      "{} look-ups, {} found: {:.1f} million/s with the making of their keys, {:.1f} without ({} bytes)\n",
      lookups,
      found,
      lookups / all / 1e6,
      lookups / (all - making) / 1e6,
      sum);
}

int measure_literals(std::uint64_t count, const std::string& folder) {
  const auto path = folder + "/shieldwall-bench.matcher";
  MatcherParts parts{
      .now = {}, .literals = LiteralPacker({1, 2}), .indicators = {}, .v4_bits = {}, .v6_bits = {}};
  parts.indicators.add({.id = "bench"});
  char bytes[32];
  auto start = wall_seconds();
  for (std::uint64_t i = 0; i < count; ++i) parts.literals.add(LiteralKind::domain, key_of(i, bytes), 0);
  const auto written = write_matcher_file(std::move(parts), system_fs(), path);
  if (!written) return fmt::print("{}\n", written.error().message), 1;
  const auto built = wall_seconds() - start;
  start = wall_seconds();
  const auto cpu_start = cpu_seconds();
  const auto matcher = load_matcher_file(path, {});
  if (!matcher) return fmt::print("{}\n", matcher.error().message), 1;
  fmt::print(
      "{} literals: built and written in {:.1f} s, checked and loaded in {:.2f} s ({:.2f} s cpu of all "
      "cores); "
      "{:.1f} MB hot, {:.1f} MB in all ({:.1f} and {:.1f} bytes a literal)\n",
      matcher->literals(),
      built,
      wall_seconds() - start,
      cpu_seconds() - cpu_start,
      static_cast<double>(matcher->bytes()) / 1e6,
      static_cast<double>(std::filesystem::file_size(path)) / 1e6,
      static_cast<double>(matcher->bytes()) / static_cast<double>(count),
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(count));
  const auto& image = MatcherAccess::tables(*matcher).layers.front().layer->literals;
  for (int i = 0; i < rounds; ++i) look_up_all(image, count);
  std::filesystem::remove(path);
  return 0;
}

int measure_zeek() {
  const auto logs = unpacked_logs();
  std::size_t bytes = 0, lines = 0;
  for (const auto& log : logs) bytes += log.size();
  if (bytes == 0) return fmt::print("skipped: no Zeek logs at {}\n", data), 0;
  const auto memory = best([&] {
    lines = 0;
    for (const auto& log : logs) lines += line_ends(log);
  });
  fmt::print(
      "{} logs, {:.1f} MB, {} lines; one core\n", logs.size(), static_cast<double>(bytes) / 1e6, lines);
  row("count line ends (memchr)", memory, bytes, "the floor");
  Seen seen;
  const auto reading = best([&] { seen = read_all(logs, nullptr); });
  row("read the fields", reading, bytes, fmt::format("{} events, {} fields", seen.records, seen.fields));
  grep_row(logs, values(grep_values), bytes);
  for (const std::size_t count : {std::size_t{1000}, std::size_t{100'000}, std::size_t{1'000'000}}) {
    const double start = cpu_seconds();
    const auto matcher = matcher_of(values(count));
    const double compiled = cpu_seconds() - start;
    Scanner scanner(matcher);
    const auto seconds = best([&] { seen = read_all(logs, &scanner); });
    row(fmt::format("scan, {} indicators", count),
        seconds,
        bytes,
        fmt::format("{} hits; {:.2f} s to compile, {:.0f} MB of tables; {:.1f} times reading alone",
                    seen.hits,
                    compiled,
                    static_cast<double>(matcher.bytes()) / 1e6,
                    seconds / reading));
  }
  return 0;
}

/// Values counted, and nothing else done with them.
struct CountingSink {
  std::uint64_t values = 0, bytes = 0, of_line = 0;
  bool texts(const LineForm::Text* of, std::size_t count, std::uint64_t, const std::uint32_t* marks) {
    for (std::size_t i = 0; i < count; ++i) bytes += of[i].in(marks).size();
    return of_line += count, true;
  }
  bool text(const KeyTable::Key&, Slice span) { return ++of_line, bytes += span.size(), true; }
  bool scalar(const KeyTable::Key&, Slice span) { return ++of_line, bytes += span.size(), true; }
  void begin_line(std::uint32_t) { of_line = 0; }
  bool end_line() { return values += of_line, true; }
};

/// Our own extraction of fields alone, the odd lines by the full parser.
CountingSink extract(const std::string& path) {
  CountingSink sink;
  const auto opened = open_unpacked(path);
  if (!opened) return sink;
  LineReader lines(**opened);
  BlockIndex index;
  KeyTable keys([](const void*, std::string_view) { return 1u; }, nullptr);
  LineForms forms(1);
  const auto parser = full_ndjson_parser();
  Record record;
  for (;;) {
    const auto block = lines.peek_lines(LineSieve::block_bytes);
    if (!block || block->empty()) break;
    index_block(*block, index);
    FormWalk<CountingSink> walk(block->data(), index, keys, forms, sink);
    quickly([&] { walk.run_all(index.lines, [](BlockLine& line, bool taken) { line.look = !taken; }); });
    for (const auto& line : index.lines) {
      if (!line.look) continue;
      record.fields.clear();
      (void)parser->parse(block->substr(line.begin, line.end - line.begin), record);
      sink.values += record.fields.size();
    }
    lines.take_lines(block->size(), index.lines.size());
  }
  return sink;
}

/// Keeps what was found, to compare it with the truth.
struct FindingSink final : ScanSink {
  bench::Truth found;
  bool keeps = true;
  void hit(const Hit& hit) override {
    if (keeps) found.emplace(hit.line, hit.indicator);
  }
  void done(const SourceReport& report) override {
    if (!report.error.empty() || report.counts.broken_lines > 0)
      fmt::print("{}: {} {} broken lines\n", report.source, report.error, report.counts.broken_lines);
  }
};

Matcher matcher_of_world(const bench::Files& files) {
  std::vector<Indicator> indicators;
  for (const auto& text : bench::lines_of(files.indicators)) {
    const auto values = values_of_entry(text, {});
    indicators.push_back(
        {.id = text, .pattern = text, .values = values ? *values : std::vector<model::CanonicalValue>()});
  }
  return compile(std::move(indicators), {.now = {}});
}

/// Findings of one way to scan, the last time that it ran.
struct ScanRow {
  std::string what;
  ScanOptions options;
  FindingSink sink = {};

  void run(const Matcher& matcher, const bench::Files& files, double bytes) {
    const std::vector<InputFile> inputs = {{.path = files.log, .bytes = static_cast<std::uint64_t>(bytes)}};
    sink.found.clear();
    scan_files(matcher, inputs, options, sink);
  }
  bool print(const bench::Took& took,
             const bench::Truth& truth,
             double bytes,
             double of_walk,
             double of_reading) const {
    const bool exact = sink.found == truth;
    bench::row(
        what,
        took,
        bytes,
        fmt::format(
            "{:.2f} GB/s wall; {:.2f} of simdjson's walk, {:.2f} of our extraction; {} of {} findings, {}",
            bytes / took.wall / 1e9,
            of_walk / took.cpu,
            of_reading / took.cpu,
            sink.found.size(),
            truth.size(),
            exact ? "exactly the truth" : "NOT THE TRUTH"));
    return exact;
  }
};

const std::string bench_folder = SHIELDWALL_SOURCE_DIR "/build/bench-detect";

/// Floors and scans of the world's log, in turn.
bool measure_scans(const Matcher& matcher, const bench::Files& files, double bytes, bool with_full) {
  simdjson::padded_string text;
  const bool walks =
      bench::simdjson_runs() && simdjson::padded_string::load(files.log).get(text) == simdjson::SUCCESS;
  bench::Walked walked;
  CountingSink counted;
  std::vector<ScanRow> scans;
  scans.push_back({"scan, 1 thread", {.threads = 1}});
  scans.push_back({"scan, 2 threads", {.threads = 2}});
  if (with_full) scans.push_back({"scan, 1 thread, full parser", {.threads = 1, .sieve = false}});
  std::vector<std::function<void()>> works = {[&] {
                                                if (walks) walked = bench::walk_with_simdjson(text);
                                              },
                                              [&] { counted = extract(files.log); }};
  for (auto& scan : scans) works.emplace_back([&] { scan.run(matcher, files, bytes); });
  const auto took = bench::best_in_turn(rounds, works);
  if (walks)
    bench::row("simdjson walk, text in memory",
               took[0],
               bytes,
               fmt::format("{} documents, {} values", walked.documents, walked.values));
  else
    fmt::print("simdjson: not measured, this machine lacks AVX-512 VBMI2\n");
  bench::row(
      "our field extraction alone, from the file", took[1], bytes, fmt::format("{} values", counted.values));
  const auto truth = bench::truth_of(files.truth);
  bool exact = true;
  for (std::size_t i = 0; i < scans.size(); ++i)
    exact = scans[i].print(took[i + 2], truth, bytes, took[0].cpu, took[1].cpu) && exact;
  return exact;
}

int measure_world(double gigabytes, std::size_t indicators, const std::string& folder, bool with_tools) {
  const auto files = bench::world_files(folder, indicators, static_cast<std::uint64_t>(gigabytes * 1e9));
  const auto bytes = static_cast<double>(std::filesystem::file_size(files.log));
  fmt::print("{:.3f} GB, kernel {}\n", bytes / 1e9, block_kernels().front().name);
  const auto cat = fmt::format("cat {} > /dev/null", files.log);
  bench::row("cat to /dev/null",
             bench::best_of(
                 rounds, [&] { (void)!std::system(cat.c_str()); }, RUSAGE_CHILDREN),
             bytes,
             "");
  const auto start = cpu_seconds();
  const auto matcher = matcher_of_world(files);
  fmt::print("{} indicators compiled in {:.2f} s: {} literals, {:.0f} MB of tables; {} not used\n",
             matcher.indicator_count(),
             cpu_seconds() - start,
             matcher.literals(),
             static_cast<double>(matcher.bytes()) / 1e6,
             matcher.unused().size());
  const bool exact = measure_scans(matcher, files, bytes, with_tools);
  if (!with_tools) return exact ? 0 : 1;
  bench::run_python(files, folder, std::min(bytes, 1e8));
  bench::run_duckdb(files, folder, bytes);
  bench::run_grep(files, folder, bytes);
  return exact ? 0 : 1;
}

int stream_world(double gigabytes, const std::string& folder) {
  const auto files = bench::world_files(folder, 1'000'000, 1'000'000'000);
  static char block[1 << 20];
  for (double left = gigabytes * 1e9; left > 0;) {
    std::FILE* const log = std::fopen(files.log.c_str(), "rb");
    if (log == nullptr) return 1;
    for (std::size_t size; left > 0 && (size = std::fread(block, 1, sizeof block, log)) > 0;) {
      if (std::fwrite(block, 1, size, stdout) != size) return 1;
      left -= static_cast<double>(size);
    }
    std::fclose(log);
  }
  return 0;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e3;
}

/// Looks through standard input with the world's indicators, and says what memory that took.
int scan_stream(const std::string& folder) {
  const auto matcher = matcher_of_world(bench::world_files(folder, 1'000'000, 1'000'000'000));
  const std::vector<InputFile> inputs = {{.path = "-"}};
  FindingSink sink;
  sink.keeps = false;
  const auto before = peak_megabytes();
  const auto start = wall_seconds();
  const auto cpu_start = cpu_seconds();
  const auto totals = scan_files(matcher, inputs, {.threads = 1}, sink);
  const auto gigabytes = static_cast<double>(totals.counts.bytes) / 1e9;
  fmt::print(
      "{:.1f} GB, {} lines, {} findings in {:.1f} s ({:.2f} GB/s a core); {:.0f} MB at the most, {:.0f} MB "
      "of "
      "them before the scan\n",
      gigabytes,
      totals.counts.lines,
      totals.hits,
      wall_seconds() - start,
      gigabytes / (cpu_seconds() - cpu_start),
      peak_megabytes(),
      before);
  return 0;
}

/// From the call that adds an indicator to the first record that hits it, on a scanner that asks before each.
int measure_live() {
  LiveMatcher live(matcher_of(values(1'000'000)));
  std::vector<double> waits;
  for (int i = 0; i < 200; ++i) {
    const auto name = fmt::format("new{}.example", i);
    Scanner scanner(live.now());
    auto version = live.version();
    const auto start = wall_seconds();
    std::jthread writer([&] {
      live.change({.added = {{.id = name, .pattern = name, .values = {*model::canonical_guess(name)}}}}, {});
    });
    const Record record{.line = 1, .fields = {{.name = "host", .value = name}}};
    for (;;) {
      if (live.version() != version) {
        version = live.version();
        scanner.use(live.now());
      }
      if (!scanner.scan(record).empty()) break;
    }
    waits.push_back(wall_seconds() - start);
  }
  std::ranges::sort(waits);
  fmt::print(
      "one indicator beside 1,000,000 others hits after {:.2f} ms (median), {:.2f} ms at the most, of {} "
      "times\n",
      waits[waits.size() / 2] * 1e3,
      waits.back() * 1e3,
      waits.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto argument = [&](std::size_t i, const std::string& otherwise) {
    return i < arguments.size() ? arguments[i] : otherwise;
  };
  const auto mode = argument(0, "world");
  if (mode == "literals") return measure_literals(std::stoull(argument(1, "1000000")), argument(2, "/tmp"));
  if (mode == "zeek") return measure_zeek();
  if (mode == "live") return measure_live();
  if (mode == "drink") return scan_stream(argument(1, bench_folder));
  if (mode == "stream") return stream_world(std::stod(argument(1, "1")), argument(2, bench_folder));
  return measure_world(std::stod(argument(1, "1")),
                       std::stoull(argument(2, "1000000")),
                       argument(3, bench_folder),
                       mode != "walk");
}
