#include "exchange/taxii/page.h"

#include <algorithm>

namespace shieldwall::exchange::taxii {

namespace {

/// Tells of each version of an object whether a mixture of first, last and exact versions asks for it, which
/// the store answers one at a time.
class Mixture {
 public:
  Mixture(const api::Call& call, const Collection& collection, const Filters& filters)
      : call_(call), collection_(collection), filters_(filters) {}

  Result<bool> takes(const policy::Holding& holding) {
    const auto* const at = std::get_if<Timestamp>(&holding.version);
    const auto instant = at != nullptr ? *at : holding.added;
    if (std::ranges::binary_search(filters_.versions, instant)) return true;
    if (filters_.first && TRY(is(holding, store::VersionSelect::first))) return true;
    return filters_.last && TRY(is(holding, store::VersionSelect::last));
  }

 private:
  Result<bool> is(const policy::Holding& holding, store::VersionSelect select) {
    auto query = every_version(holding.id, collection_.searched);
    query.select = select;
    if (!filters_.spec_versions.empty()) query.spec_versions = filters_.spec_versions;
    const auto page = TRY(call_.services.store.objects().find(
        call_.scope(), query, std::nullopt, 1, read_bytes_max, call_.deadline));
    return !page.holdings.empty() && page.holdings.front().version == holding.version;
  }

  const api::Call& call_;
  const Collection& collection_;
  const Filters& filters_;
};

}  // namespace

store::Query every_version(const model::ObjectId& object, const std::vector<CircleId>& collections) {
  store::Query query;
  query.ids = {object};
  query.spec_versions = {model::SpecVersion::v2_0, model::SpecVersion::v2_1};
  query.select = store::VersionSelect::all;
  query.collections = collections;
  return query;
}

store::Query query_of(const Collection& collection,
                      const std::optional<model::ObjectId>& object,
                      const Filters& filters) {
  auto query = filters.query();
  query.collections = collection.searched;
  query.sources = collection.sources;
  if (object) query.ids = {*object};
  return query;
}

Result<Page> read_page(const api::Call& call,
                       const Collection& collection,
                       const std::optional<model::ObjectId>& object,
                       const Filters& filters,
                       std::optional<store::Place> from,
                       int limit) {
  Page page;
  if (filters.impossible) return page;
  const auto query = query_of(collection, object, filters);
  Mixture mixture(call, collection, filters);
  page.next = from;
  do {  // until something is left: an empty page with more behind it would puzzle clients
    auto found = TRY(call.services.store.objects().find(
        call.scope(), query, page.next, limit, read_bytes_max, call.deadline));
    for (auto& holding : found.holdings) {
      if (filters.mixed() && !TRY(mixture.takes(holding))) continue;
      auto released = policy::release(call.scope(), std::move(holding), call.now);
      if (released) page.holdings.push_back(std::move(*released));
    }
    page.next = found.next;
  } while (page.next && page.holdings.empty());
  return page;
}

Result<bool> is_held(const api::Call& call, const Collection& collection, const model::ObjectId& object) {
  const auto query = every_version(object, collection.searched);
  return TRY(call.services.store.objects().count(call.scope(), query, 1)) > 0;
}

}  // namespace shieldwall::exchange::taxii
