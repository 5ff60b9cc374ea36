#pragma once
// What is never blocked here, whoever says so: the organisation's own list, warning lists, and what would
// take a network down. It wins over every source.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "model/address.h"
#include "model/canonical.h"

namespace shieldwall::library::feed {

class Guard {
 public:
  Guard();  // private, loopback, link-local and multicast networks

  /// `why` is told to people. A domain protects itself, all below it, and keeps all above it from being
  /// blocked with it; an address or network keeps every network that holds or meets it.
  void protect(const model::CanonicalValue& value, std::string why);

  /// Why the value must not be blocked; nothing: it may.
  std::optional<std::string> objection(const model::CanonicalValue& value) const;

 private:
  using Reasons = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;
  std::optional<std::string> about_domain(std::string_view name) const;
  std::optional<std::string> about_network(const model::Network& network) const;

  Reasons domains_;  // protected names
  Reasons above_;    // names above them, down to which no name may be blocked
  Reasons exact_;    // "kind text"
  std::map<int, std::map<model::Address, std::string>> networks_;  // by length
};

/// The entries of a warning list in the form of MISP's (list.json of misp-warninglists), each ready to
/// protect.
struct WarningList {
  std::string name{};
  std::vector<model::CanonicalValue> values{};
  std::size_t unused = 0;  // entries that are no value (substrings, regular expressions)
};
inline constexpr std::size_t warning_list_values_max = 2'000'000;
/// errors: invalid
Result<WarningList> read_warning_list(std::string text);

}  // namespace shieldwall::library::feed
