#include "detect/sigma/event_xml.h"

#include <charconv>

#include "base/text.h"

namespace shieldwall::detect::sigma {

namespace {

constexpr int depth_max = 32;                 // events nest 4 deep, UserData a little more
constexpr std::size_t elements_max = 10'000;  // events have up to a hundred
constexpr std::size_t attributes_max = 16;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool ends_name(char c) {
  return is_space(c) || c == '=' || c == '>' || c == '/' || c == '<';
}

std::string_view without_prefix(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&out](std::uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  if (c >= 0xD800 && c < 0xE000) c = 0xFFFD;
  if (c > 0x10FFFF) c = 0xFFFD;
  if (c < 0x10000) return byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
}

/// Appends what the entity `name` (without & and ;) stands for; false when it stands for nothing.
bool append_entity(std::string& out, std::string_view name) {
  static constexpr std::pair<std::string_view, char> named[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, character] : named)
    if (name == known) return out += character, true;
  if (name.size() < 2 || name[0] != '#') return false;
  const bool hexadecimal = name[1] == 'x';
  const auto digits = name.substr(hexadecimal ? 2 : 1);
  std::uint32_t code = 0;
  const auto read =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return false;
  append_utf8(out, code);
  return true;
}

}  // namespace

struct EventXml::Element {
  std::string_view name;
  std::pair<std::string_view, std::string_view> attributes[attributes_max] = {};
  std::size_t attribute_count = 0;
  bool is_empty = false;
};

std::unexpected<Error> EventXml::error(std::string_view what) const {
  return fail(ErrorCode::invalid, "event XML {} (at {})", what, at_ + 1);
}

void EventXml::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

/// Passes over `<?...?>` and `<!--...-->`. Document types, which could define entities, are not passed over.
bool EventXml::skip_markup() {
  for (const auto& [begin, end] :
       {std::pair<std::string_view, std::string_view>{"<?", "?>"}, {"<!--", "-->"}})
    if (text_.substr(at_).starts_with(begin)) {
      const auto found = text_.find(end, at_);
      at_ = found == text_.npos ? text_.size() : found + end.size();
      return true;
    }
  return false;
}

std::string_view EventXml::unescaped(std::string_view text) {
  if (text.find('&') == text.npos) return text;
  const auto begin = kept_.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto end = text[i] == '&' ? text.find(';', i) : text.npos;
    if (end == text.npos || end - i > 12 || !append_entity(kept_, text.substr(i + 1, end - i - 1)))
      kept_ += text[i];
    else
      i = end;
  }
  return std::string_view(kept_).substr(begin);
}

void EventXml::add(std::string_view name, std::string_view value) {
  event_->fields.push_back({.name = name, .value = value, .is_text = true});
}

Result<EventXml::Element> EventXml::read_tag() {
  if (++elements_ > elements_max) return error("has too many elements");
  Element element;
  const auto word = [this] {
    const auto begin = at_;
    while (at_ < text_.size() && !ends_name(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  };
  ++at_;  // <
  element.name = without_prefix(word());
  if (element.name.empty()) return error("has an element without a name");
  for (;;) {
    skip_space();
    if (at_ == text_.size()) return error("ends inside a tag");
    if (text_[at_] == '>') break;
    if (text_.substr(at_).starts_with("/>")) {
      element.is_empty = true;
      ++at_;
      break;
    }
    const auto name = word();
    if (name.empty() || at_ + 1 >= text_.size() || text_[at_] != '=')
      return error("has an attribute without a value");
    const char quote = text_[at_ + 1];
    const auto end = quote == '"' || quote == '\'' ? text_.find(quote, at_ + 2) : text_.npos;
    if (end == text_.npos) return error("has an attribute without quotes");
    if (element.attribute_count == attributes_max) return error("has too many attributes");
    element.attributes[element.attribute_count++] = {name, unescaped(text_.substr(at_ + 2, end - at_ - 2))};
    at_ = end + 1;
  }
  ++at_;  // >
  return element;
}

/// One element and all within it. `section` is the part of the event that it belongs to: System, EventData or
/// UserData.
Done EventXml::read_element(int depth, std::string_view section) {
  if (depth > depth_max) return error("nests too deep");
  const auto element = TRY(read_tag());
  std::string_view name = element.name;
  const bool is_data = section == "EventData" && (name == "Data" || name == "Binary");
  for (std::size_t i = 0; i < element.attribute_count; ++i) {
    const auto& [key, value] = element.attributes[i];
    if (is_data && key == "Name") {
      name = value;
    } else if (section == "System") {
      const auto begin = kept_.size();
      kept_.append(element.name).append("_").append(key);
      add(std::string_view(kept_).substr(begin), value);
    }
  }
  const bool in_section = !section.empty();
  if (element.is_empty) {
    if (in_section && section != "System") add(name, "");
    return {};
  }
  bool has_children = false;
  const auto text_begin = at_;
  for (;;) {
    const auto next = text_.find('<', at_);
    if (next == text_.npos) return error("ends inside an element");
    const auto text_end = at_ = next;
    if (skip_markup()) continue;
    if (text_.substr(at_).starts_with("</")) {
      const auto close = text_.find('>', at_);
      if (close == text_.npos ||
          without_prefix(trimmed(text_.substr(at_ + 2, close - at_ - 2))) != element.name)
        return error("closes another element than it opened");
      at_ = close + 1;
      if (in_section && !has_children) add(name, unescaped(text_.substr(text_begin, text_end - text_begin)));
      return {};
    }
    has_children = true;
    TRY(read_element(depth + 1, !in_section && depth == 1 ? element.name : section));
  }
}

Done EventXml::read(std::string_view xml, Record& event) {
  text_ = xml;
  at_ = elements_ = 0;
  kept_.clear();
  kept_.reserve(xml.size() * 2 +
                64);  // views into it stay: nothing put there is longer than what it came from
  event_ = &event;
  event.fields.clear();
  skip_space();
  while (skip_markup()) skip_space();
  if (at_ == text_.size() || text_[at_] != '<') return error("does not begin with an element");
  return read_element(0, "");
}

}  // namespace shieldwall::detect::sigma
