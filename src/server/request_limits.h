#pragma once
// How many requests a caller may send: by address before anything is done for it, by account once it is known
// who calls. Members' nodes, which their certificates name, have a limit of their own; this machine's own
// command line has none.

#include <optional>
#include <string_view>

#include "base/ids.h"
#include "net/http.h"
#include "server/token_buckets.h"

namespace shieldwall::server {

class RequestLimits {
 public:
  /// More than twice what 64 writers of one account at one address ever sent a node as fast as they could: it
  /// holds back who floods, and nobody who works.
  static constexpr TokenBuckets::Rule generous{.per_second = 20'000, .seconds = 10};
  struct Rules {
    TokenBuckets::Rule account = generous;
    TokenBuckets::Rule address = generous;  // IPv6: by /64
    TokenBuckets::Rule member = generous;
  };
  enum class By { account, address, member };
  struct Limited {
    By by{};
    Duration wait{};
  };
  /// A request whose large body is still to come is asked about twice, and counts once.
  enum class Count { now, later };

  RequestLimits(const Clock& clock, Rules rules);

  std::optional<Limited> on_arrival(const net::Request& request, Count count);
  std::optional<Limited> of_account(const net::Request& request, const AccountId& account, Count count);

 private:
  TokenBuckets accounts_;
  TokenBuckets addresses_;
  TokenBuckets members_;
};

std::string_view name_of(RequestLimits::By by);

}  // namespace shieldwall::server
