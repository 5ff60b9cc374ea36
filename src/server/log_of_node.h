#pragma once
// The log that a node keeps in its folder, under the key by which the roster knows it.

#include <memory>
#include <string>

#include "api/call.h"
#include "api/response.h"
#include "ledger/keys.h"
#include "ledger/log/node_log.h"
#include "store/store.h"

namespace shieldwall::server {

/// The origin of the log of that organisation's node.
std::string log_origin(const OrganisationId& home);

/// As whom the log signs: during an overlap by the keys before, too.
Result<ledger::NoteSigners> log_signers(const OrganisationId& home, const ledger::NodeKeys& keys);

/// Opens it, or begins one; what it notes goes to the store's records.
///   errors  as NodeLog::open
Result<std::unique_ptr<ledger::NodeLog>> open_log(const std::string& folder,
                                                  const OrganisationId& home,
                                                  const ledger::NodeKeys& keys,
                                                  store::Store& store,
                                                  Fs& fs);

/// The handlers that hand out the log, for those who may have it.
Result<api::Response> log_checkpoint(api::Call& call);
Result<api::Response> log_tile(api::Call& call);
/// errors: not_found: this node keeps none
Result<ledger::NodeLog*> log_of(const api::Call& call);

}  // namespace shieldwall::server
