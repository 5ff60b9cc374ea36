#include "exchange/taxii/collection.h"

#include <algorithm>

#include "exchange/taxii/media_type.h"

namespace shieldwall::exchange::taxii {

namespace {

std::unexpected<Error> no_such_collection() {
  return fail(ErrorCode::not_found, "no such collection");
}

Collection collection_from(ledger::Row<ledger::Circle> row, const api::Caller& caller) {
  const auto& circle = row.value;
  const auto access = ledger::access_of(circle, caller);
  Collection collection{.id = circle.id,
                        .title = circle.title,
                        .description = circle.description,
                        .alias = circle.alias,
                        .media_types = circle.media_types,
                        .can_read = access.can_read,
                        .can_write = access.can_write,
                        .searched = {circle.id}};
  if (collection.media_types.empty()) collection.media_types = {std::string(stix_2_1_type)};
  collection.circle = std::move(row);
  return collection;
}

/// What the collection of everything looks through: nothing is left out, unless the account may not read some
/// circle that its organisation is in; then only those that it may.
struct Reach {
  bool all = true;
  std::vector<CircleId> readable{};
};

Result<Reach> reach_of(const api::Call& call) {
  Reach reach;
  const auto& caller = *call.caller;
  for (const auto& row : TRY(ledger::circles_of(call.services.store.records(), caller.organisation))) {
    if (!ledger::is_inside(row.value, caller.organisation)) continue;
    if (ledger::access_of(row.value, caller).can_read)
      reach.readable.push_back(row.value.id);
    else
      reach.all = false;
  }
  return reach;
}

Result<Collection> everything(const api::Call& call, const CircleId& id) {
  auto reach = TRY(reach_of(call));
  return Collection{.id = id,
                    .title = "Everything",
                    .description = "All objects that this account may see, from every circle.",
                    .media_types = {std::string(stix_2_1_type), std::string(stix_2_0_type)},
                    .can_read = call.caller->has(api::Right::read) && (reach.all || !reach.readable.empty()),
                    .searched = reach.all ? std::vector<CircleId>{} : std::move(reach.readable)};
}

Result<ledger::Row<ledger::Circle>> circle_named(const api::Call& call,
                                                 const ledger::ApiRoot& root,
                                                 std::string_view name) {
  auto& records = call.services.store.records();
  const auto shows = [&](const auto& row) {
    return row.value.api_root == root.name && ledger::is_inside(row.value, call.caller->organisation);
  };
  if (const auto id = CircleId::parse(name)) {
    auto row = TRY(ledger::read_circle(records, *id));
    if (shows(row)) return row;
    return no_such_collection();
  }
  auto named = ledger::circle_by_name(records, call.caller->organisation, name, root.name);
  if (named && shows(*named)) return named;
  // An alias may be that of a circle which the organisation has left, and of another one that it is in.
  for (auto& row : TRY(ledger::circles_shown(records, *call.caller, root.name)))
    if (!name.empty() && row.value.alias == name) return std::move(row);
  return no_such_collection();
}

}  // namespace

bool is_own(const policy::Source& source, const OrganisationId& organisation) {
  return source.kind != policy::Source::Kind::feed && source.id == organisation.uuid;
}

Done Collection::must_read() const {
  if (!can_read) return fail(ErrorCode::denied, "this account may not read from the collection");
  return {};
}

Done Collection::must_write() const {
  if (!can_write) return fail(ErrorCode::denied, "this account may not write to the collection");
  return {};
}

Result<ledger::ApiRoot> api_root_of(const api::Call& call) {
  auto row = TRY(ledger::read_api_root(call.services.store.records(), call.part("root")));
  return std::move(row.value);
}

Result<std::vector<Collection>> collections_of(const api::Call& call, const ledger::ApiRoot& root) {
  std::vector<Collection> collections;
  for (auto& row : TRY(ledger::circles_shown(call.services.store.records(), *call.caller, root.name)))
    collections.push_back(collection_from(std::move(row), *call.caller));
  if (root.everything) collections.push_back(TRY(everything(call, *root.everything)));
  return collections;
}

Result<Collection> collection_of(const api::Call& call, const ledger::ApiRoot& root) {
  const auto& name = call.part("collection");
  if (const auto id = CircleId::parse(name); id && root.everything && *id == *root.everything)
    return everything(call, *id);
  auto row = circle_named(call, root, name);
  if (!row && row.error().code == ErrorCode::not_found) return no_such_collection();
  return collection_from(TRY(std::move(row)), *call.caller);
}

}  // namespace shieldwall::exchange::taxii
