#pragma once
// Asks another node without telling it what. One client speaks to one node, with one account.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exchange/ask/epoch.h"
#include "exchange/ask/filter.h"
#include "net/net.h"

namespace shieldwall::exchange::ask {

struct ClientSettings {
  net::Url node{};                                // its origin counts
  std::shared_ptr<const net::PeerTrust> trust{};  // nothing: the system's certificates, public addresses
  std::string authorization{};                    // the header's value
};

class Client {
 public:
  Client(net::Net& net, const Clock& clock, ClientSettings settings)
      : net_(net), clock_(clock), settings_(std::move(settings)) {}

  // Each: errors  denied, not_found: the node says so; conflict: the epoch is over; exhausted: the day's
  // questions are used, with when to return; invalid: the answer cannot be understood, or its proof does not
  // hold; unavailable: it did not answer

  /// The set of tags; nothing while the node still makes it.
  Result<std::optional<Filter>> filter();

  /// The tags of the values under the epoch's key, which the answer must prove; in batches.
  Result<std::vector<voprf::Tag>> tags(const Filter& filter,
                                       const std::vector<std::string>& values,
                                       Random& random);

  /// Names of those whom the request was passed to.
  Result<std::vector<std::string>> request(const Filter& filter, const voprf::Tag& tag);

  Result<std::vector<OpenKey>> keys();

 private:
  Result<net::Response> send(net::Method method, std::string_view path, Bytes body);
  Result<voprf::Evaluation> evaluate(std::uint32_t epoch, const std::vector<voprf::Blinded>& blinded);

  net::Net& net_;
  const Clock& clock_;
  ClientSettings settings_;
};

/// errors: invalid
Result<voprf::Evaluation> read_evaluation(std::string text);

}  // namespace shieldwall::exchange::ask
