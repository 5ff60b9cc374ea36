#include "library/intake.h"

#include <algorithm>

#include "ledger/ceiling.h"
#include "model/breadth.h"

namespace shieldwall::library {

namespace {

/// Every marking definition the object names, its own and its parts'.
template <typename Visit>
bool all_markings(const model::Object& object, Visit visit) {
  for (const auto& id : object.object_marking_refs)
    if (!visit(id)) return false;
  for (const auto& marking : object.granular_markings)
    if (marking.marking_ref && !visit(*marking.marking_ref)) return false;
  return true;
}

constexpr std::string_view breadth_section = "matching";

void warn_of_breadth(model::Object& object) {
  if (object.id.type != "indicator") return;
  for (const auto& value : object.values)
    if (const auto why = model::too_broad(value))
      object.warnings.push_back({.severity = model::Severity::warning,
                                 .section = std::string(breadth_section),
                                 .pointer = "/pattern",
                                 .message = *why + ", so it is kept and not looked for"});
}

}  // namespace

bool tells_of_breadth(const model::Finding& finding) {
  return finding.section == breadth_section;
}

model::Finding conflict_finding() {
  return finding_of(
      {ErrorCode::conflict,
       "this version (the same id and modified) is held with other content, which stays; a change "
       "needs a later modified"},
      "STIX 2.1 §3.6");
}

std::string_view name_of(Status status) {
  switch (status) {
    case Status::stored:
      return "stored";
    case Status::duplicate:
      return "duplicate";
    case Status::conflict:
      return "conflict";
    case Status::refused:
      return "refused";
  }
  return "refused";
}

void Definitions::offer(const model::Object& definition) {
  offered_.with([&](Known& known) {
    if (known.size() < offered_max) known.try_emplace(definition.id, definition.bytes);
  });
}

std::shared_ptr<const std::string> Definitions::held(const model::ObjectId& id) {
  const auto cached =
      held_.with([&](const Known& known) -> std::optional<std::shared_ptr<const std::string>> {
        const auto found = known.find(id);
        if (found == known.end()) return std::nullopt;
        return found->second;
      });
  if (cached) return *cached;
  store::Query query;
  query.ids = {id};
  query.sources = {source_, ledger::import_source(scope_.subject().own.organisation)};
  auto page = objects_.find(scope_, query, std::nullopt, 1, 16u << 20, Deadline::none());
  std::shared_ptr<const std::string> bytes;
  if (page && !page->holdings.empty()) bytes = page->holdings.front().bytes;
  held_.with([&](Known& known) {
    if (known.size() < offered_max) known.insert_or_assign(id, bytes);
  });
  return bytes;
}

std::shared_ptr<const std::string> Definitions::find(const model::ObjectId& id) {
  if (auto bytes = held(id)) return bytes;
  return offered_.with([&](const Known& known) -> std::shared_ptr<const std::string> {
    const auto found = known.find(id);
    return found == known.end() ? nullptr : found->second;
  });
}

Result<std::optional<policy::Label>> Definitions::ceiling_of(const model::ObjectId& identity,
                                                             const model::ObjectId& id) {
  return ledger::ceiling_of(objects_, scope_, identity, id);
}

std::expected<Judged, model::Refused> judge(std::string text, bool strict) {
  const auto document = model::JsonDocument::parse(std::move(text));
  if (!document)
    return std::unexpected(model::Refused{.id = {}, .findings = {finding_of(document.error(), "RFC 8259")}});
  auto object = model::read_object(document->root(), {.strict = strict});
  if (!object) return std::unexpected(std::move(object).error());
  warn_of_breadth(*object);
  return Judged{.object = std::move(*object), .text = model::searchable_text(document->root())};
}

Labeller::Labeller(const Terms& terms, Definitions& definitions) : terms_(terms), definitions_(definitions) {
  lookup_ = [this](const model::ObjectId& id) {
    auto bytes = definitions_.find(id);
    if (!bytes) ++unknown_;
    return bytes;
  };
}

bool Labeller::is_ready(const model::Object& object) {
  return all_markings(object, [&](const model::ObjectId& id) {
    return wire::tlp_of(id).has_value() || definitions_.find(id) != nullptr;
  });
}

Result<policy::Label> Labeller::label_of(const model::Object& object) {
  const auto& key = object.object_marking_refs;
  auto cached = cache_.with([&](const auto& cache) -> std::optional<policy::Label> {
    const auto found = cache.find(key);
    if (found == cache.end()) return std::nullopt;
    return found->second;
  });
  if (cached) return std::move(*cached);
  const auto unknown_before = unknown_.load();
  auto label = TRY(wire::label_of(object, terms_.label, lookup_));
  // With a definition missing the label is the strictest; it may come yet.
  if (unknown_ == unknown_before)
    cache_.with([&](auto& cache) {
      if (cache.size() < cache_max) cache.try_emplace(key, label);
    });
  return label;
}

Result<store::NewHolding> Labeller::label(Judged judged) {
  store::NewHolding holding;
  holding.label = TRY(label_of(judged.object));
  holding.source = terms_.source;
  if (const auto ceiling = TRY(definitions_.ceiling_of(terms_.identity, judged.object.id))) {
    holding.label = TRY(policy::join(holding.label, *ceiling));
    holding.source = ledger::import_source(terms_.label.receiver);
  }
  if (!judged.object.granular_markings.empty())
    holding.parts = TRY(wire::parts_of(judged.object, holding.label, terms_.label, lookup_));
  holding.object = std::move(judged.object);
  holding.text = std::move(judged.text);
  holding.collection = terms_.collection;
  return holding;
}

bool is_import(const store::NewHolding& holding) {
  return holding.source.kind == policy::Source::Kind::feed;
}

model::Finding finding_of(const Error& error, std::string_view section) {
  return {.severity = model::Severity::error,
          .section = std::string(section),
          .pointer = "",
          .message = error.message};
}

std::string text_of(const model::Version& version) {
  if (const auto* at = std::get_if<Timestamp>(&version)) {
    // STIX writes milliseconds; finer digits only where the object has them.
    return at->us % 1000 == 0 ? to_text_ms(*at) : to_text(*at);
  }
  return std::get<Digest>(version).hex();
}

}  // namespace shieldwall::library
