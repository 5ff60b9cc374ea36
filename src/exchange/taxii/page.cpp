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

/// When the label next decides otherwise by the clock alone.
Timestamp next_turn(const policy::Label& label, Timestamp now) {
  const auto embargo = label.embargo > now ? label.embargo : Timestamp::never();
  return std::min(embargo, label.end > now ? label.end : Timestamp::never());
}

/// Reads pages of one question, release included.
class PageReader {
 public:
  PageReader(const api::Call& call,
             const Collection& collection,
             const Filters& filters,
             const store::Query& query,
             const store::PastRights& past)
      : call_(call), filters_(filters), query_(query), past_(past), mixture_(call, collection, filters) {}

  Result<Page> read(std::optional<store::Place> from, int limit) {
    Page page;
    page.next = from;
    std::size_t bytes = 0;
    do {
      bytes += TRY(step(page, limit - static_cast<int>(page.holdings.size()), read_bytes_max - bytes));
    } while (page.next && static_cast<int>(page.holdings.size()) < limit && bytes < read_bytes_max);
    if (!TRY(is_more(page))) page.next.reset();
    return page;
  }

 private:
  static constexpr int looked_at_once = 16;  // for one that can be shown; nearly always the first can

  /// Adds what one look at the store gives. The bytes of it.
  Result<std::size_t> step(Page& page, int limit, std::size_t bytes_max) {
    auto found = TRY(store::find(call_.services.store.objects(),
                                 call_.scope(),
                                 past_,
                                 query_,
                                 page.next,
                                 limit,
                                 bytes_max,
                                 call_.deadline));
    std::size_t bytes = 0;
    for (auto& holding : found.holdings) {
      bytes += holding.bytes->size();
      page.until = std::min(page.until, next_turn(holding.label, call_.now));
      for (const auto& part : holding.parts)
        page.until = std::min(page.until, next_turn(part.label, call_.now));
      if (filters_.mixed() && !TRY(mixture_.takes(holding))) continue;
      const auto* const received = holding.bytes.get();
      auto released = policy::release(call_.scope(), std::move(holding), call_.now);
      if (!released) continue;
      page.redacted.push_back(released->look().bytes.get() != received);
      page.holdings.push_back(std::move(*released));
    }
    page.next = found.next;
    return bytes;
  }

  Result<bool> is_more(Page& page) {
    Page rest;
    rest.next = page.next;
    for (int limit = 1; rest.next && rest.holdings.empty(); limit = looked_at_once)
      TRY(step(rest, limit, read_bytes_max));
    page.until = std::min(page.until, rest.until);
    return !rest.holdings.empty();
  }

  const api::Call& call_;
  const Filters& filters_;
  const store::Query& query_;
  const store::PastRights& past_;
  Mixture mixture_;
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
                       const store::PastRights& past,
                       std::optional<store::Place> from,
                       int limit) {
  if (filters.impossible) return Page{};
  const auto query = query_of(collection, object, filters);
  return PageReader(call, collection, filters, query, past).read(from, limit);
}

Result<bool> is_held(const api::Call& call, const Collection& collection, const model::ObjectId& object) {
  const auto query = every_version(object, collection.searched);
  return TRY(store::count(call.services.store.objects(), call.scope(), query, 1, call.deadline)) > 0;
}

}  // namespace shieldwall::exchange::taxii
