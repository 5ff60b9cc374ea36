#pragma once
// The one way out: every outgoing request of the process goes through here and is checked before it connects.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/net.h"

namespace shieldwall::net {

struct ClientOptions {
  std::vector<std::string>
      allowed_hosts{};  // "host" or "host:port" that may be private, from the operator's file
  std::vector<std::string> own_addresses{};  // "ip:port" of our listeners: never connected to unless allowed
  std::optional<Url> proxy{};            // http proxy, used with CONNECT for https and absolute form for http
  std::string local_socket{};            // a Unix socket to send everything to; for the command line
  Duration connect_time = seconds(10);   // name, connection and handshake together
  Duration exchange_time = seconds(60);  // the whole, when the caller gives no deadline
  std::size_t idle_per_peer = 4;         // connections kept for reuse; a poll loop needs one
  Duration idle_time = seconds(30);      // shorter than the 60 s after which servers commonly hang up
};

/// Resolves the host once, refuses addresses that are not public unless the peer is allowed, connects to
/// exactly the address it checked, verifies the certificate, and keeps idle connections. Thread-safe; holds
/// no lock while waiting.
class Client final : public Net {
 public:
  explicit Client(ClientOptions options, const Clock& clock = system_clock());
  ~Client() override;
  using Net::send;
  Result<Response> send(const Url& url, Request request, const SendOptions& options) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::net
