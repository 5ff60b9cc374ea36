#pragma once
// What other TAXII 2.1 servers answer, read with patience: what is missing, null or of an odd type is treated
// as absent wherever one can go on without it, and said as a warning.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace shieldwall::exchange::taxii {

using Warnings = std::vector<std::string>;

/// Section 4.1. Addresses as written, absolute or relative.
struct RemoteDiscovery {
  std::string title{};
  std::string default_root{};
  std::vector<std::string> api_roots{};
};

/// Section 4.2.
struct RemoteRoot {
  std::string title{};
  std::vector<std::string> versions{};
  std::optional<std::uint64_t> max_content_length{};
};

/// Section 5.2.
struct RemoteCollection {
  std::string id{};
  std::string title{};
  std::string alias{};
  bool can_read = false;
  bool can_write = false;
  std::vector<std::string> media_types{};
};

/// Section 3.7, with the headers that date it.
struct RemotePage {
  std::vector<std::string> objects{};  // exact bytes of each
  bool more = false;
  std::string next{};  // empty: none
  std::optional<Timestamp> date_added_last{};
};

/// Section 4.3.
struct RemoteStatus {
  std::string id{};
  bool pending = false;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::uint64_t pendings = 0;
  std::vector<std::string> messages{};  // "id: message" of failures
};

// Each: errors  invalid: no JSON object
Result<RemoteDiscovery> read_discovery(std::string text, Warnings& warnings);
Result<RemoteRoot> read_root(std::string text, Warnings& warnings);
Result<std::vector<RemoteCollection>> read_collections(std::string text, Warnings& warnings);
Result<RemoteCollection> read_collection(std::string text, Warnings& warnings);
Result<RemotePage> read_envelope(std::string text, const net::Headers& headers, Warnings& warnings);
Result<RemoteStatus> read_status(std::string text, Warnings& warnings);

/// What an error message says, on one line; the beginning of the body when it is none.
std::string read_error(std::string text);

}  // namespace shieldwall::exchange::taxii
