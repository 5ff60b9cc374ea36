#pragma once
// How often something happened on one day (UTC): a row of the quota table, which goes by itself when its day
// is long over.

#include <cstdint>
#include <string>
#include <string_view>

#include "store/store.h"

namespace shieldwall::ledger {

class DayCount {
 public:
  ///   what    names the row together with the day: "ask/asked/MEMBER"
  ///   errors  corrupt: the row holds no number; as Records
  static Result<DayCount> read(store::Records& records, std::string_view what, Timestamp now);
  static std::string key(std::string_view what, Timestamp now);

  std::uint64_t count() const { return count_; }
  /// When the day is over.
  Timestamp end() const { return end_; }
  /// Counts `more`, all of them or none. False: then it would be over `most`.
  bool take(std::uint64_t more, std::uint64_t most);
  /// Refused with conflict when somebody else counted since it was read.
  store::Write write() const;

 private:
  std::string key_;
  std::uint64_t count_ = 0;
  std::uint64_t revision_ = 0;
  Timestamp end_{};
};

}  // namespace shieldwall::ledger
