#include "api/in_time.h"

namespace shieldwall::api {

Done still_in_time(const Deadline& deadline) {
  if (!deadline.passed()) return {};
  return fail(
      ErrorCode::unavailable,
      "the time for this request is over (limits.handler_seconds), or the node stops: ask for less at "
      "once, or try again");
}

}  // namespace shieldwall::api
