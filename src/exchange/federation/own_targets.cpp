#include "exchange/federation/own_targets.h"

#include <algorithm>

#include "wire/stix_label.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::size_t page_bytes_max = 64u << 20;  // one object of the largest fits

bool tells_of_others(const model::ObjectId& id) {
  return id.type == "sighting" || id.type == "opinion";
}

}  // namespace

Done narrow_to_own_targets(store::Objects& objects, const policy::Subject& home, store::NewHolding& holding) {
  if (!tells_of_others(holding.object.id)) return {};
  const auto before = holding.label;
  for (const auto& reference : holding.object.references) {
    store::Query query;
    query.ids = {reference.target};
    query.sources = {{policy::Source::Kind::own, home.own.organisation.uuid}};
    const auto found =
        TRY(objects.find(policy::Scope::of(home), query, std::nullopt, 1, page_bytes_max, Deadline::none()));
    if (found.holdings.empty()) continue;
    auto joined = policy::join(holding.label, found.holdings.front().label);
    if (joined) holding.label = std::move(*joined);  // another realm's: the reference is removed as before
  }
  if (holding.label == before) return {};
  const auto source = wire::source_under(holding.label, OrganisationId{holding.source.id});
  holding.parts = TRY(wire::parts_of(holding.object, holding.label, source, {}));
  return {};
}

}  // namespace shieldwall::exchange::federation
