#pragma once
// Walks the JSON objects that nearly all lines of logs are, by the bits of a block: nothing is looked at byte
// by byte but the marks between strings.

#include <cstring>

#include "detect/readers/json_scalar.h"
#include "detect/readers/key_table.h"

namespace shieldwall::detect {

/// Is the sink told texts as they stand, with their escapes? A sink without `takes_escapes` gets no line
/// that has any.
template <typename Sink>
inline constexpr bool takes_escapes = requires { requires Sink::takes_escapes; };

/// Tells `sink` every value of a line that is one JSON object: `sink.text(key, span)` and `sink.scalar(key,
/// span)` for numbers, true and false; a sink that says false ends the walk. Says false when the line is for
/// the full parser, which then reads or refuses it; what it takes, that parser takes, with the same values.
template <typename Sink>
class LineWalk {
 public:
  LineWalk(const char* block, const BlockIndex& index, KeyTable& keys, Sink& sink)
      : text_(block), index_(index), keys_(keys), sink_(sink), scalars_(block, index) {}

  bool run(const BlockLine& line) {
    if (line.odd || (line.escapes && !takes_escapes<Sink>)) return false;
    escapes_ = line.escapes;
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

  bool has_escape(Slice key) const { return std::memchr(text_ + key.begin, '\\', key.size()) != nullptr; }

  /// From the first key to behind the last brace.
  bool members(Place& here) {
    const Key* parent = &keys_.root();
    bool in_object = true;
    unsigned depth = 0;
    for (;;) {
      const Key* name = parent;
      if (in_object) {
        Slice key;
        if (!string(here, key) || (escapes_ && has_escape(key))) return false;
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
    if (c == 'n') {
      if (std::memcmp(text_ + begin, "null", 4) != 0) return false;
      here.at += 4;
      return true;
    }
    here.at = scalars_.end(begin, c);
    return here.at > begin && sink_.scalar(name, Slice{begin, here.at});
  }

  const char* text_;
  const BlockIndex& index_;
  KeyTable& keys_;
  Sink& sink_;
  JsonScalars scalars_;
  bool escapes_ = false;  // in this line
  Level above_[depth_max];
};

}  // namespace shieldwall::detect
