#pragma once
// Asks another TAXII 2.1 server. One client speaks to one server, with one account.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "exchange/taxii/remote.h"
#include "net/net.h"

namespace shieldwall::exchange::taxii {

/// Larger answers are refused: eight times the page that our own server would give.
inline constexpr std::uint64_t remote_bytes_max = 64ull << 20;

struct ClientSettings {
  std::shared_ptr<const net::PeerTrust> trust{};  // nothing: the system's certificates, public addresses
  std::string authorization{};                    // the header's value; empty: none
  Duration timeout = seconds(120);                // of one exchange: slow servers need a minute for a page
};

/// The Authorization value of an account with a password, RFC 7617.
std::string basic_authorization(std::string_view user, std::string_view password);

/// What a page is asked for with: names and values as they go into the query.
using Query = std::vector<net::Parameter>;

class Client {
 public:
  Client(net::Net& net, const Clock& clock, ClientSettings settings)
      : net_(net), clock_(clock), settings_(std::move(settings)) {}

  // Each: errors  not_found, denied: the server says so; invalid: the server cannot be understood, or finds
  // our request bad; exhausted: it wants less, or less often; unavailable: it failed or did not answer

  Result<RemoteDiscovery> discover(const net::Url& discovery);
  Result<RemoteRoot> root(const net::Url& root);
  Result<std::vector<RemoteCollection>> collections(const net::Url& root);
  Result<RemoteCollection> collection(const net::Url& collection);
  Result<RemotePage> objects(const net::Url& collection, const Query& query);
  Result<RemoteStatus> add(const net::Url& collection, std::string_view envelope);
  Result<RemoteStatus> status(const net::Url& root, std::string_view id);

  /// What was odd so far; each said once.
  const Warnings& warnings() const { return warnings_; }

 private:
  struct Reply {
    net::Headers headers;
    Bytes body;
  };
  Result<Reply> get(const net::Url& url);
  Result<Reply> send(net::Url url, net::Request request);
  Result<Reply> read(const net::Url& url, net::Response response);
  void warn_once(std::string warning);
  template <typename T>
  Result<T> told(Result<T> result, const net::Url& url, Warnings warnings);

  net::Net& net_;
  const Clock& clock_;
  ClientSettings settings_;
  Warnings warnings_;
};

/// `base` with `path` behind it; a slash stands between and at the end.
Result<net::Url> below(const net::Url& base, std::string_view path);

}  // namespace shieldwall::exchange::taxii
