#pragma once
// For net's tests: a bare TCP client that may say anything, and a server on loopback that answers in known
// ways.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/executor.h"
#include "net/certificate.h"
#include "net/client.h"
#include "net/server.h"

namespace shieldwall::net::testing {

/// A blocking TCP connection to a port of this machine.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port, int receive_buffer = 0)
      : number_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (receive_buffer > 0)
      ::setsockopt(number_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    connected_ = ::connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval limit{10, 0};  // a test that hangs fails instead
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(number_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  ~RawSocket() { ::close(number_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool connected() const { return connected_; }
  int number() const { return number_; }

  /// False when the other side no longer takes it.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void end() { ::shutdown(number_, SHUT_WR); }

  /// Everything until the other side closes.
  std::string hear_all() {
    while (hear_more()) {
    }
    return std::exchange(heard_, {});
  }
  /// Until `mark` has come; all up to and including it.
  std::string hear_until(std::string_view mark) {
    for (;;) {
      const auto at = heard_.find(mark);
      if (at != std::string::npos) {
        auto found = heard_.substr(0, at + mark.size());
        heard_.erase(0, at + mark.size());
        return found;
      }
      if (!hear_more()) return std::exchange(heard_, {}) + "<closed>";
    }
  }

 private:
  bool hear_more() {
    char buffer[65536];
    const auto n = ::recv(number_, buffer, sizeof buffer, 0);
    if (n > 0) heard_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }

  int number_;
  bool connected_ = false;
  std::string heard_;
};

/// A server with two handler threads.
struct TestServer {
  ThreadPool pool{2, 64};
  std::unique_ptr<Server> server;

  TestServer(ServerOptions options, Handler handler) {
    if (options.listeners.empty()) options.listeners.emplace_back();
    auto started = Server::start(std::move(options), std::move(handler), pool);
    if (!started) throw std::runtime_error(started.error().message);
    server = std::move(*started);
  }
  ~TestServer() { server->stop({}); }
  std::uint16_t port(std::size_t listener = 0) const { return server->port(listener); }
  std::string url(std::string_view target, bool secure = false, std::size_t listener = 0) const {
    return fmt::format("{}://127.0.0.1:{}{}", secure ? "https" : "http", port(listener), target);
  }
};

/// Says back what it was asked.
inline Response echo(Request&& request) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/plain"}},
          .body = fmt::format("{} {} {}", name_of(request.method), request.target, request.body)};
}

/// One request, the connection closed after it; the whole answer.
inline std::string ask(std::uint16_t port, std::string_view request) {
  RawSocket socket(port);
  socket.say(request);
  return socket.hear_all();
}

inline int status_of(std::string_view answer) {
  return answer.size() > 12 && answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3)))
                                                               : 0;
}

inline std::string body_of(const std::string& answer) {
  const auto at = answer.find("\r\n\r\n");
  return at == std::string::npos ? "" : answer.substr(at + 4);
}

/// Waits up to two seconds for `happened`.
inline bool soon(const std::function<bool()>& happened) {
  for (int i = 0; i < 400; ++i) {
    if (happened()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return happened();
}

/// An authority and a certificate for this machine, made once per test run.
struct Identities {
  TlsIdentity authority;
  TlsIdentity server;
  TlsIdentity member;
  TlsIdentity stranger;
};

inline const Identities& identities() {
  static const Identities made = [] {
    const auto now = system_clock().now() - hours(1);
    Identities all;
    all.authority = *make_authority({.common_name = "test authority", .valid_from = now});
    all.server = *make_certificate(
        {.common_name = "localhost", .names = {"localhost", "127.0.0.1", "::1"}, .valid_from = now},
        all.authority);
    all.member = *make_self_signed({.common_name = "member", .valid_from = now});
    all.stranger = *make_self_signed({.common_name = "stranger", .valid_from = now});
    return all;
  }();
  return made;
}

/// Trust in the test authority, on this machine.
inline std::shared_ptr<const PeerTrust> local_trust() {
  return std::make_shared<PeerTrust>(
      PeerTrust{.ca_pem = identities().authority.certificate_chain_pem, .may_be_private = true});
}

inline Result<Response> get(Net& net,
                            const std::string& url,
                            std::shared_ptr<const PeerTrust> trust = local_trust()) {
  const auto parsed = Url::parse(url);
  if (!parsed) return fail(parsed.error());
  return net.send(
      *parsed, Request{}, {.deadline = Deadline::in(seconds(5), system_clock()), .peer = std::move(trust)});
}

}  // namespace shieldwall::net::testing
