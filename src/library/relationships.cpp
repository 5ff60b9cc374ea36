#include <algorithm>
#include <set>
#include <span>

#include "library/objects.h"
#include "library/search.h"
#include "library/view.h"

namespace shieldwall::library {

namespace {

using model::Json;
using model::JsonWriter;
using policy::Holding;

constexpr int links_max = 1'000;  // a page of a graph; an actor of ATT&CK has about 150

/// One reference in a released object, as its reader sees it.
struct Reference {
  std::string property;
  std::string target;
};

/// References that the text holds: members that end in _ref or _refs, at any depth.
void collect(const Json& value, std::string_view name, std::vector<Reference>& found) {
  if (name == "object_marking_refs" || name == "marking_ref") return;
  const bool is_reference = name.ends_with("_ref") || name.ends_with("_refs");
  if (is_reference && value.is(model::JsonKind::string)) {
    found.push_back({std::string(name), std::string(value.string())});
    return;
  }
  const bool is_object = value.is(model::JsonKind::object);
  for (const Json part : value) collect(part, is_object ? part.key() : name, found);
}

std::vector<Reference> references_of(const Holding& holding) {
  std::vector<Reference> found;
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (document) collect(document->root(), "", found);
  return found;
}

std::string kind_of(const Holding& link) {
  const auto document = model::JsonDocument::parse(*link.bytes);
  if (!document) return link.id.type;
  const auto type = document->root().find("relationship_type");
  return type && type->is(model::JsonKind::string) ? std::string(type->string()) : link.id.type;
}

void write_link(JsonWriter& out,
                std::string_view kind,
                std::string_view direction,
                std::string_view other,
                const std::string* via,
                const std::set<std::string>& seen) {
  out.begin_object();
  out.member("kind", kind);
  out.member("direction", direction);
  out.member("other", other);
  if (via != nullptr) out.member("via", *via);
  out.member("held", seen.contains(std::string(other)));
  out.end_object();
}

/// Links through a relationship or sighting: what else it names.
void write_through(JsonWriter& out,
                   const Holding& link,
                   const std::string& self,
                   const std::set<std::string>& seen) {
  const auto via = link.id.text();
  const auto kind = kind_of(link);
  const auto references = references_of(link);
  const bool outward = std::ranges::any_of(references, [&](const Reference& reference) {
    return reference.property == "source_ref" && reference.target == self;
  });
  for (const auto& [property, target] : references) {
    if (property == "created_by_ref" || target == self) continue;
    write_link(out, kind, outward ? "out" : "in", target, &via, seen);
  }
}

/// Near: the object itself, then what refers to it. Far: the other ends.
using Shape = std::pair<std::pair<Shown, Shown>, bool>;

void write_links(JsonWriter& out, const std::vector<Holding>& near, const std::set<std::string>& seen) {
  const auto self = near.front().id.text();
  for (const auto& [property, target] : references_of(near.front()))
    write_link(out, property, "out", target, nullptr, seen);
  for (const auto& link : std::span(near).subspan(1)) {
    if (link.id.type == "relationship" || link.id.type == "sighting") {
      write_through(out, link, self, seen);
      continue;
    }
    for (const auto& [property, target] : references_of(link))
      if (target == self) write_link(out, property, "in", link.id.text(), nullptr, seen);
  }
}

Bytes write_relationships(const Shape& shape) {
  const auto& [both, more] = shape;
  const auto& [near, far] = both;
  std::set<std::string> seen;
  for (const auto& holding : near.first) seen.insert(holding.id.text());
  for (const auto& holding : far.first) seen.insert(holding.id.text());
  JsonWriter out;
  out.begin_object();
  out.member("id", near.first.front().id.text());
  out.key("links");
  out.begin_array();
  write_links(out, near.first, seen);
  out.end_array();
  out.key("objects");
  out.begin_array();
  for (const auto& holding : std::span(near.first).subspan(1)) write_entry(out, holding, near.second);
  for (const auto& holding : far.first) write_entry(out, holding, far.second);
  out.end_array();
  out.member("more", more);
  out.end_object();
  return std::move(out).text();
}

/// What the released holdings name beside themselves.
std::vector<model::ObjectId> others_of(const std::vector<Holding>& holdings) {
  std::set<model::ObjectId> others;
  for (const auto& holding : holdings)
    for (const auto& reference : references_of(holding))
      if (auto id = model::ObjectId::parse(reference.target)) others.insert(std::move(*id));
  for (const auto& holding : holdings) others.erase(holding.id);
  std::vector<model::ObjectId> ids(others.begin(), others.end());
  if (ids.size() > static_cast<std::size_t>(links_max)) ids.resize(links_max);
  return ids;
}

constexpr api::Field relationship_fields[] = {
    {"id", "string", "the object asked about"},
    {"links", "[]object", "kind, direction (out or in), other, via (a relationship or sighting), held"},
    {"objects", "[]ObjectEntry", "the relationships, and the other ends that are held"},
    {"more", "boolean", "whether there are more links than one answer holds"},
};

}  // namespace

const api::Type relationships_answer{"Relationships", relationship_fields};

Result<api::Response> get_relationships(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  ReleasedHoldings holdings;
  holdings.push_back(TRY(last_seen(call, id)));
  if (holdings.front().look().id != id) return fail(ErrorCode::not_found, "no such object");

  store::Query towards;
  towards.refers_to = {id};
  auto links = TRY(find_seen(call, towards, std::nullopt, links_max));
  const bool more = links.next.has_value();
  for (auto& link : links.holdings)
    if (link.look().id != id) holdings.push_back(std::move(link));

  // Follow only what this reader may read of them.
  auto near = TRY(show(call, std::move(holdings)));
  store::Query ends;
  ends.ids = others_of(near.look().first);
  ReleasedHoldings others;
  if (!ends.ids.empty()) others = TRY(find_seen(call, ends, std::nullopt, links_max)).holdings;
  auto far = TRY(show(call, std::move(others)));
  auto both = policy::Release::both(std::move(near), std::move(far));
  auto shape = policy::Release::both(std::move(both), policy::Release::fact(more));
  return api::Response(200, shape.render(write_relationships));
}

}  // namespace shieldwall::library
