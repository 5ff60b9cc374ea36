#pragma once
// Walks the JSON objects that nearly all lines of logs are, by the bits of a block: nothing is looked at byte
// by byte but the marks between strings.

#include <bit>
#include <cstring>

#include "detect/readers/block_index.h"
#include "detect/readers/key_table.h"

namespace shieldwall::detect {

/// A piece of a block.
struct Slice {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t size() const { return end - begin; }
};

/// Tells `sink` every value of a line that is one JSON object: `sink.text(key, span)` and `sink.scalar(key,
/// span)` for numbers, true and false; a sink that says false ends the walk. Says false when the line is for
/// the full parser, which then reads or refuses it; what it takes, that parser takes, with the same values.
template <typename Sink>
class LineWalk {
 public:
  LineWalk(const char* block, const BlockIndex& index, KeyTable& keys, Sink& sink)
      : text_(block), index_(index), keys_(keys), sink_(sink) {}

  bool run(const BlockLine& line) {
    if (line.odd) return false;
    Place here{.at = line.begin,
               .quote = index_.quotes.get() + line.quotes,
               .quotes_end = index_.quotes.get() + line.quotes_end};
    skip_space(here);
    if (text_[here.at] != '{') return false;
    ++here.at;
    skip_space(here);
    if (text_[here.at] == '}')
      ++here.at;
    else if (!members(here))
      return false;
    skip_space(here);
    return here.at == line.end;
  }

 private:
  static constexpr unsigned depth_max = 15;  // deeper ones are rare, and the full parser has a limit
  using Key = KeyTable::Key;
  /// A handful of numbers that stay in registers.
  struct Place {
    std::uint32_t at;
    const std::uint32_t *quote, *quotes_end;
  };
  struct Level {
    const Key* name;
    bool is_object;
  };

  /// One is all that a line of one object has anywhere, if any.
  [[gnu::always_inline]] void skip_space(Place& here) const { here.at += text_[here.at] == ' ' ? 1 : 0; }

  /// The string that begins here.
  [[gnu::always_inline]] bool string(Place& here, Slice& out) const {
    if (here.quotes_end - here.quote < 2 || here.quote[0] != here.at) return false;
    out = {here.at + 1, here.quote[1]};
    here.at = out.end + 1;
    here.quote += 2;
    return true;
  }

  /// From the first key to behind the last brace.
  bool members(Place& here) {
    const Key* parent = &keys_.root();
    bool in_object = true;
    unsigned depth = 0;
    for (;;) {
      const Key* name = parent;
      if (in_object) {
        Slice key;
        if (!string(here, key)) return false;
        name = keys_.find(parent->number, text_ + key.begin, key.size());
        if (name == nullptr) return false;
        skip_space(here);
        if (text_[here.at] != ':') return false;
        ++here.at;
        skip_space(here);
      }
      const char c = text_[here.at];
      if (c == '"') {
        Slice span;
        if (!string(here, span) || !sink_.text(*name, span)) return false;
      } else if (c == '{' || c == '[') {
        ++here.at;
        skip_space(here);
        if (text_[here.at] != (c == '{' ? '}' : ']')) {
          if (depth == depth_max) return false;
          above_[depth++] = {parent, in_object};
          parent = name;
          in_object = c == '{';
          continue;
        }
        ++here.at;
      } else if (!plain(here, *name, c)) {
        return false;
      }
      for (;;) {  // behind a value: on to the next one, or out of what ends here
        skip_space(here);
        const char mark = text_[here.at++];
        if (mark == ',') break;
        if (mark != (in_object ? '}' : ']')) return false;
        if (depth == 0) return true;
        parent = above_[--depth].name;
        in_object = above_[depth].is_object;
      }
      skip_space(here);
    }
  }

  [[gnu::always_inline]] bool plain(Place& here, const Key& name, char c) {
    const auto begin = here.at;
    if (c == 't' || c == 'f' || c == 'n') {
      const std::string_view word = c == 't' ? "true" : c == 'f' ? "false" : "null";
      if (std::memcmp(text_ + begin, word.data(), word.size()) != 0) return false;
      here.at += static_cast<std::uint32_t>(word.size());
      return c == 'n' || sink_.scalar(name, Slice{begin, here.at});
    }
    return number(here, c) && sink_.scalar(name, Slice{begin, here.at});
  }

  /// How many digits there are from here on, which are passed.
  [[gnu::always_inline]] unsigned digits(Place& here) const {
    const auto some = static_cast<unsigned>(std::countr_one(index_.digit.from(here.at)));
    here.at += some;
    return some < ByteBits::most ? some : some + more_digits(here);
  }
  unsigned more_digits(Place& here) const {
    unsigned more = 0;
    for (; text_[here.at] >= '0' && text_[here.at] <= '9'; ++here.at) ++more;
    return more;
  }

  [[gnu::always_inline]] bool number(Place& here, char first) const {
    if (first == '-') first = text_[++here.at];
    const auto whole = digits(here);
    if (whole == 0 || (first == '0' && whole > 1)) return false;
    if (text_[here.at] == '.') {
      ++here.at;
      if (digits(here) == 0) return false;
    }
    if ((text_[here.at] | 0x20) != 'e') return true;
    ++here.at;
    if (text_[here.at] == '+' || text_[here.at] == '-') ++here.at;
    return digits(here) != 0;
  }

  const char* text_;
  const BlockIndex& index_;
  KeyTable& keys_;
  Sink& sink_;
  Level above_[depth_max];
};

}  // namespace shieldwall::detect
