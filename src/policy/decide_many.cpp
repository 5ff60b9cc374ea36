#include "policy/decide_many.h"

#include <cassert>

#include "policy/decider_rules.h"

namespace shieldwall::policy {

void decide_many(const Decider& decider,
                 std::span<const LabelId> ids,
                 std::span<const LabelColumns> columns,
                 Timestamp now,
                 std::span<bool> seen) {
  assert(ids.size() == columns.size() && ids.size() == seen.size());
  constexpr std::size_t row_ahead = 24;   // some 100 ns of memory at 5 to 10 ns of deciding each
  constexpr std::size_t rest_ahead = 12;  // when the row itself has come
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i + row_ahead < ids.size()) Internals::ask_for_row(decider, ids[i + row_ahead]);
    if (i + rest_ahead < ids.size()) Internals::ask_for_rest(decider, ids[i + rest_ahead]);
    seen[i] = decider.may_see(ids[i], columns[i], now);
  }
}

}  // namespace shieldwall::policy
