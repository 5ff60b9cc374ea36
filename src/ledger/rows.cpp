#include "ledger/rows.h"

#include "base/text.h"

namespace shieldwall::ledger {

namespace {

Done check(std::string_view text,
           std::string_view what,
           std::size_t bytes_min,
           std::size_t bytes_max,
           bool many_lines) {
  if (text.size() < bytes_min) return fail(ErrorCode::invalid, "{} is empty", what);
  if (text.size() > bytes_max) return fail(ErrorCode::invalid, "{} is longer than {} bytes", what, bytes_max);
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "{} is not UTF-8", what);
  for (const unsigned char c : text)
    if ((c < 0x20 && !(many_lines && (c == '\n' || c == '\t' || c == '\r'))) || c == 0x7f)
      return fail(ErrorCode::invalid, "{} has a control character", what);
  return {};
}

}  // namespace

Done check_line(std::string_view text, std::string_view what, std::size_t bytes_min, std::size_t bytes_max) {
  return check(text, what, bytes_min, bytes_max, false);
}

Done check_text(std::string_view text, std::string_view what, std::size_t bytes_max) {
  return check(text, what, 0, bytes_max, true);
}

}  // namespace shieldwall::ledger
