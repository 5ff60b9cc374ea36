#include "detect/readers/line_reader.h"

#include <algorithm>
#include <cstring>

namespace shieldwall::detect {

namespace {

constexpr std::size_t block_bytes = 256u << 10;

}  // namespace

/// Reads one more block behind what waits, moving that to the front or growing the buffer first.
Done LineReader::fill() {
  if (begin_ > 0 && (begin_ == end_ || buffer_.size() - end_ < block_bytes + line_padding)) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < block_bytes + line_padding)
    buffer_.resize(std::max(buffer_.size() * 2, 2 * block_bytes));
  const auto size = TRY(source_.read(std::span(buffer_).subspan(end_, block_bytes)));
  end_ += size;
  ended_ = size == 0;
  return {};
}

Result<std::string_view> LineReader::peek(std::size_t size) {
  while (!ended_ && end_ - begin_ < size) TRY(fill());
  return waiting().substr(0, size);
}

Result<std::string_view> LineReader::peek_lines(std::size_t size) {
  if (rest_waits_) return std::string_view{};
  for (;;) {
    const auto front = waiting().substr(0, size);
    if (const auto last = front.rfind('\n'); last != front.npos) return front.substr(0, last + 1);
    if (ended_ || front.size() == size) return std::string_view{};
    TRY(fill());
  }
}

Result<std::string_view> LineReader::take_block() {
  if (begin_ == end_ && !ended_) TRY(fill());
  const auto block = waiting();
  begin_ = end_;
  return block;
}

/// Drops bytes up to the next line end; false when the source ended before one.
Result<bool> LineReader::pass_over() {
  for (;;) {
    const auto at = waiting().find('\n');
    const auto size = at == std::string_view::npos ? end_ - begin_ : at + 1;
    taken_ += size;
    begin_ += size;
    if (at != std::string_view::npos) return true;
    if (ended_) return false;
    TRY(fill());
  }
}

Result<bool> LineReader::next(Line& line) {
  if (rest_waits_) {
    rest_waits_ = false;
    if (!TRY(pass_over())) return false;
  }
  std::size_t searched = 0;
  for (;;) {
    const auto text = waiting();
    const auto at = text.find('\n', searched);
    if (at != text.npos && at <= bytes_max_) {
      line = {.text = text.substr(0, at), .number = ++lines_};
      begin_ += at + 1;
      taken_ += at + 1;
      break;
    }
    if (text.size() > bytes_max_) {
      rest_waits_ = true;  // passed over with the next call, so that this view stays good until then
      line = {.text = text.substr(0, bytes_max_), .number = ++lines_, .is_cut = true};
      break;
    }
    searched = text.size();
    if (!ended_) {
      TRY(fill());
      continue;
    }
    if (text.empty()) return false;
    line = {.text = text, .number = ++lines_};
    begin_ = end_;
    taken_ += text.size();
    break;
  }
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  return true;
}

}  // namespace shieldwall::detect
