#include "exchange/ask/quota.h"

#include <charconv>

#include <fmt/format.h>

namespace shieldwall::exchange::ask {

namespace {

constexpr int tries_max = 20;  // of several that ask for one organisation at once

/// What was asked on that day, and the write that will put another number there.
struct Asked {
  std::uint64_t count = 0;
  store::Write write;
};

Result<Asked> asked_on(store::Records& records, const OrganisationId& who, std::int64_t day, Timestamp end) {
  Asked asked;
  asked.write = {.table = store::Table::quota,
                 .key = fmt::format("ask/asked/{}/{}", who.text(), day),
                 .value = {},
                 .expected = 0,
                 .expires = end + days(1)};  // a clock set back by less meets its day again
  const auto row = records.read(asked.write.table, asked.write.key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  if (!row) return asked;
  asked.write.expected = row->revision;
  const auto* const end_of_text = row->value.data() + row->value.size();
  const auto [at, error] = std::from_chars(row->value.data(), end_of_text, asked.count);
  if (error != std::errc() || at != end_of_text) return fail(ErrorCode::corrupt, "a quota is no number");
  return asked;
}

}  // namespace

Result<Allowance> take_questions(store::Records& records,
                                 const OrganisationId& who,
                                 std::uint64_t count,
                                 Timestamp now,
                                 std::uint64_t per_day) {
  const auto day = now.us / days(1).us;
  const Timestamp end{(day + 1) * days(1).us};
  for (int attempt = 1;; ++attempt) {
    auto asked = TRY(asked_on(records, who, day, end));
    const auto left = per_day - std::min(per_day, asked.count);
    if (count > left) return Allowance{.granted = false, .left = left, .again = end};
    asked.write.value = std::to_string(asked.count + count);
    const store::Write writes[] = {std::move(asked.write)};
    const auto done = records.write(writes);
    if (done) return Allowance{.granted = true, .left = left - count, .again = end};
    if (done.error().code != ErrorCode::conflict || attempt == tries_max) return fail(done.error());
  }
}

}  // namespace shieldwall::exchange::ask
