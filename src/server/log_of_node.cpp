#include "server/log_of_node.h"

#include "ledger/delivery.h"

namespace shieldwall::server {

std::string log_origin(const OrganisationId& home) {
  return "shieldwall/log/" + home.text();
}

Result<std::unique_ptr<ledger::NodeLog>> open_log(const std::string& folder,
                                                  const OrganisationId& home,
                                                  const ledger::NodeKeys& keys,
                                                  store::Store& store,
                                                  Fs& fs) {
  const auto named = [&](const SigningKey& key) {
    return ledger::NoteKey::make(log_origin(home), ledger::NoteKeyType::ed25519, key.verify_key());
  };
  auto name = TRY(named(keys.statement));
  ledger::NodeLog::Options options{.folder = folder, .name = std::move(name), .key = keys.statement};
  for (const auto& key : keys.replaced.statement) options.former.push_back(TRY(named(key)));
  options.keep = [&store](std::span<const ledger::Opening> openings) {
    return ledger::keep_openings(store.records(), openings);
  };
  return ledger::NodeLog::open(std::move(options), fs);
}

}  // namespace shieldwall::server
