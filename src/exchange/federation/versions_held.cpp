#include "exchange/federation/versions_held.h"

#include "exchange/federation/frames.h"

namespace shieldwall::exchange::federation {

Result<std::vector<policy::Holding>> versions_held(store::Objects& objects,
                                                   const policy::Scope& scope,
                                                   const model::ObjectId& id,
                                                   const policy::Source& source,
                                                   int most) {
  store::Query query;
  query.ids = {id};
  query.select = store::VersionSelect::all;
  query.sources = {source};
  auto page = TRY(objects.find(scope, query, std::nullopt, most, page_bytes_about, Deadline::none()));
  return std::move(page.holdings);
}

}  // namespace shieldwall::exchange::federation
