// ArcSight's Common Event Format and IBM's Log Event Extended Format: a head between bars, then names and
// values.
#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/field_map.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t fields_max = 100'000;  // a hostile line of 100 MB has tens of millions

bool is_name_char(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' ||
         c == '-' || c == '[' || c == ']';
}

class CefParser final : public RecordParser {
 public:
  Result<bool> parse(std::string_view line, Record& record) override {
    arena_.clear();
    if (trimmed(line).empty()) return false;
    if (line.starts_with("CEF:")) return cef(line.substr(4), record);
    if (line.starts_with("LEEF:")) return leef(line.substr(5), record);
    return fail(ErrorCode::invalid, "is neither CEF nor LEEF");
  }

 private:
  /// The text before the next bar that no backslash stands before.
  Result<std::string_view> head_part(std::string_view& rest) {
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] == '\\') {
        ++i;
      } else if (rest[i] == '|') {
        const auto part = rest.substr(0, i);
        rest.remove_prefix(i + 1);
        return unescaped(part);
      }
    }
    return fail(ErrorCode::invalid, "has a head that is cut short");
  }

  Done head(std::string_view& rest, std::span<const std::string_view> names, Record& record) {
    for (const auto name : names) {
      const auto part = TRY(head_part(rest));
      if (!name.empty() && !part.empty()) record.fields.push_back({name, part});
    }
    return {};
  }

  Result<bool> cef(std::string_view rest, Record& record) {
    static constexpr std::string_view names[] = {
        "", "deviceVendor", "deviceProduct", "deviceVersion", "signature", "name", "severity"};
    record.map = cef_;
    TRY(head(rest, names, record));
    return extension(rest, record);
  }

  /// `name=value name=value`: a value ends before the last word in front of the next `=`.
  Result<bool> extension(std::string_view rest, Record& record) {
    rest = trimmed(rest);
    auto is = next_equals(rest, 0);
    if (is == rest.npos) {
      if (rest.empty()) return true;
      return fail(ErrorCode::invalid, "has an extension without names");
    }
    for (auto name = trimmed(rest.substr(0, is)); is != rest.npos;) {
      const auto next = next_equals(rest, is + 1);
      auto value_end = rest.size();
      std::string_view next_name;
      if (next != rest.npos) {
        auto begin = next;
        while (begin > is + 1 && is_name_char(rest[begin - 1])) --begin;
        next_name = rest.substr(begin, next - begin);
        value_end = begin;
      }
      if (record.fields.size() >= fields_max)
        return fail(ErrorCode::invalid, "has more values than are looked at");
      const auto value = trimmed(rest.substr(is + 1, value_end - is - 1));
      if (!value.empty()) record.fields.push_back({name, unescaped(value)});
      name = next_name;
      is = next;
    }
    return true;
  }

  /// The next `=` behind a name that itself stands behind a space; others belong to the value (senders do not
  /// escape those of URLs).
  static std::size_t next_equals(std::string_view text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
        continue;
      }
      if (text[i] != '=') continue;
      auto begin = i;
      while (begin > from && is_name_char(text[begin - 1])) --begin;
      if (begin == i) continue;
      if (begin == 0 || text[begin - 1] == ' ') return i;
    }
    return text.npos;
  }

  Result<bool> leef(std::string_view rest, Record& record) {
    static constexpr std::string_view names[] = {
        "", "deviceVendor", "deviceProduct", "deviceVersion", "eventId"};
    record.map = leef_;
    const bool second = rest.starts_with("2.");
    TRY(head(rest, names, record));
    char separator = '\t';
    if (second) {
      const auto bar = rest.substr(0, 8).find('|');
      if (bar != rest.npos) {
        separator = separator_of(rest.substr(0, bar));
        rest.remove_prefix(bar + 1);
      }
    }
    for (std::size_t at = 0; at < rest.size();) {
      const auto end = std::min(rest.find(separator, at), rest.size());
      const auto pair = rest.substr(at, end - at);
      const auto is = pair.find('=');
      if (is == pair.npos && !trimmed(pair).empty())
        return fail(ErrorCode::invalid, "has an attribute without a value");
      if (record.fields.size() >= fields_max)
        return fail(ErrorCode::invalid, "has more values than are looked at");
      if (is != pair.npos && is + 1 < pair.size())
        record.fields.push_back({trimmed(pair.substr(0, is)), pair.substr(is + 1)});
      at = end + 1;
    }
    return true;
  }

  /// A character, or its code: `^`, `x09`, `0x7c`. Empty is the tabulator.
  static char separator_of(std::string_view text) {
    if (text.size() == 1) return text.front();
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (text.starts_with('x')) text.remove_prefix(1);
    unsigned code = 0;
    for (const char c : text) {
      const char lower = static_cast<char>(c | 0x20);
      if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'f')) return '\t';
      code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : lower - 'a' + 10);
    }
    return code == 0 || code > 255 ? '\t' : static_cast<char>(code);
  }

  std::string_view unescaped(std::string_view text) {
    if (text.find('\\') == text.npos) return text;
    char* const out = arena_.take(text.size());
    std::size_t size = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool escape = text[i] == '\\' && i + 1 < text.size();
      if (escape && std::string_view("\\|=").find(text[i + 1]) != std::string_view::npos)
        out[size++] = text[++i];
      else if (escape && (text[i + 1] == 'n' || text[i + 1] == 'r'))
        out[size++] = text[++i] == 'n' ? '\n' : '\r';
      else
        out[size++] = text[i];
    }
    return {out, size};
  }

  const FieldMap* cef_ = field_map("cef");
  const FieldMap* leef_ = field_map("leef");
  Arena arena_;
};

}  // namespace

std::unique_ptr<RecordParser> bare_cef_parser() {
  return std::make_unique<CefParser>();
}

}  // namespace shieldwall::detect
