#pragma once
// The forms that the lines of a log were seen to have. Most logs have a dozen; what has another one is
// walked.

#include <array>

#include "detect/readers/line_form.h"
#include "detect/readers/line_walk.h"

namespace shieldwall::detect {

class LineForms {
 public:
  /// Of scalars, those are told whose key means one of `told`; of all texts it is said whether theirs does.
  explicit LineForms(std::uint32_t told) : told_(told) { forms_.emplace_back(); }

  static constexpr std::size_t forms_max = 1024;  // a hostile log has a new form in every line
  static constexpr std::size_t chain_max = 16;    // with as many quotes: tried one after the other
  static constexpr unsigned failures_max = 256;   // after which nothing more is learned

  /// The form that was met last with so many quotes; those behind it by `next`. Null at the end.
  const LineForm* first(std::uint32_t quotes) const {
    return quotes >= LineForm::quotes_max ? nullptr : at(heads_[quotes]);
  }
  const LineForm* behind(const LineForm& form) const { return at(form.next); }

  /// Lines of a block by the number of their quotes; those with very many in the last group.
  struct Groups {
    static constexpr std::uint32_t none = UINT32_MAX;
    Groups() { first.fill(none); }
    std::vector<std::uint32_t> used, next;  // groups in no order; behind each line another one of its group
    std::array<std::uint32_t, LineForm::quotes_max> first;
  };
  /// Odd lines are in the last one, and those with escapes unless they are wanted.
  Groups& groups(std::span<const BlockLine> lines, bool with_escapes);

  enum class Learned : std::uint8_t { yes, no_room, refused };
  /// Takes the form of a line; `keys` are those of all its lines. refused: LineWalk does not take the line.
  Learned learn(const char* block, const BlockIndex& index, KeyTable& keys, const BlockLine& line);

 private:
  const LineForm* at(std::uint32_t number) const { return number == 0 ? nullptr : forms_.data() + number; }

  std::uint32_t told_;
  std::vector<LineForm> forms_;  // the first one stands for none
  std::array<std::uint32_t, LineForm::quotes_max> heads_ = {};
  Groups groups_;
  unsigned failures_ = 0;
};

/// Tells `sink` the values of lines as LineWalk does, but quicker where the line's form is known: its texts
/// all at once by `sink.texts(of, count, told, marks)`, at most LineForm::texts_at_once, with a bit for each
/// whose key means something, and then such scalars as the forms are told to tell. Before a line it is told
/// `begin_line(number)`, and asked `end_line()` behind one that was taken: is it still?
template <typename Sink>
class FormWalk {
 public:
  FormWalk(const char* block, const BlockIndex& index, KeyTable& keys, LineForms& forms, Sink& sink)
      : block_(block),
        index_(index),
        keys_(keys),
        forms_(forms),
        sink_(sink),
        scalars_(block, index),
        walk_(block, index, keys, sink) {}

  /// Calls `each(line, taken)` once for each of `lines`: does the sink know its values, and is it content
  /// with them? Lines of one form come one after the other: which loop ends when, and of what sort which
  /// value is, is then the same again and again, and the machine guesses it. In a log of mixed forms a wrong
  /// guess a loop costs more than all the rest.
  template <typename Each>
  [[gnu::always_inline]] void run_all(std::vector<BlockLine>& lines, Each&& each) {
    auto& groups = forms_.groups(lines, takes_escapes<Sink>);
    for (const auto group : groups.used) {
      auto& rest = groups.first[group];
      for (const auto* form = forms_.first(group); form != nullptr && rest != LineForms::Groups::none;
           form = forms_.behind(*form))
        run_form(*form, lines, groups, rest, each);
      run_rest(lines, groups, rest, each);
      rest = LineForms::Groups::none;
    }
  }

 private:
  /// Is the line of this form, which has as many quotes?
  [[gnu::always_inline]] bool fits(const LineForm& form,
                                   const BlockLine& line,
                                   const std::uint32_t* marks) const {
    if (marks[0] - form.front != line.begin) return false;
    if (form.back != 0 && marks[form.quotes] - marks[form.quotes - 1] != form.back) return false;
    for (const auto& gap : form.integers) {
      const auto span = gap.in(marks);
      if (!scalars_.is_integer(span) && !scalars_.is_scalar(span)) return false;
    }
    for (const auto& gap : form.numbers) {
      const auto span = gap.in(marks);
      if (!scalars_.is_plain_number(span) && !scalars_.is_scalar(span)) return false;
    }
    for (const auto& gap : form.words) {
      const auto span = gap.in(marks);
      if (!scalars_.is_word(span) && !scalars_.is_scalar(span)) return false;
    }
    for (const auto& series : form.series)
      if (!fits(series, line, marks)) return false;
    return pieces_stand(form, marks);
  }

  [[gnu::always_inline]] bool pieces_stand(const LineForm& form, const std::uint32_t* marks) const {
    static constexpr std::size_t at_once = 8;  // then it is asked whether they were all there
    const auto* const before = block_ - 1;
    const auto* piece = form.pieces.data();
    const auto *mark = form.marks.data(), *const end = mark + form.marks.size();
    while (mark != end) {
      Wide wrong{};
      const auto* const stop = static_cast<std::size_t>(end - mark) > at_once ? mark + at_once : end;
      for (; mark != stop; ++mark, ++piece) compare(*piece, before + marks[*mark], wrong);
      if ((wrong[0] | wrong[1] | wrong[2] | wrong[3]) != 0) return false;
    }
    Wide wrong{};
    for (std::size_t i = 0; i < form.far.size(); ++i)
      compare(form.far_pieces[i], block_ + form.far[i].in(marks), wrong);
    return (wrong[0] | wrong[1] | wrong[2] | wrong[3]) == 0;
  }

  typedef std::uint64_t Wide __attribute__((vector_size(LineForm::piece_bytes)));
  /// Sets bits where other bytes stand.
  [[gnu::always_inline]] static void compare(const LineForm::Piece& piece, const char* at, Wide& wrong) {
    Wide seen, bytes, mask;
    std::memcpy(&seen, at, sizeof seen);
    std::memcpy(&bytes, piece.bytes, sizeof bytes);
    std::memcpy(&mask, piece.mask, sizeof mask);
    wrong |= (seen ^ bytes) & mask;
  }

  bool fits(const LineForm::Series& series, const BlockLine& line, const std::uint32_t* marks) const {
    auto [at, end] = series.gap.in(marks);
    if (end > line.end) return false;
    for (std::size_t i = 0;; ++i) {
      const auto behind = at < end ? scalars_.end(at, block_[at]) : at;
      if (behind == at) return false;
      if (i == series.separators.size()) return behind == end;
      const auto& separator = series.separators[i];
      if (end < behind || end - behind < separator.size()) return false;
      if (std::memcmp(block_ + behind, separator.data(), separator.size()) != 0) return false;
      at = behind + static_cast<std::uint32_t>(separator.size());
    }
  }

  [[gnu::always_inline]] bool tell(const LineForm& form, const std::uint32_t* marks) {
    const auto* text = form.texts.data();
    const auto* told = form.told_texts.data();
    for (auto left = form.texts.size(); left > 0; ++told) {
      const auto count = std::min(left, LineForm::texts_at_once);
      if (!sink_.texts(text, count, *told, marks)) return false;
      text += count;
      left -= count;
    }
    for (const auto& scalar : form.told)
      if (!sink_.scalar(*scalar.key, scalar.gap.in(marks))) return false;
    return form.series.empty() || tell_series(form, marks);
  }

  bool tell_series(const LineForm& form, const std::uint32_t* marks) {
    for (const auto& series : form.series) {
      auto at = series.gap.in(marks).begin;
      for (std::size_t i = 0; i < series.keys.size(); ++i) {
        const auto end = scalars_.end(at, block_[at]);
        if (!sink_.scalar(*series.keys[i], Slice{at, end})) return false;
        if (i < series.separators.size()) at = end + static_cast<std::uint32_t>(series.separators[i].size());
      }
    }
    return true;
  }

  /// Takes those lines of a group that are of this form.
  template <typename Each>
  [[gnu::always_inline]] void run_form(const LineForm& form,
                                       std::vector<BlockLine>& lines,
                                       LineForms::Groups& groups,
                                       std::uint32_t& rest,
                                       Each&& each) {
    auto* link = &rest;
    for (auto number = rest; number != LineForms::Groups::none; number = groups.next[number]) {
      auto& line = lines[number];
      const auto* const marks = index_.quotes.get() + line.quotes;
      if (!fits(form, line, marks)) {
        *link = number;
        link = &groups.next[number];
        continue;
      }
      sink_.begin_line(number);
      each(line, tell(form, marks) && sink_.end_line());
    }
    *link = LineForms::Groups::none;
  }

  /// Takes those that are of none: walks them, and learns.
  template <typename Each>
  void run_rest(std::vector<BlockLine>& lines,
                const LineForms::Groups& groups,
                std::uint32_t rest,
                Each&& each) {
    for (auto number = rest; number != LineForms::Groups::none; number = groups.next[number]) {
      auto& line = lines[number];
      sink_.begin_line(number);
      each(line, run_other(line) && sink_.end_line());
    }
  }

  [[gnu::noinline]] bool run_other(const BlockLine& line) {
    if (line.odd || (line.escapes && !takes_escapes<Sink>)) return false;
    const auto* const marks = index_.quotes.get() + line.quotes;
    const auto* const newest = forms_.first(line.quotes_end - line.quotes);
    if (newest != nullptr && fits(*newest, line, marks)) return tell(*newest, marks);
    return forms_.learn(block_, index_, keys_, line) != LineForms::Learned::refused && walk_.run(line);
  }

  const char* block_;
  const BlockIndex& index_;
  KeyTable& keys_;
  LineForms& forms_;
  Sink& sink_;
  JsonScalars scalars_;
  LineWalk<Sink> walk_;
};

}  // namespace shieldwall::detect
