#pragma once
// The running process: listeners, pool, background work, and an orderly end.

#include <functional>
#include <string>
#include <vector>

#include "server/folder.h"

namespace shieldwall::server {

struct Listening {
  net::ListenerRole role;
  std::string where;  // "https://127.0.0.1:8443", or the path of the socket
};

/// Serves the node in `folder` until `stop` says so (asked every quarter of a second); `ready` is told where
/// it listens. Settings of this process: descriptors are raised to what the system allows.
///   errors  conflict: it runs already; unavailable: a port is taken; as open_folder
Done serve(const std::string& folder,
           const Config& config,
           const std::function<void(const std::vector<Listening>&)>& ready,
           const std::function<bool()>& stop);

}  // namespace shieldwall::server
