#pragma once
// One run of a reconciliation, by the node that calls; and the symbols that the other one answers with.
// Internal to reconcile.cpp.

#include "exchange/federation/again.h"
#include "exchange/federation/reconcile.h"
#include "exchange/federation/take_back.h"

namespace shieldwall::exchange::federation {

/// One question to the peer's node. errors: unavailable; invalid: another answer than to that question
Result<ReconcileAnswer> ask_reconcile(Federation& federation,
                                      const OrganisationId& peer,
                                      const ReconcileRequest& request);

/// Both sets from their symbols to what mends them. errors: unavailable; invalid
Done run_reconcile(Federation& federation, const OrganisationId& peer);

/// errors: exhausted: the peer asked for more than its share of this node's time
Result<ReconcileAnswer> answer_symbols(Federation& federation,
                                       const OrganisationId& peer,
                                       const SymbolsWanted& wanted);

}  // namespace shieldwall::exchange::federation
