#include "store/judge.h"

#include <algorithm>

namespace shieldwall::store {

namespace {

bool is_reference(std::string_view key, bool list) {
  if (list) return key.ends_with("_refs") && key != "object_marking_refs";
  return key.ends_with("_ref") && key != "created_by_ref" && key != "marking_ref";
}

void collect(const model::Json& json,
             std::string_view key,
             const std::vector<std::string>& targets,
             std::vector<std::string>& pointers) {
  const auto names_target = [&](const model::Json& value) {
    return value.is(model::JsonKind::string) && std::ranges::find(targets, value.string()) != targets.end();
  };
  if (json.is(model::JsonKind::string)) {
    if (is_reference(key, false) && names_target(json)) pointers.push_back(json.pointer());
    return;
  }
  const bool list = json.is(model::JsonKind::array);
  for (const auto part : json) {
    if (list && is_reference(key, true) && names_target(part)) pointers.push_back(part.pointer());
    collect(part, list ? std::string_view{} : part.key(), targets, pointers);  // depth: JsonLimits
  }
}

void collect_targets(const model::Json& json,
                     const std::vector<std::string>& pointers,
                     std::vector<model::ObjectId>& targets) {
  if (json.is(model::JsonKind::string)) {
    if (std::ranges::find(pointers, json.pointer()) == pointers.end()) return;
    if (auto target = model::ObjectId::parse(json.string())) targets.push_back(std::move(*target));
  }
  for (const auto part : json) collect_targets(part, pointers, targets);
}

template <typename T, typename Test>
bool any_or_none_asked(const std::vector<T>& asked, Test&& test) {
  return asked.empty() || std::ranges::any_of(asked, std::forward<Test>(test));
}

/// `target`'s label as readers other than `label`'s owner meet it. Who owns every clause gets an object
/// whole, so only those inside matter: two members of one circle may name each other's objects to the circle.
policy::Label seen_by_readers_of(policy::Label target, const policy::Label& label) {
  if (label.audience.empty()) return target;
  const auto owner = label.audience.front().owner;
  const auto owns = [&](const policy::Clause& clause) { return clause.owner == owner; };
  if (!std::ranges::all_of(label.audience, owns)) return target;
  for (auto& clause : target.audience)
    for (const auto& own : label.audience)
      if (own.inside == clause.inside && !std::holds_alternative<std::monostate>(own.inside))
        clause.owner = owner;
  return policy::canonical(std::move(target));
}

}  // namespace

bool same_content(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto one = model::JsonDocument::parse(std::string(a));
  const auto other = model::JsonDocument::parse(std::string(b));
  return one && other && model::content_digest(one->root()) == model::content_digest(other->root());
}

bool may_name(const policy::Label& label, policy::Holding target, Timestamp now) {
  if (target.label.embargo <= now) target.label.embargo = Timestamp::always();
  return policy::at_least_as_wide(seen_by_readers_of(policy::label_when_named(target), label), label);
}

std::vector<std::string> pointers_to(std::string_view bytes, const std::vector<model::ObjectId>& targets) {
  std::vector<std::string> pointers;
  if (targets.empty()) return pointers;
  const auto document = model::JsonDocument::parse(std::string(bytes));
  if (!document) return pointers;
  std::vector<std::string> names;
  names.reserve(targets.size());
  for (const auto& target : targets) names.push_back(target.text());
  collect(document->root(), {}, names, pointers);
  return pointers;
}

std::vector<model::ObjectId> targets_at(std::string_view bytes, const std::vector<std::string>& pointers) {
  std::vector<model::ObjectId> targets;
  if (pointers.empty()) return targets;
  const auto document = model::JsonDocument::parse(std::string(bytes));
  if (document) collect_targets(document->root(), pointers, targets);
  return targets;
}

bool asks_for_content(const Query& query) {
  return !query.created_by.empty() || !query.labels.empty() || !query.external_references.empty() ||
         !query.values.empty() || !query.refers_to.empty();
}

bool content_matches(const Query& query,
                     const model::Object& object,
                     const std::vector<model::ObjectId>& hidden) {
  const auto creator = [&](const auto& asked) { return object.created_by_ref == asked; };
  const auto label = [&](const auto& asked) {
    return std::ranges::find(object.labels, asked) != object.labels.end();
  };
  const auto external = [&](const auto& asked) {
    return std::ranges::any_of(object.external_references, [&](const model::ExternalReference& reference) {
      return reference.external_id == asked.second &&
             (asked.first.empty() || reference.source_name == asked.first);
    });
  };
  const auto value = [&](const auto& asked) {
    return std::ranges::find(object.values, asked) != object.values.end();
  };
  const auto refers = [&](const auto& asked) {
    return std::ranges::find(hidden, asked) == hidden.end() &&
           std::ranges::find(object.references, asked, &model::Reference::target) != object.references.end();
  };
  return any_or_none_asked(query.created_by, creator) && any_or_none_asked(query.labels, label) &&
         any_or_none_asked(query.external_references, external) && any_or_none_asked(query.values, value) &&
         any_or_none_asked(query.refers_to, refers);
}

}  // namespace shieldwall::store
