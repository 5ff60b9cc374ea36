// Data markings on an object: STIX 2.1 sections 7.2.2 and 7.2.3.

#include "base/text.h"
#include "model/object_check.h"

namespace shieldwall::model {

namespace {

/// `[n]`, or nothing.
std::optional<std::size_t> list_index(std::string_view step) {
  if (!step.starts_with('[') || !step.ends_with(']')) return {};
  return as_number<std::size_t>(step.substr(1, step.size() - 2));
}

std::optional<Json> element_at(const Json& list, std::size_t index) {
  if (!list.is(JsonKind::array) || index >= list.size()) return {};
  auto at = list.begin();
  for (std::size_t i = 0; i < index; ++i) ++at;
  return *at;
}

}  // namespace

std::optional<Json> select(const Json& object, std::string_view selector) {
  Json at = object;
  for (const auto step : split(selector, '.')) {
    const auto index = list_index(step);
    const auto next = index ? element_at(at, *index) : at.find(step);
    if (!next) return {};
    at = *next;
  }
  return at;
}

void Checker::check_markings() {
  const auto own_id = root_.find("id");
  const auto is_own = [&](const Json& reference) {
    return type_name_ == "marking-definition" && own_id && own_id->is(JsonKind::string) &&
           reference.is(JsonKind::string) && reference.string() == own_id->string();
  };
  if (const auto references = root_.find("object_marking_refs");
      references && references->is(JsonKind::array)) {
    const Json list = *references;
    for (const Json reference : list)
      if (is_own(reference))
        error("circular-marking", "7.2.2", reference, "a marking definition must not mark itself");
  }
  const auto markings = root_.find("granular_markings");
  if (!markings || !markings->is(JsonKind::array)) return;
  const Json list = *markings;
  for (const Json marking : list) {
    if (const auto reference = marking.find("marking_ref"); reference && is_own(*reference))
      error("circular-marking", "7.2.3", *reference, "a marking definition must not mark itself");
    const auto selectors = marking.find("selectors");
    if (!selectors || !selectors->is(JsonKind::array)) continue;
    const Json paths = *selectors;
    for (const Json selector : paths)
      if (selector.is(JsonKind::string)) check_selector(selector);
  }
}

void Checker::check_selector(const Json& selector) {
  if (!select(root_, selector.string()))
    error("selector",
          "7.2.3.1",
          selector,
          "'{}' selects nothing that is in this object",
          shown(selector.string()));
}

}  // namespace shieldwall::model
