#pragma once
// A transparency log to read, wherever it is: of a node that we operate, behind a URL, in a folder.

#include <memory>
#include <optional>
#include <string>

#include "cli/node_call.h"
#include "ledger/log/verify.h"

namespace shieldwall::cli {

/// Where the log is, and by which key it is known.
struct KnownLog {
  std::unique_ptr<NodeDoor> door;  // outlives the source
  std::unique_ptr<ledger::LogSource> source;
  std::optional<ledger::NoteKey> key;
};

/// The log at `where`: URL or folder; empty: of the node in --dir, whose own word its key is without --key.
///   errors  unavailable: no log there; as NodeDoor; of the files that the options name
Result<KnownLog> log_at(const Arguments& arguments, const std::string& where);

/// --key: as it is written, or a file whose first line it is. errors: invalid; of the file
Result<ledger::NoteKey> log_key_of(const Arguments& arguments);

}  // namespace shieldwall::cli
