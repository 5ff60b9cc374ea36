#pragma once
// The store as its operator keeps it: a copy while the node runs, and whether all of it verifies. For this
// machine's own operator alone: what is copied or named is asked no policy.

#include "api/route.h"

namespace shieldwall::library {

/// POST /api/v1/store/backup
Result<api::Response> back_up_store(api::Call& call);
/// POST /api/v1/store/check
Result<api::Response> check_store(api::Call& call);

extern const api::Type store_backup;
extern const api::Type store_findings;

}  // namespace shieldwall::library
