#include "store/record_cache.h"

namespace shieldwall::store {

namespace {

constexpr std::size_t entry_overhead = 200;  // of the map's node and what it points to

std::size_t bytes_of(const Record& record) {
  return 2 * record.key.size() + record.value.size() + entry_overhead;
}

/// The length keeps ("a", "bc") and ("ab", "c") apart.
std::string text_of(const ScanKey& scan) {
  return fmt::format("{}:{}:{}{}", scan.limit, scan.prefix.size(), scan.prefix, scan.after);
}

bool expires(const Record& record) {
  return record.expires != Timestamp::never();
}

}  // namespace

void RecordCache::Shelf::make_room(std::size_t more) {
  bytes += more;
  if (bytes <= table_bytes_max) return;
  rows.clear();
  scans.clear();
  bytes = more;
}

std::shared_ptr<const Record> RecordCache::find(Table table, std::string_view key) {
  return shelf(table).with([&](const Shelf& shelf) -> std::shared_ptr<const Record> {
    const auto found = shelf.rows.find(key);
    return found == shelf.rows.end() ? nullptr : found->second;
  });
}

RecordCache::Rows RecordCache::find(Table table, const ScanKey& scan) {
  const auto text = text_of(scan);
  return shelf(table).with([&](const Shelf& shelf) -> Rows {
    const auto found = shelf.scans.find(text);
    return found == shelf.scans.end() ? nullptr : found->second;
  });
}

RecordCache::Ticket RecordCache::begin_read(Table table) {
  return shelf(table).with([](const Shelf& shelf) { return Ticket{shelf.ended}; });
}

void RecordCache::keep(Table table, const Record& record, Ticket ticket) {
  const auto size = bytes_of(record);
  if (size > entry_bytes_max) return;
  auto row = std::make_shared<const Record>(record);
  shelf(table).with([&](Shelf& shelf) {
    if (shelf.ended != ticket.ended || shelf.written.contains(record.key)) return;
    shelf.make_room(size);
    shelf.rows.insert_or_assign(record.key, std::move(row));
  });
}

void RecordCache::keep(Table table, const ScanKey& scan, const std::vector<Record>& rows, Ticket ticket) {
  auto size = entry_overhead + scan.prefix.size() + scan.after.size();
  for (const auto& row : rows) {
    if (expires(row)) return;  // what it answers changes without a write
    size += bytes_of(row);
  }
  if (size > entry_bytes_max) return;
  auto kept = std::make_shared<const std::vector<Record>>(rows);
  shelf(table).with([&](Shelf& shelf) {
    if (shelf.ended != ticket.ended || !shelf.written.empty()) return;
    shelf.make_room(size);
    shelf.scans.insert_or_assign(text_of(scan), std::move(kept));
  });
}

RecordCache::Writing::Writing(RecordCache& cache, std::span<const Write> batch)
    : cache_(cache), batch_(batch) {
  for (const auto& write : batch_)
    cache_.shelf(write.table).with([&](Shelf& shelf) {
      ++shelf.written[write.key];
      shelf.rows.erase(write.key);
      shelf.scans.clear();
    });
}

RecordCache::Writing::~Writing() {
  for (const auto& write : batch_)
    cache_.shelf(write.table).with([&](Shelf& shelf) {
      ++shelf.ended;
      const auto place = shelf.written.find(write.key);
      if (--place->second == 0) shelf.written.erase(place);
    });
}

void RecordCache::forget_expiring() {
  for (auto& each : shelves_)
    each.with([](Shelf& shelf) {
      ++shelf.ended;
      std::erase_if(shelf.rows, [](const auto& row) { return expires(*row.second); });
    });
}

}  // namespace shieldwall::store
