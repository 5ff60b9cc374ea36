// What a TAXII server tells of itself, and of what it did.

#include "api/shelf.h"
#include "exchange/taxii/handlers.h"
#include "exchange/taxii/media_type.h"
#include "exchange/taxii/resource.h"
#include "exchange/taxii/status.h"

namespace shieldwall::exchange::taxii {

namespace {

/// "https://host:port/" as the client wrote it in Host, so that addresses work from where it stands; "/" when
/// there is none, or one that is no host.
std::string base_of(const net::Request& request) {
  const auto host = request.headers.get("Host").value_or("");
  const auto written = fmt::format("{}://{}/", request.secure ? "https" : "http", host);
  const auto url = net::Url::parse(written);
  return host.empty() || !url || url->target != "/" ? "/" : written;
}

/// Rows of the caller's own view: what its organisation is inside of, and what the node tells every account.
template <typename T>
Result<api::Response> told(const api::Call& call, T value, Bytes (*writer)(const T&)) {
  const auto row =
      TRY(policy::Release::of(call.scope(), policy::Owned<T>{call.caller->organisation, std::move(value)}));
  return api::Response(200, row.render(writer), media_type);
}

Bytes as_it_is(const Bytes& text) {
  return text;
}

}  // namespace

Result<api::Response> get_discovery(api::Call& call) {
  Discovery discovery{.base = base_of(call.request)};
  if (call.services.shelf != nullptr) discovery.names = call.services.shelf->of<TaxiiNames>();
  for (auto& row : TRY(ledger::list_api_roots(call.services.store.records())))
    discovery.roots.push_back(std::move(row.value));
  return told(call, std::move(discovery), discovery_text);
}

Result<api::Response> get_api_root(api::Call& call) {
  return told(call, TRY(api_root_of(call)), api_root_text);
}

Result<api::Response> get_status(api::Call& call) {
  const auto root = TRY(api_root_of(call));
  return told(call, TRY(kept_status(call, root.name, call.part("status"))), as_it_is);
}

Result<api::Response> get_collections(api::Call& call) {
  const auto root = TRY(api_root_of(call));
  return told(call, TRY(collections_of(call, root)), collections_text);
}

Result<api::Response> get_collection(api::Call& call) {
  const auto root = TRY(api_root_of(call));
  return told(call, TRY(collection_of(call, root)), collection_text);
}

}  // namespace shieldwall::exchange::taxii
