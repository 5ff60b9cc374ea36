#pragma once
// Reading typed rows out of Records; for the files of this room and of rooms with rows of their own.

#include <string>
#include <string_view>
#include <vector>

#include "ledger/row.h"

namespace shieldwall::ledger {

/// errors: not_found, saying which `kind`; corrupt: the row cannot be read
template <typename T>
Result<Row<T>> read_row(store::Records& records,
                        store::Table table,
                        std::string_view key,
                        Result<T> (*decode)(std::string_view),
                        std::string_view kind) {
  auto record = records.read(table, key);
  if (!record) {
    if (record.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "no such {}", kind);
    return fail(std::move(record).error());
  }
  auto value = decode(record->value);
  if (!value) return fail(ErrorCode::corrupt, "{} {}: {}", kind, key, value.error().message);
  return Row<T>{std::move(*value), record->revision};
}

inline constexpr int scan_page = 500;  // rows per scan: some 100 KB at a time

/// All rows whose key begins with `prefix`, in key order.
///   errors  exhausted: more than `rows_max`; corrupt
template <typename T>
Result<std::vector<Row<T>>> scan_rows(store::Records& records,
                                      store::Table table,
                                      std::string_view prefix,
                                      Result<T> (*decode)(std::string_view),
                                      std::size_t rows_max) {
  std::vector<Row<T>> rows;
  for (std::string after;;) {
    const auto page = TRY(records.scan(table, prefix, after, scan_page));
    for (const auto& record : page) {
      auto value = decode(record.value);
      if (!value) return fail(ErrorCode::corrupt, "row {}: {}", record.key, value.error().message);
      rows.push_back({std::move(*value), record.revision});
    }
    if (rows.size() > rows_max) return fail(ErrorCode::exhausted, "more than {} rows", rows_max);
    if (page.size() < static_cast<std::size_t>(scan_page)) return rows;
    after = page.back().key;
  }
}

/// One line that people named something: UTF-8 without control characters, `bytes_min`..`bytes_max` bytes.
///   errors  invalid, naming `what`
Done check_line(std::string_view text, std::string_view what, std::size_t bytes_min, std::size_t bytes_max);
/// The same with line breaks and tabs.
Done check_text(std::string_view text, std::string_view what, std::size_t bytes_max);

}  // namespace shieldwall::ledger
