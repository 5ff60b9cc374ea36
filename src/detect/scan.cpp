#include "detect/scan.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "detect/sieve.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t batch_hits = 1024;   // handed over at once
constexpr std::size_t batches_max = 64;    // of one file waiting to be told; its worker waits then
constexpr std::uint64_t stop_every = 256;  // records between looks at `stop`

/// The hits of one file on their way from its worker to the caller's thread.
class Lane {
 public:
  /// Waits while full.
  void push(std::vector<Hit> hits) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() < batches_max; });
    batches_.push_back(std::move(hits));
    changed_.notify_all();
  }

  void finish(SourceReport report) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
    changed_.notify_all();
  }

  /// The next batch; an empty one when nothing came for `most`; nothing when the file is done and all was
  /// taken.
  std::optional<std::vector<Hit>> pop(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [&] { return !batches_.empty() || report_; });
    if (batches_.empty()) return report_ ? std::nullopt : std::optional(std::vector<Hit>());
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }

  SourceReport report() {
    const std::lock_guard lock(mutex_);
    return std::move(*report_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<Hit>> batches_;
  std::optional<SourceReport> report_;
};

class FileScan {
 public:
  FileScan(Scanner& scanner, LineSieve* sieve, const ScanOptions& options, Lane& lane)
      : scanner_(scanner), sieve_(sieve), options_(options), lane_(lane) {}

  void run(const std::string& path, std::atomic<std::uint64_t>& packed_bytes) {
    SourceReport report{.source = path, .format = LogFormat::text, .counts = {}, .problems = {}, .error = {}};
    const auto opened = open_unpacked(path, &packed_bytes);
    if (opened) {
      LogReader reader(**opened, path);
      if (sieve_ != nullptr) reader.pass_over(*sieve_, options_.stop);
      const auto tap = options_.taps == nullptr ? nullptr : options_.taps->open(path);
      tap_ = tap.get();
      if (const auto read = look_through(reader, path); !read) report.error = read.error().message;
      if (tap_ != nullptr) tap_->finish(reader.counts());
      report.format = reader.format();
      report.counts = reader.counts();
      report.problems = reader.problems();
    } else {
      report.error = opened.error().message;
    }
    hand_over();
    lane_.finish(std::move(report));
  }

 private:
  Done look_through(LogReader& reader, const std::string& path) {
    Record record;
    if (stopped()) return fail(ErrorCode::unavailable, "interrupted before its first line");
    for (std::uint64_t n = 1; TRY(reader.next(record)); ++n) {
      const auto& matches = scanner_.scan(record);
      if (!matches.empty()) add(record, matches, path);
      if (tap_ != nullptr) tap_->record(record, reader.counts());
      if (n % stop_every == 0 && stopped())
        return fail(ErrorCode::unavailable, "interrupted behind line {}", record.line);
    }
    return {};
  }

  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  void add(const Record& record, const std::vector<Match>& matches, const std::string& path) {
    const auto time = event_time(record);
    for (const auto& match : matches) {
      hits_.push_back({.source = path,
                       .line = record.line,
                       .time = time,
                       .field = std::string(match.field),
                       .value = std::string(match.value),
                       .indicator = match.indicator});
      if (hits_.size() >= batch_hits) hand_over();
    }
  }

  void hand_over() {
    if (!hits_.empty()) lane_.push(std::exchange(hits_, {}));
  }

  Scanner& scanner_;
  LineSieve* sieve_;
  const ScanOptions& options_;
  Lane& lane_;
  RecordTap* tap_ = nullptr;
  std::vector<Hit> hits_;
};

class Scan {
 public:
  Scan(const Matcher& matcher, std::span<const InputFile> files, const ScanOptions& options, ScanSink& sink)
      : matcher_(matcher), files_(files), options_(options), sink_(sink), lanes_(files.size()) {
    const bool known = std::ranges::none_of(files, [](const InputFile& file) { return file.bytes == 0; });
    for (const auto& file : files) progress_.bytes_total += known ? file.bytes : 0;
  }

  ScanTotals run() {
    std::vector<std::jthread> workers;
    const auto cores =
        options_.threads > 0 ? static_cast<unsigned>(options_.threads) : std::thread::hardware_concurrency();
    const auto count = std::clamp<std::size_t>(files_.size(), 1, std::max(cores, 1u));
    for (std::size_t i = 0; i < count; ++i) workers.emplace_back([this] { work(); });
    for (auto& lane : lanes_) tell(lane);
    totals_.stopped = options_.stop != nullptr && options_.stop->load();
    return totals_;
  }

 private:
  /// Takes the next file until none is left. The lowest file that is not told yet is always in some worker's
  /// hands, so a worker that waits for its lane to empty waits for a file before its own, never for itself.
  void work() {
    Scanner scanner(matcher_, options_.free_text);
    std::optional<LineSieve> sieve;
    if (options_.free_text == FreeText::whole && options_.sieve && options_.taps == nullptr)
      sieve.emplace(matcher_);
    for (std::size_t i = next_++; i < files_.size(); i = next_++)
      FileScan(scanner, sieve ? &*sieve : nullptr, options_, lanes_[i]).run(files_[i].path, packed_bytes_);
  }

  void tell(Lane& lane) {
    static constexpr std::chrono::milliseconds progress_every(200);
    while (const auto batch = lane.pop(progress_every)) {
      for (const auto& hit : *batch) sink_.hit(hit);
      totals_.hits += batch->size();
      tell_progress();
    }
    const auto report = lane.report();
    totals_.counts += report.counts;
    ++totals_.files;
    if (!report.error.empty()) ++totals_.damaged_files;
    sink_.done(report);
    tell_progress();
  }

  void tell_progress() {
    progress_.bytes_read = packed_bytes_;
    sink_.progress(progress_);
  }

  const Matcher& matcher_;
  std::span<const InputFile> files_;
  const ScanOptions& options_;
  ScanSink& sink_;
  std::deque<Lane> lanes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> packed_bytes_{0};
  Progress progress_;
  ScanTotals totals_;
};

}  // namespace

ScanTotals scan_files(const Matcher& matcher,
                      std::span<const InputFile> files,
                      const ScanOptions& options,
                      ScanSink& sink) {
  return Scan(matcher, files, options, sink).run();
}

}  // namespace shieldwall::detect
