// How fast indicators of today are asked of the past, over an index as that of N gigabytes of logs: its size
// as a share of them, seconds and memory to ask 10,000 values, with the index in memory and (where the system
// lets its cache be dropped) from the disk. The entries are drawn, a million distinct pairs of value and day
// for each gigabyte, spread over a year. Beside it, the floor: one dependent read of main memory a value and
// segment.
//   past_bench [GIGABYTES] [FOLDER]     100 and /tmp without them; needs 12 MB of disk a gigabyte
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "detect/past/hunt.h"
#include "detect/past/segment_writer.h"

using namespace shieldwall;
using namespace shieldwall::detect::past;

namespace {

constexpr std::uint64_t entries_a_gigabyte = 1'000'000;
constexpr std::uint32_t periods = 12, first_period = 600;
constexpr std::size_t questions = 10'000, planted_every = 100;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void stop_on(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::exit(1);
}

/// Sorted hashes without sorting them: gaps drawn so that `count` of them fill the range.
void write_segment(const PastFolder& folder, std::uint32_t period, std::uint64_t count, Random& random) {
  auto writer = SegmentWriter::begin(system_fs(),
                                     folder.path(),
                                     {.period = period,
                                      .id = new_id(random),
                                      .key_check = folder.key_check(),
                                      .raw_bytes = count * (1'000'000'000 / entries_a_gigabyte),
                                      .written = {}});
  if (!writer) stop_on(writer.error());
  const auto mean = ((1ull << hash_bits) - 1) / (count + 1);
  std::uint64_t hash = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    hash += 1 + random.below(2 * mean - 2);
    if (hash >> hash_bits != 0) break;
    const auto first = static_cast<std::uint32_t>(random.below(80'000));
    const Entry entry{.hash = hash,
                      .slice = period * period_days + static_cast<std::uint32_t>(random.below(period_days)),
                      .source = static_cast<std::uint32_t>(random.below(100)),
                      .first_s = first,
                      .last_s = first + static_cast<std::uint32_t>(random.below(3'600)),
                      .count = 1 + random.below(20),
                      .line = 1 + random.below(2'000'000)};
    if (const auto added = writer->add(entry); !added) stop_on(added.error());
  }
  std::vector<Source> sources(100);
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i].path = fmt::format("/var/log/{}.log", i);
  if (const auto done = writer->finish(sources); !done) stop_on(done.error());
}

/// On all cores, each segment from a seed of its own.
void write_segments(const PastFolder& folder, std::uint64_t count) {
  std::atomic<std::uint32_t> next{0};
  const auto work = [&] {
    for (auto i = next++; i < periods; i = next++) {
      SeededRandom random(1'000 + i);
      write_segment(folder, first_period + i, count, random);
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) workers.emplace_back(work);
  work();
}

/// Values that are nowhere, and in one of planted_every places a hash that some segment has.
std::vector<Probe> probes_of(const Segments& segments, Random& random) {
  std::vector<Probe> probes;
  for (std::uint32_t i = 0; i < questions; ++i) {
    const auto& segment = segments.all[i % segments.all.size()].segment;
    const auto entries = i % planted_every == 0 ? segment.block(random.below(segment.header().blocks))
                                                : Result<std::vector<Entry>>();
    const bool planted = entries && !entries->empty();
    probes.push_back({planted ? entries->front().hash : random.next() >> (64 - hash_bits), i});
  }
  std::ranges::sort(probes);
  return probes;
}

struct Asked {
  double seconds = 0;
  std::size_t found = 0;
};

Asked ask(const PastFolder& folder, const std::vector<Probe>& probes) {
  const double start = now_s();
  const auto segments = load_segments(system_fs(), folder);
  if (!segments) stop_on(segments.error());
  Asked asked;
  std::uint64_t events = 0;
  for (const auto& one : segments->all) {
    std::vector<Found> found;
    if (const auto done = one.segment.find(probes, 0, found); !done) stop_on(done.error());
    (void)one.segment.rows(found, [&](const Found&, const Entry& entry) { events += entry.count; });
    asked.found += found.size();
  }
  asked.seconds = now_s() - start;
  return asked;
}

void drop_from_cache(const PastFolder& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ::fsync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
}

/// As many reads, each at a place that the one before tells, as there are questions to all segments.
double floor_s(std::size_t reads) {
  std::vector<std::uint64_t> memory((1u << 28) / sizeof(std::uint64_t));
  SeededRandom random(3);
  for (auto& word : memory) word = random.next();
  const double start = now_s();
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < reads; ++i) at = memory[(at + i) % memory.size()];
  const double took = now_s() - start;
  if (at == 1) fmt::print("\n");
  return took;
}

}  // namespace

int main(int argc, char** argv) {
  const auto gigabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100;
  const auto path = fmt::format("{}/shieldwall-past-bench-{}", argc > 2 ? argv[2] : "/tmp", ::getpid());
  SeededRandom random(42);
  const auto folder = PastFolder::make(system_fs(), random, path);
  if (!folder) stop_on(folder.error());
  const auto entries = gigabytes * entries_a_gigabyte;
  const double begun = now_s();
  write_segments(*folder, entries / periods);
  const double built = now_s() - begun;

  auto segments = load_segments(system_fs(), *folder);
  if (!segments) stop_on(segments.error());
  std::uint64_t hot = 0, cold = 0, all = 0;
  for (const auto& one : segments->all) {
    hot += one.segment.hot_bytes();
    cold += one.segment.cold_bytes();
    all += one.segment.header().entries;
  }
  const auto probes = probes_of(*segments, random);
  segments->all.clear();
  const auto raw = static_cast<double>(gigabytes) * 1e9;
  fmt::print(
      "{} GB of logs, {} entries in {} segments: hot {:.3f} GB = {:.2f} %, with cold {:.3f} GB = {:.2f} %; "
      "written in {:.1f} s\n",
      gigabytes,
      all,
      periods,
      static_cast<double>(hot) / 1e9,
      100 * static_cast<double>(hot) / raw,
      static_cast<double>(hot + cold) / 1e9,
      100 * static_cast<double>(hot + cold) / raw,
      built);
  drop_from_cache(*folder);
  const auto first = ask(*folder, probes);
  double best = 1e9;
  Asked warm;
  for (int i = 0; i < 3; ++i) {
    warm = ask(*folder, probes);
    best = std::min(best, warm.seconds);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{} values: cold {:.3f} s, warm {:.3f} s (best of 3), {} found; floor {:.4f} s; resident at most {} "
      "MB, "
      "mapped pages of the index included\n",
      questions,
      first.seconds,
      best,
      warm.found,
      floor_s(questions * periods),
      usage.ru_maxrss / 1024);
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}
