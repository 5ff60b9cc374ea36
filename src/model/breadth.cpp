#include "model/breadth.h"

#include <libpsl.h>

#include "base/text.h"
#include "model/address.h"

namespace shieldwall::model {

bool is_public_suffix(const std::string& domain) {
  const auto* const list = psl_builtin();
  return list != nullptr &&
         psl_is_public_suffix2(list, domain.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

std::optional<std::string> too_broad(const CanonicalValue& value) {
  if (value.kind == ValueKind::domain && is_public_suffix(value.text))
    return fmt::format("'{}' is a public suffix: it would match every name under it", excerpt(value.text));
  if (value.kind != ValueKind::ipv4_cidr && value.kind != ValueKind::ipv6_cidr) return std::nullopt;
  const auto network = parse_network(value.text);
  if (!network || network->bits != (network->is_v4() ? 96 : 0)) return std::nullopt;
  return fmt::format("'{}' would match every address", value.text);
}

}  // namespace shieldwall::model
