#pragma once
// What was withdrawn stays withdrawn, whatever backup a node is restored from: the log says so in clear, by
// names that tell nobody else anything.

#include <span>

#include "api/call.h"
#include "ledger/log/entry.h"

namespace shieldwall::server {

enum class Withdrawn : std::uint8_t { api_key, account };

/// Notes it in the node's log, if it keeps one. A log that cannot take it now is told of, and keeps nobody
/// from withdrawing.
void note_withdrawn(const api::Call& call, Withdrawn kind, std::string_view name);

/// Withdraws again what these entries of the log name, and ends every session: whoever is still welcome signs
/// in. Gives how many were withdrawn. errors: as the store
Result<std::size_t> withdraw_again(store::Records& records, std::span<const ledger::ClearEntry> entries);

}  // namespace shieldwall::server
