#pragma once
// What an import's text is, by its look, and its objects one by one: STIX as a bundle, envelope, array or
// single object; NDJSON with one object a line; or a list of values, which become indicators.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "model/object.h"

namespace shieldwall::library {

/// Who says that the values of a list are bad, and since when.
struct ListAuthor {
  OrganisationId organisation{};
  model::ObjectId identity{};
  Timestamp at{};
};

enum class TextFormat : std::uint8_t { undecided, stix, ndjson, list };
std::string_view name_of(TextFormat format);

/// A piece of the text that stands for no object, told with its line (from 1).
struct BadLine {
  std::uint64_t line = 0;
  std::string text{};
  std::string why{};
};

class ImportText {
 public:
  /// A line that is longer is no list's and no object's.
  static constexpr std::size_t line_bytes_max = 32u << 20;

  explicit ImportText(ListAuthor author);

  /// Adds text; appends each object that is now whole.
  ///   errors  invalid: none of these formats (UTF-16, binary), or broken JSON, with the byte offset;
  ///           or one object or line that is too large
  Done push(std::string_view text, std::vector<std::string>& objects);
  /// Says the text ended. errors: invalid when it ended early
  Done finish(std::vector<std::string>& objects);

  TextFormat format() const { return format_; }
  /// Lines of a list that are no value, since the last call.
  std::vector<BadLine> take_bad_lines() { return std::exchange(bad_lines_, {}); }

 private:
  Done take(std::string_view text, std::vector<std::string>& objects);
  bool decide(bool ended);
  Done feed(std::string_view text, std::vector<std::string>& objects);
  Done take_line(std::string_view line, std::vector<std::string>& objects);
  void take_value(std::string_view line, std::vector<std::string>& objects);

  ListAuthor author_;
  TextFormat format_ = TextFormat::undecided;
  bool has_begun_ = false;  // its first bytes were looked at for a mark
  std::string held_;  // the beginning while the format is undecided, then the line that is not whole yet
  std::uint64_t line_ = 0;
  model::ObjectSplitter splitter_;
  std::vector<BadLine> bad_lines_;
};

/// The JSON text of an indicator for one value. errors: invalid: no pattern for a value of that kind
Result<std::string> indicator_for(const model::CanonicalValue& value, const ListAuthor& author);

}  // namespace shieldwall::library
