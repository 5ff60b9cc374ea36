#include "detect/sigma/json_events.h"

#include <algorithm>

#include "base/text.h"
#include "detect/readers/quote_index.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr std::size_t read_bytes = 256u << 10;

}  // namespace

JsonEvents::JsonEvents(wire::ByteReader& source) : source_(source), parser_(ndjson_parser()) {}

/// Reads on behind what is buffered; what was taken is let go. False at the end of the source.
Result<bool> JsonEvents::fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  const auto size = buffer_.size();
  buffer_.resize(size + read_bytes);
  const auto read = source_.read({buffer_.data() + size, read_bytes});
  buffer_.resize(size + (read ? *read : 0));
  if (!read) return fail(Error(read.error()));
  ended_ = *read == 0;
  return !ended_;
}

/// Moves behind white space and what stands between the events of an array. False when the buffer ends.
bool JsonEvents::skip_separators() {
  for (; at_ < buffer_.size(); ++at_) {
    const char c = buffer_[at_];
    if (c == '\n') ++line_;
    const bool skip = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']';
    const bool mark =
        events_ + broken_ == 0 && (c == '\xEF' || c == '\xBB' || c == '\xBF');  // byte order mark
    if (!skip && !mark) return true;
  }
  return false;
}

/// As find_end, where each event has its line.
Done JsonEvents::find_line_end(Piece& piece) {
  for (auto from = piece.begin;;) {
    const auto end = buffer_.find('\n', from);
    piece.end = std::min(end, buffer_.size());
    piece.too_long = piece.end - at_ > event_bytes_max;
    if (end != buffer_.npos || piece.too_long) return {};
    const auto searched = buffer_.size() - at_;
    const bool more = TRY(fill());
    piece.begin = at_;
    from = at_ + searched;
    piece.end = buffer_.size();
    if (!more) return {};
  }
}

/// Finds where the event that begins at piece.begin ends: at its closing bracket, or with its line.
Done JsonEvents::find_end(Piece& piece) {
  if (by_line_) return find_line_end(piece);
  std::size_t at = piece.begin;
  int depth = 0;
  bool in_string = false;
  for (;; ++at) {
    if (at == buffer_.size()) {
      if (at - at_ > event_bytes_max) {
        piece.too_long = true;
        piece.end = at;
        return {};
      }
      const auto offset = at - at_;
      const bool more = TRY(fill());
      piece.begin = at_;
      at = at_ + offset;
      if (!more) break;
    }
    const char c = buffer_[at];
    if (in_string) {
      if (c == '\\' && at + 1 < buffer_.size())
        ++at;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth <= 0) {
      ++at;
      break;
    } else if (depth == 0 && c == '\n') {
      break;  // no bracket at all: a word, a comment
    }
  }
  piece.end = std::min(at, buffer_.size());
  return {};
}

Result<bool> JsonEvents::skip_rest_of_line(Piece& piece) {
  do {
    const auto end = buffer_.find('\n', at_);
    at_ = end == buffer_.npos ? buffer_.size() : end;
    if (end != buffer_.npos) break;
  } while (TRY(fill()));
  note(piece.line, "is longer than an event may be");
  return true;
}

Result<bool> JsonEvents::next_piece(Piece& piece) {
  for (;;) {
    while (!skip_separators())
      if (!TRY(fill())) return false;
    piece = {.line = line_, .begin = at_, .end = at_};
    TRY(find_end(piece));
    if (!piece.too_long) break;
    at_ = piece.end;
    TRY(skip_rest_of_line(piece));
  }
  if (first_) {
    const auto behind = buffer_.find_first_not_of(" \t\r", piece.end);
    by_line_ =
        behind != buffer_.npos && buffer_[behind] == '\n' && buffer_[piece.begin] == '{' &&
        std::string_view(buffer_).substr(piece.begin, piece.end - piece.begin).find('\n') == buffer_.npos;
    first_ = false;
  }
  return true;
}

void JsonEvents::note(std::uint64_t line, std::string_view what) {
  if (broken_++ == 0) first_problem_ = fmt::format("line {}: {}", line, what);
}

/// The parser takes single lines. A line end inside a string, which JSON forbids, passes as a space.
void JsonEvents::join_lines(const Piece& piece) {
  const auto text = std::span(buffer_).subspan(piece.begin, piece.end - piece.begin);
  line_ += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  std::ranges::replace(text, '\n', ' ');
}

Result<bool> JsonEvents::next(Record& event) {
  for (Piece piece; TRY(next_piece(piece));) {
    const auto text = std::string_view(buffer_).substr(piece.begin, piece.end - piece.begin);
    at_ = piece.end;
    if (!by_line_) join_lines(piece);
    event.line = piece.line;
    event.is_prose = false;
    event.fields.clear();
    if (byte_facts(text).high && !is_valid_utf8(text)) {
      note(piece.line, "is not UTF-8");
      continue;
    }
    const auto parsed = parser_->parse(text, event);
    if (!parsed) {
      note(piece.line, parsed.error().message);
      continue;
    }
    if (!*parsed || event.fields.empty()) continue;
    names_.apply(event);
    ++events_;
    return true;
  }
  return false;
}

}  // namespace shieldwall::detect::sigma
