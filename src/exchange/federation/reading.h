#pragma once
// What an envelope says by its bytes alone, whatever this node took before: it can be read on another thread
// while the pages before it are taken.

#include <optional>
#include <set>
#include <vector>

#include "exchange/federation/epochs.h"
#include "policy/statement.h"

namespace shieldwall::exchange::federation {

/// An envelope that was opened. Nothing of it is judged yet but its object, against its own statement.
struct ReadEnvelope {
  EnvelopeHeader header{};
  Contents contents{};
  policy::Statement statement{};
  Digest digest{};                                     // statement_digest
  std::optional<Result<store::NewHolding>> holding{};  // judge_object; nothing: not asked yet
};

/// Opens it by whichever key of its epoch fits.
///   errors  invalid, exhausted: what is wrong with it, or that its key is not here
Result<ReadEnvelope> read_envelope(std::string_view item, EpochKeys& epochs);

/// One place for each delivery of a page. Nothing: no envelope for this node, or one that could not be read
/// now; whoever takes it reads it himself and tells why not.
using ReadAhead = std::vector<std::optional<ReadEnvelope>>;

/// Reads the page's envelopes, their objects too.
ReadAhead read_ahead(const api::Services& services,
                     const Known& known,
                     const ledger::NodeKeys& keys,
                     const Page& page);

/// Key ids by which deliveries name this node.
std::set<Digest> sealing_ids(const ledger::NodeKeys& keys);

}  // namespace shieldwall::exchange::federation
