// What a scan holds in memory while a log streams through it that is larger than any disk here: the log is
// made as it is read, and never lies anywhere.
//   scan_memory_bench [GIGABYTES [INDICATORS]]   default: 10, 1 million; resident memory is told at 1, 2, 5,
//   10, ...

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/scan.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

constexpr std::size_t block_bytes = 16u << 20;
constexpr double beyond_mb_max = 300;  // however long the log is

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// Connections and names as Zeek writes them, the numbers drawn by a fixed rule; one in 5,000 is wanted.
class Log {
 public:
  void fill(std::string& block) {
    block.clear();
    while (block.size() < block_bytes) line(block);
  }

 private:
  std::uint64_t draw() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }
  void line(std::string& out) {
    const bool wanted = ++lines_ % 5'000 == 0;
    const auto end = std::back_inserter(out);
    fmt::format_to(end,
                   R"({{"_path":"dns","ts":{}.{:06},"uid":"C{:x}","id.orig_h":"10.{}.{}.{}","id.orig_p":{},)",
                   1'700'000'000 + lines_ / 1'000,
                   lines_ % 1'000'000,
                   draw() << 20 | lines_,
                   draw() % 256,
                   draw() % 256,
                   draw() % 256,
                   1024 + draw() % 60'000);
    if (wanted)
      fmt::format_to(end, R"("query":"www.h{}.bad.example",)", draw() % 1'000);
    else
      fmt::format_to(end, R"("query":"host{}.site{}.example",)", draw() % 100'000, draw() % 1'000'000);
    fmt::format_to(end, R"("answers":["192.0.2.{}","a \"quoted\" note"],"rejected":false}})", draw() % 256);
    out += '\n';
  }

  std::uint64_t state_ = 42, lines_ = 0;
};

std::vector<Indicator> indicators(std::size_t count) {
  std::vector<Indicator> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(
        {.id = fmt::format("i{}", i), .pattern = fmt::format("[domain-name:value = 'h{}.bad.example']", i)});
  return all;
}

void write_log(const std::string& pipe, std::uint64_t bytes) {
  const int to = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
  Log log;
  std::string block;
  for (std::uint64_t written = 0; to >= 0 && written < bytes;) {
    log.fill(block);
    for (std::size_t at = 0; at < block.size();) {
      const auto size = ::write(to, block.data() + at, block.size() - at);
      if (size <= 0) std::exit(1);
      at += static_cast<std::size_t>(size);
    }
    written += block.size();
  }
  ::close(to);
}

class Memory final : public ScanSink {
 public:
  explicit Memory(double before) : before_(before) {}
  void hit(const Hit&) override { ++hits_; }
  void done(const SourceReport& report) override { tell(report.counts.bytes); }
  void progress(const Progress& progress) override {
    if (progress.bytes_read < next_) return;
    tell(progress.bytes_read);
    const auto giga = next_ / 1'000'000'000;
    auto digit = giga;
    while (digit >= 10) digit /= 10;
    next_ = digit == 2 ? next_ / 2 * 5 : next_ * 2;  // 1, 2, 5, 10, ...
  }
  double most() const { return most_; }

 private:
  void tell(std::uint64_t bytes) {
    const auto beyond = resident_mb() - before_;
    most_ = std::max(most_, beyond);
    fmt::print("{:8.2f} GB read  {:9} hits  {:7.1f} MB beyond the matcher\n",
               static_cast<double>(bytes) / 1e9,
               hits_,
               beyond);
    std::fflush(stdout);
  }

  double before_, most_ = 0;
  std::uint64_t hits_ = 0, next_ = 1'000'000'000;
};

}  // namespace

int main(int argc, char** argv) {
  const auto gigabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10;
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  const auto matcher = compile(indicators(count), {.now = {}});
  const auto pipe = fmt::format("/tmp/shieldwall-scan-memory-{}", ::getpid());
  if (::mkfifo(pipe.c_str(), 0600) != 0) return std::perror("mkfifo"), 1;
  const auto before = resident_mb();
  fmt::print("matcher of {} indicators: {:.1f} MB resident\n", count, before);
  const auto began = cpu_seconds();
  std::thread writer(write_log, pipe, gigabytes * 1'000'000'000);
  const InputFile file{.path = pipe, .bytes = 0};
  Memory memory(before);
  const auto totals = scan_files(matcher, {&file, 1}, {}, memory);
  writer.join();
  ::unlink(pipe.c_str());
  fmt::print(
      "{} lines in {:.1f} s of CPU, making the log included; most {:.1f} MB beyond the matcher (at most "
      "{})\n",
      totals.counts.lines,
      cpu_seconds() - began,
      memory.most(),
      beyond_mb_max);
  return totals.hits > 0 && memory.most() < beyond_mb_max ? 0 : 1;
}
