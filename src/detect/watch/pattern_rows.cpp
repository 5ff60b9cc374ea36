#include "detect/watch/pattern_rows.h"

#include "base/hash.h"
#include "model/pattern.h"
#include "policy/byte_form.h"
#include "store/each_record.h"

namespace shieldwall::detect {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::string_view prefix = "watch/pattern/";
constexpr std::uint8_t form_version = 1;
constexpr std::size_t id_bytes_max = 8 << 10;
constexpr std::size_t waiting_max = 1 << 20;
constexpr std::size_t leaf_bytes = 4, observation_bytes = 3 * 8 + 4 + leaf_bytes;
constexpr int rows_at_once = 1000;

Bytes encode(const PatternWait& wait) {
  ByteWriter out;
  out.number(form_version);
  out.counted(wait.id);
  out.counted(wait.pattern);
  out.list(wait.waiting, [](ByteWriter& to, const PatternWaiting& one) {
    to.number(one.when.first);
    to.number(one.when.last);
    to.number(one.when.units);
    to.list(one.leaves, [](ByteWriter& leaves, std::uint32_t leaf) { leaves.number(leaf); });
  });
  return std::move(out).take();
}

Result<PatternWaiting> read_waiting(ByteReader& in) {
  PatternWaiting one;
  one.when.first = TRY(in.number<std::int64_t>());
  one.when.last = TRY(in.number<std::int64_t>());
  one.when.units = TRY(in.number<std::uint64_t>());
  one.leaves = TRY(in.ascending_list(
      waiting_max, leaf_bytes, [](ByteReader& leaf) { return leaf.number<std::uint32_t>(); }));
  if (one.when.units == 0 || one.leaves.empty() || one.when.last < one.when.first)
    return in.refuse("an observation that waits for nothing");
  return one;
}

}  // namespace

store::Write write_of(const PatternWait& wait) {
  const auto key = sha256(wait.id + "\n" + wait.pattern).hex();
  return {.table = store::Table::cursor,
          .key = std::string(prefix) + key,
          .value = wait.waiting.empty() ? std::nullopt : std::optional(encode(wait)),
          .expected = std::nullopt};
}

Result<PatternWait> decode_pattern_wait(std::string_view value) {
  ByteReader in(value, "what a pattern waits with");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  PatternWait wait;
  wait.id = TRY(in.counted(id_bytes_max));
  wait.pattern = TRY(in.counted(model::pattern_bytes_max));
  wait.waiting.resize(TRY(in.count(waiting_max, observation_bytes)));
  for (auto& one : wait.waiting) one = TRY(read_waiting(in));
  TRY(in.finish());
  return wait;
}

Done resume(PatternFollower& follower, store::Records& records) {
  std::vector<store::Write> gone;
  const auto give = [&](const store::Record& row) -> Done {
    auto wait = decode_pattern_wait(row.value);
    if (!wait) return fail(ErrorCode::corrupt, "{}: {}", row.key, wait.error().message);
    if (!follower.resume(std::move(*wait)))
      gone.push_back(
          {.table = store::Table::cursor, .key = row.key, .value = std::nullopt, .expected = std::nullopt});
    return {};
  };
  TRY(store::each_record(records, store::Table::cursor, prefix, rows_at_once, give));
  return gone.empty() ? Done() : records.write(gone);
}

}  // namespace shieldwall::detect
