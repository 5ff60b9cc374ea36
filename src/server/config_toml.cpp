// The one file that sees toml++.
#undef TOML_HEADER_ONLY  // the packaged library was built to throw
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0

#include <algorithm>

#include <toml++/toml.h>

#include "base/text.h"
#include "server/config.h"

namespace shieldwall::server {

namespace {

Result<ConfigValue> value_of(const toml::node& node, std::string_view name) {
  const auto line = node.source().begin.line;
  if (const auto* text = node.as_string()) return ConfigValue(text->get());
  if (const auto* number = node.as_integer()) return ConfigValue(number->get());
  if (const auto* flag = node.as_boolean()) return ConfigValue(flag->get());
  if (const auto* array = node.as_array()) {
    std::vector<std::string> texts;
    for (const auto& element : *array) {
      const auto* text = element.as_string();
      if (text == nullptr) return fail(ErrorCode::invalid, "line {}: '{}' must hold texts only", line, name);
      texts.push_back(text->get());
    }
    return ConfigValue(std::move(texts));
  }
  return fail(ErrorCode::invalid,
              "line {}: '{}' must be a text, a whole number, a flag or a list of texts",
              line,
              name);
}

Done flatten(const toml::table& table, const std::string& prefix, std::vector<ConfigEntry>& entries) {
  for (const auto& [key, node] : table) {
    const auto name = prefix + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      if (!prefix.empty())
        return fail(
            ErrorCode::invalid, "line {}: '{}' is nested too deep", node.source().begin.line, excerpt(name));
      TRY(flatten(*inner, name + ".", entries));
      continue;
    }
    auto value = TRY(value_of(node, excerpt(name)));
    entries.push_back({name, std::move(value), node.source().begin.line});
  }
  return {};
}

bool begins_key(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("_-\"'").contains(c);
}

/// Where the string or comment that begins at `at` ends, behind it; `at` itself where none begins there.
std::size_t end_of_text(std::string_view text, std::size_t at) {
  if (text[at] == '#') return std::min(text.find('\n', at), text.size());
  if (text[at] != '"' && text[at] != '\'') return at;
  const char quote = text[at];
  const bool is_long = text.substr(at).starts_with(std::string(3, quote));
  for (auto i = at + (is_long ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (is_long ? text.substr(i).starts_with(std::string(3, quote)) : text[i] == quote) {
      return i + (is_long ? 3 : 1);
    } else if (text[i] == '\n' && !is_long) {
      return i;
    }
  }
  return text.size();
}

/// toml++ 3 takes for granted that a table's name begins with a character of a key, and that only some spaces
/// stand outside of strings beyond ASCII: anything else ends the process, or worse where its assertions are
/// off. It also ends lines at characters at which TOML does not.
Done check_plain(std::string_view text) {
  for (const std::string_view odd : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\v", "\f"})
    if (text.contains(odd))
      return fail(ErrorCode::invalid, "lines end with LF or CR LF here, not with another line break");
  text = without_mark(text);
  std::size_t line = 1;
  bool begins_line = true;
  for (std::size_t at = 0; at < text.size();) {
    if (const auto end = end_of_text(text, at); end > at) {
      line += static_cast<std::size_t>(std::ranges::count(text.substr(at, end - at), '\n'));
      begins_line = false;
      at = end;
      continue;
    }
    const char c = text[at++];
    if (static_cast<unsigned char>(c) >= 0x7f)
      return fail(ErrorCode::invalid, "line {}: outside of quotation marks everything is ASCII", line);
    if (c == '[' && begins_line) {
      const auto rest = text.substr(text.substr(at).starts_with('[') ? at + 1 : at);
      const auto name = trimmed(rest.substr(0, rest.find('\n')));
      if (name.empty() || !begins_key(name.front()))
        return fail(ErrorCode::invalid, "line {}: a table has a name like [members]", line);
    }
    if (c == '\n') ++line;
    begins_line = c == '\n' || (begins_line && (c == ' ' || c == '\t' || c == '\r'));
  }
  return {};
}

}  // namespace

Result<std::vector<ConfigEntry>> read_toml(std::string_view text) {
  if (text.size() > config_bytes_max)
    return fail(ErrorCode::invalid, "the configuration is larger than {} bytes", config_bytes_max);
  TRY(check_plain(text));
  const auto parsed = toml::parse(text);
  if (!parsed)
    return fail(ErrorCode::invalid,
                "line {}: {}",
                parsed.error().source().begin.line,
                excerpt(parsed.error().description(), 200));
  std::vector<ConfigEntry> entries;
  TRY(flatten(parsed.table(), "", entries));
  return entries;
}

}  // namespace shieldwall::server
