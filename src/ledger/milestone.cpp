#include "ledger/milestone.h"

#include <algorithm>

#include <fmt/format.h>

#include "ledger/rows.h"

namespace shieldwall::ledger {

namespace {

constexpr store::Table table = store::Table::sighting_count;  // beside the counts that hits come from
constexpr std::uint8_t form = 1;
constexpr int tries_max = 5;  // of a transaction that another writer came between
constexpr std::size_t instant_bytes = 8;

std::string prefix_of(const OrganisationId& whose) {
  return "milestone/" + whose.text() + "/";
}

void put_instant(Bytes& out, Timestamp at) {
  const auto bits = static_cast<std::uint64_t>(at.us);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xff);
}

Timestamp instant_at(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < instant_bytes; ++i) bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
  return {static_cast<std::int64_t>(bits)};
}

Result<Row<Milestones>> read_milestones(store::Records& records,
                                        const std::string& key,
                                        const model::ObjectId& object) {
  auto row = read_row(records, table, key, decode_milestones, "milestones");
  if (!row && row.error().code != ErrorCode::not_found) return row;
  if (!row) return Row<Milestones>{.value = {.object = object, .at = {}}, .revision = 0};
  row->value.object = object;
  return row;
}

/// The write that brings the row to that instant; nothing when it holds one as early.
Result<std::optional<store::Write>> earlier(
    store::Records& records, std::string key, const model::ObjectId& object, Step step, Timestamp at) {
  auto row = TRY(read_milestones(records, key, object));
  auto& kept = row.value[step];
  if (kept && *kept <= at) return std::optional<store::Write>();
  kept = at;
  return std::optional<store::Write>(store::Write{
      .table = table, .key = std::move(key), .value = encode(row.value), .expected = row.revision});
}

Done note_some(store::Records& records,
               const OrganisationId& whose,
               Step step,
               std::span<const model::ObjectId> objects,
               Timestamp at) {
  const auto prefix = prefix_of(whose);
  for (int attempt = 1;; ++attempt) {
    std::vector<store::Write> writes;
    for (const auto& object : objects) {
      auto write = TRY(earlier(records, prefix + object.text(), object, step, at));
      if (write) writes.push_back(std::move(*write));
    }
    if (writes.empty()) return {};
    auto done = records.write(writes);
    if (done || done.error().code != ErrorCode::conflict || attempt == tries_max) return done;
  }
}

}  // namespace

std::string_view name_of(Step step) {
  constexpr std::string_view names[step_count] = {"observed", "shared", "received", "live", "blocked", "hit"};
  return names[static_cast<std::size_t>(step)];
}

Done note_milestones(store::Records& records,
                     const OrganisationId& whose,
                     Step step,
                     std::span<const model::ObjectId> objects,
                     Timestamp at) {
  // One write a row: a batch that named an object twice would conflict with itself.
  std::vector<model::ObjectId> each(objects.begin(), objects.end());
  std::ranges::sort(each);
  each.erase(std::ranges::unique(each).begin(), each.end());
  std::span<const model::ObjectId> rest(each);
  while (!rest.empty()) {
    const auto some = rest.first(std::min(rest.size(), milestones_at_once));
    TRY(note_some(records, whose, step, some, at));
    rest = rest.subspan(some.size());
  }
  return {};
}

Result<Milestones> milestones_of(store::Records& records,
                                 const OrganisationId& whose,
                                 const model::ObjectId& object) {
  auto row = TRY(read_milestones(records, prefix_of(whose) + object.text(), object));
  return std::move(row.value);
}

Result<std::vector<Milestones>> milestones_from(store::Records& records,
                                                const OrganisationId& whose,
                                                const std::optional<model::ObjectId>& after,
                                                int limit) {
  const auto prefix = prefix_of(whose);
  const auto rows = TRY(records.scan(table, prefix, after ? prefix + after->text() : std::string(), limit));
  std::vector<Milestones> all;
  for (const auto& row : rows) {
    auto one = decode_milestones(row.value);
    auto object = model::ObjectId::parse(std::string_view(row.key).substr(prefix.size()));
    if (!one || !object) return fail(ErrorCode::corrupt, "row {} is damaged", row.key);
    one->object = std::move(*object);
    all.push_back(std::move(*one));
  }
  return all;
}

Bytes encode(const Milestones& milestones) {
  Bytes out(1, static_cast<char>(form));
  std::uint8_t present = 0;
  for (std::size_t i = 0; i < step_count; ++i)
    if (milestones.at[i]) present = static_cast<std::uint8_t>(present | 1u << i);
  out += static_cast<char>(present);
  for (const auto& at : milestones.at)
    if (at) put_instant(out, *at);
  return out;
}

Result<Milestones> decode_milestones(std::string_view row) {
  if (row.size() < 2 || static_cast<std::uint8_t>(row[0]) != form)
    return fail(ErrorCode::invalid, "milestones of a form that this program does not know");
  const auto present = static_cast<unsigned char>(row[1]);
  row.remove_prefix(2);
  Milestones milestones;
  for (std::size_t i = 0; i < step_count; ++i) {
    if ((present >> i & 1) == 0) continue;
    if (row.size() < instant_bytes) return fail(ErrorCode::invalid, "milestones that end early");
    milestones.at[i] = instant_at(row);
    row.remove_prefix(instant_bytes);
  }
  if (!row.empty() || present >> step_count != 0)
    return fail(ErrorCode::invalid, "milestones with more than their steps");
  return milestones;
}

}  // namespace shieldwall::ledger
