#pragma once
// What every handler that may take long asks, every so often.

#include "api/call.h"

namespace shieldwall::api {

/// In time an error, too late no answer at all.
///   errors  unavailable: the time for the request is over, or the node stops
Done still_in_time(const Deadline& deadline);
inline Done still_in_time(const Call& call) {
  return still_in_time(call.deadline);
}

}  // namespace shieldwall::api
