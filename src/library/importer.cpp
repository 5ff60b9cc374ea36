#include "library/importer.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "ledger/organisation.h"
#include "library/held_already.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t chunk_bytes = 256u << 10;  // read and checked by one worker at a time
constexpr std::size_t chunk_objects = 256;
constexpr std::size_t batch_bytes_max = 8u << 20;  // a batch of large objects ends here
constexpr std::size_t under_way_bytes_max = 24u
                                            << 20;    // read, checked or waiting to be put; costs thrice that
constexpr std::size_t waiting_bytes_max = 64u << 20;  // objects that wait for a marking definition
constexpr std::size_t read_bytes = 1u << 20;

/// Some consecutive objects of the text, and what became of them.
struct Chunk {
  std::uint64_t first = 0;  // index of the first object
  std::size_t bytes = 0;
  std::vector<std::string> texts;
  bool ready = false;
  bool is_of_list = false;

  std::vector<store::NewHolding> holdings;
  std::vector<std::uint64_t> indexes;  // of holdings
  std::vector<Outcome> refused;
  std::uint64_t warnings = 0;
};

/// An object that waits until the text has ended, because a definition it names may still come.
struct Waiting {
  std::uint64_t index;
  Judged judged;
};

}  // namespace

class Importer::Work : public std::enable_shared_from_this<Importer::Work> {
 public:
  Work(store::Store& store, Terms terms, policy::Scope scope, ImportOptions options)
      : store_(store),
        terms_(std::move(terms)),
        scope_(std::move(scope)),
        options_(std::move(options)),
        text_(options_.author),
        definitions_(store.objects(), scope_, terms_.source),
        labeller_(terms_, definitions_) {}

  Done push(std::string_view piece) {
    TRY(state());
    std::vector<std::string> objects;
    auto pushed = text_.push(piece, objects);
    note(piece.size(), objects.size());
    take(std::move(objects));
    if (!pushed) {
      flush();
      settle(true);  // what came before the break is whole and stays
      return pushed;
    }
    return state();
  }

  Result<ImportReport> finish(Deadline deadline) {
    TRY(state());
    {
      const std::lock_guard lock(mutex_);
      deadline_ = deadline;
    }
    std::vector<std::string> objects;
    auto ended = text_.finish(objects);
    note(0, objects.size());
    take(std::move(objects));
    flush();
    settle(true);
    TRY(state());
    TRY(std::move(ended));
    return progress();
  }

  ImportReport progress() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }

  void cancel() { stop(Error{ErrorCode::conflict, "the import was cancelled"}); }

  /// Waits until no worker uses this any more.
  void leave() {
    cancel();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return workers_ == 0 && !putting_; });
  }

 private:
  Done state() const {
    const std::lock_guard lock(mutex_);
    if (error_) return fail(*error_);
    return {};
  }

  void stop(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    changed_.notify_all();
  }

  void note(std::size_t bytes, std::size_t objects) {
    auto bad = text_.take_bad_lines();
    const std::lock_guard lock(mutex_);
    report_.bytes += bytes;
    report_.objects += objects + bad.size();
    report_.format = text_.format();
    for (auto& line : bad)
      tell_of({.index = static_cast<std::size_t>(line.line - 1),
               .id = std::move(line.text),
               .findings = {finding_of({ErrorCode::invalid, fmt::format("line {}: {}", line.line, line.why)},
                                       "list")}});
  }

  /// Under the lock.
  void tell_of(Outcome outcome) {
    report_.tally.count(outcome.status);
    if (report_.findings.size() < options_.findings_max) report_.findings.push_back(std::move(outcome));
  }

  // ------------------------------------------------------------ the thread that brings the text

  void take(std::vector<std::string> objects) {
    for (auto& object : objects) {
      if (!current_) {
        current_ = std::make_shared<Chunk>();
        current_->first = next_index_;
        current_->is_of_list = text_.format() == TextFormat::list;
      }
      ++next_index_;
      current_->bytes += object.size();
      current_->texts.push_back(std::move(object));
      if (current_->bytes >= chunk_bytes || current_->texts.size() >= chunk_objects) flush();
    }
  }

  void flush() {
    if (!current_) return;
    auto chunk = std::exchange(current_, nullptr);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return error_ || under_way_ == 0 || under_way_ + chunk->bytes <= under_way_bytes_max;
      });
      if (error_) return;
      under_way_ += chunk->bytes;
      chunks_.push_back(chunk);
      ++workers_;
    }
    auto work = [self = shared_from_this(), chunk] {
      self->read_all(*chunk);
      self->done(*chunk);
    };
    if (options_.pool == nullptr || !options_.pool->post(work)) work();
  }

  /// Waits until everything is put, that which waits for definitions last.
  void settle(bool ended) {
    {
      std::unique_lock lock(mutex_);
      ending_ = ended;
    }
    drain();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return workers_ == 0 && !putting_ && (error_ || chunks_.empty()); });
      if (error_ || waiting_.empty()) return;
    }
    for (auto& chunk : late_chunks()) {
      const std::lock_guard lock(mutex_);
      chunks_.push_back(std::move(chunk));
    }
    drain();
  }

  std::vector<std::shared_ptr<Chunk>> late_chunks() {
    std::vector<std::shared_ptr<Chunk>> chunks;
    std::ranges::sort(waiting_, {}, &Waiting::index);
    for (auto& [index, judged] : waiting_) {
      if (chunks.empty() || chunks.back()->holdings.size() >= chunk_objects) {
        chunks.push_back(std::make_shared<Chunk>());
        chunks.back()->ready = true;
      }
      label(*chunks.back(), index, std::move(judged));
    }
    waiting_.clear();
    return chunks;
  }

  // ------------------------------------------------------------ workers

  /// True once it is too late, and the import has ended for that.
  bool is_late() {
    const std::lock_guard lock(mutex_);
    if (!error_ && deadline_.passed())
      error_ = Error{ErrorCode::unavailable,
                     fmt::format("the time to store it is over: {} objects are stored; send it again, what "
                                 "is held then counts as duplicate",
                                 report_.tally.stored)};
    return error_.has_value();
  }

  void read_all(Chunk& chunk) {
    chunk.holdings.reserve(chunk.texts.size());
    std::vector<Judged> all;
    std::vector<std::uint64_t> indexes;
    auto index = chunk.first;
    for (auto& text : chunk.texts) {
      if (is_late()) return;
      auto judged = judge(std::move(text), terms_.strict);
      if (judged) {
        all.push_back(std::move(*judged));
        indexes.push_back(index);
      } else {
        chunk.refused.push_back({.index = static_cast<std::size_t>(index),
                                 .id = std::move(judged.error().id),
                                 .findings = std::move(judged.error().findings)});
      }
      ++index;
    }
    chunk.texts.clear();
    if (chunk.is_of_list) keep_what_is_held(store_.objects(), scope_, terms_.source, options_.author.at, all);
    for (std::size_t i = 0; i < all.size(); ++i) sort_out(chunk, indexes[i], std::move(all[i]));
  }

  void sort_out(Chunk& chunk, std::uint64_t index, Judged judged) {
    if (!judged.object.warnings.empty()) ++chunk.warnings;
    if (judged.object.id.type == "marking-definition") definitions_.offer(judged.object);
    if (!labeller_.is_ready(judged.object)) {
      const auto bytes = judged.object.bytes->size();
      const std::lock_guard lock(mutex_);
      if (waiting_bytes_ + bytes <= waiting_bytes_max) {
        waiting_bytes_ += bytes;
        waiting_.push_back({index, std::move(judged)});
        return;
      }
    }
    label(chunk, index, std::move(judged));
  }

  void label(Chunk& chunk, std::uint64_t index, Judged judged) {
    const auto id = judged.object.id.text();
    auto holding = labeller_.label(std::move(judged));
    if (!holding) {
      chunk.refused.push_back({.index = static_cast<std::size_t>(index),
                               .id = id,
                               .findings = {finding_of(holding.error(), "label")}});
      return;
    }
    chunk.holdings.push_back(std::move(*holding));
    chunk.indexes.push_back(index);
  }

  void done(Chunk& chunk) {
    {
      const std::lock_guard lock(mutex_);
      chunk.ready = true;
    }
    drain();
    const std::lock_guard lock(mutex_);
    --workers_;
    changed_.notify_all();
  }

  // ------------------------------------------------------------ putting, one batch at a time

  struct Batch {
    std::vector<store::NewHolding> holdings;
    std::vector<std::uint64_t> indexes;
    std::size_t bytes = 0;
    std::size_t chunks = 0;
  };

  /// True when the chunks at the front are worth a durable step. Under the lock.
  bool is_worth_it() const {
    std::size_t objects = 0;
    std::size_t bytes = 0;
    for (const auto& chunk : chunks_) {
      if (!chunk->ready) return false;
      objects += chunk->holdings.size();
      bytes += chunk->bytes;
      if (objects >= options_.batch_objects || bytes >= batch_bytes_max) return true;
    }
    return ending_ && !chunks_.empty();
  }

  /// Takes those chunks. Under the lock.
  Batch next_batch() {
    Batch batch;
    while (!chunks_.empty() && chunks_.front()->ready && batch.holdings.size() < options_.batch_objects &&
           batch.bytes < batch_bytes_max) {
      auto& chunk = *chunks_.front();
      std::ranges::move(chunk.holdings, std::back_inserter(batch.holdings));
      batch.indexes.insert(batch.indexes.end(), chunk.indexes.begin(), chunk.indexes.end());
      batch.bytes += chunk.bytes;
      report_.warnings += chunk.warnings;
      for (auto& outcome : chunk.refused) tell_of(std::move(outcome));
      chunks_.pop_front();
    }
    return batch;
  }

  void drain() {
    (void)is_late();
    std::unique_lock lock(mutex_);
    while (!putting_ && !error_ && is_worth_it()) {
      putting_ = true;
      const auto batch = next_batch();
      lock.unlock();
      Result<std::vector<store::PutOutcome>> results;
      if (!batch.holdings.empty()) results = store_.objects().put(batch.holdings, Deadline::none());
      lock.lock();
      if (results)
        count(batch, *results);
      else if (!error_)
        error_ = results.error();
      under_way_ -= std::min(under_way_, batch.bytes);
      putting_ = false;
      changed_.notify_all();
    }
    if (error_) chunks_.clear();
  }

  /// Under the lock.
  void count(const Batch& batch, const std::vector<store::PutOutcome>& results) {
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto status = status_of(results[i].status);
      const auto& object = batch.holdings[i].object;
      if (status != Status::conflict && std::ranges::none_of(object.warnings, tells_of_breadth)) {
        report_.tally.count(status);
        continue;
      }
      Outcome outcome{.index = static_cast<std::size_t>(batch.indexes[i]),
                      .id = object.id.text(),
                      .version = text_of(object.version),
                      .status = status,
                      .findings = object.warnings};
      if (status == Status::conflict) outcome.findings.insert(outcome.findings.begin(), conflict_finding());
      tell_of(std::move(outcome));
    }
  }

  store::Store& store_;
  const Terms terms_;
  const policy::Scope scope_;
  const ImportOptions options_;

  // Of the thread that brings the text.
  ImportText text_;
  std::shared_ptr<Chunk> current_;
  std::uint64_t next_index_ = 0;

  // Thread-safe by themselves.
  Definitions definitions_;
  Labeller labeller_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Chunk>> chunks_;  // in the order of the text, not put yet
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t under_way_ = 0;  // bytes
  int workers_ = 0;            // chunks being read
  bool putting_ = false;
  bool ending_ = false;
  std::optional<Error> error_;
  Deadline deadline_ = Deadline::none();  // of finish()
  ImportReport report_;
};

Importer::Importer(store::Store& store, Terms terms, policy::Scope scope, ImportOptions options)
    : work_(std::make_shared<Work>(store, std::move(terms), std::move(scope), std::move(options))) {}

Importer::~Importer() {
  work_->leave();
}

Done Importer::push(std::string_view piece) {
  return work_->push(piece);
}

Result<ImportReport> Importer::finish(Deadline deadline) {
  return work_->finish(deadline);
}

ImportReport Importer::progress() const {
  return work_->progress();
}

void Importer::cancel() {
  work_->cancel();
}

Result<ListAuthor> author_of(store::Records& records, const OrganisationId& organisation, Timestamp now) {
  const auto row = TRY(ledger::read_organisation(records, organisation));
  return ListAuthor{.organisation = organisation, .identity = row.value.identity, .at = now};
}

Result<ImportReport> import_stream(Importer& importer,
                                   wire::ByteReader& reader,
                                   const std::function<bool(const ImportReport&)>& tell) {
  std::string buffer(read_bytes, '\0');
  while (true) {
    const auto got = TRY(reader.read(buffer));
    if (got == 0) break;
    TRY(importer.push(std::string_view(buffer).substr(0, got)));
    if (tell && !tell(importer.progress())) importer.cancel();
  }
  return importer.finish();
}

}  // namespace shieldwall::library
