#include "detect/scan.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <thread>

#include "detect/parts.h"
#include "detect/scan_lane.h"
#include "detect/scan_patterns.h"
#include "detect/sieve.h"
#include "detect/stream_blocks.h"
#include "detect/warning_lists.h"

namespace shieldwall::detect {

namespace {

constexpr std::string_view interrupted = "interrupted before its first line";
constexpr std::uint64_t stop_every = 256;  // records between looks at `stop`
constexpr std::size_t lanes_each = 4;      // blocks of a stream that a thread may be ahead of what is told

/// What one thread looks through records with.
struct WorkerTools {
  WorkerTools(const Matcher& matcher, const ScanOptions& options, const ListedPatterns& held)
      : scanner(matcher, options.free_text), listed(held) {
    if (options.patterns) probe.emplace(options.patterns);
    // Whoever sees all records leaves no line to pass over.
    if (options.free_text == FreeText::whole && options.sieve && options.taps == nullptr && !probe)
      sieve.emplace(matcher);
  }
  Scanner scanner;
  std::optional<LineSieve> sieve;
  std::optional<PatternProbe> probe;
  const ListedPatterns& listed;
};

/// A stream until its kind has settled, where it may be cut, or all of it.
class FirstOfStream final : public wire::ByteReader {
 public:
  /// `before_wait` is called when all lines that are whole were given.
  FirstOfStream(StreamSource& source, std::function<void()> before_wait)
      : source_(source), before_wait_(std::move(before_wait)) {}

  void until_cut(const LogReader& reader) { reader_ = &reader; }
  bool was_cut() const { return was_cut_; }

  Result<std::size_t> read(std::span<char> into) override {
    if (given_ == piece_.size()) {
      before_wait_();
      was_cut_ = was_cut_ || (reader_ != nullptr && piece_.ends_with('\n') && reader_->can_be_cut());
      if (was_cut_) return std::size_t{0};
      piece_ = TRY(source_.next());
      given_ = 0;
    }
    const auto size = std::min(into.size(), piece_.size() - given_);
    std::ranges::copy_n(piece_.begin() + static_cast<std::ptrdiff_t>(given_),
                        static_cast<std::ptrdiff_t>(size),
                        into.begin());
    given_ += size;
    return size;
  }

 private:
  StreamSource& source_;
  std::function<void()> before_wait_;
  const LogReader* reader_ = nullptr;
  std::string piece_;
  std::size_t given_ = 0;
  bool was_cut_ = false;
};

/// One file, or a part of one or of a stream.
class FileScan {
 public:
  FileScan(const Matcher& matcher, WorkerTools& tools, const ScanOptions& options, ScanLane& lane)
      : matcher_(matcher), tools_(tools), options_(options), lane_(lane) {}

  void run(const std::string& path, const FilePart& part, std::atomic<std::uint64_t>& packed_bytes) {
    const auto opened =
        part.is_whole() ? open_unpacked(path, &packed_bytes) : open_part(path, part, packed_bytes);
    if (!opened) return refuse(path, opened.error());
    LogReader reader(**opened, path);
    if (part.begin > 0) reader.go_on(part.format, part.map);
    read_all(reader, path);
  }

  /// Nothing when there is no more of the stream.
  std::optional<StreamBlocks::Kind> run_first(const std::string& path, StreamSource& source) {
    if (const auto opened = source.open(); !opened) {
      refuse(path, opened.error());
      return std::nullopt;
    }
    const auto beginning = source.beginning(LogReader::beginning_bytes);
    if (const auto readable = refuse_utf16(beginning); !readable) {
      refuse(path, readable.error());
      return std::nullopt;
    }
    FirstOfStream first(source, [this] { hand_over(); });
    LogReader reader(first, path);
    reader.begins_as(detect_format(beginning));
    if (options_.taps == nullptr) first.until_cut(reader);  // records pass a tap in their order
    read_all(reader, path);
    if (!first.was_cut()) return std::nullopt;
    return StreamBlocks::Kind{.format = reader.format(), .map = reader.map()};
  }

  void run_block(const std::string& path, StreamBlocks::Block& block) {
    LogReader reader(block, path);
    reader.go_on(block.kind().format, block.kind().map);
    read_all(reader, path);
  }

 private:
  void refuse(const std::string& path, const Error& error) {
    lane_.finish(
        {.source = path, .format = LogFormat::text, .counts = {}, .problems = {}, .error = error.message});
  }

  void read_all(LogReader& reader, const std::string& path) {
    SourceReport report{.source = path, .format = LogFormat::text, .counts = {}, .problems = {}, .error = {}};
    if (tools_.sieve) reader.pass_over(*tools_.sieve, options_.stop);
    const auto tap = options_.taps == nullptr ? nullptr : options_.taps->open(path);
    tap_ = tap.get();
    if (const auto read = look_through(reader, path); !read) report.error = read.error().message;
    if (tap_ != nullptr) tap_->finish(reader.counts());
    report.format = reader.format();
    report.counts = reader.counts();
    report.problems = reader.problems();
    report.held_back = std::move(held_back_);
    hand_over();
    lane_.finish(std::move(report));
  }

  Done look_through(LogReader& reader, const std::string& path) {
    Record record;
    if (stopped()) return fail(ErrorCode::unavailable, "{}", interrupted);
    for (std::uint64_t n = 1; TRY(reader.next(record)); ++n) {
      const auto& matches = tools_.scanner.scan(record);
      if (!matches.empty()) add(record, matches, path);
      if (tools_.probe) add_patterns(record, matches, path);
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
      const auto* const lists = options_.warning_lists;
      if (const auto list = lists == nullptr ? std::nullopt : lists->naming(match.value)) {
        ++held_back_[*list];
        continue;
      }
      findings_.hits.push_back({.source = path,
                                .line = record.line,
                                .time = time,
                                .field = std::string(match.field),
                                .value = std::string(match.value),
                                .indicator = match.indicator});
    }
    if (findings_.size() >= ScanLane::findings_each) hand_over();
  }

  void add_patterns(const Record& record, const std::vector<Match>& matches, const std::string& path) {
    auto& probe = *tools_.probe;
    probe.test(record, matches, options_.now);
    if (probe.found().empty() && probe.shares().empty()) return;
    const auto time = event_time(record);
    for (const auto indicator : probe.found()) {
      if (const auto list = tools_.listed.find(indicator); list != tools_.listed.end())
        ++held_back_[list->second];
      else
        findings_.hits.push_back(hit_of_pattern(matcher_, indicator, path, record.line, time));
    }
    for (const auto& share : probe.shares()) findings_.shares.push_back({share, record.line, time});
    if (findings_.size() >= ScanLane::findings_each) hand_over();
  }

  void hand_over() {
    if (findings_.size() > 0) lane_.push(std::exchange(findings_, {}));
  }

  const Matcher& matcher_;
  WorkerTools& tools_;
  const ScanOptions& options_;
  ScanLane& lane_;
  RecordTap* tap_ = nullptr;
  Findings findings_;
  std::map<std::string, std::uint64_t> held_back_;
};

class Scan {
 public:
  Scan(const Matcher& matcher, std::span<const InputFile> files, const ScanOptions& options, ScanSink& sink)
      : matcher_(matcher),
        files_(files),
        options_(options),
        sink_(sink),
        threads_(threads_of(options)),
        parts_(parts_of(files, options)),
        lanes_(parts_.size()),
        patterns_(matcher, options, std::ranges::any_of(files, &InputFile::is_stream)) {
    const bool known = std::ranges::none_of(files, [](const InputFile& file) { return file.bytes == 0; });
    for (const auto& file : files) progress_.bytes_total += known ? file.bytes : 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto& file = files[parts_[i].file];
      if (file.is_stream)
        streams_.try_emplace(i, StreamSource(file.path, packed_bytes_, options.stop), lanes_each * threads_);
    }
  }

  ScanTotals run() {
    std::vector<std::jthread> workers;
    const auto count = streams_.empty() ? std::clamp<std::size_t>(parts_.size(), 1, threads_) : threads_;
    for (std::size_t i = 0; i < count; ++i) workers.emplace_back([this] { work(); });
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto stream = streams_.find(i);
      stream == streams_.end() ? tell(parts_[i], lanes_[i]) : tell(parts_[i], stream->second);
    }
    patterns_.finish(sink_);
    totals_.hits += patterns_.hits();
    totals_.patterns_missed = patterns_.missed();
    for (const auto& [list, held] : patterns_.held_back()) totals_.held_back[list] += held;
    totals_.stopped = options_.stop != nullptr && options_.stop->load();
    return totals_;
  }

 private:
  static std::size_t threads_of(const ScanOptions& options) {
    if (options.threads > 0) return static_cast<std::size_t>(options.threads);
    return std::max(std::thread::hardware_concurrency(), 1u);
  }

  /// Records pass a tap in their order, and files that are whole one by one.
  static std::vector<FilePart> parts_of(std::span<const InputFile> files, const ScanOptions& options) {
    return detect::parts_of(files, options.taps == nullptr ? options.part_bytes : UINT64_MAX / 2);
  }

  /// Takes the next part until none is left, then blocks of streams that others began. The lowest part that
  /// is not told yet is always in some worker's hands, so a worker that waits for its lane to empty waits for
  /// a part before its own, never for itself.
  void work() {
    WorkerTools tools(matcher_, options_, patterns_.listed());
    for (std::size_t i = next_++; i < parts_.size(); i = next_++) {
      const auto& path = files_[parts_[i].file].path;
      const auto stream = streams_.find(i);
      if (stream == streams_.end()) {
        FileScan(matcher_, tools, options_, lanes_[i]).run(path, parts_[i], packed_bytes_);
        continue;
      }
      auto& blocks = stream->second;
      const auto lane = blocks.first_lane();
      blocks.settle(FileScan(matcher_, tools, options_, *lane).run_first(path, blocks.source()));
      take_blocks(path, blocks, tools);
    }
    for (auto& [part, blocks] : streams_) take_blocks(files_[parts_[part].file].path, blocks, tools);
  }

  void take_blocks(const std::string& path, StreamBlocks& blocks, WorkerTools& tools) {
    while (const auto block = blocks.take())
      FileScan(matcher_, tools, options_, block->lane()).run_block(path, *block);
  }

  void begin_report(const FilePart& part) {
    report_ = {};
    report_.source = files_[part.file].path;
  }

  void tell(const FilePart& part, ScanLane& lane) {
    if (part.begin == 0) begin_report(part);
    tell_findings(lane);
    if (part.is_last) end_report();
  }

  void tell(const FilePart& part, StreamBlocks& blocks) {
    begin_report(part);
    for (;;) {
      const auto lane = blocks.next_lane(progress_every);
      if (!lane) {
        tell_progress();
        continue;
      }
      if (!*lane) break;
      tell_findings(**lane);
    }
    end_report();
  }

  void tell_findings(ScanLane& lane) {
    while (auto batch = lane.pop(progress_every)) {
      for (auto& hit : batch->hits) {
        hit.line += report_.counts.lines;
        sink_.hit(hit);
      }
      totals_.hits += batch->hits.size();
      for (auto& placed : batch->shares) placed.line += report_.counts.lines;
      patterns_.add(report_.source, std::move(batch->shares), sink_);
      tell_progress();
    }
    join(lane.report());
    tell_progress();
  }

  void end_report() {
    totals_.counts += report_.counts;
    for (const auto& [list, count] : report_.held_back) totals_.held_back[list] += count;
    ++totals_.files;
    if (!report_.error.empty()) ++totals_.damaged_files;
    sink_.done(report_);
  }

  /// Adds what became of a part to its file's report. A part counts its lines from 1.
  void join(SourceReport&& part) {
    const auto before = report_.counts.lines;
    report_.format = part.format;
    report_.counts += part.counts;
    for (const auto& [list, count] : part.held_back) report_.held_back[list] += count;
    for (auto& problem : part.problems) {
      if (report_.problems.size() == problems_kept) break;
      report_.problems.push_back({problem.line + before, std::move(problem.what)});
    }
    if (part.error.empty() || !report_.error.empty()) return;
    const bool stopped_within = part.error.starts_with("interrupted") && report_.counts.lines > 0;
    report_.error =
        stopped_within ? fmt::format("interrupted behind line {}", report_.counts.lines) : part.error;
  }

  void tell_progress() {
    progress_.bytes_read = packed_bytes_;
    sink_.progress(progress_);
  }

  static constexpr std::chrono::milliseconds progress_every{200};

  const Matcher& matcher_;
  std::span<const InputFile> files_;
  const ScanOptions& options_;
  ScanSink& sink_;
  std::size_t threads_;
  std::vector<FilePart> parts_;
  std::deque<ScanLane> lanes_;
  std::map<std::size_t, StreamBlocks> streams_;  // by part
  ScanPatterns patterns_;
  SourceReport report_;  // of the file whose parts are being told
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
