#pragma once
// Finds the words of running text that could be observables.

#include <string>
#include <string_view>

namespace shieldwall::detect {

/// The pieces between white space, quotes, angle brackets, bars and NULs, without punctuation around them. A
/// piece can still hold several words ("src=192.0.2.1,dst=192.0.2.2") or a URL.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}
  /// False at the end.
  bool next(std::string_view& piece);

 private:
  std::string_view rest_;
};

/// The words of a piece: runs of letters, digits, bytes outside ASCII and `. : - _ @ + %`, without those
/// marks around them that cannot begin or end an observable.
class Words {
 public:
  explicit Words(std::string_view piece) : rest_(piece) {}
  bool next(std::string_view& word);

 private:
  std::string_view rest_;
};

/// With `\/`, `\xHH`, `\uHHHH` and `%HH` undone where they stand for printable ASCII, so that text within
/// text shows what it holds; an escaped escape keeps its inner one.
std::string unescaped(std::string_view text);

/// The next URL in a piece, from its scheme to the piece's end, after which looking goes on behind its "://":
/// a URL can hold another in its query. False when there is none.
bool next_url(std::string_view& rest, std::string_view& url);

}  // namespace shieldwall::detect
