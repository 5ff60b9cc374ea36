#include "store/sqlite_rows.h"

#include <bit>

namespace shieldwall::store {

namespace {

constexpr std::int64_t flag_held_back = 1;
constexpr std::int64_t flag_has_siblings = 2;
constexpr std::int64_t flag_opened = 16;

std::string bytes_of(const model::Version& version) {
  if (const auto* const digest = std::get_if<Digest>(&version)) return std::string(digest->view());
  auto us = static_cast<std::uint64_t>(std::get<Timestamp>(version).us);
  std::string bytes(8, '\0');
  for (std::size_t i = 8; i-- > 0; us >>= 8) bytes[i] = static_cast<char>(us & 0xff);
  return bytes;
}

Result<model::Version> version_of(std::string_view bytes) {
  if (bytes.size() == 32) {
    Digest digest;
    std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
    return model::Version(digest);
  }
  if (bytes.size() != 8) return fail(ErrorCode::corrupt, "a version has {} bytes", bytes.size());
  std::uint64_t us = 0;
  for (const char byte : bytes) us = us << 8 | static_cast<unsigned char>(byte);
  return model::Version(Timestamp{static_cast<std::int64_t>(us)});
}

std::string bytes_of(const std::vector<policy::PersonKey>& persons) {
  std::string bytes;
  for (const auto& person : persons) {
    bytes += person.organisation.uuid.view();
    bytes += person.person.uuid.view();
  }
  return bytes;
}

Result<std::vector<policy::PersonKey>> persons_of(std::string_view bytes) {
  std::vector<policy::PersonKey> persons;
  for (; bytes.size() >= 32; bytes.remove_prefix(32)) {
    const auto organisation = TRY(Uuid::of_bytes(bytes.substr(0, 16)));
    const auto person = TRY(Uuid::of_bytes(bytes.substr(16, 16)));
    persons.push_back({.organisation = {organisation}, .person = {person}});
  }
  if (!bytes.empty()) return fail(ErrorCode::corrupt, "a list of persons is cut");
  return persons;
}

/// Texts one after the other, each behind its length in four bytes.
std::string bytes_of(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const auto& text : texts) {
    const auto size = static_cast<std::uint32_t>(text.size());
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
    bytes += text;
  }
  return bytes;
}

Result<std::vector<std::string>> texts_of(std::string_view bytes) {
  std::vector<std::string> texts;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return fail(ErrorCode::corrupt, "a list of texts is cut");
    std::size_t size = 0;
    for (const char byte : bytes.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(byte);
    if (bytes.size() - 4 < size) return fail(ErrorCode::corrupt, "a list of texts is cut");
    texts.emplace_back(bytes.substr(4, size));
    bytes.remove_prefix(4 + size);
  }
  return texts;
}

// The column `past`: for each label the holding was under a byte of flags, the label's number, `at`, embargo
// and end in microseconds, then the persons behind their length; big-endian.
constexpr int past_showed = 1;
constexpr int past_has_persons = 2;
constexpr std::size_t past_head_bytes = 1 + 4 + 3 * 8 + 4;

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

std::uint64_t take_number(std::string_view& bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(0, count)) value = value << 8 | static_cast<unsigned char>(byte);
  bytes.remove_prefix(count);
  return value;
}

std::string bytes_of(const std::vector<Past>& pasts) {
  std::string bytes;
  for (const auto& past : pasts) {
    const auto persons = past.persons ? bytes_of(*past.persons) : std::string();
    append_number(bytes, (past.showed ? past_showed : 0) | (past.persons ? past_has_persons : 0), 1);
    append_number(bytes, past.label, 4);
    for (const auto at : {past.at, past.embargo, past.end})
      append_number(bytes, static_cast<std::uint64_t>(at.us), 8);
    append_number(bytes, persons.size(), 4);
    bytes += persons;
  }
  return bytes;
}

Result<std::vector<Past>> pasts_of(std::string_view bytes) {
  std::vector<Past> pasts;
  while (!bytes.empty()) {
    if (bytes.size() < past_head_bytes) return fail(ErrorCode::corrupt, "a list of labels before is cut");
    Past past;
    const auto flags = take_number(bytes, 1);
    past.showed = (flags & past_showed) != 0;
    past.label = static_cast<policy::LabelId>(take_number(bytes, 4));
    for (auto* const at : {&past.at, &past.embargo, &past.end})
      at->us = static_cast<std::int64_t>(take_number(bytes, 8));
    const auto size = take_number(bytes, 4);
    if (bytes.size() < size) return fail(ErrorCode::corrupt, "a list of labels before is cut");
    if ((flags & past_has_persons) != 0) past.persons = TRY(persons_of(bytes.substr(0, size)));
    bytes.remove_prefix(size);
    pasts.push_back(std::move(past));
  }
  return pasts;
}

Done read_content(const Statement& statement, Row& row) {
  if (row.content == 0 || statement.is_null(22)) return {};
  const auto digest = statement.bytes(21);
  auto bytes = std::make_shared<const std::string>(statement.bytes(22));
  row.digest = sha256(*bytes);
  if (row.digest.view() != digest)
    return fail(ErrorCode::corrupt, "the bytes of {} do not match their digest", row.id.text());
  row.bytes = std::move(bytes);
  return {};
}

/// The columns in the order of the table.
Result<Row> read_columns(const Statement& statement) {
  Row row;
  row.sequence = statement.sequence(0);
  row.kind = static_cast<ChangeKind>(statement.integer(1));
  row.at = statement.time(2);
  row.arrival = statement.sequence(3);
  const auto flags = statement.integer(4);
  row.held_back = (flags & flag_held_back) != 0;
  row.has_siblings = (flags & flag_has_siblings) != 0;
  row.gone = (flags & flag_gone) != 0;
  row.has_text = (flags & flag_has_text) != 0;
  row.opened = (flags & flag_opened) != 0;
  row.id.type = statement.bytes(5);
  row.id.uuid = TRY(Uuid::of_bytes(statement.bytes(6)));
  row.version = TRY(version_of(statement.bytes(7)));
  row.spec_version = static_cast<model::SpecVersion>(statement.integer(8));
  row.source.kind = static_cast<policy::Source::Kind>(statement.integer(9));
  row.source.id = TRY(Uuid::of_bytes(statement.bytes(10)));
  if (!statement.is_null(11)) row.collection = CircleId{TRY(Uuid::of_bytes(statement.bytes(11)))};
  row.label = static_cast<policy::LabelId>(statement.integer(12));
  if (!statement.is_null(13)) row.persons = TRY(persons_of(statement.bytes(13)));
  if (!statement.is_null(14)) row.embargo = statement.time(14);
  if (!statement.is_null(15)) row.end = statement.time(15);
  if (!statement.is_null(16)) row.removed = TRY(texts_of(statement.bytes(16)));
  if (!statement.is_null(17)) row.parts = TRY(policy::decode_parts(statement.bytes(17)));
  if (!statement.is_null(18)) row.alias = TRY(Uuid::of_bytes(statement.bytes(18)));
  row.content = statement.sequence(19);
  if (!statement.is_null(20)) row.pasts = TRY(pasts_of(statement.bytes(20)));
  return row;
}

std::size_t cost_of(const Row& row) {
  return sizeof(Row) + 64 + (row.bytes ? row.bytes->size() : 0);
}

}  // namespace

std::int64_t flags_of(const Row& row) {
  return (row.held_back ? flag_held_back : 0) | (row.has_siblings ? flag_has_siblings : 0) |
         (row.gone ? flag_gone : 0) | (row.has_text ? flag_has_text : 0) | (row.opened ? flag_opened : 0);
}

Done insert_row(Statement& statement, const Row& row) {
  using Optional = std::optional<std::string_view>;
  const auto version = bytes_of(row.version);
  const auto persons = row.persons ? bytes_of(*row.persons) : std::string();
  const auto removed = bytes_of(row.removed);
  const auto parts = policy::encode_parts(row.parts);
  const auto pasts = bytes_of(row.pasts);
  const auto flags = flags_of(row);
  statement.bind(row.sequence,
                 static_cast<int>(row.kind),
                 row.at,
                 row.arrival,
                 flags,
                 row.id.type,
                 row.id.uuid.view(),
                 version,
                 static_cast<int>(row.spec_version),
                 static_cast<int>(row.source.kind),
                 row.source.id.view(),
                 row.collection ? Optional(row.collection->uuid.view()) : Optional(),
                 row.label,
                 row.persons ? Optional(persons) : Optional(),
                 nullptr,
                 nullptr,
                 removed.empty() ? Optional() : Optional(removed),
                 parts.empty() ? Optional() : Optional(parts),
                 row.is_redactable() ? Optional(row.alias.view()) : Optional(),
                 row.content,
                 pasts.empty() ? Optional() : Optional(pasts));
  if (row.embargo != Timestamp::always()) statement.bind_at(15, row.embargo);
  if (row.end != Timestamp::never()) statement.bind_at(16, row.end);
  return statement.run();
}

Done rewrite_label(Statement& statement, const Row& row) {
  using Optional = std::optional<std::string_view>;
  const auto persons = row.persons ? bytes_of(*row.persons) : std::string();
  const auto pasts = bytes_of(row.pasts);
  statement.bind(row.sequence,
                 flags_of(row),
                 row.label,
                 row.persons ? Optional(persons) : Optional(),
                 nullptr,
                 nullptr,
                 pasts);
  if (row.embargo != Timestamp::always()) statement.bind_at(5, row.embargo);
  if (row.end != Timestamp::never()) statement.bind_at(6, row.end);
  return statement.run();
}

Result<std::shared_ptr<const Row>> read_row(const Statement& statement) {
  auto row = read_columns(statement);
  if (!row)
    return fail(
        ErrorCode::corrupt, "change {} cannot be read: {}", statement.sequence(0), row.error().message);
  TRY(read_content(statement, *row));
  return std::make_shared<const Row>(std::move(*row));
}

std::shared_ptr<const Row> RowCache::get(Sequence sequence) {
  auto& shard = shard_of(sequence);
  const std::lock_guard lock(shard.mutex);
  const auto chunk = shard.chunks.find(sequence / rows_per_chunk);
  if (chunk == shard.chunks.end()) return nullptr;
  chunk->second.used = ++shard.uses;
  return chunk->second.rows[sequence % rows_per_chunk];
}

void RowCache::put(const std::shared_ptr<const Row>& row, std::uint64_t commit) {
  auto& shard = shard_of(row->sequence);
  const std::lock_guard lock(shard.mutex);
  if (commit < shard.changed) return;
  auto& chunk = shard.chunks[row->sequence / rows_per_chunk];
  chunk.used = ++shard.uses;
  auto& place = chunk.rows[row->sequence % rows_per_chunk];
  const auto before = place ? cost_of(*place) : 0;
  place = row;
  chunk.bytes += cost_of(*row) - before;
  shard.bytes += cost_of(*row) - before;
  shrink(shard);
}

void RowCache::shrink(Shard& shard) {
  while (shard.bytes > shard_bytes_max_ && shard.chunks.size() > 1) {
    auto oldest = shard.chunks.begin();
    for (auto chunk = shard.chunks.begin(); chunk != shard.chunks.end(); ++chunk)
      if (chunk->second.used < oldest->second.used) oldest = chunk;
    shard.bytes -= oldest->second.bytes;
    shard.chunks.erase(oldest);
  }
}

void RowCache::forget(const std::vector<Sequence>& changed, std::uint64_t commit) {
  if (changed.empty()) return;
  for (auto& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.changed = commit;
  }
  for (const auto sequence : changed) {
    auto& shard = shard_of(sequence);
    const std::lock_guard lock(shard.mutex);
    const auto chunk = shard.chunks.find(sequence / rows_per_chunk);
    if (chunk == shard.chunks.end()) continue;
    auto& place = chunk->second.rows[sequence % rows_per_chunk];
    if (!place) continue;
    chunk->second.bytes -= cost_of(*place);
    shard.bytes -= cost_of(*place);
    place = nullptr;
  }
}

}  // namespace shieldwall::store
