#include "store/sqlite_core.h"

#include <thread>

#include <sqlite3.h>

#include "base/log.h"
#include "store/memory_parts.h"
#include "store/sqlite_sql.h"
#include "store/words.h"

namespace shieldwall::store {

namespace {

Result<std::shared_ptr<const Row>> one_row(Statement& statement, Sequence sequence) {
  statement.bind(sequence, sequence);
  if (!TRY(statement.step())) return fail(ErrorCode::corrupt, "change {} is missing", sequence);
  auto row = read_row(statement);
  statement.reset();
  return row;
}

void drop_from_runs(std::vector<std::shared_ptr<const Run>>& runs, const std::set<Sequence>& forgotten) {
  for (auto& run : runs) {
    const auto first = forgotten.lower_bound(run->first);
    if (first == forgotten.end() || *first > run->last) continue;
    auto rest = std::make_shared<Run>(*run);
    std::erase_if(rest->postings,
                  [&](const Posting& posting) { return forgotten.contains(posting.sequence); });
    run = std::move(rest);
  }
}

}  // namespace

// ---- readers

Result<std::unique_ptr<Reader>> Reader::open(Core& core) {
  auto db = TRY(Db::open(core.vfs.name(), core.path, Db::Mode::existing));
  TRY(db.execute(sql::connection));
  TRY(db.execute(sql::reader_memory));
  auto events = TRY(db.prepare(sql::read_events));
  auto bare = TRY(db.prepare(sql::read_bare_events));
  auto page = TRY(db.prepare(sql::read_page));
  auto instant = TRY(db.prepare(sql::instant_of));
  auto begin = TRY(db.prepare(sql::begin_read));
  auto end = TRY(db.prepare(sql::commit));
  return std::unique_ptr<Reader>(new Reader{.db = std::move(db),
                                            .events = std::move(events),
                                            .bare_events = std::move(bare),
                                            .page = std::move(page),
                                            .instant = std::move(instant),
                                            .begin = std::move(begin),
                                            .end = std::move(end),
                                            .page_bytes = {}});
}

Result<Statement*> Reader::statement(const char* text) {
  if (const auto found = others.find(text); found != others.end()) return &found->second;
  auto made = TRY(db.prepare(text));
  return &others.emplace(text, std::move(made)).first->second;
}

Result<std::string_view> Reader::read_page(std::uint32_t segment, std::size_t page_number) {
  page.bind(page_row(segment, page_number));
  if (!TRY(page.step()))
    return fail(ErrorCode::corrupt, "page {} of index segment {} is missing", page_number, segment);
  page_bytes = page.bytes(0);
  page.reset();
  return std::string_view(page_bytes);
}

Result<ReaderPool::Lease> ReaderPool::take() {
  auto reader = idle_.with([](Idle& idle) -> std::unique_ptr<Reader> {
    if (idle.readers.empty()) return nullptr;
    auto last = std::move(idle.readers.back());
    idle.readers.pop_back();
    idle.fewest = std::min(idle.fewest, idle.readers.size());
    return last;
  });
  if (!reader) reader = TRY(Reader::open(core_));
  TRY(reader->begin.run());
  return Lease(reader.release(), Return{this});
}

void ReaderPool::give_back(Reader* reader) {
  std::unique_ptr<Reader> owned(reader);
  for (auto* const statement : {&owned->events, &owned->bare_events, &owned->page, &owned->instant})
    statement->reset();
  for (auto& [text, statement] : owned->others) statement.reset();
  if (!owned->end.run()) return;  // closed instead
  idle_.with([&](Idle& idle) {
    if (idle.readers.size() < idle_max) idle.readers.push_back(std::move(owned));
  });
}

void ReaderPool::close_unneeded() {
  std::vector<std::unique_ptr<Reader>> unneeded;  // closed without the lock
  idle_.with([&](Idle& idle) {
    const auto count = idle.fewest > always_kept ? idle.fewest - always_kept : 0;
    const auto end = idle.readers.begin() + static_cast<std::ptrdiff_t>(count);
    unneeded.assign(std::move_iterator(idle.readers.begin()), std::move_iterator(end));
    idle.readers.erase(idle.readers.begin(), end);
    idle.fewest = idle.readers.size();
  });
}

// ---- transactions

Result<std::shared_ptr<const Row>> Transaction::row(Sequence sequence) {
  if (const auto found = changed.find(sequence); found != changed.end()) return found->second;
  if (sequence > state->last) return added.at(sequence - state->last - 1);
  if (auto row = core.cache.get(sequence)) return row;
  auto* const statement = TRY(core.writer->statement(sql::read_events));
  auto row = TRY(one_row(*statement, sequence));
  core.cache.put(row, state->commit);
  return row;
}

Result<std::vector<Sequence>> Transaction::under(Key key) {
  auto* const statement = TRY(core.writer->statement(sql::read_page));
  std::string bytes;
  const PageSource pages = [&](std::uint32_t segment, std::size_t page) -> Result<std::string_view> {
    statement->bind(page_row(segment, page));
    if (!TRY(statement->step()))
      return fail(ErrorCode::corrupt, "page {} of segment {} is missing", page, segment);
    bytes = statement->bytes(0);
    statement->reset();
    return std::string_view(bytes);
  };
  auto found = TRY(all_under(state->facts, pages, key));
  const auto [begin, end] = added_ids.equal_range(key);
  for (auto own = begin; own != end; ++own) found.push_back(own->second);
  return found;
}

void Transaction::number(const std::shared_ptr<Row>& row, Timestamp now) {
  writing = true;  // a number once given must be used
  last_at = next_instant(last_at, now, core.seams.random);
  row->sequence = ++last;
  row->at = last_at;
  added.push_back(row);
}

Done Transaction::append(const std::shared_ptr<Row>& row, const std::vector<Key>& keys) {
  writing = true;
  if (row->content == row->sequence) {
    auto* const content = TRY(core.writer->statement(sql::insert_content));
    TRY(content->bind(row->content, row->digest.view(), *row->bytes).run());
  }
  auto* const event = TRY(core.writer->statement(sql::insert_event));
  TRY(insert_row(*event, *row));
  for (const auto key : keys) postings.push_back({key, row->sequence});
  return {};
}

Done Transaction::update(const std::shared_ptr<Row>& row) {
  writing = true;
  auto* const statement = TRY(core.writer->statement(sql::update_event));
  TRY(statement->bind(row->sequence, flags_of(*row), row->content).run());
  changed[row->sequence] = row;
  return {};
}

Done Transaction::relabel(const std::shared_ptr<Row>& row) {
  writing = true;
  auto* const statement = TRY(core.writer->statement(sql::relabel_event));
  TRY(rewrite_label(*statement, *row));
  changed[row->sequence] = row;
  return {};
}

// ---- the writer

Result<Statement*> Writer::statement(const char* text) {
  auto& prepared = statements_[text];
  if (prepared) return prepared.get();
  auto made = TRY(db_.prepare(text));
  prepared = std::make_unique<Statement>(std::move(made));
  return prepared.get();
}

void Writer::labels_loaded() {
  labels_written_ = core_.labels.size();
}

std::shared_ptr<Writer::Bench> Writer::Bench::of_this_thread() {
  thread_local const auto bench = std::make_shared<Bench>();
  return bench;
}

Writer::Bench::Call Writer::Bench::wait() {
  std::unique_lock lock(mutex);
  wake.wait(lock, [this] { return call != Call::none; });
  return std::exchange(call, Call::none);
}

void Writer::Bench::tell(Call what) {
  {
    const std::lock_guard lock(mutex);
    call = what;
  }
  wake.notify_one();
}

/// Whoever finds nobody leading leads; whoever leads ends with a commit of its own work, which stands first,
/// and hands over to the first of those who came meanwhile.
Done Writer::run(const Work& work, Deadline deadline, bool alone) {
  Waiting mine{
      .work = &work, .deadline = deadline, .alone = alone, .result = {}, .bench = Bench::of_this_thread()};
  std::unique_lock lock(mutex_);
  queue_.push_back(&mine);
  if (std::exchange(leading_, true)) {
    lock.unlock();
    if (mine.bench->wait() == Bench::Call::done) return std::move(mine.result);
    lock.lock();
  }
  gather(lock);
  const auto group = take_group();
  lock.unlock();
  lead(group);
  std::vector<std::shared_ptr<Bench>> others;  // once told, they and what they brought are gone
  for (const auto* const waiting : group)
    if (waiting != &mine) others.push_back(waiting->bench);
  lock.lock();
  const auto next = queue_.empty() ? nullptr : queue_.front()->bench;
  leading_ = next != nullptr;
  lock.unlock();
  if (next) next->tell(Bench::Call::lead);
  for (const auto& bench : others) bench->tell(Bench::Call::done);
  return std::move(mine.result);
}

/// Where several wait already, whoever else is about to gets a moment to join: on a busy machine one sync
/// then serves many, and on an idle one nobody runs in that moment and it costs a microsecond.
void Writer::gather(std::unique_lock<std::mutex>& lock) {
  for (int turns = 0; turns < gather_turns && queue_.size() > 1; ++turns) {
    const auto before = queue_.size();
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
    if (queue_.size() == before) return;
  }
}

std::vector<Writer::Waiting*> Writer::take_group() {
  std::vector<Waiting*> group;
  while (!queue_.empty() && group.size() < group_max) {
    if (queue_.front()->alone && !group.empty()) break;
    group.push_back(queue_.front());
    queue_.pop_front();
    if (group.back()->alone) break;
  }
  return group;
}

void Writer::fail_all(const std::vector<Waiting*>& group, const Error& error) {
  if (db_.in_transaction()) static_cast<void>(db_.execute(sql::rollback));
  for (auto* const waiting : group) waiting->result = fail(error);
}

void Writer::lead(const std::vector<Waiting*>& group) {
  if (core_.vfs.stopped())
    return fail_all(group, {ErrorCode::unavailable, "the store stopped after a failed sync; restart it"});
  Transaction transaction{.core = core_,
                          .db = db_,
                          .state = core_.state(),
                          .last = core_.state()->last,
                          .last_at = core_.last_at,
                          .postings = {},
                          .added = {},
                          .added_ids = {},
                          .changed = {},
                          .texts = {},
                          .forgotten = {},
                          .edit_state = {},
                          .may_name = {},
                          .revision = {},
                          .next_entry = {}};
  const auto begin = [&]() -> Done {
    auto* const prepared = TRY(statement(sql::begin_write));
    return prepared->run();
  };
  const auto begun = begin();
  if (!begun) return fail_all(group, begun.error());
  for (auto* const waiting : group) {
    transaction.writing = false;
    waiting->result = waiting->deadline.passed()
                          ? Done(fail(ErrorCode::unavailable, "the deadline passed before the write began"))
                          : (*waiting->work)(transaction);
    if (!waiting->result && (transaction.writing || !db_.in_transaction()))
      return fail_all(group, Error(waiting->result.error()));
  }
  auto committed = commit(transaction);
  if (!committed) return fail_all(group, committed.error());
  publish(transaction);
}

/// Those below `end`: others may come meanwhile, of who puts next.
Done Writer::write_labels(std::size_t end) {
  auto* const insert = TRY(statement(sql::insert_label));
  for (auto id = labels_written_; id < end; ++id)
    TRY(insert->bind(id, policy::encode(core_.labels.at(static_cast<policy::LabelId>(id)))).run());
  return {};
}

/// The counter behind all revisions: once for all pieces of work that wrote records.
Done Writer::write_revision(const Transaction& transaction) {
  if (!transaction.revision) return {};
  auto* const keep = TRY(statement(sql::write_node));
  return keep->bind(std::string_view("revision"), std::to_string(*transaction.revision)).run();
}

Done Writer::commit(Transaction& transaction) {
  const auto labels = core_.labels.size();
  TRY(write_labels(labels));
  TRY(write_revision(transaction));
  sort_postings(transaction.postings);
  if (!transaction.postings.empty()) {
    auto* const insert = TRY(statement(sql::insert_tail));
    TRY(insert->bind(transaction.state->last + 1, transaction.last, encode_tail(transaction.postings)).run());
  }
  auto* const end = TRY(statement(sql::commit));
  TRY(end->run());
  labels_written_ = labels;
  return {};
}

void Writer::queue_texts(Transaction& transaction) {
  core_.text_lag += transaction.texts.size();
  core_.text_queue.with([&](TextQueue& queue) {
    for (auto& [sequence, text] : transaction.texts) {
      if (queue.bytes + text.size() > core_.options.text_queue_bytes) {
        queue.incomplete_until = transaction.last;
        break;
      }
      queue.bytes += text.size();
      queue.texts.emplace(sequence, std::move(text));
    }
    for (const auto sequence : transaction.forgotten) {
      const auto text = queue.texts.find(sequence);
      if (text == queue.texts.end()) continue;
      queue.bytes -= text->second.size();
      queue.texts.erase(text);
      --core_.text_lag;
    }
  });
}

void Writer::publish(Transaction& transaction) {
  core_.last_at = transaction.last_at;
  auto next = std::make_shared<State>(*transaction.state);
  next->last = transaction.last;
  ++next->commit;
  if (!transaction.postings.empty()) {
    auto run = std::make_shared<Run>();
    run->first = transaction.state->last + 1;
    run->last = transaction.last;
    run->postings = std::move(transaction.postings);
    add_run(next->facts.runs, std::move(run));
  }
  if (transaction.edit_state) transaction.edit_state(*next);

  std::vector<Sequence> changed;
  for (const auto& [sequence, row] : transaction.changed) changed.push_back(sequence);
  core_.cache.forget(changed, next->commit);
  for (const auto& row : transaction.added)
    if (!transaction.changed.contains(row->sequence)) core_.cache.put(row, next->commit);
  queue_texts(transaction);
  if (!transaction.forgotten.empty()) {
    drop_from_runs(next->facts.runs, transaction.forgotten);
    ++core_.purges;
    core_.log_holds_deleted = true;
  }
  core_.state_.with([&](auto& state) { state = std::move(next); });
}

// ---- the core

Core::Core(Seams given, SqliteOptions chosen, std::string file)
    : seams(std::move(given)),
      options(chosen),
      path(std::move(file)),
      vfs({.clock = seams.clock,
           .random = seams.random,
           .fs = seams.fs,
           .stop = seams.stop,
           .skip_sync = options.skip_sync}),
      cache(options.cache_bytes),
      state_(std::make_shared<const State>()),
      readers(*this) {}

Core::~Core() {
  readers.close();
  maintenance = nullptr;
  writer = nullptr;
  state_.with([](auto& state) { state = nullptr; });
}

std::shared_ptr<const policy::Decider> Core::decider(const policy::Scope& scope) {
  constexpr std::size_t kept_max = 256;  // accounts active at once; making one costs microseconds
  return deciders.with([&](auto& kept) {
    if (kept.size() >= kept_max && !kept.contains(scope.fingerprint())) kept.clear();
    auto& decider = kept[scope.fingerprint()];
    if (!decider) decider = std::make_shared<const policy::Decider>(scope, labels);
    return decider;
  });
}

Done Core::note_everything(const policy::Scope& scope) {
  if (!scope.is_everything()) return {};
  const auto now = seams.clock.now();
  const bool recent = noted.with([&](auto& reasons) {
    const auto last = reasons.find(scope.reason());
    return last != reasons.end() && now >= last->second && now - last->second < note_again_after;
  });
  if (recent) return {};
  const Bytes entry = everything_entry(scope.reason());
  const auto work = [&](Transaction& transaction) -> Done {
    TRY(append_log(transaction, {&entry, 1}, now));
    return {};
  };
  TRY(writer->run(work, Deadline::none()));
  noted.with([&](auto& reasons) { reasons.insert_or_assign(std::string(scope.reason()), now); });
  return {};
}

void Core::watch(Segment& segment) {
  segment.dropped = [this](std::uint32_t number) {
    dropped_segments.with([&](auto& dropped) { dropped.push_back(number); });
  };
}

// ---- objects of rows

std::optional<model::Object> object_of(const Row& row) {
  if (!row.bytes) return std::nullopt;
  const auto document = model::JsonDocument::parse(*row.bytes);
  if (!document) return std::nullopt;
  auto object = model::read_object(document->root());
  if (!object) return std::nullopt;
  return std::move(*object);
}

std::vector<Key> word_keys(const KeyMaker& maker, std::string_view text) {
  std::vector<Key> keys;
  for (const auto& word : words_of(text)) keys.push_back(maker.of(KeyKind::word, word));
  return keys;
}

std::string text_of(const Row& row) {
  if (!row.bytes) return {};
  const auto document = model::JsonDocument::parse(*row.bytes);
  return document ? model::searchable_text(document->root()) : std::string();
}

}  // namespace shieldwall::store
