#pragma once
// Our JSON reader beside simdjson's, for tests and fuzzing: both must say the same of every text, but for
// what is listed here.

#include <string>

#include <simdjson.h>

#include "base/text.h"
#include "model/json.h"

namespace shieldwall::model {

/// True when both hold the same kinds, names, strings and numbers of elements, in the same order.
inline bool same_content(const Json& ours, const simdjson::dom::element& theirs) {
  using Type = simdjson::dom::element_type;
  switch (theirs.type()) {
    case Type::NULL_VALUE:
      return ours.is(JsonKind::null);
    case Type::BOOL:
      return ours.is(JsonKind::boolean) && ours.boolean() == theirs.get_bool().value_unsafe();
    case Type::INT64:
    case Type::UINT64:
    case Type::DOUBLE:
      return ours.is(JsonKind::number);
    case Type::STRING:
      return ours.is(JsonKind::string) && ours.string() == theirs.get_string().value_unsafe();
    case Type::ARRAY: {
      auto at = ours.begin();
      std::size_t count = 0;
      const simdjson::dom::array elements = theirs.get_array().value_unsafe();
      for (const auto element : elements) {
        if (at == ours.end() || !same_content(*at, element)) return false;
        ++at;
        ++count;
      }
      return ours.is(JsonKind::array) && ours.size() == count;
    }
    case Type::OBJECT: {
      auto at = ours.begin();
      std::size_t count = 0;
      const simdjson::dom::object members = theirs.get_object().value_unsafe();
      for (const auto member : members) {
        if (at == ours.end() || (*at).key() != member.key || !same_content(*at, member.value)) return false;
        ++at;
        ++count;
      }
      return ours.is(JsonKind::object) && ours.size() == count;
    }
  }
  return false;
}

/// What both readers disagree on without a reason that is listed in the body; empty when all is well.
inline std::string disagreement(simdjson::dom::parser& parser, const std::string& text) {
  const auto ours = JsonDocument::parse(text);
  simdjson::dom::element root;
  const auto error = parser.parse(text.data(), text.size(), true).get(root);
  if (ours && error == simdjson::SUCCESS)
    return same_content(ours->root(), root) ? "" : "both accept it and see different content";
  if (ours) {
    // simdjson turns numbers into machine numbers and refuses those that do not fit; we keep the digits.
    const bool number = error == simdjson::NUMBER_ERROR;
    return number ? "" : std::string("we accept it, simdjson says ") + simdjson::error_message(error);
  }
  if (error != simdjson::SUCCESS) return "";
  const std::string& why = ours.error().message;
  if (ours.error().code == ErrorCode::exhausted) return "";  // its limits are wider
  if (why.contains("stands twice")) return "";               // it keeps duplicate keys
  if (why.contains("surrogate")) return "";        // it passes a lone low surrogate on as broken UTF-8
  if (why.contains("byte order mark")) return "";  // it skips one
  return "simdjson accepts it, we say " + why;
}

}  // namespace shieldwall::model
