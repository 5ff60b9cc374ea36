#include "detect/watch/state.h"

#include <charconv>

#include "base/clock.h"
#include "base/fs.h"
#include "base/random.h"
#include "base/text.h"
#include "model/json_writer.h"
#include "store/each_record.h"

namespace shieldwall::detect {

namespace {

constexpr std::string_view file_prefix = "watch/file/", count_prefix = "watch/count/";
constexpr std::string_view listed_key = "watch/listed";
constexpr Duration counts_kept = days(400);  // as the node keeps them
constexpr int rows_at_once = 1000;

std::string row_of(const FilePosition& file) {
  model::JsonWriter json;
  json.begin_object();
  json.member("path", file.path);
  json.member("device", file.device);
  json.member("inode", file.inode);
  json.member("head_bytes", file.head_bytes);
  json.member("head", file.head);
  json.member("offset", file.offset);
  json.member("line", file.line);
  json.member("header", to_hex(file.header));  // any bytes
  json.member("passing_over", file.passing_over);
  json.member("packed_bytes", file.packed_bytes);
  json.member("source", file.source);
  json.member("seen", file.seen.us);
  json.end_object();
  return std::move(json).text();
}

std::string text_in(const model::Json& row, std::string_view name) {
  const auto found = row.find(name);
  return found && found->is(model::JsonKind::string) ? std::string(found->string()) : std::string();
}

std::uint64_t number_in(const model::Json& row, std::string_view name) {
  const auto found = row.find(name);
  return as_number<std::uint64_t>(found && found->is(model::JsonKind::number) ? found->number() : "")
      .value_or(0);
}

Result<FilePosition> file_of(const store::Record& record) {
  const auto document = TRY(model::JsonDocument::parse(record.value));
  const auto row = document.root();
  FilePosition file;
  file.id = record.key.substr(file_prefix.size());
  file.path = text_in(row, "path");
  file.device = number_in(row, "device");
  file.inode = number_in(row, "inode");
  file.head_bytes = number_in(row, "head_bytes");
  file.head = text_in(row, "head");
  file.offset = number_in(row, "offset");
  file.line = number_in(row, "line");
  file.header = TRY(from_hex(text_in(row, "header")));
  const auto passing = row.find("passing_over");
  file.passing_over = passing && passing->is(model::JsonKind::boolean) && passing->boolean();
  file.packed_bytes = number_in(row, "packed_bytes");
  file.source = text_in(row, "source");
  file.seen = {static_cast<std::int64_t>(number_in(row, "seen"))};
  return file;
}

std::string key_of(std::string_view source, std::string_view indicator, Timestamp hour) {
  return fmt::format("{}{}\n{}\n{}", count_prefix, source, indicator, hour.us);
}

/// "count told".
std::string row_of(std::uint64_t count, std::uint64_t told) {
  return fmt::format("{} {}", count, told);
}

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

Result<WatchCount> count_of(const store::Record& record) {
  std::string_view key = record.key, value = record.value;
  key.remove_prefix(count_prefix.size());
  const auto first = key.find('\n'), second = key.rfind('\n');
  WatchCount count;
  if (first == key.npos || first == second) return fail(ErrorCode::corrupt, "a count has no source");
  count.source = key.substr(0, first);
  count.indicator = key.substr(first + 1, second - first - 1);
  auto hour = key.substr(second + 1);
  if (!take_number(hour, count.hour.us) || !take_number(value, count.count) ||
      !take_number(value, count.told))
    return fail(ErrorCode::corrupt, "a count of {} is no number", count.source);
  return count;
}

template <typename T, typename Read>
Result<std::vector<T>> all_rows(store::Records& records,
                                store::Table table,
                                std::string_view prefix,
                                Read read) {
  std::vector<T> all;
  const auto add = [&](const store::Record& row) -> Done {
    auto one = TRY(read(row));
    all.push_back(std::move(one));
    return {};
  };
  TRY(store::each_record(records, table, prefix, rows_at_once, add));
  return all;
}

}  // namespace

Result<WatchState> WatchState::open(const std::string& folder) {
  TRY(system_fs().make_directory(folder));
  auto store = TRY(store::open_sqlite(
      folder, {.clock = system_clock(), .random = system_random(), .fs = system_fs(), .stop = {}}));
  return WatchState(std::move(store));
}

Result<std::vector<FilePosition>> WatchState::files() {
  return all_rows<FilePosition>(records(), store::Table::cursor, file_prefix, file_of);
}

Done WatchState::commit(std::span<const FilePosition> files, const Turn& turn) {
  auto writes = turn.rows;
  const auto now = system_clock().now();
  for (const auto& file : files)
    writes.push_back({.table = store::Table::cursor,
                      .key = std::string(file_prefix) + file.id,
                      .value = row_of(file),
                      .expected = {},
                      .expires = Timestamp::never()});
  for (const auto& [key, more] : turn.counts) {
    const auto name = key_of(key.first, key.second.first, key.second.second);
    const auto row = records().read(store::Table::sighting_count, name);
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    WatchCount before;
    if (row) before = TRY(count_of(*row));
    writes.push_back({.table = store::Table::sighting_count,
                      .key = name,
                      .value = row_of(before.count + more, before.told),
                      .expected = row ? row->revision : 0,
                      .expires = now + counts_kept});
  }
  return writes.empty() ? Done() : records().write(writes);
}

Result<std::optional<Timestamp>> WatchState::listed() {
  const auto row = records().read(store::Table::cursor, std::string(listed_key));
  if (!row && row.error().code == ErrorCode::not_found) return std::optional<Timestamp>();
  if (!row) return fail(row.error());
  std::string_view text = row->value;
  Timestamp at;
  if (!take_number(text, at.us)) return fail(ErrorCode::corrupt, "the time of the last listing is no number");
  return std::optional(at);
}

Done WatchState::listed_at(Timestamp at) {
  const store::Write write{.table = store::Table::cursor,
                           .key = std::string(listed_key),
                           .value = std::to_string(at.us),
                           .expected = {},
                           .expires = Timestamp::never()};
  return records().write({&write, 1});
}

Done WatchState::forget_files(Timestamp before) {
  std::vector<store::Write> writes;
  const auto known = TRY(files());
  for (const auto& file : known)
    if (file.seen < before)
      writes.push_back({.table = store::Table::cursor,
                        .key = std::string(file_prefix) + file.id,
                        .value = std::nullopt,
                        .expected = {}});
  if (!writes.empty()) TRY(records().write(writes));
  while (TRY(records().expire(system_clock().now()))) {
  }
  return {};
}

Result<std::vector<WatchCount>> WatchState::counts() {
  return all_rows<WatchCount>(records(), store::Table::sighting_count, count_prefix, count_of);
}

Done WatchState::told(std::span<const WatchCount> counts) {
  std::vector<store::Write> writes;
  for (const auto& one : counts) {
    const auto name = key_of(one.source, one.indicator, one.hour);
    const auto row = TRY(records().read(store::Table::sighting_count, name));
    const auto now_counted = TRY(count_of(row));
    writes.push_back({.table = store::Table::sighting_count,
                      .key = name,
                      .value = row_of(now_counted.count, one.count),
                      .expected = row.revision,
                      .expires = row.expires});
  }
  return writes.empty() ? Done() : records().write(writes);
}

}  // namespace shieldwall::detect
