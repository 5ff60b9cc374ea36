#include "api/call.h"

#include <algorithm>

namespace shieldwall::api {

std::string_view name_of(Right right) {
  switch (right) {
    case Right::none:
      return "none";
    case Right::account:
      return "account";
    case Right::read:
      return "read";
    case Right::sight:
      return "sight";
    case Right::publish:
      return "publish";
    case Right::operate:
      return "operate";
    case Right::audit:
      return "audit";
  }
  return "none";
}

bool Caller::has(Right right) const {
  return right == Right::none || right == Right::account || std::ranges::find(rights, right) != rights.end();
}

}  // namespace shieldwall::api
