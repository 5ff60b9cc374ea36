// W3C extended log files: directives above the data, `#Fields:` among them, words between spaces, `-` for
// nothing.
#include <algorithm>

#include "base/text.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

class W3cParser final : public RecordParser {
 public:
  Result<bool> parse(std::string_view line, Record& record) override {
    if (line.starts_with('#')) {
      directive(line);
      return false;
    }
    if (trimmed(line).empty()) return false;
    if (names_.empty()) return fail(ErrorCode::invalid, "stands before any #Fields");
    std::size_t column = 0;
    for (std::size_t at = 0; at <= line.size(); ++column) {
      if (column == names_.size())
        return fail(ErrorCode::invalid, "has more columns than the {} of #Fields", names_.size());
      const auto end = end_of(line, at);
      auto value = line.substr(at, end - at);
      if (value.size() > 1 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
      if (!value.empty() && value != "-") record.fields.push_back({names_[column], value});
      at = end + 1;
    }
    if (column != names_.size())
      return fail(ErrorCode::invalid, "has {} columns where #Fields has {}", column, names_.size());
    if (!date_.empty()) add_date(record);
    return true;
  }

 private:
  /// Words end at a space or tabulator, quoted ones behind their closing quote.
  static std::size_t end_of(std::string_view line, std::size_t at) {
    if (at < line.size() && line[at] == '"')
      if (const auto quote = line.find('"', at + 1); quote != line.npos) at = quote;
    return std::min(line.find_first_of(" \t", at), line.size());
  }

  void directive(std::string_view line) {
    if (line.starts_with("#Date:")) date_ = trimmed(line.substr(6)).substr(0, 10);
    if (!line.starts_with("#Fields:")) return;
    names_.clear();
    for (auto rest = trimmed(line.substr(8)); !rest.empty() && names_.size() < columns_max;) {
      const auto end = std::min(rest.find_first_of(" \t"), rest.size());
      if (end > 0) names_.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  /// Logs with a time column alone leave the date to the directive above them.
  void add_date(Record& record) const {
    if (std::ranges::find(names_, "date") == names_.end()) record.fields.push_back({"date", date_});
  }

  static constexpr std::size_t columns_max = 1'000;
  std::vector<std::string> names_;
  std::string date_;
};

}  // namespace

std::unique_ptr<RecordParser> w3c_parser() {
  return std::make_unique<W3cParser>();
}

}  // namespace shieldwall::detect
