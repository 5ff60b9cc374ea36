// How many pattern-observations a core settles: thousands of patterns against a stream of live-like
// observations. Beside it, in the same run: the floor (reading each value of each observation and hashing it,
// which any index must do), and a list of 300 observations evaluated
// pattern by pattern as the reference evaluator is measured (27,253 pattern-observations/s, Python).
//   pattern_bench [PATTERNS [OBSERVATIONS]]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "base/hash.h"
#include "base/random.h"
#include "detect/pattern/expression.h"
#include "detect/pattern/pattern_set.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// Best of three, in CPU seconds.
template <typename Work>
double best(Work&& work) {
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double start = cpu_seconds();
    work();
    least = std::min(least, cpu_seconds() - start);
  }
  return least;
}

std::string address(std::uint64_t n) {
  return fmt::format("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
}

/// As indicators come: nine in ten name values, some want two observations, a few compare otherwise.
std::string pattern_of(std::uint64_t n) {
  switch (n % 20) {
    case 0:
      return fmt::format(
          "([domain-name:value = 'c2-{}.example'] FOLLOWEDBY [network-traffic:dst_ref.value = '{}'])"
          " WITHIN 300 SECONDS",
          n,
          address(n));
    case 1:
      return fmt::format(
          "[network-traffic:dst_ref.value = '{}' AND network-traffic:dst_port = {}] REPEATS 5 TIMES "
          "WITHIN 60 SECONDS",
          address(n),
          1024 + n % 5000);
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return fmt::format("[ipv4-addr:value = '{}']", address(n));
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return fmt::format("[domain-name:value IN ('c2-{}.example', 'www.c2-{}.example')]", n, n);
    case 13:
    case 14:
    case 15:
      return fmt::format("[url:value = 'http://c2-{}.example/gate.php']", n);
    default:
      return fmt::format("[file:hashes.MD5 = '{:032x}' OR file:name = 'drop{}.exe']", n, n);
  }
}

/// One in `scanned_every` compares in a way that no index answers.
constexpr std::uint64_t scanned_every = 500;

std::vector<PatternSource> patterns_of(std::uint64_t count) {
  std::vector<PatternSource> sources;
  for (std::uint64_t n = 0; n < count; ++n)
    sources.push_back({std::to_string(n),
                       n % scanned_every != scanned_every - 1 ? pattern_of(n)
                       : n % 2 == 0 ? fmt::format("[url:value MATCHES 'c2-{}[.]example/[a-z]+[.]php$']", n)
                                    : fmt::format("[domain-name:value LIKE '%.c2-{}.example']", n)});
  return sources;
}

/// A connection, a name asked for, an HTTP request and now and then a file, about one in fifty of interest.
Observation observation_of(Random& random, std::int64_t at, std::uint64_t patterns) {
  Observation seen({at}, {at});
  const auto interest = random.below(50) == 0;
  const auto n = interest ? random.below(patterns) : (std::uint64_t{1} << 23) + random.below(1u << 20);
  seen.set_text(seen.add_object("ipv4-addr", "0"), "value", address(random.below(1u << 16) + (1u << 22)));
  seen.set_text(seen.add_object("ipv4-addr", "1"), "value", address(n));
  const auto traffic = seen.add_object("network-traffic", "2");
  seen.set_text(traffic, "src_ref", "0");
  seen.set_text(traffic, "dst_ref", "1");
  seen.set_number(traffic, "src_port", std::to_string(20'000 + random.below(40'000)));
  seen.set_number(traffic, "dst_port", std::to_string(1024 + n % 5000));
  const auto host = fmt::format("{}-{}.example", interest ? "c2" : "host", n);
  seen.set_text(seen.add_object("domain-name", "3"), "value", host);
  seen.set_text(
      seen.add_object("url", "4"), "value", "http://" + host + (n % 3 == 0 ? "/gate.php" : "/index.html"));
  if (random.below(4) == 0) {
    const auto file = seen.add_object("file", "5");
    seen.set_text(file, "name", fmt::format("drop{}.exe", n));
    seen.set_text(seen.add(file, "hashes", ObservedType::dictionary), "MD5", fmt::format("{:032x}", n));
  }
  return seen;
}

std::uint64_t hash_all(const Observation& seen) {
  std::uint64_t all = 0;
  for (ValueId value = 1; value < seen.size(); ++value)
    if (seen[value].type == ObservedType::text || seen[value].type == ObservedType::number)
      all ^= keyed_hash(seen.text_of(seen[value]));
  return all;
}

void row(const char* what, double seconds, double observations, double patterns) {
  std::printf("%-42s %10.3f s %14.0f observations/s %18.0f pattern-observations/s\n",
              what,
              seconds,
              observations / seconds,
              observations * patterns / seconds);
}

/// Evaluates each pattern alone over one list, as pattern match does.
void lists(const std::vector<PatternSource>& sources, const std::vector<Observation>& seen) {
  std::vector<PatternCode> codes;
  for (std::size_t i = 0; i < std::min<std::size_t>(sources.size(), 1000); ++i)
    codes.push_back(*PatternCode::compile(sources[i].pattern));
  const auto list = std::span(seen).first(std::min<std::size_t>(seen.size(), 300));
  std::size_t matched = 0;
  const auto took = best([&] {
    matched = 0;
    for (const auto& code : codes) matched += match_pattern(code, list)->matched ? 1 : 0;
  });
  row("pattern by pattern, list of 300",
      took,
      static_cast<double>(list.size()),
      static_cast<double>(codes.size()));
  std::printf("  %zu of %zu matched\n", matched, codes.size());
}

}  // namespace

int main(int argc, char** argv) {
  const auto patterns = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200'000;
  SeededRandom random(1);
  const auto sources = patterns_of(patterns);
  PatternSet set;
  const auto compiled = best([&] { set = PatternSet::compile(sources); });
  std::printf("%llu patterns made ready in %.3f s; %zu brackets by value, %zu by type, %zu refused\n",
              patterns,
              compiled,
              set.indexed(),
              set.scanned(),
              set.refused().size());
  std::vector<Observation> seen;
  for (std::uint64_t i = 0; i < count; ++i)
    seen.push_back(observation_of(random, static_cast<std::int64_t>(i) * 100, patterns));
  const auto observations = static_cast<double>(count);
  const auto all = static_cast<double>(patterns);
  std::uint64_t sum = 0;
  const auto floor = best([&] {
    for (const auto& one : seen) sum += hash_all(one);
  });
  row("floor: each value hashed once", floor, observations, all);
  std::size_t hits = 0;
  PatternStreamCounts counts;
  const auto streamed = best([&] {
    PatternStream stream(set);
    hits = 0;
    for (const auto& one : seen) hits += stream.feed(one).size();
    counts = stream.counts();
  });
  row("stream with the index", streamed, observations, all);
  std::printf("  %zu hits, %.2f brackets tested an observation, %.1f times the floor\n",
              hits,
              static_cast<double>(counts.brackets) / observations,
              streamed / floor);
  lists(sources, seen);
  return sum == 1 ? 1 : 0;
}
