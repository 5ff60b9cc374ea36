// Finding: every question is a walk over the changes in order.

#include "store/sqlite_met.h"
#include "store/sqlite_objects.h"

namespace shieldwall::store {

namespace {

/// What `next` gives, until the page is full.
template <typename Next>
Result<Page> filled(const Sight& sight, int limit, std::size_t bytes_max, Next&& next) {
  Page page;
  page.holdings.reserve(static_cast<std::size_t>(std::clamp(limit, 0, 1000)));
  std::size_t bytes = 0;
  Place last;
  for (;;) {
    const auto found = TRY(next());
    if (!found) return page;
    const bool full =
        page.holdings.size() >= static_cast<std::size_t>(std::max(limit, 1)) || bytes >= bytes_max;
    if (full && !page.holdings.empty()) {
      page.next = last;
      return page;
    }
    bytes += found->best->bytes->size();
    page.holdings.push_back(sight.holding(*found->best, found->met));
    last = {.added = found->met, .sequence = found->first->sequence};
  }
}

}  // namespace

Result<Page> SqliteObjects::find(const policy::Scope& scope,
                                 const Query& query,
                                 std::optional<Place> from,
                                 int limit,
                                 std::size_t bytes_max,
                                 Deadline deadline) {
  if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before the search began");
  TRY(core_.note_everything(scope));
  auto sight = TRY(Sight::open(core_, scope));
  auto walk = TRY(Walk::begin(sight, query, from));
  return filled(sight, limit, bytes_max, [&] { return walk.next(deadline); });
}

Result<Page> SqliteObjects::find_met(const policy::Scope& scope,
                                     const PastRights& pasts,
                                     const Query& query,
                                     std::optional<Place> from,
                                     int limit,
                                     std::size_t bytes_max,
                                     Deadline deadline) {
  if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before the search began");
  TRY(core_.note_everything(scope));
  auto sight = TRY(Sight::open(core_, scope));
  auto walk = TRY(MetWalk::begin(sight, query, pasts, from));
  return filled(sight, limit, bytes_max, [&] { return walk.next(deadline); });
}

Result<policy::Holding> SqliteObjects::get(const policy::Scope& scope, const model::ObjectId& id) {
  TRY(core_.note_everything(scope));
  // Mostly asked of what is new, before it is put: that takes no connection.
  if (!may_have_id(core_.state()->facts, core_.keys->of(id)))
    return fail(ErrorCode::not_found, "no object {}", id.text());
  Query query;
  query.ids = {id};
  auto page = TRY(find(scope, query, {}, 1, SIZE_MAX, Deadline::none()));
  if (page.holdings.empty()) return fail(ErrorCode::not_found, "no object {}", id.text());
  return std::move(page.holdings.front());
}

Result<std::vector<VersionEntry>> SqliteObjects::versions(const policy::Scope& scope,
                                                          const model::ObjectId& id,
                                                          std::optional<CircleId> collection) {
  TRY(core_.note_everything(scope));
  auto sight = TRY(Sight::open(core_, scope));
  Query query;
  if (collection) query.collections = {*collection};
  const auto rows = TRY(sight.family(id));
  std::vector<Member> members;
  for (const auto& row : rows)
    if (in_universe(query, *row)) members.push_back({row.get(), true, row->at});
  return entries_of(members);
}

Result<std::size_t> SqliteObjects::count_until(const policy::Scope& scope,
                                               const Query& query,
                                               std::size_t most,
                                               Deadline deadline) {
  TRY(core_.note_everything(scope));
  auto sight = TRY(Sight::open(core_, scope));
  auto walk = TRY(Walk::begin(sight, query, {}));
  std::size_t found = 0;
  while (found < most && TRY(walk.next(deadline))) ++found;
  return found;
}

}  // namespace shieldwall::store
