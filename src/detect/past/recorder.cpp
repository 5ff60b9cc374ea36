#include "detect/past/recorder.h"

#include <cstdlib>

#include <sys/stat.h>

#include "base/log.h"
#include "detect/files.h"
#include "detect/past/observables.h"
#include "detect/past/seen_table.h"

namespace shieldwall::detect::past {

namespace {

constexpr std::size_t seen_max = 1u << 18;  // of one log, in memory: 40 bytes each, half of the slots used
constexpr std::size_t waiting_max = 2'000'000;  // of all logs, before they become segments: 80 MB
constexpr Duration sync_every = seconds(1);
constexpr std::uint32_t seconds_a_day = 86'400;

std::string absolute(const std::string& path) {
  char* const real = path == "-" ? nullptr : ::realpath(path.c_str(), nullptr);
  std::string text = real == nullptr ? path : real;
  std::free(real);
  return text;
}

Timestamp written_at(const std::string& path, Timestamp otherwise) {
  struct stat status{};
  if (path == "-" || ::stat(path.c_str(), &status) != 0) return otherwise;
  return {status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1'000};
}

}  // namespace

Result<std::string> head_of(const std::string& path) {
  const auto file = TRY(open_unpacked(path));
  std::string head(head_of_log_bytes, '\0');
  std::size_t size = 0;
  while (size < head.size()) {
    const auto got = TRY(file->read({head.data() + size, head.size() - size}));
    if (got == 0) break;
    size += got;
  }
  head.resize(size);
  return head;
}

std::uint64_t hash_of_head(const PastFolder& folder, std::string_view head) {
  return folder.hash(static_cast<LiteralKind>(254), head);
}

bool goes_on(const PastFolder& folder, const Source& source, std::string_view head) {
  return source.head_bytes > 0 && head.size() >= source.head_bytes &&
         hash_of_head(folder, head.substr(0, source.head_bytes)) == source.head_hash;
}

struct Recorder::State {
  State(Fs& f, Random& r, const Clock& c, PastFolder past, FreeText text)
      : fs(f), random(r), clock(c), folder(std::move(past)), free_text(text) {}

  /// How far a log is remembered, by the hash of its beginning.
  struct Known {
    Source source;  // without checkpoints
  };

  Fs& fs;
  Random& random;
  const Clock& clock;
  PastFolder folder;
  FreeText free_text;

  struct Shared {
    std::optional<Journal> journal;
    Timestamp synced;
    std::vector<Entry> waiting;
    std::vector<Source> sources;  // of those that wait
    std::multimap<std::string, Known> by_path;
    std::map<std::uint64_t, Known> by_head;  // whole heads alone: short ones are alike
    RecorderTotals totals;
    Done failed;  // remembered until close: a scan goes on without
  };
  Guarded<Shared> shared;

  void know(Shared& all, Source source) {
    source.checkpoints.clear();
    if (source.head_bytes == head_of_log_bytes) {
      auto& known = all.by_head[source.head_hash].source;
      if (known.last_line < source.last_line) known = source;
    } else {
      all.by_path.emplace(source.path, Known{source});
    }
  }

  std::uint64_t remembered_lines(const std::string& path, const std::string& head) {
    return shared.with([&](const Shared& all) {
      std::uint64_t lines = 0;
      const auto whole =
          head.size() == head_of_log_bytes ? all.by_head.find(hash_of_head(folder, head)) : all.by_head.end();
      if (whole != all.by_head.end()) lines = whole->second.source.last_line;
      const auto [begin, end] = all.by_path.equal_range(path);
      for (auto one = begin; one != end; ++one)
        if (goes_on(folder, one->second.source, head)) lines = std::max(lines, one->second.source.last_line);
      return lines;
    });
  }

  Done begin_journal(Shared& all) {
    auto journal = TRY(Journal::begin(fs, folder, random));
    all.journal.emplace(std::move(journal));
    return {};
  }

  Done make_segments(Shared& all) {
    if (!all.journal) return {};
    TRY(all.journal->sync());
    auto entries = std::exchange(all.waiting, {});
    const auto sources = std::exchange(all.sources, {});
    TRY(write_segments(fs, folder, std::move(entries), sources, all.journal->id(), {}, random, clock.now()));
    TRY(all.journal->remove(fs, folder));
    all.journal.reset();
    return {};
  }

  Done take(Shared& all, Batch&& batch) {
    if (!all.journal) TRY(begin_journal(all));
    TRY(all.journal->append(batch));
    const auto now = clock.now();
    if (now - all.synced >= sync_every) {
      TRY(all.journal->sync());
      all.synced = now;
    }
    for (auto& entry : batch.entries) {
      entry.source = static_cast<std::uint32_t>(all.sources.size());
      all.waiting.push_back(entry);
    }
    all.totals.entries += batch.entries.size();
    all.totals.raw_bytes += batch.source.bytes;
    all.totals.lines += batch.source.last_line + 1 - batch.source.first_line;
    know(all, batch.source);
    all.sources.push_back(std::move(batch.source));
    return all.waiting.size() >= waiting_max ? make_segments(all) : Done{};
  }

  Done give_durably(Batch&& batch) {
    return shared.with([&](Shared& all) -> Done {
      TRY(take(all, std::move(batch)));
      return all.journal ? all.journal->sync() : Done{};
    });
  }

  void give(Batch&& batch) {
    shared.with([&](Shared& all) {
      if (all.failed) all.failed = take(all, std::move(batch));
    });
  }
};

class Recorder::Log final : public RecordTap, ObservableSink {
 public:
  Log(State& state, const std::string& path, const std::string& head)
      : state_(state), fallback_(written_at(path, state.clock.now())), passed_(0) {
    source_.path = absolute(path);
    source_.head_bytes = static_cast<std::uint32_t>(head.size());
    source_.head_hash = hash_of_head(state.folder, head);
    if (path != "-") passed_ = state.remembered_lines(source_.path, head);
  }

  void record(const Record& record, const ReadingCounts& read) override {
    if (record.line > passed_) {
      const auto at = event_time(record).value_or(fallback_);
      slice_ = slice_of(at);
      second_ = at.us <= 0 ? 0 : static_cast<std::uint32_t>(at.us / 1'000'000 % seconds_a_day);
      line_ = record.line;
      read_observables(record, state_.free_text, *this);
    }
    if (read.lines >= next_checkpoint_ && read.cut_lines == cut_lines_ && read.lines >= passed_) {
      source_.checkpoints.push_back({.line = read.lines + 1, .offset = read.bytes});
      next_checkpoint_ = read.lines + lines_between_checkpoints;
    }
    cut_lines_ = read.cut_lines;
    if (seen_.size() >= seen_max) hand_over(read);
  }

  void finish(const ReadingCounts& read) override {
    const bool is_new = read.lines > passed_;
    state_.shared.with([&](State::Shared& all) { ++(is_new ? all.totals.logs : all.totals.known_logs); });
    if (is_new) hand_over(read);
  }

 private:
  void observable(LiteralKind kind, std::string_view key) override {
    seen_.see(state_.folder.hash(kind, key), slice_, second_, line_);
  }

  void hand_over(const ReadingCounts& read) {
    Batch batch{.source = source_, .entries = seen_.take()};
    batch.source.first_line = passed_ + 1;
    batch.source.last_line = read.lines;
    batch.source.bytes = read.bytes - bytes_told_;
    state_.give(std::move(batch));
    passed_ = read.lines;
    bytes_told_ = read.bytes;
    const auto last = source_.checkpoints.empty() ? std::optional<Checkpoint>() : source_.checkpoints.back();
    source_.checkpoints.clear();
    if (last) source_.checkpoints.push_back(*last);
  }

  State& state_;
  Timestamp fallback_;    // for events that tell no time
  std::uint64_t passed_;  // lines that are remembered already
  Source source_;
  SeenTable seen_;
  std::uint32_t slice_ = 0, second_ = 0;
  std::uint64_t line_ = 0, cut_lines_ = 0, bytes_told_ = 0;
  std::uint64_t next_checkpoint_ = lines_between_checkpoints;
};

/// As Log, turn by turn. Only a log whose whole head is known is told from others for sure.
class Recorder::Followed final : public FollowedLog, ObservableSink {
 public:
  Followed(State& state, std::string_view head, std::uint64_t lines) : state_(state), passed_(lines) {
    if (head.size() < head_of_log_bytes) return;
    const auto known = state_.shared.with([&](const State::Shared& all) {
      const auto found = all.by_head.find(hash_of_head(state_.folder, head));
      return found == all.by_head.end() ? 0 : found->second.source.last_line;
    });
    passed_ = std::max(passed_, known);
  }

  void record(const Record& record) override {
    if (record.line <= passed_) return;
    const auto at = event_time(record).value_or(state_.clock.now());
    slice_ = slice_of(at);
    second_ = at.us <= 0 ? 0 : static_cast<std::uint32_t>(at.us / 1'000'000 % seconds_a_day);
    line_ = record.line;
    read_observables(record, state_.free_text, *this);
  }

  Done keep(const FollowedTo& to) override {
    if (to.lines <= passed_) return {};
    Batch batch{.source = {}, .entries = seen_.take()};
    batch.source.path = absolute(to.path);
    batch.source.head_bytes = static_cast<std::uint32_t>(to.head.size());
    batch.source.head_hash = hash_of_head(state_.folder, to.head);
    batch.source.first_line = passed_ + 1;
    batch.source.last_line = to.lines;
    batch.source.bytes = to.bytes > bytes_ ? to.bytes - bytes_ : 0;
    if (to.lines + 1 >= next_checkpoint_) {
      batch.source.checkpoints.push_back({.line = to.lines + 1, .offset = to.bytes});
      next_checkpoint_ = to.lines + lines_between_checkpoints;
    }
    passed_ = to.lines;
    bytes_ = to.bytes;
    return state_.give_durably(std::move(batch));
  }

  void forget() override { (void)seen_.take(); }
  std::uint64_t lines() const override { return passed_; }

 private:
  void observable(LiteralKind kind, std::string_view key) override {
    seen_.see(state_.folder.hash(kind, key), slice_, second_, line_);
  }

  State& state_;
  std::uint64_t passed_;  // lines that are remembered already
  std::uint64_t bytes_ = 0;
  std::uint64_t next_checkpoint_ = lines_between_checkpoints;
  SeenTable seen_;
  std::uint32_t slice_ = 0, second_ = 0;
  std::uint64_t line_ = 0;
};

std::unique_ptr<FollowedLog> Recorder::follow(std::string_view head, std::uint64_t lines) {
  return std::make_unique<Followed>(*state_, head, lines);
}

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recorder::~Recorder() = default;

Result<std::unique_ptr<Recorder>> Recorder::begin(
    Fs& fs, Random& random, const Clock& clock, PastFolder folder, FreeText free_text) {
  const auto dropped = TRY(recover_journals(fs, folder, random, clock.now()));
  const auto segments = TRY(load_segments(fs, folder));
  for (const auto& refused : segments.refused)
    log::warn("a segment of the past is left out", {{"why", refused.message}});
  auto state = std::make_unique<State>(fs, random, clock, std::move(folder), free_text);
  const auto known = state->shared.with([&](State::Shared& all) -> Done {
    all.totals.recovered_dropped_bytes = dropped;
    for (const auto& one : segments.all)
      for (auto& source : TRY(one.segment.sources())) state->know(all, std::move(source));
    return {};
  });
  if (!known) return fail(Error(known.error()));
  return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

std::unique_ptr<RecordTap> Recorder::open(const std::string& path) {
  auto head = path == "-" ? Result<std::string>(std::string()) : head_of(path);
  return std::make_unique<Log>(*state_, path, head ? *head : std::string());
}

Done Recorder::commit() {
  return state_->shared.with([&](State::Shared& all) -> Done {
    if (!all.failed) return fail(Error(all.failed.error()));
    return all.journal ? all.journal->sync() : Done{};
  });
}

Done Recorder::close(const Retention& retention) {
  auto& state = *state_;
  TRY(state.shared.with([&](State::Shared& all) -> Done {
    if (!all.failed) return fail(Error(all.failed.error()));
    return state.make_segments(all);
  }));
  TRY(merge_segments(state.fs, state.folder, state.random, state.clock.now()));
  const auto forgotten = TRY(apply(state.fs, state.folder, retention, state.clock.now()));
  state.shared.with([&](State::Shared& all) { all.totals.forgotten = forgotten; });
  return {};
}

RecorderTotals Recorder::totals() const {
  return state_->shared.with([](const State::Shared& all) { return all.totals; });
}

}  // namespace shieldwall::detect::past
