#include "ledger/day_count.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace shieldwall::ledger {

std::string DayCount::key(std::string_view what, Timestamp now) {
  return fmt::format("{}/{}", what, now.us / days(1).us);
}

Result<DayCount> DayCount::read(store::Records& records, std::string_view what, Timestamp now) {
  DayCount day;
  day.key_ = key(what, now);
  day.end_ = {(now.us / days(1).us + 1) * days(1).us};
  const auto row = records.read(store::Table::quota, day.key_);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (!row) return day;
  day.revision_ = row->revision;
  const auto* const end = row->value.data() + row->value.size();
  const auto [at, error] = std::from_chars(row->value.data(), end, day.count_);
  if (error != std::errc() || at != end)
    return fail(ErrorCode::corrupt, "the count {} is no number", day.key_);
  return day;
}

bool DayCount::take(std::uint64_t more, std::uint64_t most) {
  if (more > most - std::min(most, count_)) return false;
  count_ += more;
  return true;
}

store::Write DayCount::write() const {
  return {.table = store::Table::quota,
          .key = key_,
          .value = std::to_string(count_),
          .expected = revision_,
          .expires = end_ + days(1)};  // a clock set back by less meets its day again
}

}  // namespace shieldwall::ledger
