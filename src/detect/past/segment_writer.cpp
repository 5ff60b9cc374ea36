#include "detect/past/segment_writer.h"

#include <cstring>

#include "detect/packed/cursor.h"

namespace shieldwall::detect::past {

namespace {

constexpr std::size_t written_at_once = 1u << 20;

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

std::string segment_name(std::uint32_t period, const SegmentId& id) {
  return fmt::format("{:05}-{}", period, to_hex({reinterpret_cast<const char*>(id.data()), id.size()}));
}

Done SegmentWriter::Out::flush(bool all) {
  if (waiting.empty() || (!all && waiting.size() < written_at_once)) return {};
  TRY(file->write_at(size - waiting.size(), waiting));
  waiting.clear();
  return {};
}

Done SegmentWriter::Out::write(std::string_view bytes) {
  waiting += bytes;
  size += bytes.size();
  return flush(false);
}

Result<SegmentWriter> SegmentWriter::begin(Fs& fs, const std::string& folder, SegmentPlan plan) {
  SegmentWriter writer;
  writer.fs_ = &fs;
  writer.path_ = folder + "/" + segment_name(plan.period, plan.id);
  writer.plan_ = std::move(plan);
  writer.hot_.file = TRY(fs.open(writer.path_ + ".hot.new", OpenMode::create_new));
  writer.cold_.file = TRY(fs.open(writer.path_ + ".cold.new", OpenMode::create_new));
  TRY(writer.hot_.write(std::string(header_bytes, '\0')));
  TRY(writer.cold_.write(std::string(sizeof(ColdHeader), '\0')));
  return writer;
}

/// A row of the cold part: the source and whether another row of the same hash and day follows, then times,
/// count and line.
Done SegmentWriter::add(const Entry& entry) {
  const HotEntry hot{entry.hash, entry.slice % period_days};
  const bool same = !waiting_.empty() && waiting_.back() == hot;
  if (!same && waiting_.size() > block_entries_max) TRY(pack(false));
  if (!same) {
    waiting_.push_back(hot);
    rows_.emplace_back();
    ++entries_;
    first_slice_ = std::min(first_slice_, entry.slice);
    last_slice_ = std::max(last_slice_, entry.slice);
  }
  auto& row = rows_.back();
  put_varint(row, entry.source + 1);
  put_varint(row, entry.first_s);
  put_varint(row, entry.last_s - entry.first_s);
  put_varint(row, entry.count);
  put_varint(row, entry.line);
  return {};
}

Done SegmentWriter::pack(bool all) {
  std::size_t done = 0;
  while (done < waiting_.size() && (all || waiting_.size() - done > block_entries_max / 2)) {
    std::string block;
    const auto count = pack_block(std::span(waiting_).subspan(done), block);
    directory_.push_back({waiting_[done].hash, cold_.size});
    std::string rows;
    for (std::size_t i = done; i < done + count; ++i) rows.append(rows_[i]).push_back('\0');
    TRY(hot_.write(block));
    TRY(cold_.write(bytes_of(checksum(rows))));
    TRY(cold_.write(rows));
    done += count;
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(done));
  return {};
}

Done SegmentWriter::finish_cold(const std::vector<Source>& sources) {
  std::string table;
  put_varint(table, sources.size());
  for (const auto& source : sources) put_source(table, source);
  ColdHeader header{.magic = {},
                    .version = format_version,
                    .zero = 0,
                    .id = plan_.id,
                    .sources_at = cold_.size,
                    .sources_bytes = table.size(),
                    .sources_checksum = checksum(table),
                    .header_checksum = 0};
  std::memcpy(header.magic, cold_magic.data(), sizeof header.magic);
  header.header_checksum = checksum(bytes_of(header).substr(0, sizeof header - 8));
  TRY(cold_.write(table));
  TRY(cold_.flush(true));
  TRY(cold_.file->write_at(0, bytes_of(header)));
  return cold_.file->sync();
}

Done SegmentWriter::finish_hot() {
  std::string directory(reinterpret_cast<const char*>(directory_.data()),
                        directory_.size() * sizeof(DirectoryEntry));
  for (const auto& id : plan_.replaces) directory += bytes_of(id);
  HotHeader header{.magic = {},
                   .version = format_version,
                   .period = plan_.period,
                   .entries = entries_,
                   .blocks = directory_.size(),
                   .first_slice = first_slice_,
                   .last_slice = last_slice_,
                   .directory_at = hot_.size,
                   .directory_checksum = checksum(directory),
                   .replaces = plan_.replaces.size(),
                   .cold_blocks_end = 0,
                   .key_check = plan_.key_check,
                   .raw_bytes = plan_.raw_bytes,
                   .id = plan_.id,
                   .written_us = plan_.written.us,
                   .header_checksum = 0};
  std::memcpy(header.magic, hot_magic.data(), sizeof header.magic);
  header.cold_blocks_end = cold_.size;
  header.header_checksum = checksum(bytes_of(header).substr(0, sizeof header - 8));
  TRY(hot_.write(directory));
  TRY(hot_.flush(true));
  TRY(hot_.file->write_at(0, bytes_of(header)));
  return hot_.file->sync();
}

Done SegmentWriter::finish(const std::vector<Source>& sources) {
  TRY(pack(true));
  TRY(finish_hot());
  TRY(finish_cold(sources));
  // The hot file comes last: where it stands under its name, the cold one does too.
  TRY(fs_->rename(path_ + ".cold.new", path_ + ".cold"));
  TRY(fs_->rename(path_ + ".hot.new", path_ + ".hot"));
  return fs_->sync_directory(path_.substr(0, path_.rfind('/')));
}

}  // namespace shieldwall::detect::past
