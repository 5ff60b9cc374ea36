#include "policy/json_path.h"

#include "base/text.h"

namespace shieldwall::policy {
namespace {

using model::Json;
using model::JsonKind;

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool is_escape = token[i] == '~' && i + 1 < token.size();
    text += !is_escape ? token[i] : token[++i] == '1' ? '/' : '~';
  }
  return text;
}

}  // namespace

std::optional<std::size_t> list_index(std::string_view step) {
  if (step.size() < 3 || step.front() != '[' || step.back() != ']') return std::nullopt;
  return as_number<std::size_t>(step.substr(1, step.size() - 2));
}

std::optional<Json> JsonPaths::element(const Json& list, std::optional<std::size_t> index) {
  if (!index || *index >= list.size()) return std::nullopt;
  auto& elements = elements_[list.offset()];
  if (elements.empty())
    for (const Json value : list) elements.push_back(value);
  return elements[*index];
}

std::optional<JsonPath> JsonPaths::at_selector(std::string_view selector) {
  JsonPath path;
  Json at = root_;
  for (const std::string_view step : split(selector, '.')) {
    const auto next = at.is(JsonKind::array) ? element(at, list_index(step)) : at.find(step);
    if (!next) return std::nullopt;
    path.push_back(at = *next);
  }
  return path;
}

std::optional<JsonPath> JsonPaths::at_pointer(std::string_view pointer) {
  if (!pointer.starts_with('/')) return std::nullopt;
  JsonPath path;
  Json at = root_;
  for (const std::string_view token : split(pointer.substr(1), '/')) {
    const auto next =
        at.is(JsonKind::array) ? element(at, as_number<std::size_t>(token)) : at.find(unescaped(token));
    if (!next) return std::nullopt;
    path.push_back(at = *next);
  }
  return path;
}

}  // namespace shieldwall::policy
