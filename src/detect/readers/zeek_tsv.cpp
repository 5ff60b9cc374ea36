// Zeek's tab-separated logs: `#separator`, `#fields` and their like above the data, `\xHH` for what would
// confuse.
#include <algorithm>

#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `\xHH` and `\\` decoded; any other backslash stands for itself.
std::string_view unescaped(std::string_view text, Arena& arena) {
  if (text.find('\\') == text.npos) return text;
  char* const out = arena.take(text.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex = text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' &&
                     hex_digit(text[i + 2]) >= 0 && hex_digit(text[i + 3]) >= 0;
    if (hex) {
      out[size++] = static_cast<char>(hex_digit(text[i + 2]) * 16 + hex_digit(text[i + 3]));
      i += 3;
    } else {
      if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\') ++i;
      out[size++] = text[i];
    }
  }
  return {out, size};
}

bool is_number_type(std::string_view type) {
  static constexpr std::string_view types[] = {"count", "int", "port", "double", "bool", "interval"};
  return std::ranges::find(types, type) != std::end(types);
}

struct Column {
  std::string name;
  bool is_container = false;  // set[...], vector[...]
  bool is_text = true;
};

class ZeekTsvParser final : public RecordParser {
 public:
  Result<bool> parse(std::string_view line, Record& record) override {
    arena_.clear();
    if (line.starts_with('#')) {
      header(line.substr(1));
      return false;
    }
    if (line.empty()) return false;
    std::size_t column = 0;
    for (std::string_view rest = line;; ++column) {
      const auto end = rest.find(separator_);
      if (column >= columns_.size()) return too_many();
      add(rest.substr(0, end), columns_[column], record);
      if (end == rest.npos) break;
      rest.remove_prefix(end + separator_.size());
    }
    if (column + 1 < columns_.size())
      return fail(ErrorCode::invalid, "has {} columns where #fields names {}", column + 1, columns_.size());
    return true;
  }

 private:
  Result<bool> too_many() const {
    return fail(ErrorCode::invalid, "has more columns than the {} that #fields names", columns_.size());
  }

  void add(std::string_view text, const Column& column, Record& record) {
    if (text == unset_) return;
    if (!column.is_container) {
      record.fields.push_back({column.name, unescaped(text, arena_), column.is_text});
      return;
    }
    if (text == empty_) return;
    for (std::string_view rest = text;;) {
      const auto end = rest.find(set_separator_);
      const auto element = rest.substr(0, end);
      if (element != unset_)
        record.fields.push_back({column.name, unescaped(element, arena_), column.is_text});
      if (end == rest.npos) return;
      rest.remove_prefix(end + set_separator_.size());
    }
  }

  void header(std::string_view line) {
    const auto name_end = std::min(line.find_first_of(std::string(" ") + separator_), line.size());
    const auto name = line.substr(0, name_end);
    const auto value = line.substr(std::min(name_end + 1, line.size()));
    Arena scratch;
    if (name == "separator") separator_ = non_empty(unescaped(value, scratch), "\t");
    if (name == "set_separator") set_separator_ = non_empty(unescaped(value, scratch), ",");
    if (name == "unset_field") unset_ = value;
    if (name == "empty_field") empty_ = value;
    if (name == "fields") {  // again where logs were concatenated
      columns_.clear();
      for_each(value, [&](std::string_view field) { columns_.push_back({.name = std::string(field)}); });
    }
    if (name == "types") {
      std::size_t i = 0;
      for_each(value, [&](std::string_view type) { set_type(i++, type); });
    }
  }

  void set_type(std::size_t i, std::string_view type) {
    if (i >= columns_.size()) return;
    columns_[i].is_container = type.ends_with(']');
    const auto bracket = type.find('[');
    const auto element = bracket == type.npos ? type : type.substr(bracket + 1, type.size() - bracket - 2);
    columns_[i].is_text = !is_number_type(element);
  }

  template <typename F>
  void for_each(std::string_view values, const F& then) const {
    for (std::size_t n = 0; n < columns_max; ++n) {
      const auto end = values.find(separator_);
      then(values.substr(0, end));
      if (end == values.npos) return;
      values.remove_prefix(end + separator_.size());
    }
  }

  static std::string non_empty(std::string_view text, std::string_view otherwise) {
    return std::string(text.empty() ? otherwise : text);
  }

  static constexpr std::size_t columns_max = 10'000;
  std::string separator_ = "\t", set_separator_ = ",", unset_ = "-", empty_ = "(empty)";
  std::vector<Column> columns_;
  Arena arena_;
};

}  // namespace

std::unique_ptr<RecordParser> zeek_tsv_parser() {
  return std::make_unique<ZeekTsvParser>();
}

}  // namespace shieldwall::detect
