#pragma once
// Rows that every request reads, decoded once. What bytes decode to never changes, so nothing here can be out
// of date: a value is given again only for the very bytes it came from.

#include <memory>
#include <string>
#include <unordered_map>

#include "base/guarded.h"
#include "base/hash.h"
#include "ledger/rows.h"

namespace shieldwall::ledger {

/// Values of one kind of row, by key. Thread-safe.
template <typename T>
class Decoded {
 public:
  /// As read_row.
  Result<Row<T>> read(store::Records& records,
                      store::Table table,
                      std::string_view key,
                      Result<T> (*decode)(std::string_view),
                      std::string_view kind) {
    auto record = records.read(table, key);
    if (!record && record.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "no such {}", kind);
    if (!record) return fail(std::move(record).error());
    if (const auto known = find(key, record->value)) return Row<T>{*known, record->revision};
    auto value = decode(record->value);
    if (!value) return fail(ErrorCode::corrupt, "{} {}: {}", kind, key, value.error().message);
    keep(key, std::move(record->value), *value);
    return Row<T>{std::move(*value), record->revision};
  }

 private:
  static constexpr std::size_t kept_max = 1'000;  // some MB; a node's accounts at work are hundreds
  static constexpr std::size_t bytes_max = std::size_t{16} << 10;  // of a row; a circle of 100 members

  struct Kept {
    Bytes bytes;
    std::shared_ptr<const T> value;
  };

  std::shared_ptr<const T> find(std::string_view key, std::string_view bytes) {
    return kept_.with([&](const auto& kept) -> std::shared_ptr<const T> {
      const auto found = kept.find(key);
      return found != kept.end() && found->second.bytes == bytes ? found->second.value : nullptr;
    });
  }

  void keep(std::string_view key, Bytes bytes, const T& value) {
    if (bytes.size() > bytes_max) return;
    auto copy = std::make_shared<const T>(value);
    kept_.with([&](auto& kept) {
      if (kept.size() >= kept_max) kept.clear();
      kept.insert_or_assign(std::string(key), Kept{std::move(bytes), std::move(copy)});
    });
  }

  Guarded<std::unordered_map<std::string, Kept, TextHash, std::equal_to<>>> kept_;
};

}  // namespace shieldwall::ledger
