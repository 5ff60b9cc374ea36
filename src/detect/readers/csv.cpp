// CSV with a header line (RFC 4180), separated by commas, semicolons, tabs or bars.
#include <algorithm>

#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/as_prose.h"
#include "detect/readers/csv_row.h"
#include "detect/readers/reader.h"
#include "model/canonical.h"

namespace shieldwall::detect {

namespace {

bool is_value(std::string_view text) {
  return model::canonical_guess(text).has_value();
}

class CsvParser final : public RecordParser {
 public:
  explicit CsvParser(char separator) : separator_(separator) {}

  bool wants_more(std::string_view line) const override { return has_open_quote(line, separator_); }

  Result<bool> parse(std::string_view line, Record& record) override {
    arena_.clear();
    if (line.empty()) return false;
    TRY(split_csv_row(line, separator_, arena_, row_));
    if (header_.empty()) {
      for (const auto name : row_) header_.emplace_back(trimmed(name));
      if (!std::ranges::any_of(header_, is_value)) return false;
      as_prose(line, record);  // a table without names, perhaps: its first row must not go unseen
      return true;
    }
    if (row_.size() != header_.size())
      return fail(ErrorCode::invalid, "has {} columns where the header has {}", row_.size(), header_.size());
    for (std::size_t i = 0; i < row_.size(); ++i)
      if (!row_[i].empty()) record.fields.push_back({header_[i], row_[i]});
    return true;
  }

 private:
  char separator_;
  std::vector<std::string> header_;
  std::vector<std::string_view> row_;
  Arena arena_;
};

}  // namespace

bool has_open_quote(std::string_view text, char separator) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      for (;;) {
        at = text.find('"', at + 1);
        if (at == text.npos) return true;
        if (at + 1 == text.size() || text[at + 1] != '"') break;
        ++at;  // doubled: a quote inside the field
      }
    }
    at = std::min(text.find(separator, at), text.size());
  }
  return false;
}

Done split_csv_row(std::string_view text, char separator, Arena& arena, std::vector<std::string_view>& row) {
  row.clear();
  for (std::size_t at = 0;;) {
    if (at < text.size() && text[at] == '"') {
      char* const out = arena.take(text.size() - at);
      std::size_t size = 0, i = at + 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '"' && (i + 1 == text.size() || text[i + 1] != '"')) break;
        if (text[i] == '"') ++i;
        out[size++] = text[i];
      }
      if (i >= text.size()) return fail(ErrorCode::invalid, "has a quote that is not closed");
      if (i + 1 < text.size() && text[i + 1] != separator)
        return fail(ErrorCode::invalid, "has text behind a closing quote");
      row.emplace_back(out, size);
      at = i + 1;
    } else {
      const auto end = std::min(text.find(separator, at), text.size());
      row.push_back(text.substr(at, end - at));
      at = end;
    }
    if (at >= text.size()) return {};
    ++at;  // the separator
  }
}

std::unique_ptr<RecordParser> csv_parser(char separator) {
  return std::make_unique<CsvParser>(separator);
}

}  // namespace shieldwall::detect
