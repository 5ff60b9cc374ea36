#include "server/log_of_node.h"

#include "ledger/delivery.h"

namespace shieldwall::server {

std::string log_origin(const OrganisationId& home) {
  return "shieldwall/log/" + home.text();
}

Result<ledger::NoteSigners> log_signers(const OrganisationId& home, const ledger::NodeKeys& keys) {
  return ledger::signers_of(
      log_origin(home), ledger::NoteKeyType::ed25519, keys.statement, keys.replaced.statement);
}

Result<std::unique_ptr<ledger::NodeLog>> open_log(const std::string& folder,
                                                  const OrganisationId& home,
                                                  const ledger::NodeKeys& keys,
                                                  store::Store& store,
                                                  Fs& fs) {
  ledger::NodeLog::Options options{.folder = folder, .signers = TRY(log_signers(home, keys))};
  options.keep = [&store](std::span<const ledger::Opening> openings) {
    return ledger::keep_openings(store.records(), openings);
  };
  return ledger::NodeLog::open(std::move(options), fs);
}

}  // namespace shieldwall::server
