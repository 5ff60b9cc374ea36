#pragma once
// What became of the objects of a request: the status resource, TAXII 2.1 section 4.3.

#include <string>
#include <vector>

#include "api/call.h"
#include "policy/released.h"

namespace shieldwall::exchange::taxii {

/// How long a status can be asked for. The standard wants 24 hours; two days let a sender sleep over it.
inline constexpr Duration status_kept = hours(48);

struct StatusEntry {
  std::string id{};
  std::string version{};
  std::string message{};  // empty: nothing to say
};

struct Status {
  Uuid id{};
  Timestamp requested{};
  std::vector<StatusEntry> successes{};
  std::vector<StatusEntry> failures{};
  std::vector<StatusEntry> pendings{};
};

/// Counts are there always and are integers, and add up.
Bytes status_text(const Status& status);

/// Keeps its text for its sender.
store::Write kept_for_sender(const api::Call& call,
                             std::string_view api_root,
                             const Bytes& text,
                             const Uuid& id);

/// errors  not_found: none, expired, of another account or another API root
Result<Bytes> kept_status(const api::Call& call, std::string_view api_root, std::string_view id);

}  // namespace shieldwall::exchange::taxii
