#pragma once
// A receipt that stands alone: a C2SP proof file whose `extra` line shows what the entry commits to, and
// which of the versions it lists (docs/formats/log.md). Whoever holds the log's key checks it, without the
// node.

#include <string>
#include <vector>

#include "ledger/delivery.h"
#include "ledger/log/entry.h"

namespace shieldwall::ledger {

/// A version that a delivery entry lists, and the way from it to the entry's root.
struct ShownVersion {
  std::uint32_t index = 0;  // in the list
  DeliveredVersion version;
  Proof path;
};

struct Receipt {
  Commitment opening;
  std::vector<ShownVersion> versions{};
};

/// The receipt that shows an entry as it stands in the log, and not what it commits to.
///   errors  not_found: not published yet
Result<ProofFile> bare_receipt(const NodeLog& log, std::uint64_t index);

Bytes encode(const Receipt& receipt);
/// errors: invalid
Result<Receipt> decode_receipt(std::string_view bytes);

/// The receipt for an entry of the log, which shows only what it lists of `id`.
///   errors  not_found: it left before there was a log, or is not published yet
Result<ProofFile> receipt_for(const NodeLog& log, const Delivery& delivery, const model::ObjectId& id);

/// What a receipt proves.
struct CheckedReceipt {
  Checkpoint checkpoint;
  std::uint64_t index = 0;
  std::string kind{};  // "delivery"; "entry": what it commits to is not shown
  Bytes entry{};
  Delivery delivery{};  // of that kind: without the list, but for the versions shown
};
/// errors: invalid, saying which step failed
Result<CheckedReceipt> check_receipt(const ProofFile& file, const NoteKey& log);

}  // namespace shieldwall::ledger
