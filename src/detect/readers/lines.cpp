// Kinds of logs whose lines a field map describes by regular expressions, in linear time.
#include <map>
#include <mutex>

#include <re2/re2.h>

#include "base/text.h"
#include "detect/readers/field_map.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

constexpr int groups_max = 32;
constexpr std::size_t fitted_bytes_max = 1u << 20;  // longer lines are no log of these kinds

/// A line's expression and what its groups are called.
struct LineForm {
  std::unique_ptr<RE2> expression;
  std::vector<std::string> names;  // of group 1, 2, ...; empty for groups without
};

class Lines {
 public:
  explicit Lines(const FieldMap& map) {
    RE2::Options options(RE2::Quiet);
    options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: lines need not be UTF-8
    for (const auto& text : map.lines) {
      LineForm line{.expression = std::make_unique<RE2>(text, options), .names = {}};
      const int groups = line.expression->NumberOfCapturingGroups();
      if (!line.expression->ok() || groups >= groups_max) continue;  // read_field_map has refused these
      line.names.resize(static_cast<std::size_t>(groups));
      for (const auto& [name, group] : line.expression->NamedCapturingGroups())
        line.names[static_cast<std::size_t>(group) - 1] = name;
      lines_.push_back(std::move(line));
    }
  }

  /// Takes the groups of the first expression that fits the whole line, if wanted; false when none does.
  bool read(std::string_view text, Record* record) const {
    if (text.size() > fitted_bytes_max) return false;
    re2::StringPiece groups[groups_max];
    for (const auto& line : lines_) {
      const auto count = record == nullptr ? 0 : static_cast<int>(line.names.size()) + 1;
      const re2::StringPiece piece(text.data(), text.size());
      if (!line.expression->Match(piece, 0, text.size(), RE2::ANCHOR_BOTH, groups, count)) continue;
      for (int i = 1; i < count; ++i) {
        const std::string_view name = line.names[static_cast<std::size_t>(i) - 1];
        const auto& group = groups[i];
        if (name.empty() || group.empty() || group == "-") continue;
        record->fields.push_back({name, std::string_view(group.data(), group.size())});
      }
      return true;
    }
    return false;
  }

 private:
  std::vector<LineForm> lines_;
};

/// Compiled once for all readers.
const Lines& lines_of(const FieldMap& map) {
  static std::mutex mutex;
  static std::map<const FieldMap*, std::unique_ptr<Lines>> known;
  const std::lock_guard lock(mutex);
  auto& lines = known[&map];
  if (!lines) lines = std::make_unique<Lines>(map);
  return *lines;
}

class LinesParser final : public RecordParser {
 public:
  explicit LinesParser(const FieldMap& map) : map_(map), lines_(lines_of(map)) {}

  Result<bool> parse(std::string_view line, Record& record) override {
    if (trimmed(line).empty()) return false;
    record.map = &map_;
    if (lines_.read(line, &record)) return true;
    if (!map_.otherwise_text) return fail(ErrorCode::invalid, "is no line of a {}", map_.title);
    record.fields.push_back({.name = "", .value = line});
    record.is_prose = true;
    return true;
  }

 private:
  const FieldMap& map_;
  const Lines& lines_;
};

}  // namespace

std::unique_ptr<RecordParser> lines_parser(const FieldMap& map) {
  return std::make_unique<LinesParser>(map);
}

bool fits_lines(const FieldMap& map, std::string_view line) {
  return lines_of(map).read(line, nullptr);
}

Done check_lines(const FieldMap& map) {
  for (const auto& text : map.lines) {
    const RE2 expression(text, RE2::Quiet);
    if (!expression.ok()) return fail(ErrorCode::invalid, "{}: {}", map.name, expression.error());
    if (expression.NumberOfCapturingGroups() >= groups_max)
      return fail(ErrorCode::invalid, "{}: a line has more than {} groups", map.name, groups_max - 1);
  }
  return {};
}

}  // namespace shieldwall::detect
