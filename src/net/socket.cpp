#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/transport.h"

namespace shieldwall::net {

namespace {

constexpr int backlog =
    1024;  // connections that wait for accept while the loop is busy; the kernel caps it too

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress made;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data() + 12, 4);
    std::memcpy(&made.storage, &v4, sizeof v4);
    made.bytes = sizeof v4;
    return made;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
  std::memcpy(&made.storage, &v6, sizeof v6);
  made.bytes = sizeof v6;
  return made;
}

Result<SocketAddress> unix_address(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    return fail(
        ErrorCode::invalid, "the socket path {} must have 1 to {} bytes", path, sizeof name.sun_path - 1);
  std::memcpy(name.sun_path, path.data(), path.size());
  SocketAddress made;
  std::memcpy(&made.storage, &name, sizeof name);
  made.bytes = sizeof name;
  return made;
}

std::unexpected<Error> socket_error(std::string_view what, std::string_view where, int number) {
  return fail(number == EMFILE || number == ENFILE ? ErrorCode::exhausted : ErrorCode::unavailable,
              "{} {}: {}",
              what,
              where,
              std::strerror(number));
}

Result<Descriptor> open_socket(int family) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return socket_error("cannot open", "a socket", errno);
  return socket;
}

Done bind_and_listen(const Descriptor& socket, const SocketAddress& address, std::string_view where) {
  if (::bind(socket.number(), address.get(), address.bytes) != 0 || ::listen(socket.number(), backlog) != 0)
    return socket_error("cannot listen on", where, errno);
  return {};
}

Done start_connecting(const Descriptor& socket, const SocketAddress& address, std::string_view where) {
  if (::connect(socket.number(), address.get(), address.bytes) != 0 && errno != EINPROGRESS)
    return socket_error("cannot connect to", where, errno);
  return {};
}

/// A socket file stays behind when its process is killed; one that still answers belongs to a running node.
Done remove_stale_socket(const std::string& path, const SocketAddress& address) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return fail(ErrorCode::unavailable, "{} exists and is not a socket", path);
  const auto probe = TRY(open_socket(AF_UNIX));
  if (::connect(probe.number(), address.get(), address.bytes) == 0 || errno == EAGAIN)
    return fail(ErrorCode::unavailable, "another process already listens on {}", path);
  ::unlink(path.c_str());
  return {};
}

}  // namespace

void Descriptor::reset() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

Result<Descriptor> listen_tcp(const IpAddress& address, std::uint16_t port) {
  auto socket = TRY(open_socket(address.is_v4() ? AF_INET : AF_INET6));
  const int on = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "::" means IPv6 alone; who wants both lists two listeners, and the log then shows both.
  if (!address.is_v4()) ::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  TRY(bind_and_listen(
      socket, socket_address(address, port), fmt::format("{} port {}", address.text(), port)));
  return socket;
}

Result<Descriptor> listen_unix(const std::string& path) {
  const auto address = TRY(unix_address(path));
  TRY(remove_stale_socket(path, address));
  auto socket = TRY(open_socket(AF_UNIX));
  ::fchmod(socket.number(), 0600);  // bind makes the file with these permissions at once
  TRY(bind_and_listen(socket, address, path));
  return socket;
}

Result<std::uint16_t> port_of(const Descriptor& socket) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&storage), &bytes) != 0)
    return socket_error("cannot ask", "a socket for its port", errno);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  return std::uint16_t{0};
}

Result<Descriptor> begin_connect(const Endpoint& endpoint) {
  auto socket = TRY(open_socket(endpoint.address.is_v4() ? AF_INET : AF_INET6));
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  TRY(start_connecting(socket,
                       socket_address(endpoint.address, endpoint.port),
                       fmt::format("{} port {}", endpoint.address.text(), endpoint.port)));
  return socket;
}

Result<Descriptor> begin_connect_unix(const std::string& path) {
  const auto address = TRY(unix_address(path));
  auto socket = TRY(open_socket(AF_UNIX));
  TRY(start_connecting(socket, address, path));
  return socket;
}

Done connect_result(const Descriptor& socket) {
  int number = 0;
  socklen_t bytes = sizeof number;
  if (::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &number, &bytes) != 0) number = errno;
  if (number != 0) return fail(ErrorCode::unavailable, "{}", std::strerror(number));
  return {};
}

}  // namespace shieldwall::net
