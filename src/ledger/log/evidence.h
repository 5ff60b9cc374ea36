#pragma once
// What shows a third member that a log contradicted itself: two checkpoints that it signed.

#include <string>

#include "ledger/log/checkpoint.h"

namespace shieldwall::ledger {

struct Evidence {
  Timestamp seen{};
  Note first;   // smaller, or of the same size
  Note second;  // does not continue it
  Proof proof;  // what was offered as the proof that it does

  std::string text() const;
  /// errors: invalid, naming the line
  static Result<Evidence> parse(std::string_view text);
};

enum class Finding : std::uint8_t {
  fork,  // both are signed by the log, and cannot belong to one history: nobody but the log's key made them
  unproved,  // both are signed; that they contradict is not shown. The log can clear itself by a proof
};
/// errors: invalid: not signed by the log, or no contradiction at all
Result<Finding> judge(const Evidence& evidence, const NoteKey& log);

}  // namespace shieldwall::ledger
