#include "detect/readers/line_form.h"

#include <algorithm>

namespace shieldwall::detect {

namespace {

class FormMaker {
 public:
  FormMaker(const char* block, std::span<const std::uint32_t> marks, std::uint32_t told)
      : block_(block), marks_(marks), last_(static_cast<std::uint32_t>(marks.size() - 1)), told_(told) {
    form_.quotes = last_;
  }

  std::optional<LineForm> make(std::span<const Between> parts) {
    form_.front = marks_.front() - parts.front().begin;
    if (last_ > 0 && has_quote(parts.back())) form_.back = marks_[last_] - marks_[last_ - 1];
    for (std::size_t i = 0; i < parts.size() && good_; ++i) {
      const auto& part = parts[i];
      if (i > 0 && part.then == Then::scalar && !has_quote(part)) {  // between two numbers of a list
        good_ = part.end - part.begin <= LineForm::shift_max;
        series_.push_back(part);
        continue;
      }
      if (!series_.empty()) end_series(part.begin);
      add_pieces(part);
      if (part.then == Then::text) add_text(part);
      if (part.then == Then::scalar) series_.push_back(part);
    }
    if (!good_) return std::nullopt;
    return std::move(form_);
  }

 private:
  using Then = Between::Then;

  /// The first mark at `at` or behind it.
  std::uint32_t mark_from(std::uint32_t at) const {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(marks_, at) - marks_.begin());
  }
  bool has_quote(const Between& part) const { return marks_[mark_from(part.begin)] < part.end; }

  LineForm::Piece piece(std::uint32_t begin, std::uint32_t at, std::uint32_t end) const {
    LineForm::Piece out;
    for (; at < end; ++at) {
      out.bytes[at - begin] = block_[at];
      out.mask[at - begin] = '\xff';
    }
    return out;
  }

  /// What stands around its first mark, and then what is left of it. A piece that begins behind a quote of
  /// its part stands where it should when the piece with that quote does.
  void add_pieces(const Between& part) {
    const auto first = mark_from(part.begin);
    const auto near = marks_[first] - 1;  // a line begins with a brace
    const auto near_end = std::min(near + LineForm::piece_bytes, part.end);
    form_.marks.push_back(static_cast<std::uint16_t>(first));
    form_.pieces.push_back(piece(near, std::max(near, part.begin), near_end));
    if (part.begin < near) add_far(first, part.begin, near);
    for (auto at = near_end; at < part.end; at += LineForm::piece_bytes)
      add_far(mark_from(at + 1) - 1, at, std::min(at + LineForm::piece_bytes, part.end));
  }

  void add_far(std::uint32_t mark, std::uint32_t at, std::uint32_t end) {
    const auto shift = static_cast<std::int64_t>(at) - marks_[mark];
    good_ =
        good_ && std::abs(shift) <= std::int64_t{LineForm::shift_max} && end - at <= LineForm::piece_bytes;
    if (!good_) return;
    form_.far.push_back({static_cast<std::uint16_t>(mark), static_cast<std::int16_t>(shift)});
    form_.far_pieces.push_back(piece(at, at, end));
  }

  void add_text(const Between& part) {
    const auto at = form_.texts.size() % LineForm::texts_at_once;
    if (at == 0) form_.told_texts.push_back(0);
    form_.told_texts.back() |= std::uint64_t{(part.key->meaning & told_) != 0} << at;
    form_.texts.push_back({.quote = mark_from(part.end) - 1, .key = part.key});
  }

  /// The scalars since the last piece end at `end`.
  void end_series(std::uint32_t end) {
    const auto& first = series_.front();
    const auto mark = mark_from(first.end) - 1;
    const auto front = first.end - marks_[mark], back = marks_[mark + 1] - end;
    good_ = good_ && front <= LineForm::front_max && back <= LineForm::shift_max;
    const LineForm::Gap gap{
        static_cast<std::uint16_t>(mark), static_cast<std::uint8_t>(front), static_cast<std::uint8_t>(back)};
    if (series_.size() > 1) {
      auto& series = form_.series.emplace_back(LineForm::Series{.gap = gap, .separators = {}, .keys = {}});
      for (const auto& one : series_) {
        if (&one != &first) series.separators.emplace_back(block_ + one.begin, one.end - one.begin);
        series.keys.push_back(one.key);
      }
    } else {
      list_of({block_ + first.end, end - first.end}).push_back(gap);
      if ((first.key->meaning & told_) != 0) form_.told.push_back({gap, first.key});
    }
    series_.clear();
  }

  std::vector<LineForm::Gap>& list_of(std::string_view scalar) {
    if (scalar == "true" || scalar == "false") return form_.words;
    return scalar.find_first_not_of("0123456789") == scalar.npos ? form_.integers : form_.numbers;
  }

  const char* block_;
  std::span<const std::uint32_t> marks_;
  std::uint32_t last_, told_;
  std::vector<Between> series_;  // before each scalar of the gap that goes on
  LineForm form_;
  bool good_ = true;
};

}  // namespace

std::optional<LineForm> form_of(const char* block,
                                std::span<const Between> parts,
                                std::span<const std::uint32_t> marks,
                                std::uint32_t told) {
  if (marks.size() >= LineForm::quotes_max) return std::nullopt;
  return FormMaker(block, marks, told).make(parts);
}

}  // namespace shieldwall::detect
