#include "api/fields.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::api {

using model::Json;
using model::JsonKind;

namespace {

std::string_view in_words(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "true or false";
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "an array";
    case JsonKind::object:
      return "an object";
  }
  return "something else";
}

template <typename T>
Result<T> demanded(Result<std::optional<T>> value, std::string_view whole, std::string_view name) {
  if (!value) return fail(std::move(value).error());
  if (!*value) return fail(ErrorCode::invalid, "{}: '{}' is missing", whole, name);
  return std::move(**value);
}

}  // namespace

Result<Fields> Fields::of(const Json& object, std::string_view whole) {
  if (!object.is(JsonKind::object))
    return fail(ErrorCode::invalid, "{} is {}, and must be a JSON object", whole, in_words(object.kind()));
  return Fields(object, whole);
}

std::optional<Json> Fields::any(std::string_view name) {
  asked_.emplace_back(name);
  auto found = object_.find(name);
  if (found && found->is(JsonKind::null)) return std::nullopt;
  return found;
}

Result<std::optional<Json>> Fields::of_kind(std::string_view name, JsonKind kind) {
  auto found = any(name);
  if (found && !found->is(kind))
    return fail(ErrorCode::invalid,
                "{}: '{}' is {}, and must be {}",
                whole_,
                name,
                in_words(found->kind()),
                in_words(kind));
  return found;
}

Result<std::optional<std::string>> Fields::optional_text(std::string_view name) {
  const auto found = TRY(of_kind(name, JsonKind::string));
  if (!found) return std::optional<std::string>();
  return std::optional(std::string(found->string()));
}

Result<std::string> Fields::text(std::string_view name) {
  return demanded(optional_text(name), whole_, name);
}

Result<std::optional<bool>> Fields::optional_flag(std::string_view name) {
  const auto found = TRY(of_kind(name, JsonKind::boolean));
  if (!found) return std::optional<bool>();
  return std::optional(found->boolean());
}

Result<bool> Fields::flag(std::string_view name, bool fallback) {
  return TRY(optional_flag(name)).value_or(fallback);
}

Result<std::optional<std::int64_t>> Fields::optional_number(std::string_view name) {
  const auto found = TRY(of_kind(name, JsonKind::number));
  if (!found) return std::optional<std::int64_t>();
  const auto value = as_number<std::int64_t>(found->number());
  if (!value) return fail(ErrorCode::invalid, "{}: '{}' must be a whole number", whole_, name);
  return value;
}

Result<std::int64_t> Fields::number(std::string_view name) {
  return demanded(optional_number(name), whole_, name);
}

Result<std::optional<Timestamp>> Fields::optional_time(std::string_view name) {
  const auto text = TRY(optional_text(name));
  if (!text) return std::optional<Timestamp>();
  auto time = parse_time(*text);
  if (!time) return fail(std::move(time).error().within(fmt::format("{}: '{}'", whole_, name)));
  return std::optional(time->at);
}

Result<std::optional<std::vector<std::string>>> Fields::optional_texts(std::string_view name) {
  const auto found = TRY(of_kind(name, JsonKind::array));
  if (!found) return std::optional<std::vector<std::string>>();
  std::vector<std::string> texts;
  for (const auto element : *found) {
    if (!element.is(JsonKind::string))
      return fail(ErrorCode::invalid, "{}: '{}' must hold strings only", whole_, name);
    texts.emplace_back(element.string());
  }
  return std::optional(std::move(texts));
}

Result<std::vector<std::string>> Fields::texts(std::string_view name) {
  return TRY(optional_texts(name)).value_or(std::vector<std::string>());
}

Result<std::vector<Json>> Fields::elements(std::string_view name) {
  const auto found = TRY(of_kind(name, JsonKind::array));
  std::vector<Json> elements;
  if (found)
    for (const auto element : *found) elements.push_back(element);
  return elements;
}

Done Fields::finish() const {
  for (const auto member : object_)
    if (std::ranges::find(asked_, member.key()) == asked_.end())
      return fail(ErrorCode::invalid,
                  "{}: '{}' is not known here; known are: {}",
                  whole_,
                  excerpt(member.key()),
                  fmt::join(asked_, ", "));
  return {};
}

}  // namespace shieldwall::api
