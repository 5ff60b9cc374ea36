#pragma once
// What the lines of one form have in common: all that stands between their values.
//
// A log repeats a dozen forms, so a line is not parsed but compared. The quotes of a line are known from the
// block's index, and in a line of a given form the n-th quote always stands at the same place of the same
// piece of text between two values. So every piece, every text and every number is found by a quote's number
// and a distance, without knowing how long the values before it are: nothing waits for what was read before,
// and the machine compares many pieces at once. A line that has as many quotes, all the pieces where they
// should be, and JSON scalars in the gaps is one that LineWalk takes with the same values: the pieces and the
// values between them leave no byte out.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/readers/json_scalar.h"
#include "detect/readers/key_table.h"

namespace shieldwall::detect {

struct LineForm {
  static constexpr std::uint32_t piece_bytes = 32;
  static constexpr std::uint32_t quotes_max = 512;  // longer lines are walked
  static constexpr std::uint32_t shift_max = 32;    // with a piece behind it still within block_padding
  static constexpr std::size_t texts_at_once = 64;
  static constexpr std::uint32_t front_max = 6;  // of a gap: as much may be looked at as JsonScalars do

  // A mark of a line is one of its quotes or, behind the last, its end; marks are numbered from 0.

  /// Bytes that stand somewhere, as many as the mask has.
  struct alignas(piece_bytes) Piece {
    char bytes[piece_bytes] = {};
    char mask[piece_bytes] = {};
  };
  /// Between a mark and the next, without some bytes at both ends: one scalar, or several with separators.
  struct Gap {
    std::uint16_t mark = 0;
    std::uint8_t front = 0, back = 0;
    Slice in(const std::uint32_t* at) const { return {at[mark] + front, at[mark + 1] - back}; }
  };
  struct Place {
    std::uint16_t mark = 0;
    std::int16_t shift = 0;
    std::uint32_t in(const std::uint32_t* at) const {
      return at[mark] + static_cast<std::uint32_t>(std::int32_t{shift});
    }
  };
  struct Series {
    Gap gap;
    std::vector<std::string> separators;  // one less than its scalars, each of at most shift_max bytes
    std::vector<const KeyTable::Key*> keys;
  };
  struct Text {
    std::uint32_t quote = 0;  // the mark that opens it
    const KeyTable::Key* key = nullptr;
    Slice in(const std::uint32_t* at) const { return {at[quote] + 1, at[quote + 1]}; }
  };
  struct Scalar {
    Gap gap;
    const KeyTable::Key* key = nullptr;
  };

  std::uint32_t quotes = 0;
  std::uint32_t front = 0, back = 0;  // bytes before its first mark; from its last quote on, 0: not known
  std::vector<Piece> pieces;          // one between two values, from the byte before a mark on,
  std::vector<std::uint16_t> marks;   // which is this one; where more stands between them
  std::vector<Piece> far_pieces;      // another piece,
  std::vector<Place> far;             // which begins here
  std::vector<Gap> integers;          // scalars that were such; they may be others in the next line
  std::vector<Gap> numbers;
  std::vector<Gap> words;
  std::vector<Series> series;
  std::vector<Text> texts;
  std::vector<std::uint64_t> told_texts;  // a bit for each: its key is one of those that mean something
  std::vector<Scalar> told;  // of the scalars but for those of series, those whose key means something
  std::uint32_t next = 0;    // another form with as many quotes
};

/// Bytes between two values of a line, and what follows them.
struct Between {
  enum class Then : std::uint8_t { text, scalar, end };
  std::uint32_t begin = 0, end = 0;
  Then then = Then::end;
  const KeyTable::Key* key = nullptr;  // of the value that follows
};

/// The form of a line, which `parts` cover but for its values; `told` are the bits of a meaning that make a
/// sink want a scalar. Nothing when the line is none that can be found by its quotes.
std::optional<LineForm> form_of(const char* block,
                                std::span<const Between> parts,
                                std::span<const std::uint32_t> marks,
                                std::uint32_t told);

}  // namespace shieldwall::detect
