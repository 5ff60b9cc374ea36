#include "detect/sifted_lines.h"

namespace shieldwall::detect {

/// Takes the lines up to the next one that is to be looked at, or to the end of the block.
bool SiftedLines::next_of_block(LineReader& lines, Line& line) {
  const auto& sifted = sieve_.sifted();
  const auto before = at_;
  while (at_ < sifted.size() && !sifted[at_].look) ++at_;
  const bool found = at_ < sifted.size();
  if (found) ++at_;
  const auto end = at_ < sifted.size() ? sifted[at_].begin : static_cast<std::uint32_t>(block_.size());
  lines.take_lines(end - taken_, at_ - before);
  taken_ = end;
  if (!found) {
    block_ = {};
    return false;
  }
  const auto& one = sifted[at_ - 1];
  line = {.text = block_.substr(one.begin, one.end - one.begin), .number = lines.lines()};
  return true;
}

Result<bool> SiftedLines::next(LineReader& lines, const FieldMap* map, Line& line) {
  for (;;) {
    if (!block_.empty() && next_of_block(lines, line)) return true;
    if (stop_ != nullptr && stop_->load())
      return fail(ErrorCode::unavailable, "interrupted behind line {}", lines.lines());
    block_ = TRY(lines.peek_lines(LineSieve::block_bytes));
    if (block_.empty()) return lines.next(line);
    sieve_.sift(block_, map);
    at_ = taken_ = 0;
  }
}

}  // namespace shieldwall::detect
