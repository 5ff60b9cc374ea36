// Background work, done in steps by whoever calls tend: sealing the tail, indexing words, merging, deleting
// what is no longer read, checkpoints.

#include <algorithm>

#include "base/log.h"
#include "store/sqlite_core.h"
#include "store/sqlite_sql.h"
#include "store/word_table.h"

namespace shieldwall::store {

namespace {

constexpr std::size_t log_frames_soft = 1024;   // 8 MB: a checkpoint in the background is worth its sync
constexpr std::size_t log_frames_hard = 8192;   // 64 MB: a put does it itself
constexpr Duration readers_pause = minutes(1);  // a burst's connections are kept for the next one that long

Sequence sealed_until(const State& state) {
  return state.facts.segments.empty() ? 0 : state.facts.segments.back()->last;
}

std::size_t tail_changes(const State& state) {
  return static_cast<std::size_t>(state.last - sealed_until(state));
}

/// The runs without what is in a segment now. A run may have grown past it meanwhile.
void drop_sealed(std::vector<std::shared_ptr<const Run>>& runs, Sequence sealed) {
  std::erase_if(runs, [&](const auto& run) { return run->last <= sealed; });
  for (auto& run : runs) {
    if (run->first > sealed) continue;
    auto rest = std::make_shared<Run>(*run);
    std::erase_if(rest->postings, [&](const Posting& posting) { return posting.sequence <= sealed; });
    rest->first = sealed + 1;
    run = std::move(rest);
  }
}

/// Turns the fresh tail into a segment.
Result<bool> seal(Core& core) {
  const auto purges = core.purges.load();
  const auto state = core.state();
  std::vector<const std::vector<Posting>*> lists;
  for (const auto& run : state->facts.runs) lists.push_back(&run->postings);
  SegmentSink sink(core);
  for (const auto& posting : merged(lists)) TRY(sink.add(posting));
  const auto segment = TRY(sink.finish(sealed_until(*state) + 1, state->last));
  const auto work = [&](Transaction& transaction) -> Done {
    if (core.purges != purges) return {};  // done again by the next step
    TRY(list_segment(transaction, *segment, Family::facts));
    auto* const drop = TRY(core.writer->statement(sql::delete_tail));
    TRY(drop->bind(segment->last).run());
    transaction.edit_state = [&](State& next) {
      drop_sealed(next.facts.runs, segment->last);
      next.facts.segments.push_back(segment);
    };
    return {};
  };
  TRY(core.writer->run(work, Deadline::none(), true));
  return true;
}

// ---- words

/// Texts of the changes first..last that are to be found by words.
class Texts {
 public:
  Texts(Core& core, Sequence first, Sequence last) : core_(core), first_(first), last_(last) {
    core.text_queue.with([&](TextQueue& queue) {
      incomplete_until_ = queue.incomplete_until;
      const auto end = queue.texts.upper_bound(last);
      for (auto text = queue.texts.lower_bound(first); text != end; ++text)
        queued_.emplace_back(text->first, text->second);
    });
  }

  /// Calls take(sequence, text) in order.
  template <typename Take>
  Done each(Take&& take) {
    auto queued = queued_.begin();
    if (first_ <= incomplete_until_) {
      const auto reader = TRY(core_.readers.take());
      auto& events = reader->events;
      events.bind(first_, std::min(last_, incomplete_until_));
      while (TRY(events.step())) {
        const auto row = TRY(read_row(events));
        while (queued != queued_.end() && queued->first <= row->sequence) ++queued;
        const bool meets = row->kind == ChangeKind::added || row->kind == ChangeKind::opened;
        if (meets && row->has_text && !row->gone) take(row->sequence, text_of(*row));
      }
    }
    for (; queued != queued_.end(); ++queued) take(queued->first, queued->second);
    return {};
  }

 private:
  Core& core_;
  Sequence first_;
  Sequence last_;
  Sequence incomplete_until_ = 0;
  std::vector<std::pair<Sequence, std::string>> queued_;
};

Done list_words(Transaction& transaction, const std::shared_ptr<const Segment>& segment) {
  TRY(list_segment(transaction, *segment, Family::words));
  auto* const write = TRY(transaction.core.writer->statement(sql::write_node));
  TRY(write->bind(std::string_view("words_done"), std::to_string(segment->last)).run());
  transaction.edit_state = [segment](State& next) {
    next.words.segments.push_back(segment);
    next.words_done = segment->last;
  };
  return {};
}

void forget_queued(Core& core, Sequence last) {
  core.text_queue.with([&](TextQueue& queue) {
    const auto end = queue.texts.upper_bound(last);
    for (auto text = queue.texts.begin(); text != end; ++text) queue.bytes -= text->second.size();
    queue.texts.erase(queue.texts.begin(), end);
  });
}

/// Indexes the words of the next changes.
Result<bool> index_words(Core& core) {
  const auto purges = core.purges.load();
  const auto state = core.state();
  if (state->words_done >= state->last) return false;
  const auto first = state->words_done + 1;
  const auto last = std::min(state->last, state->words_done + core.options.words_chunk);
  WordTable words(*core.keys);
  std::size_t indexed = 0;
  Texts texts(core, first, last);
  TRY(texts.each([&](Sequence sequence, const std::string& text) {
    ++indexed;
    words.add(sequence, text);
  }));
  SegmentSink sink(core);
  for (const auto* const group : words.sorted()) TRY(sink.add(*group));
  const auto segment = TRY(sink.finish(first, last));
  bool stale = false;
  TRY(core.writer->run(
      [&](Transaction& transaction) -> Done {
        stale = core.purges != purges;
        if (last == transaction.state->last) indexed = core.text_lag;  // also those deleted before their turn
        return stale ? Done{} : list_words(transaction, segment);
      },
      Deadline::none(),
      true));
  if (!stale) {
    forget_queued(core, last);
    core.text_lag -= std::min(core.text_lag.load(), indexed);
  }
  return true;
}

// ---- the write-ahead log

Done checkpoint(Core& core) {
  if (!core.maintenance) {
    auto db = TRY(Db::open(core.vfs.name(), core.path, Db::Mode::existing));
    TRY(db.execute(sql::connection));
    core.maintenance = std::make_unique<Db>(std::move(db));
  }
  if (!core.log_holds_deleted.exchange(false)) {
    core.log_frames = 0;  // the next commit tells how long it is again
    return core.maintenance->execute(sql::checkpoint);
  }
  return core.maintenance->execute(sql::empty_log);
}

Result<bool> step(Core& core) {
  if (core.log_frames > log_frames_soft || core.log_holds_deleted) {
    TRY(checkpoint(core));
    return true;
  }
  if (tail_changes(*core.state()) >= core.options.seal_changes) return seal(core);
  if (TRY(index_words(core))) return true;
  if (TRY(merge_segments(core, Family::facts))) return true;
  if (TRY(merge_segments(core, Family::words))) return true;
  return delete_dropped(core);
}

}  // namespace

Result<bool> tend_store(Core& core, Duration budget) {
  const std::unique_lock lock(core.tending, std::try_to_lock);
  if (!lock.owns_lock()) return false;  // somebody is at it, perhaps a check of minutes: ask again later
  const auto now = core.seams.clock.steady();
  if (now.us - core.readers_counted.us >= readers_pause.us) {
    core.readers.close_unneeded();
    core.readers_counted = now;
  }
  const Duration until{now.us + budget.us};
  do {
    if (!TRY(step(core))) return false;
  } while (core.seams.clock.steady() < until);
  return true;
}

void relieve(Core& core) {
  const bool long_tail = tail_changes(*core.state()) >= 2 * core.options.seal_changes;
  const bool long_log = core.log_frames > log_frames_hard;
  if (!long_tail && !long_log) return;
  const std::unique_lock lock(core.tending, std::try_to_lock);
  if (!lock.owns_lock()) return;
  if (long_log) {
    const auto done = checkpoint(core);
    if (!done) log::warn("the write-ahead log could not be checkpointed", {{"cause", done.error().message}});
  }
  if (long_tail) {
    const auto done = seal(core);
    if (!done) log::warn("the index tail could not be sealed", {{"cause", done.error().message}});
  }
}

}  // namespace shieldwall::store
