#include "library/held_already.h"

#include <map>

#include "ledger/ceiling.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t ids_max = 256;  // of one look
constexpr std::size_t page_bytes_max = 16u << 20;

bool is_in_force(const policy::Holding& holding, Timestamp now) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return false;
  const auto root = document->root();
  if (model::is_revoked(root)) return false;
  const auto until = root.find("valid_until");
  if (!until) return true;
  const auto end = until->is(model::JsonKind::string)
                       ? parse_lenient_time(until->string())
                       : Result<Timestamp>(fail(ErrorCode::invalid, "no time"));
  return end && *end > now;
}

using ById = std::map<model::ObjectId, std::vector<std::size_t>>;  // places among the judged

void keep_those(store::Objects& objects,
                const policy::Scope& scope,
                const policy::Source& source,
                Timestamp now,
                const ById& places,
                std::vector<Judged>& judged) {
  store::Query query;
  for (const auto& [id, some] : places) query.ids.push_back(id);
  query.sources = {source, ledger::import_source(scope.subject().own.organisation)};
  const auto page =
      objects.find(scope, query, std::nullopt, static_cast<int>(ids_max), page_bytes_max, Deadline::none());
  if (!page) return;
  for (const auto& holding : page->holdings) {
    const auto found = places.find(holding.id);
    if (found == places.end() || !is_in_force(holding, now)) continue;
    for (const auto place : found->second)
      if (auto held = judge(*holding.bytes, false)) judged[place] = std::move(*held);
  }
}

}  // namespace

void keep_what_is_held(store::Objects& objects,
                       const policy::Scope& scope,
                       const policy::Source& source,
                       Timestamp now,
                       std::vector<Judged>& judged) {
  ById places;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    places[judged[i].object.id].push_back(i);
    if (places.size() < ids_max && i + 1 < judged.size()) continue;
    keep_those(objects, scope, source, now, places, judged);
    places.clear();
  }
}

}  // namespace shieldwall::library
