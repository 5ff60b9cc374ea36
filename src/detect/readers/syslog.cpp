// syslog: RFC 3164 as programs really write it, also with an ISO time, and RFC 5424. The message is read on
// by what it shows itself to be, or by the program that sent it.
#include <map>

#include "base/text.h"
#include "detect/readers/arena.h"
#include "detect/readers/field_map.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t parameters_max = 1000;  // of structured data

struct Head {
  std::string_view time, host, app, pid, msgid;
  std::string_view rest;  // structured data and message, or the message
  bool is_5424 = false;
};

std::string_view word(std::string_view& rest) {
  const auto end = std::min(rest.find(' '), rest.size());
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `<PRI>`, which files leave out. False when what begins like one is none.
bool take_priority(std::string_view& rest) {
  if (!rest.starts_with('<')) return true;
  const auto end = rest.find('>');
  if (end == rest.npos || end < 2 || end > 4) return false;
  for (const char c : rest.substr(1, end - 1))
    if (!is_digit(c)) return false;
  rest.remove_prefix(end + 1);
  return true;
}

/// "Mar 24 17:15:20" or an ISO time, with the space behind it. Empty when there is none.
std::string_view take_time(std::string_view& rest) {
  static constexpr std::size_t bsd_size = 15;
  const bool bsd = rest.size() > bsd_size && rest[bsd_size] == ' ' && rest[3] == ' ' && rest[6] == ' ' &&
                   rest[9] == ':' && rest[12] == ':' && is_digit(rest[14]);
  const bool iso =
      rest.size() > 20 && rest[4] == '-' && rest[7] == '-' && rest[10] == 'T' && is_digit(rest[0]);
  if (iso) return word(rest);
  if (!bsd) return {};
  const auto time = rest.substr(0, bsd_size);
  rest.remove_prefix(bsd_size + 1);
  return time;
}

std::string_view unless_nil(std::string_view text) {
  return text == "-" ? std::string_view() : text;
}

/// `TAG[PID]:`, at most the 48 bytes that programs' names have.
bool take_tag(Head& head) {
  const auto end = head.rest.substr(0, 64).find(": ");
  const bool at_end = end == head.rest.npos && head.rest.ends_with(':');
  if (end == head.rest.npos && !at_end) return false;
  auto tag = head.rest.substr(0, at_end ? head.rest.size() - 1 : end);
  if (tag.find(' ') != tag.npos) return false;
  head.rest.remove_prefix(std::min(tag.size() + 2, head.rest.size()));
  if (const auto bracket = tag.find('['); bracket != tag.npos && tag.ends_with(']')) {
    head.pid = tag.substr(bracket + 1, tag.size() - bracket - 2);
    tag = tag.substr(0, bracket);
  }
  head.app = tag.substr(tag.rfind('/') == tag.npos ? 0 : tag.rfind('/') + 1);
  return true;
}

/// What would pass for a tag.
bool is_cef(std::string_view message) {
  return message.starts_with("CEF:") || message.starts_with("LEEF:");
}

bool read_head(std::string_view line, Head& head) {
  head.rest = line;
  if (!take_priority(head.rest)) return false;
  if (head.rest.starts_with("1 ") && line.starts_with('<')) {  // RFC 5424 section 6.2
    head.is_5424 = true;
    word(head.rest);
    head.time = unless_nil(word(head.rest));
    head.host = unless_nil(word(head.rest));
    head.app = unless_nil(word(head.rest));
    head.pid = unless_nil(word(head.rest));
    head.msgid = unless_nil(word(head.rest));
    return !head.rest.empty();
  }
  head.time = take_time(head.rest);
  if (head.time.empty()) return false;
  if (is_cef(head.rest) || take_tag(head)) return true;  // no host, as dnsmasq writes its own file
  head.host = word(head.rest);
  if (!is_cef(head.rest)) take_tag(head);
  return !head.host.empty();
}

class SyslogParser final : public RecordParser {
 public:
  explicit SyslogParser(bool only_cef) : only_cef_(only_cef) {}

  Result<bool> parse(std::string_view line, Record& record) override {
    arena_.clear();
    if (trimmed(line).empty()) return false;
    Head head;
    if (!read_head(line, head)) {
      if (!only_cef_) return fail(ErrorCode::invalid, "has no head of syslog");
      return cef_->parse(line, record);
    }
    if (head.is_5424) TRY(structured_data(head, record));
    while (head.rest.starts_with(' ') || head.rest.starts_with(utf8_mark))
      head.rest.remove_prefix(head.rest.front() == ' ' ? 1 : utf8_mark.size());
    TRY(read_message(head, record));
    add("host", head.host, record);
    add("app", head.app, record);
    add("pid", head.pid, record);
    add("msgid", head.msgid, record);
    record.time = head.time;
    return true;
  }

 private:
  static void add(std::string_view name, std::string_view value, Record& record) {
    if (!value.empty()) record.fields.push_back({name, value});
  }

  Done read_message(const Head& head, Record& record) {
    const auto message = head.rest;
    const auto before = record.fields.size();
    if (is_cef(message)) {
      TRY(cef_->parse(message, record));
      return {};
    }
    if (only_cef_) return fail(ErrorCode::invalid, "is neither CEF nor LEEF");
    if (message.starts_with('{') && json_->parse(message, record)) {
      record.map = map_of(MapFormat::json, record);
      if (record.map == nullptr) record.map = map_;
      return {};
    }
    record.fields.resize(before);
    if (RecordParser* const lines = parser_of(head.app)) {
      if (lines->parse(message, record) && !record.is_prose) return {};
      record.is_prose = false;
      record.fields.resize(before);
    }
    record.map = map_;
    add("message", message, record);
    return {};
  }

  /// Of the program's messages; null when nothing is known about them.
  RecordParser* parser_of(std::string_view app) {
    const auto known = by_app_.find(app);
    if (known != by_app_.end()) return known->second.get();
    if (by_app_.size() >= apps_max) return nullptr;
    std::unique_ptr<RecordParser> parser;
    for (const auto& map : field_maps())
      for (const auto& name : map.apps)
        if (name == app && map.format == MapFormat::lines) parser = lines_parser(map);
    return by_app_.emplace(app, std::move(parser)).first->second.get();
  }

  /// `-` or `[id name="value" ...]...`, RFC 5424 section 6.3; the values as fields "id.name".
  Done structured_data(Head& head, Record& record) {
    auto& rest = head.rest;
    if (rest.starts_with('-')) return rest.remove_prefix(1), Done();
    std::size_t parameters = 0;
    while (rest.starts_with('[')) {
      rest.remove_prefix(1);
      const auto id_end = rest.find_first_of(" ]");
      if (id_end == rest.npos) return fail(ErrorCode::invalid, "has structured data without an end");
      const auto id = rest.substr(0, id_end);
      rest.remove_prefix(id_end);
      while (rest.starts_with(' ')) {
        if (++parameters > parameters_max) return fail(ErrorCode::invalid, "has too much structured data");
        TRY(parameter(id, rest, record));
      }
      if (!rest.starts_with(']')) return fail(ErrorCode::invalid, "has structured data without an end");
      rest.remove_prefix(1);
    }
    return {};
  }

  Done parameter(std::string_view id, std::string_view& rest, Record& record) {
    const auto is = rest.find("=\"");
    if (is == rest.npos) return fail(ErrorCode::invalid, "has structured data without a value");
    const auto name = trimmed(rest.substr(0, is));
    rest.remove_prefix(is + 2);
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    if (end >= rest.size()) return fail(ErrorCode::invalid, "has structured data whose value has no end");
    auto value = rest.substr(0, end);
    if (value.find('\\') != value.npos) value = unescaped(value);
    add(arena_.keep(id, ".", name), value, record);
    rest.remove_prefix(end + 1);
    return {};
  }

  std::string_view unescaped(std::string_view text) {
    char* const out = arena_.take(text.size());
    std::size_t size = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size() &&
          std::string_view("\"\\]").find(text[i + 1]) != std::string_view::npos)
        ++i;
      out[size++] = text[i];
    }
    return {out, size};
  }

  static constexpr std::size_t apps_max = 10'000;  // a hostile sender names itself without end
  bool only_cef_;
  const FieldMap* map_ = field_map("syslog");
  std::unique_ptr<RecordParser> cef_ = bare_cef_parser();
  std::unique_ptr<RecordParser> json_ = ndjson_parser();
  std::map<std::string, std::unique_ptr<RecordParser>, std::less<>> by_app_;
  Arena arena_;
};

}  // namespace

bool has_syslog_head(std::string_view line) {
  Head head;
  return read_head(line, head);
}

std::unique_ptr<RecordParser> syslog_parser() {
  return std::make_unique<SyslogParser>(false);
}
std::unique_ptr<RecordParser> cef_parser() {
  return std::make_unique<SyslogParser>(true);
}

}  // namespace shieldwall::detect
