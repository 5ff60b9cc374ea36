#include "detect/past/journal.h"

#include <algorithm>
#include <cstring>

#include "detect/packed/cursor.h"

namespace shieldwall::detect::past {

namespace {

constexpr std::size_t head_bytes = 32;  // magic, version, zero, key check, zero
constexpr std::size_t frame_head = 16;  // size, zero, checksum
constexpr std::string_view ending = ".journal";

std::string payload_of(const Batch& batch) {
  std::string out;
  put_source(out, batch.source);
  put_varint(out, batch.entries.size());
  for (const auto& entry : batch.entries) {
    put_fixed(out, entry.hash);
    put_varint(out, entry.slice);
    put_varint(out, entry.first_s);
    put_varint(out, entry.last_s - entry.first_s);
    put_varint(out, entry.count);
    put_varint(out, entry.line);
  }
  return out;
}

bool take_batch(std::string_view payload, Batch& batch) {
  Cursor cursor(payload);
  if (!take_source(cursor, batch.source)) return false;
  const auto count = cursor.varint();
  if (count > cursor.rest().size()) return false;
  for (std::uint64_t i = 0; i < count && cursor.good(); ++i) {
    Entry entry{.hash = cursor.fixed<std::uint64_t>() & ((1ull << hash_bits) - 1)};
    entry.slice = static_cast<std::uint32_t>(cursor.varint());
    entry.first_s = static_cast<std::uint32_t>(cursor.varint());
    entry.last_s = entry.first_s + static_cast<std::uint32_t>(cursor.varint());
    entry.count = cursor.varint();
    entry.line = cursor.varint();
    batch.entries.push_back(entry);
  }
  return cursor.good();
}

}  // namespace

std::string journal_path(const PastFolder& folder, const SegmentId& id) {
  return folder.path() + "/" + to_hex({reinterpret_cast<const char*>(id.data()), id.size()}) +
         std::string(ending);
}

Result<Journal> Journal::begin(Fs& fs, const PastFolder& folder, Random& random) {
  Journal journal;
  journal.id_ = new_id(random);
  journal.file_ = TRY(fs.open_exclusively(journal_path(folder, journal.id_)));
  std::string head(journal_magic);
  put_fixed<std::uint32_t>(head, format_version);
  put_fixed<std::uint32_t>(head, 0);
  put_fixed(head, folder.key_check());
  put_fixed<std::uint64_t>(head, 0);
  TRY(journal.file_->write_at(0, head));
  journal.size_ = head.size();
  return journal;
}

Done Journal::append(const Batch& batch) {
  const auto payload = payload_of(batch);
  std::string frame;
  put_fixed(frame, static_cast<std::uint64_t>(payload.size()));
  put_fixed(frame, checksum(payload));
  frame += payload;
  TRY(file_->write_at(size_, frame));
  size_ += frame.size();
  return {};
}

Done Journal::sync() {
  return file_->sync();
}

Done Journal::remove(Fs& fs, const PastFolder& folder) {
  TRY(fs.remove(journal_path(folder, id_)));
  return fs.sync_directory(folder.path());
}

Result<JournalText> read_journal(std::string_view bytes, std::uint64_t key_check) {
  JournalText text;
  if (bytes.size() < head_bytes) {  // cut while it began
    text.dropped_bytes = bytes.size();
    return text;
  }
  Cursor head(bytes.substr(0, head_bytes));
  if (head.bytes(journal_magic.size()) != journal_magic || head.fixed<std::uint32_t>() != format_version)
    return fail(ErrorCode::invalid, "no journal of the past that is read here");
  head.fixed<std::uint32_t>();
  if (head.fixed<std::uint64_t>() != key_check)
    return fail(ErrorCode::invalid, "it was made under another key than the folder's");
  bytes.remove_prefix(head_bytes);
  while (bytes.size() >= frame_head) {
    std::uint64_t size, sum;
    std::memcpy(&size, bytes.data(), 8);
    std::memcpy(&sum, bytes.data() + 8, 8);
    if (size > bytes.size() - frame_head) break;
    const auto payload = bytes.substr(frame_head, size);
    Batch batch;
    if (checksum(payload) != sum || !take_batch(payload, batch)) break;
    text.batches.push_back(std::move(batch));
    bytes.remove_prefix(frame_head + size);
  }
  text.dropped_bytes = bytes.size();
  return text;
}

Result<std::vector<FoundJournal>> journals(Fs& fs, const PastFolder& folder) {
  std::vector<FoundJournal> found;
  for (const auto& name : TRY(fs.list(folder.path()))) {
    if (!name.ends_with(ending)) continue;
    const auto id = from_hex(std::string_view(name).substr(0, name.size() - ending.size()));
    if (!id || id->size() != SegmentId{}.size()) continue;
    auto& one = found.emplace_back();
    std::memcpy(one.id.data(), id->data(), one.id.size());
    one.path = folder.path() + "/" + name;
  }
  return found;
}

Result<std::uint64_t> recover_journals(Fs& fs, const PastFolder& folder, Random& random, Timestamp now) {
  std::uint64_t dropped = 0;
  for (const auto& one : TRY(journals(fs, folder))) {
    const auto held = fs.open_exclusively(one.path);
    if (!held) continue;  // somebody works with it
    const auto bytes = TRY(read_file(fs, one.path, journal_bytes_max));
    auto text = TRY(read_journal(bytes, folder.key_check()));
    dropped += text.dropped_bytes;
    std::vector<std::uint32_t> done;  // periods that became segments before the crash
    for (const auto& segment : TRY(load_segments(fs, folder)).all)
      if (std::ranges::find(segment.segment.replaces(), one.id) != segment.segment.replaces().end())
        done.push_back(segment.segment.header().period);
    std::vector<Entry> entries;
    std::vector<Source> sources;
    for (auto& batch : text.batches) {
      for (auto& entry : batch.entries) {
        entry.source = static_cast<std::uint32_t>(sources.size());
        entries.push_back(entry);
      }
      sources.push_back(std::move(batch.source));
    }
    TRY(write_segments(fs, folder, std::move(entries), sources, one.id, done, random, now));
    TRY(fs.remove(one.path));
  }
  return dropped;
}

}  // namespace shieldwall::detect::past
