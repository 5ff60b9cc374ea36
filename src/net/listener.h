#pragma once
// Where callers come in: listening sockets, and what is known of a caller at the door. Only net's own files
// include this.

#include <cstdint>
#include <optional>

#include "net/server.h"
#include "net/tls.h"
#include "net/transport.h"

namespace shieldwall::net {

struct Listener {
  ListenerOptions options{};
  Descriptor socket{-1};
  std::uint16_t port = 0;
  TlsContext tls{};  // null: in clear. Used by the loop alone once it runs
};

/// Listens as the options say. errors: unavailable, invalid
Done open_listener(Listener& listener);

/// What connections of a listener with these options use once they show `identity`. errors: invalid
Result<TlsContext> context_for(const ListenerOptions& options, const TlsIdentity& identity);

struct Accepted {
  Descriptor socket;  // not open: nobody waits, and errno says why
  IpAddress address{};
  bool over_ip = false;
};
Accepted accept_from(const Descriptor& listener);

/// The user at the other end of a Unix socket.
std::optional<std::uint32_t> peer_uid(const Descriptor& socket);

}  // namespace shieldwall::net
