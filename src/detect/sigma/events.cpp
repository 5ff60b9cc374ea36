#include "detect/sigma/events.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "base/bytes.h"
#include "base/text.h"
#include "detect/readers/reader.h"
#include "detect/sigma/correlator.h"
#include "detect/sigma/evtx.h"
#include "detect/sigma/json_events.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr std::size_t unpacked_evtx_bytes_max = std::size_t{1} << 30;  // has to be in memory for the library

/// A source whose beginning was looked at and is given again.
class Peeked final : public wire::ByteReader {
 public:
  explicit Peeked(std::unique_ptr<wire::ByteReader> source) : source_(std::move(source)) {}

  Result<std::string_view> peek(std::size_t size) {
    while (beginning_.size() < size) {
      char block[4096];
      const auto read = TRY(source_->read(block));
      if (read == 0) break;
      beginning_.append(block, read);
    }
    return std::string_view(beginning_);
  }

  Result<std::size_t> read(std::span<char> into) override {
    if (at_ == beginning_.size()) return source_->read(into);
    const auto size = std::min(into.size(), beginning_.size() - at_);
    std::memcpy(into.data(), beginning_.data() + at_, size);
    at_ += size;
    return size;
  }

 private:
  std::unique_ptr<wire::ByteReader> source_;
  std::string beginning_;
  std::size_t at_ = 0;
};

Result<Bytes> read_all(wire::ByteReader& source, std::size_t bytes_max) {
  Bytes all;
  for (std::vector<char> block(1 << 20);;) {
    const auto read = TRY(source.read(block));
    if (read == 0) return all;
    all.append(block.data(), read);
    if (all.size() > bytes_max)
      return fail(ErrorCode::exhausted, "unpacks to more than {} MiB of EVTX", bytes_max >> 20);
  }
}

bool is_plain_evtx(const std::string& path) {
  char beginning[8] = {};
  std::ifstream file(path, std::ios::binary);
  return path != "-" && file.read(beginning, 8) && std::string_view(beginning, 8) == evtx_magic;
}

bool is_json(std::string_view beginning) {
  const auto at = beginning.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  return at != beginning.npos && (beginning[at] == '{' || beginning[at] == '[');
}

class FileScan {
 public:
  FileScan(const RuleSet& rules, SigmaSink& sink, const std::atomic<bool>* stop)
      : rules_(rules), scanner_(rules), correlator_(rules), sink_(sink), stop_(stop) {}

  void file(const std::string& path) {
    SigmaReport report{.source = path};
    sources_.push_back(path);
    const auto done = is_plain_evtx(path) ? evtx_file(path, report) : other_file(path, report);
    if (!done) report.error = done.error().message;
    totals_.events += report.events;
    ++totals_.files;
    if (!report.error.empty()) ++totals_.damaged_files;
    sink_.done(report);
  }

  SigmaTotals finish() {
    correlate();
    totals_.stopped = stopped();
    return totals_;
  }

 private:
  struct Place {
    std::size_t source;
    std::uint64_t line;
    std::optional<Timestamp> time;
  };

  bool stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

  Done evtx_file(const std::string& path, SigmaReport& report) {
    auto events = TRY(EvtxEvents::open(path));
    return evtx(events, report);
  }

  Done evtx(EvtxEvents& events, SigmaReport& report) {
    report.format = "evtx";
    const auto done = each(events, report);
    report.events = events.events();
    report.broken = events.broken();
    return done;
  }

  Done other_file(const std::string& path, SigmaReport& report) {
    Peeked source(TRY(open_unpacked(path)));
    const auto beginning = TRY(source.peek(4096));
    if (beginning.starts_with(evtx_magic)) {
      const auto bytes = TRY(read_all(source, unpacked_evtx_bytes_max));
      auto events = TRY(EvtxEvents::of_bytes(bytes));
      return evtx(events, report);
    }
    return is_json(beginning) ? json(source, report) : log(source, report);
  }

  Done json(wire::ByteReader& source, SigmaReport& report) {
    report.format = "json";
    JsonEvents events(source);
    const auto done = each(events, report);
    report.events = events.events();
    report.broken = events.broken();
    report.problem = events.first_problem();
    return done;
  }

  Done log(wire::ByteReader& source, SigmaReport& report) {
    LogReader events(source);
    const auto done = each(events, report);
    report.format = name_of(events.format());
    report.broken = events.counts().broken_lines;
    if (!events.problems().empty())
      report.problem =
          fmt::format("line {}: {}", events.problems().front().line, events.problems().front().what);
    return done;
  }

  template <typename Events>
  Done each(Events& events, SigmaReport& report) {
    Record event;
    while (!stopped()) {
      if (!TRY(events.next(event))) break;
      ++report.events;
      look_at(event, report.source);
    }
    return {};
  }

  void look_at(const Record& event, const std::string& source) {
    const auto fired = scanner_.scan(event);
    if (fired.empty()) return;
    const auto time = time_of(event);
    for (const auto rule : fired) {
      if (rules_.reports(rule)) {
        ++totals_.hits;
        sink_.hit({.rule = rule, .source = source, .line = event.line, .time = time});
      }
      if (!correlator_.wants(rule) || !time) continue;
      observed_.push_back(correlator_.observe(rule, event, *time, places_.size()));
      places_.push_back({.source = sources_.size() - 1, .line = event.line, .time = time});
      if (observed_.size() > correlation_events_max) correlate();
    }
  }

  static std::optional<Timestamp> time_of(const Record& event) {
    for (const std::string_view name : {"TimeCreated_SystemTime", "UtcTime"})
      for (const auto& field : event.fields)
        if (field.name == name)
          if (const auto at = parse_lenient_time(field.value)) return *at;
    return event_time(event);
  }

  /// Files come one after the other, events of several machines in any order: what was observed is put in the
  /// order of time first.
  void correlate() {
    std::ranges::stable_sort(observed_, {}, &Observation::at);
    for (const auto& observation : observed_)
      for (const auto& found : correlator_.take(observation)) {
        const auto& place = places_[found.place];
        if (!rules_.reports(found.rule)) continue;
        ++totals_.hits;
        sink_.hit(
            {.rule = found.rule, .source = sources_[place.source], .line = place.line, .time = place.time});
      }
    totals_.forgotten = correlator_.forgotten();
    observed_.clear();
    places_.clear();
  }

  RuleSet rules_;
  Scanner scanner_;
  Correlator correlator_;
  SigmaSink& sink_;
  const std::atomic<bool>* stop_;
  SigmaTotals totals_;
  std::vector<std::string> sources_;
  std::vector<Observation> observed_;
  std::vector<Place> places_;
};

}  // namespace

SigmaTotals scan_events(const RuleSet& rules,
                        std::span<const InputFile> files,
                        SigmaSink& sink,
                        const std::atomic<bool>* stop) {
  FileScan scan(rules, sink, stop);
  for (const auto& file : files) {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) break;
    scan.file(file.path);
  }
  return scan.finish();
}

}  // namespace shieldwall::detect::sigma
