#pragma once
// One request on its way through a handler, and what it may use.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/ids.h"
#include "base/random.h"
#include "net/http.h"
#include "net/net.h"
#include "net/url.h"
#include "policy/scope.h"
#include "store/store.h"

namespace shieldwall::api {

/// What an account may do at all; a role is a set of these (server/roles). What it may do it to is policy's
/// question.
enum class Right : std::uint8_t {
  none,     // the route is open to everybody who reaches the listener
  account,  // whoever is signed in: about one's own account, keys and sessions
  read,     // see what was released to the account's organisation
  sight,    // report sightings and opinions
  publish,  // put and release objects
  operate,  // accounts, circles, members, configuration
  audit,    // read the audit log
};

std::string_view name_of(Right right);

/// Who calls, as the authenticator found out. Nothing else makes one.
struct Caller {
  AccountId account;
  std::string name;
  OrganisationId organisation;
  std::vector<Right> rights;
  policy::Scope scope;
  bool local =
      false;  // this machine's own operator, by the Unix socket: operates every organisation hosted here

  bool has(Right right) const;
};

class Sealer;
class Shelf;

/// What handlers work with: the seams and the store. Grows by seams only; a capability keeps its own parts,
/// what it derives on the shelf.
struct Services {
  store::Store& store;
  Clock& clock;
  Random& random;
  Fs& fs;
  net::Net& net;
  const Sealer& sealer;
  Shelf* shelf = nullptr;  // nothing: what would be kept there is derived anew in every call
};

struct Call {
  Services& services;
  const net::Request& request;
  net::Target target;
  std::map<std::string, std::string, std::less<>> path;  // {name} parts of the route
  std::optional<Caller> caller;                          // set on every route that demands a right
  Timestamp now;
  Deadline deadline;

  /// A part of the path. The route declares it, so it is there.
  const std::string& part(std::string_view name) const { return path.find(name)->second; }
  const policy::Scope& scope() const { return caller->scope; }
};

inline store::Records& records_of(const Call& call) {
  return call.services.store.records();
}

/// The body, with a gzip Content-Encoding undone.
///   errors  invalid: another encoding, damaged; exhausted: larger than `bytes_max` once unpacked
Result<Bytes> body_of(const Call& call, std::size_t bytes_max);

}  // namespace shieldwall::api
