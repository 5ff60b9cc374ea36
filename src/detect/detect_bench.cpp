// How fast real Zeek logs (JSON form) are looked through on one core with 1,000, 100,000 and 1,000,000
// indicators; beside it, in the same run, reading alone, `grep -F -f` with the same 1,000 values (which finds
// substrings and canonicalises nothing), and the floor: counting line ends with memchr. CPU seconds, best of
// three.
//   detect_bench
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

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "detect/packed/matcher_file.h"
#include "detect/scan.h"
#include "detect/tables.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

const std::string data = SHIELDWALL_SOURCE_DIR "/../shared/data/zeek-wrccdc/json";
constexpr int rounds = 3;
constexpr std::size_t grep_values = 1000;

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

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

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
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
  const auto start = cpu_seconds(RUSAGE_SELF);
  for (std::uint64_t i = 0; i < lookups + ahead; ++i) {
    auto& one = asked[i % ahead];
    if (!one.key.empty()) found += image.find(one.hash, LiteralKind::domain, one.key).empty() ? 0 : 1;
    one.key = key_of(lookup_number(i, count), one.bytes);
    one.hash = literal_hash(image.key, LiteralKind::domain, one.key);
    image.prefetch(one.hash);
  }
  const auto all = cpu_seconds(RUSAGE_SELF) - start;
  const auto begin = cpu_seconds(RUSAGE_SELF);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < lookups; ++i) sum += key_of(lookup_number(i, count), asked[0].bytes).size();
  const auto making = cpu_seconds(RUSAGE_SELF) - begin;
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
  const auto matcher = load_matcher_file(path, {});
  if (!matcher) return fmt::print("{}\n", matcher.error().message), 1;
  fmt::print(
      "{} literals: built and written in {:.1f} s, checked and loaded in {:.2f} s; {:.1f} MB hot, {:.1f} MB "
      "in "
      "all ({:.1f} and {:.1f} bytes a literal)\n",
      matcher->literals(),
      built,
      wall_seconds() - start,
      static_cast<double>(matcher->bytes()) / 1e6,
      static_cast<double>(std::filesystem::file_size(path)) / 1e6,
      static_cast<double>(matcher->bytes()) / static_cast<double>(count),
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(count));
  const auto& image = MatcherAccess::tables(*matcher).layers.front().layer->literals;
  for (int i = 0; i < rounds; ++i) look_up_all(image, count);
  std::filesystem::remove(path);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[1]) == "literals")
    return measure_literals(std::strtoull(argv[2], nullptr, 10), argc > 3 ? argv[3] : "/tmp");
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
    const double start = cpu_seconds(RUSAGE_SELF);
    const auto matcher = matcher_of(values(count));
    const double compiled = cpu_seconds(RUSAGE_SELF) - start;
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
}
