#include "detect/intel_list.h"

#include <algorithm>

#include "base/text.h"
#include "detect/readers/csv_row.h"
#include "detect/value_names.h"

namespace shieldwall::detect {

namespace {

using model::CanonicalValue;
using model::ValueKind;

bool is_comment(std::string_view line) {
  return line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
}

/// `value # remark`
std::string_view without_remark(std::string_view text) {
  for (const std::string_view mark : {" #", "\t#"})
    if (const auto at = text.find(mark); at != text.npos) text = text.substr(0, at);
  return trimmed(text);
}

struct Column {
  std::size_t at = 0;
  ValueName what;  // of a header like "sha256"; of a plain value column nothing is known
};

class ListReader {
 public:
  ListReader(const std::string& source, const ListOptions& options, Intel& into)
      : source_(source), options_(options), into_(into) {}

  void line(const Line& line) {
    auto text = trimmed(line.text);
    if (line.is_cut) return add_unused(into_, {id(line.number), source_, "the line is too long"});
    if (text.starts_with("#fields\t")) return zeek_header(text.substr(8));
    if (text.empty() || is_comment(text)) return;
    if (!begun_) {
      begun_ = true;
      if (header(text)) return;
    }
    arena_.clear();
    if (separator_ == '\0') return whole_line(text, line.number);
    if (!split_csv_row(line.text, separator_, arena_, row_))
      return add_unused(into_, {id(line.number), source_, "the row has quotes that do not fit"});
    columns_.empty() ? first_that_fits(line.number) : named_columns(line.number);
  }

  /// The names in the header when the chosen column is not among them: to search another would mislead.
  const std::string& lacking() const { return lacking_; }

 private:
  std::string id(std::uint64_t line) const { return fmt::format("{}:{}", source_, line); }

  void zeek_header(std::string_view names) {
    begun_ = true;
    separator_ = '\t';
    take_columns(split(names, '\t'));
  }

  /// Decides how rows are separated; true when this line is a header.
  bool header(std::string_view text) {
    for (const char separator : {'\t', ',', ';', '|'}) {
      Arena arena;
      std::vector<std::string_view> names;
      if (!split_csv_row(text, separator, arena, names)) continue;
      if (names.size() < 2 && !value_name(trimmed(text)).is_value_column && trimmed(text) != options_.column)
        continue;
      const bool known = take_columns(names);
      if (known || names.size() > 1) separator_ = separator;
      if (known) return true;
      if (names.size() > 1) return false;
    }
    return false;
  }

  bool take_columns(const std::vector<std::string_view>& names) {
    columns_.clear();
    kind_column_.reset();
    std::vector<Column> of_kinds;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto name = trimmed(names[i]);
      const auto what = value_name(name);
      const bool typed = what.kind || what.is_hash;
      const bool chosen = options_.column.empty() ? what.is_value_column && !typed && columns_.empty()
                                                  : name == options_.column;
      if (chosen) columns_.push_back({.at = i, .what = what});
      if (what.is_kind_column && !kind_column_) kind_column_ = i;
      if (typed) of_kinds.push_back({.at = i, .what = what});
    }
    if (columns_.empty() && options_.column.empty()) columns_ = std::move(of_kinds);
    if (columns_.empty() && !options_.column.empty() && names.size() > 1 && lacking_.empty())
      for (const auto name : names)
        lacking_ += fmt::format("{}{}", lacking_.empty() ? "" : ", ", excerpt(trimmed(name)));
    return !columns_.empty();
  }

  void whole_line(std::string_view text, std::uint64_t line) {
    text = without_remark(text);
    auto values = values_of_entry(text, options_.kind);
    if (!values && !options_.kind)
      if (const auto space = text.find_first_of(" \t"); space != text.npos)
        if (auto first = values_of_entry(text.substr(0, space), {}))
          return add(id(line), text.substr(0, space), std::move(*first));
    values ? add(id(line), text, std::move(*values))
           : add_unused(into_, {id(line), source_, values.error().message});
  }

  /// Rows without a header: the value is the first field that can be one.
  void first_that_fits(std::uint64_t line) {
    for (const auto field : row_)
      if (auto values = values_of_entry(trimmed(field), options_.kind))
        return add(id(line), trimmed(field), std::move(*values));
    add_unused(into_, {id(line), source_, "no field of the row is a value that is looked for"});
  }

  void named_columns(std::uint64_t line) {
    std::size_t taken = 0;
    for (const auto& column : columns_) {
      if (column.at >= row_.size() || trimmed(row_[column.at]).empty()) continue;
      const auto text = trimmed(row_[column.at]);
      auto what = column.what;
      if (kind_column_ && *kind_column_ < row_.size() && !what.kind && !what.is_hash)
        what = value_name(trimmed(row_[*kind_column_]));
      auto entry = taken++ == 0 ? id(line) : fmt::format("{}#{}", id(line), taken);
      auto values = values_of_entry(text, options_.kind ? options_.kind : what.kind);
      values ? add(std::move(entry), text, std::move(*values))
             : add_unused(into_, {std::move(entry), source_, values.error().message});
    }
    if (taken == 0) add_unused(into_, {id(line), source_, "the row has no value"});
  }

  void add(std::string entry, std::string_view written, std::vector<CanonicalValue> values) {
    into_.indicators.push_back({.id = std::move(entry),
                                .name = std::string(written),
                                .source = source_,
                                .pattern = std::string(written),
                                .values = std::move(values)});
  }

  const std::string& source_;
  const ListOptions& options_;
  Intel& into_;
  bool begun_ = false;
  char separator_ = '\0';  // none: the line is the value
  std::vector<Column> columns_;
  std::optional<std::size_t> kind_column_;
  std::string lacking_;
  std::vector<std::string_view> row_;
  Arena arena_;
};

}  // namespace

Result<std::vector<CanonicalValue>> values_of_entry(std::string_view text, std::optional<ValueKind> kind) {
  text = trimmed(text);
  std::vector<CanonicalValue> values;
  if (text.starts_with("*.") && (!kind || kind == ValueKind::domain)) text.remove_prefix(2);
  if (text.starts_with('.') && (!kind || kind == ValueKind::domain)) text.remove_prefix(1);
  if (auto value = kind ? model::canonical(*kind, text) : model::canonical_guess(text)) {
    values.push_back(std::move(*value));
    return values;
  } else if ((kind && kind != ValueKind::url) || text.find('/') == text.npos ||
             text.find("://") != text.npos) {
    return fail(std::move(value).error());
  }
  // `evil.example/path`: the scheme is not told. Only a host with a dot makes this a URL and not a path.
  const auto host = text.substr(0, text.find_first_of("/:"));
  if (host.find('.') == host.npos || host.starts_with('.'))
    return fail(ErrorCode::invalid, "'{}' is not a URL", excerpt(text));
  for (const std::string_view scheme : {"http://", "https://"})
    values.push_back(TRY(model::canonical(ValueKind::url, std::string(scheme).append(text))));
  return values;
}

Done read_list(LineReader& lines, const std::string& source, const ListOptions& options, Intel& into) {
  ListReader reader(source, options, into);
  for (Line line; TRY(lines.next(line));) {
    if (line.number == 1) line.text = without_mark(line.text);
    reader.line(line);
    if (!reader.lacking().empty())
      return fail(
          ErrorCode::invalid, "{}: no column '{}'; there are {}", source, options.column, reader.lacking());
  }
  return {};
}

}  // namespace shieldwall::detect
