#include "net/listener.h"

#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

namespace shieldwall::net {

Result<TlsContext> context_for(const ListenerOptions& options, const TlsIdentity& identity) {
  const bool members = options.role == ListenerRole::members;
  return server_context(identity, members ? &options.admits : nullptr);
}

Done open_listener(Listener& listener) {
  const auto& options = listener.options;
  if (options.role == ListenerRole::members && (!options.tls || !options.admits))
    return fail(ErrorCode::invalid, "a listener for members needs a certificate and a way to check pins");
  if (options.tls) listener.tls = TRY(context_for(options, *options.tls));
  if (options.role == ListenerRole::local) {
    listener.socket = TRY(listen_unix(options.address));
    return {};
  }
  const auto address = TRY(IpAddress::parse(options.address));
  listener.socket = TRY(listen_tcp(address, options.port));
  listener.port = TRY(port_of(listener.socket));
  return {};
}

Accepted accept_from(const Descriptor& listener) {
  sockaddr_storage peer{};
  socklen_t bytes = sizeof peer;
  Accepted accepted{Descriptor(::accept4(
      listener.number(), reinterpret_cast<sockaddr*>(&peer), &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC))};
  if (peer.ss_family == AF_INET)
    accepted.address = IpAddress::v4(ntohl(reinterpret_cast<const sockaddr_in&>(peer).sin_addr.s_addr));
  if (peer.ss_family == AF_INET6)
    std::memcpy(accepted.address.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, 16);
  accepted.over_ip = peer.ss_family == AF_INET || peer.ss_family == AF_INET6;
  return accepted;
}

std::optional<std::uint32_t> peer_uid(const Descriptor& socket) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (::getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) return std::nullopt;
  return credentials.uid;
}

}  // namespace shieldwall::net
