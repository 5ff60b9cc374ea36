#pragma once
// One non-blocking socket, with TLS on it or without; the same calls for both. Only net's own files include
// this.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "base/bytes.h"
#include "base/result.h"
#include "net/address.h"

struct ssl_st;
struct ssl_ctx_st;

namespace shieldwall::net {

/// An owned file descriptor; -1 for none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }
  void reset();

 private:
  int number_;
};

enum class IoStatus {
  done,        // made progress; `bytes` says how much
  want_read,   // try again when the socket is readable
  want_write,  // try again when it is writable
  closed,      // the other side ended properly
  failed,      // reset, broken TLS, or refused in the handshake
};

struct Io {
  IoStatus status;
  std::size_t bytes = 0;
};

class Transport {
 public:
  explicit Transport(Descriptor socket) : socket_(std::move(socket)) {}
  ~Transport();
  Transport(Transport&& other) noexcept;
  Transport& operator=(Transport&& other) noexcept;

  /// Puts TLS on the socket; `handshake` must then succeed before anything else. errors: internal (no memory)
  Done secure_as_server(const std::shared_ptr<ssl_ctx_st>& context);
  Done secure_as_client(const std::shared_ptr<ssl_ctx_st>& context, const std::string& host);
  Io handshake();

  Io read(char* into, std::size_t size);
  /// Writes a prefix of `first` and then `second` as if they were one.
  Io write(std::string_view first, std::string_view second = {});
  /// Says that nothing more will come; does not wait.
  void end_writing();

  int descriptor() const { return socket_.number(); }
  bool secure() const { return ssl_ != nullptr; }
  /// Bytes may be waiting inside TLS, where no poll sees them.
  bool has_pending() const;
  std::optional<Digest> peer_pin() const;
  /// Why the handshake failed, for the log and for the client's error.
  std::string failure() const { return failure_; }

 private:
  Done secure(const std::shared_ptr<ssl_ctx_st>& context);
  Io status_of(int result);

  Descriptor socket_;
  ssl_st* ssl_ = nullptr;
  std::string failure_;
};

/// Where a socket listens, or whom it reached.
struct Endpoint {
  IpAddress address{};
  std::uint16_t port = 0;
};

/// A non-blocking listening TCP socket. errors: unavailable, naming the address
Result<Descriptor> listen_tcp(const IpAddress& address, std::uint16_t port);
/// The same at a path, reachable by the owner alone; a socket file that nobody answers on is replaced.
Result<Descriptor> listen_unix(const std::string& path);
Result<std::uint16_t> port_of(const Descriptor& socket);

/// Begins to connect; wait until writable, then ask `connect_result`. errors: unavailable
Result<Descriptor> begin_connect(const Endpoint& endpoint);
Result<Descriptor> begin_connect_unix(const std::string& path);
Done connect_result(const Descriptor& socket);

}  // namespace shieldwall::net
