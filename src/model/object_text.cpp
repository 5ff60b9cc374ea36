// What of an object a person would search for.

#include <algorithm>

#include "model/object_check.h"

namespace shieldwall::model {

namespace {

/// Members that are no prose and name nothing.
constexpr std::string_view skipped[] = {
    "type", "id", "spec_version", "created", "modified", "lang", "extension_type", "definition_type"};
/// Members whose text leads: what people type first.
constexpr std::string_view leading[] = {"name", "value", "aliases"};

bool is_skipped(std::string_view key) {
  return std::ranges::find(skipped, key) != std::end(skipped) || key.ends_with("_ref") ||
         key.ends_with("_refs") || key.ends_with("_bin") || key == "granular_markings";
}

bool is_leading(std::string_view key) {
  return std::ranges::find(leading, key) != std::end(leading);
}

/// A timestamp or an identifier under a name of someone's own.
bool is_machine_text(std::string_view text) {
  if (text.size() < 20 || text.size() > 300) return false;
  const bool time =
      text[4] == '-' && text[7] == '-' && text[10] == 'T' && text.ends_with('Z') && parse_time(text);
  return time || is_identifier(text);
}

void append(std::string& out, const Json& value) {
  if (value.is(JsonKind::string)) {
    const auto text = value.string();
    if (text.empty() || is_machine_text(text)) return;
    out.reserve(out.size() + text.size() + 1);  // one growth for both
    out += text;
    out += '\n';
    return;
  }
  for (const Json element : value)
    if (!is_skipped(element.key())) append(out, element);
}

}  // namespace

std::string searchable_text(const Json& json) {
  std::string text;
  for (const Json member : json)
    if (is_leading(member.key())) append(text, member);
  for (const Json member : json)
    if (!is_leading(member.key()) && !is_skipped(member.key())) append(text, member);
  return text;
}

}  // namespace shieldwall::model
