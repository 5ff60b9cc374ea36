// The query of a TAXII request, and its Accept field, from anybody.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exchange/taxii/media_type.h"
#include "exchange/taxii/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shieldwall;
  using namespace shieldwall::exchange::taxii;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  accepts_taxii({{"Accept", std::string(text)}});
  const auto target = net::parse_target("/objects/?" + std::string(text));
  if (!target) return 0;
  for (const auto known : {collection_fields, object_fields, versions_fields}) {
    const auto filters = read_filters(target->query, known);
    if (!filters) continue;
    if (filters->limit < 1 || filters->limit > page_objects_max) std::abort();
    // A filter that was given is never lost on the way to the store.
    const auto query = filters->query();
    for (const auto& parameter : target->query) {
      const bool none = filters->impossible;
      if (parameter.name == "match[id]" && query.ids.empty() && !none) std::abort();
      if (parameter.name == "match[type]" && query.types.empty()) std::abort();
      if (parameter.name == "match[spec_version]" && query.spec_versions.empty() && !none) std::abort();
      if (parameter.name == "added_after" && !query.added_after) std::abort();
    }
    if (filters->text() != read_filters(target->query, known)->text()) std::abort();
  }
  return 0;
}
