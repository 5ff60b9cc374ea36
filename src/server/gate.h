#pragma once
// What happens around every handler: the path, who calls, the right, the errors and the headers.

#include "api/route.h"
#include "net/server.h"
#include "server/parts.h"

namespace shieldwall::server {

class Gate {
 public:
  Gate(Parts& parts, std::vector<api::Route> routes) : parts_(parts), router_(std::move(routes)) {}

  /// Answers one request. Never throws; whatever a handler failed on is told in the route's dialect.
  net::Response answer(net::Request&& request);

  /// Asked before a large body is read: who may not send it is told at once.
  net::Intake intake(const net::Request& head);

  const std::vector<api::Route>& routes() const { return router_.routes(); }

 private:
  struct Admitted {
    net::Target target;
    api::Router::Match match;
    std::optional<api::Caller> caller;
  };
  /// The route and the caller, or the answer that says why not.
  std::expected<Admitted, net::Response> admit(const net::Request& request, RequestLimits::Count count);
  net::Response limited(api::Dialect dialect, const net::Request& request, const RequestLimits::Limited& why);
  api::Call call_of(Admitted& admitted, const net::Request& request) const;
  Deadline deadline_of(const api::Call& call) const;
  net::Response run(Admitted& admitted, const net::Request& request);

  Parts& parts_;
  api::Router router_;
};

/// A refusal in the words of `dialect`.
net::Response refusal_in(api::Dialect dialect, int status, std::string_view detail);

/// errors: denied: a page of another site sent it
Done check_origin(const net::Request& request);
/// Whether the node came back from a backup and shows nothing before its members told what was recalled
/// since.
bool awaits_members(api::Services& services);

}  // namespace shieldwall::server
