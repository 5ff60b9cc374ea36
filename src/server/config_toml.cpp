// The one file that sees toml++.
#undef TOML_HEADER_ONLY  // the packaged library was built to throw
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0

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

}  // namespace

Result<std::vector<ConfigEntry>> read_toml(std::string_view text) {
  if (text.size() > config_bytes_max)
    return fail(ErrorCode::invalid, "the configuration is larger than {} bytes", config_bytes_max);
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
