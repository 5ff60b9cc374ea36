#pragma once
// The audit log: who changed what, when. An entry stands before the change it tells of.

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "base/log.h"

namespace shieldwall::ledger {

struct AuditEntry {
  std::uint64_t index = 0;
  Timestamp at{};
  OrganisationId organisation{};  // whose matter it is; nil: the store's own
  AccountId account{};            // who did it; nil: the node itself
  std::string name{};             // of the account, then
  std::string event{};            // "circle.create"
  std::vector<log::Fact> facts{};
};

/// Appends an entry in the caller's organisation; durable on return. Facts are ids and names, never contents
/// or secrets.
Done audit(store::Store& store,
           const api::Caller& caller,
           std::string_view event,
           std::span<const log::Fact> facts);
Done audit(store::Store& store,
           const api::Caller& caller,
           std::string_view event,
           std::initializer_list<log::Fact> facts);
/// What the node did by itself.
Done audit_node(store::Store& store,
                const OrganisationId& organisation,
                std::string_view event,
                std::initializer_list<log::Fact> facts);

/// Tells of the change, then makes it: all of `writes` or none. A change that fails is told of as well
/// (`event` + ".failed").
Done change(store::Store& store,
            const api::Caller& caller,
            std::string_view event,
            std::initializer_list<log::Fact> facts,
            std::span<const store::Write> writes);

/// Entries of one organisation from index `from` on, at most `limit`; `next` is where to go on.
struct AuditPage {
  std::vector<AuditEntry> entries{};
  std::uint64_t next = 0;
  bool more = false;
};
/// Whether also what the store noted by itself is given: that something read everything, and why.
enum class Also : bool { nothing, the_stores_own };
Result<AuditPage> read_audit(store::Log& log,
                             const OrganisationId& organisation,
                             std::uint64_t from,
                             int limit,
                             Also also = Also::nothing);

}  // namespace shieldwall::ledger
