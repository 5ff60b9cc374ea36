#include "ledger/log/node_log.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "base/log.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t batch_bytes_max = frame_bytes_max / 2;
constexpr std::size_t openings_bytes_max = 256u << 20;  // not kept yet: some minutes of a store that refuses
constexpr std::size_t entry_overhead = 8;

std::size_t bytes_of(std::span<const NewEntry> entries) {
  std::size_t bytes = 4;
  for (const auto& entry : entries) bytes += entry_overhead + entry.entry.size() + entry.opening.size();
  return bytes;
}

constexpr std::string_view witness_folder = "witness";    // a node keeps there what it knows of other logs
constexpr std::string_view evidence_folder = "evidence";  // in that one
constexpr std::string_view copy_mark = "copy";

Done copy_file(Fs& fs, const std::string& from, const std::string& to, const std::string& name) {
  constexpr std::size_t piece_bytes = 1u << 20;
  const auto source = TRY(fs.open(from + "/" + name, OpenMode::read));
  const auto target = TRY(fs.open(to + "/" + name, OpenMode::create_new));
  for (std::uint64_t at = 0;;) {
    const auto piece = TRY(source->read_at(at, piece_bytes));
    if (piece.empty()) return target->sync();
    TRY(target->write_at(at, piece));
    at += piece.size();
  }
}

/// Into a new folder. What is being written has a name of its own until it is whole.
///   except  names that are no files, or not to be copied
Done copy_files(Fs& fs,
                const std::string& from,
                const std::string& to,
                std::initializer_list<std::string_view> except) {
  TRY(fs.make_directory(to));
  for (const auto& name : TRY(fs.list(from)))
    if (!name.ends_with(".new") && std::ranges::find(except, name) == except.end())
      TRY(copy_file(fs, from, to, name));
  return {};
}

/// What this node cosigned of other logs: one that forgot would cosign a fork.
Done copy_witness(Fs& fs, const std::string& from, const std::string& to) {
  if (!TRY(fs.exists(from))) return {};
  TRY(copy_files(fs, from, to, {evidence_folder}));
  const auto evidence = fmt::format("{}/{}", from, evidence_folder);
  if (!TRY(fs.exists(evidence))) return {};
  return copy_files(fs, evidence, fmt::format("{}/{}", to, evidence_folder), {});
}

Done check(std::span<const NewEntry> entries) {
  for (const auto& entry : entries)
    if (entry.entry.size() > entry_bytes_max)
      return fail(
          ErrorCode::invalid, "a log entry of {} bytes; at most {}", entry.entry.size(), entry_bytes_max);
  if (const auto bytes = bytes_of(entries); bytes > batch_bytes_max)
    return fail(ErrorCode::invalid, "{} bytes for the log at once; at most {}", bytes, batch_bytes_max);
  return {};
}

}  // namespace

Result<std::unique_ptr<NodeLog>> NodeLog::open(Options options, Fs& fs) {
  if (options.signers.empty()) return fail(ErrorCode::internal, "a log needs a key to sign with");
  TRY(fs.make_directory(options.folder));
  std::unique_ptr<NodeLog> log(new NodeLog(std::move(options), fs));
  TRY(log->recover());
  return log;
}

Done NodeLog::recover() {
  Journal::Read read;
  std::uint64_t number = 0;
  auto numbers = TRY(Journal::list(fs_, options_.folder));
  bool found = false;
  for (; !found && !numbers.empty(); numbers.pop_back()) {
    number = std::max(number, numbers.back());
    auto one = Journal::read(fs_, options_.folder, numbers.back());
    if (!one && one.error().code != ErrorCode::corrupt) return fail(std::move(one).error());
    if (!one) continue;  // the power went before it was used; the one before holds all
    read = std::move(*one);
    found = true;
  }
  if (!found)
    for (const auto* name : {"/hashes-0", "/checkpoint"})
      if (TRY(fs_.exists(options_.folder + name)))
        return fail(ErrorCode::corrupt,
                    "the log in {} has no whole journal; restore the node from a backup",
                    options_.folder);
  builder_ = TRY(TileBuilder::resume(files_, read.base.size, read.base.root));
  for (auto& entry : read.entries) {
    if (!entry.opening.empty()) {
      opening_bytes_ += entry.opening.size();
      openings_.push_back({builder_.size(), std::move(entry.opening)});
    }
    TRY(builder_.append(entry.entry));
  }
  // What the page cache shows of the old journal may not be on the disk: everything is written anew.
  TRY(drain());
  TRY(put_tiles());
  TRY(files_.sync());
  TRY(read_checkpoint());
  held_ = TRY(fs_.exists(options_.folder + "/" + std::string(copy_mark)));
  journal_ = TRY(
      Journal::create(fs_, options_.folder, number + 1, {.size = builder_.size(), .root = builder_.root()}));
  for (const auto old : TRY(Journal::list(fs_, options_.folder)))
    if (old != journal_->number()) TRY(fs_.remove(Journal::path(options_.folder, old)));
  return {};
}

Done NodeLog::read_checkpoint() {
  const auto text = read_file(fs_, options_.folder + "/checkpoint", note_bytes_max);
  if (!text && text.error().code == ErrorCode::not_found) return {};
  if (!text) return fail(text.error());
  auto note = TRY(read_note(*text));
  // Where the node's keys were replaced and the log not signed since, no present key signed it: what it says
  // is held to the entries, and `publish` signs it anew.
  const auto checkpoint = TRY(Checkpoint::parse(note.text));
  if (checkpoint.origin != origin())
    return fail(ErrorCode::corrupt, "the log in {} is another's: {}", options_.folder, checkpoint.origin);
  if (checkpoint.size > builder_.size())
    return fail(ErrorCode::corrupt,
                "the log in {} signed {} entries and holds {}: it lost some; restore the node from a backup",
                options_.folder,
                checkpoint.size,
                builder_.size());
  const auto root = TRY(tree_root(TiledHashes(files_, checkpoint.size), checkpoint.size));
  if (root != checkpoint.root)
    return fail(ErrorCode::corrupt,
                "the log in {} does not lead to the checkpoint over {} entries that it signed",
                options_.folder,
                checkpoint.size);
  note_ = std::move(note);
  published_ = checkpoint;
  return {};
}

Done NodeLog::broken(const Error& error) {
  broken_ = true;
  const auto why = fmt::format("the log in {} cannot be synced: {}", options_.folder, error.message);
  if (options_.stop) {
    options_.stop(why);
  } else {
    log::error("the node stops", {{"why", why}});
    std::abort();
  }
  return fail(ErrorCode::unavailable, "{}", why);
}

Result<std::uint64_t> NodeLog::append(std::span<const NewEntry> entries) {
  if (is_held())
    return fail(ErrorCode::unavailable,
                "this node was restored from a backup, and its log may lack what was signed since: "
                "`shieldwall log catch-up` lets it go on");
  return add(entries);
}

bool NodeLog::is_held() const {
  return held_;
}

Done NodeLog::hold() {
  TRY(write_file_durably(fs_, options_.folder + "/" + std::string(copy_mark), fmt::format("{}\n", size())));
  const std::lock_guard lock(mutex_);
  held_ = true;
  return {};
}

Result<std::uint64_t> NodeLog::add(std::span<const NewEntry> entries) {
  TRY(check(entries));
  Waiting mine{.entries = entries};
  std::unique_lock lock(mutex_);
  if (opening_bytes_ > openings_bytes_max)
    return fail(ErrorCode::exhausted, "the store has not taken what the log noted; see its errors");
  queue_.push_back(&mine);
  while (!mine.outcome) {
    if (leads_)
      changed_.wait(lock);
    else
      lead(lock);
  }
  if (!*mine.outcome) return fail(std::move(*mine.outcome).error());
  return mine.first;
}

/// Writes what waits, as much as one frame takes, and tells those who wait.
void NodeLog::lead(std::unique_lock<std::mutex>& lock) {
  leads_ = true;
  std::size_t bytes = 0;
  auto end = queue_.begin();
  while (end != queue_.end() && (end == queue_.begin() || bytes < batch_bytes_max)) {
    bytes += bytes_of((*end)->entries);
    if (end != queue_.begin() && bytes > batch_bytes_max) break;
    ++end;
  }
  const std::vector<Waiting*> batch(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  const bool stopped = broken_;
  lock.unlock();
  auto written = stopped ? Done(fail(ErrorCode::unavailable, "the log stopped")) : write_frame(batch);
  lock.lock();
  for (auto* waiting : batch) {
    if (written) take(*waiting);
    waiting->outcome = written;
  }
  journal_bytes_ = journal_->bytes();
  leads_ = false;
  changed_.notify_all();
}

Done NodeLog::write_frame(std::span<Waiting* const> batch) {
  std::vector<const NewEntry*> entries;
  for (const auto* waiting : batch)
    for (const auto& entry : waiting->entries) entries.push_back(&entry);
  TRY(journal_->write(entries));
  if (options_.defect == Defect::acknowledges_early) return {};
  const auto synced = journal_->sync();
  if (!synced) {
    const std::lock_guard lock(mutex_);
    return broken(synced.error());
  }
  return {};
}

/// Under mutex_, once durable.
void NodeLog::take(Waiting& waiting) {
  waiting.first = builder_.size();
  for (const auto& entry : waiting.entries) {
    if (!entry.opening.empty()) {
      opening_bytes_ += entry.opening.size();
      openings_.push_back({builder_.size(), entry.opening});
    }
    if (const auto added = builder_.append(entry.entry); !added)
      log::error("internal: an entry that was checked", {{"why", added.error().message}});
  }
}

Done NodeLog::drain() {
  std::vector<Opening> openings;
  {
    const std::lock_guard lock(mutex_);
    openings = std::exchange(openings_, {});
  }
  if (openings.empty()) return {};
  auto kept = options_.keep ? options_.keep(openings) : Done{};
  const std::lock_guard lock(mutex_);
  if (kept) {
    for (const auto& opening : openings) opening_bytes_ -= opening.bytes.size();
  } else {
    openings_.insert(openings_.begin(), openings.begin(), openings.end());
  }
  return kept;
}

/// Makes the tiles of all that is durable readable. They need not be durable: the journal is.
Done NodeLog::put_tiles() {
  {
    const std::lock_guard lock(mutex_);
    auto changed = builder_.take_changed();
    std::ranges::move(changed, std::back_inserter(unwritten_));
  }
  TRY(files_.put(unwritten_));
  unwritten_.clear();
  return {};
}

Done NodeLog::publish() {
  const std::lock_guard publishing(publishing_);
  TRY(drain());
  TRY(sign_checkpoint());
  {
    const std::lock_guard lock(mutex_);
    if (journal_bytes_ < options_.journal_bytes_max) return {};
  }
  return while_appends_wait([&] { return rotate(); });
}

/// A checkpoint that one of the log's keys signed.
Result<Checkpoint> NodeLog::open_own(const Note& note) const {
  const auto signers = signers_.load();
  auto opened = open_checkpoint(note, signers->front().name);
  for (auto one = signers->begin() + 1; !opened && one != signers->end(); ++one)
    opened = open_checkpoint(note, one->name);
  return opened;
}

void NodeLog::use(NoteSigners signers) {
  assert(!signers.empty() && signers.front().name.name() == origin_);
  signers_ = std::make_shared<const NoteSigners>(std::move(signers));
}

NoteSignature NodeLog::sign(std::string_view text) const {
  const auto signers = signers_.load();
  return sign_note(text, signers->front().name, signers->front().key);
}

namespace {

bool is_signed_by_all(const Note& note, const NoteSigners& signers) {
  return std::ranges::all_of(signers, [&](const NoteSigner& one) {
    const auto found = signed_by(note, one.name);
    return found && *found;
  });
}

}  // namespace

/// Over what has come since the last, or the last one again where keys have changed: what witnesses put
/// beside it stays.
Done NodeLog::sign_checkpoint() {
  Checkpoint next{.origin = origin(), .size = 0, .root = {}};
  const auto signers = signers_.load();
  Note note;
  {
    const std::lock_guard lock(mutex_);
    if (broken_) return fail(ErrorCode::unavailable, "the log stopped");
    if (held_) return {};
    next.size = builder_.size();
    const bool same = published_ && published_->size == next.size;
    if (same && (note_signers_ == signers || is_signed_by_all(*note_, *signers))) {
      note_signers_ = signers;
      return {};
    }
    next.root = builder_.root();
    if (same) note = *note_;
  }
  TRY(put_tiles());
  note.text = next.text();
  std::erase_if(note.signatures, [&](const NoteSignature& one) { return one.name == origin(); });
  for (const auto& one : *signers) note.signatures.push_back(sign_note(note.text, one.name, one.key));
  TRY(replace_checkpoint(note));
  note_signers_ = signers;
  const std::lock_guard lock(mutex_);
  note_ = std::move(note);
  published_ = next;
  return {};
}

/// As write_file_durably, but that a failed sync ends the log.
Done NodeLog::replace_checkpoint(const Note& note) {
  const auto path = options_.folder + "/checkpoint";
  const auto temporary = path + ".new";
  const auto file = TRY(open_anew(fs_, temporary));
  TRY(file->write_at(0, write_note(note)));
  auto synced = file->sync();
  if (synced) {
    TRY(fs_.rename(temporary, path));
    synced = fs_.sync_directory(options_.folder);
  }
  if (synced) return {};
  const std::lock_guard lock(mutex_);
  return broken(synced.error());
}

Done NodeLog::while_appends_wait(const std::function<Done()>& work) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !leads_; });
    if (broken_) return fail(ErrorCode::unavailable, "the log stopped");
    leads_ = true;
  }
  auto done = work();
  const std::lock_guard lock(mutex_);
  journal_bytes_ = journal_->bytes();
  leads_ = false;
  changed_.notify_all();
  return done;
}

/// Syncs the tiles and begins a new journal. While appends wait.
Done NodeLog::rotate() {
  TRY(drain());
  TRY(put_tiles());
  if (const auto synced = files_.sync(); !synced) {
    const std::lock_guard lock(mutex_);
    return broken(synced.error());
  }
  Journal::Base base{.size = size(), .root = root()};
  auto next = TRY(Journal::create(fs_, options_.folder, journal_->number() + 1, base));
  const auto old = Journal::path(options_.folder, journal_->number());
  journal_ = std::move(next);
  return fs_.remove(old);
}

Done NodeLog::copy_to(const std::string& folder) {
  const std::lock_guard publishing(publishing_);
  TRY(sign_checkpoint());
  const auto copied = while_appends_wait([&]() -> Done {
    TRY(rotate());
    TRY(copy_files(fs_, options_.folder, folder, {copy_mark, witness_folder}));
    return write_file_durably(fs_, folder + "/" + std::string(copy_mark), fmt::format("{}\n", size()));
  });
  TRY(copied);
  return copy_witness(fs_,
                      fmt::format("{}/{}", options_.folder, witness_folder),
                      fmt::format("{}/{}", folder, witness_folder));
}

Result<std::vector<ClearEntry>> NodeLog::catch_up(LogSource& source) {
  const auto text = TRY(source.get("checkpoint"));
  const auto note = TRY(read_note(text));
  const auto there = TRY(open_own(note));
  auto ahead = [&] {
    const std::lock_guard lock(mutex_);
    return builder_;
  }();
  if (there.size <= ahead.size()) return std::vector<ClearEntry>{};
  std::vector<NewEntry> lacking;
  std::vector<ClearEntry> clear;
  for (auto bundle = ahead.size() / tile_hashes; bundle * tile_hashes < there.size; ++bundle) {
    const auto width = std::min<std::uint64_t>(tile_hashes, there.size - bundle * tile_hashes);
    const auto bytes =
        TRY(source.get(TileName{.level = TileName::entries, .index = bundle, .width = width}.path()));
    const auto entries = TRY(entries_of(bytes));
    for (std::size_t i = ahead.size() - bundle * tile_hashes; i < entries.size(); ++i) {
      TRY(ahead.append(entries[i]));
      lacking.push_back({.entry = Bytes(entries[i])});
      if (auto read = read_entry(entries[i]); read && *read) clear.push_back(std::move(**read));
    }
  }
  if (ahead.size() != there.size || ahead.root() != there.root)
    return fail(
        ErrorCode::invalid, "what is there does not continue this log up to its {} entries", there.size);
  constexpr std::size_t at_once = 1'000;
  for (std::size_t i = 0; i < lacking.size(); i += at_once)
    TRY(add(std::span(lacking).subspan(i, std::min(at_once, lacking.size() - i))));
  return clear;
}

Done NodeLog::resume(Timestamp now) {
  if (!is_held()) return {};
  const auto content = fmt::format("{} {}", to_text(now), size());
  NewEntry restored;
  restored.entry = TRY(clear_entry("restored", content));
  TRY(add({&restored, 1}));
  TRY(fs_.remove(options_.folder + "/" + std::string(copy_mark)));
  TRY(fs_.sync_directory(options_.folder));
  const std::lock_guard lock(mutex_);
  held_ = false;
  return {};
}

std::uint64_t NodeLog::size() const {
  const std::lock_guard lock(mutex_);
  return builder_.size();
}

Digest NodeLog::root() const {
  const std::lock_guard lock(mutex_);
  return builder_.root();
}

std::optional<Note> NodeLog::checkpoint() const {
  const std::lock_guard lock(mutex_);
  return note_;
}

std::optional<Checkpoint> NodeLog::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

Done NodeLog::add_cosignatures(const std::string& text, std::span<const NoteSignature> signatures) {
  const std::lock_guard publishing(publishing_);
  auto note = checkpoint();
  if (!note || note->text != text) return {};  // overtaken: they will be asked about the newer one
  for (const auto& signature : signatures) {
    if (signature.name == origin()) continue;
    std::erase_if(note->signatures, [&](const NoteSignature& old) {
      return old.name == signature.name && old.key_id == signature.key_id;
    });
    if (note->signatures.size() < note_signatures_max) note->signatures.push_back(signature);
  }
  TRY(replace_checkpoint(*note));
  const std::lock_guard lock(mutex_);
  note_ = std::move(note);
  return {};
}

Result<Bytes> NodeLog::tile(const TileName& name) const {
  const auto size = published().value_or(Checkpoint{}).size;
  const auto hashes = name.level > 0 ? size >> (tile_height * name.level) : size;
  if (hashes < name.width || (hashes - name.width) / tile_hashes < name.index)
    return fail(ErrorCode::not_found, "the log has no {}", name.path());
  return files_.tile(name);
}

Result<Bytes> NodeLog::entry(std::uint64_t index) const {
  const auto size = published().value_or(Checkpoint{}).size;
  if (index >= size) return fail(ErrorCode::not_found, "the log has no entry {} yet", index);
  const auto bundle = index / tile_hashes;
  const auto width = std::min<std::uint64_t>(tile_hashes, size - bundle * tile_hashes);
  const auto bytes = TRY(files_.tile({.level = TileName::entries, .index = bundle, .width = width}));
  const auto entries = TRY(entries_of(bytes));
  return Bytes(entries.at(index % tile_hashes));
}

Result<ProofFile> NodeLog::prove(std::uint64_t index) const {
  const auto note = checkpoint();
  const auto size = published().value_or(Checkpoint{}).size;
  if (!note || index >= size) return fail(ErrorCode::not_found, "the log has no entry {} yet", index);
  auto proof = TRY(prove_inclusion(TiledHashes(files_, size), index, size));
  return ProofFile{.index = index, .proof = std::move(proof), .checkpoint = *note, .extra = {}};
}

Result<Proof> NodeLog::consistency(std::uint64_t from, std::uint64_t to) const {
  return prove_consistency(TiledHashes(files_, to), from, to);
}

}  // namespace shieldwall::ledger
