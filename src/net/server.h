#pragma once
// The HTTP/1.1 server: one thread waits for all sockets, handlers run on a bounded pool.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "net/http.h"

namespace shieldwall::net {

struct ListenerOptions {
  ListenerRole role = ListenerRole::tools;
  std::string address = "127.0.0.1";  // IPv4 or IPv6 literal, or the path of the Unix socket (role local)
  std::uint16_t port = 0;             // 0: any free one; Server::port tells which
  std::optional<TlsIdentity> tls{};   // nothing: in clear
  /// Role members: whether the roster names this key. Called by the network loop; must not wait.
  std::function<bool(const Digest& pin)> admits{};
};

/// What a caller may take from us. Each default is the figure a member's ordinary use stays far below.
struct Limits {
  std::size_t head_bytes = 16 << 10;  // cookies and long queries fit in 8 KiB; twice that
  std::size_t header_fields = 100;    // browsers send about 20
  Duration head_time =
      seconds(10);  // handshake and head; a satellite link needs 3 s. Slowloris holds a place longer
  std::uint64_t body_bytes = 32ull << 20;     // the largest JSON document parsed at once (model's own limit)
  std::uint64_t intake_bytes = 64 << 10;      // a body this small is kept before anybody asks who sends it
  std::uint64_t bodies_bytes = 512ull << 20;  // all bodies waiting in memory together; then 503
  std::uint64_t rate_bytes_per_second =
      1 << 10;                          // slower than any modem: a body sent, or an answer read, this slowly
  Duration rate_window = seconds(10);   // in each window of this length is dropped
  Duration idle_time = seconds(60);     // between two requests of a connection
  Duration handler_time = seconds(30);  // Request::deadline
  Duration heartbeat = seconds(15);     // proxies commonly cut a silent stream after 30 to 60 s
  Duration stream_poll = milliseconds(100);   // how soon a waiting stream is asked again without Server::wake
  std::size_t connections = 20'000;           // lowered at start to what the process may open
  std::size_t connections_per_address = 256;  // a NAT of some dozens of analysts; IPv6 counts by /64
  bool limit_loopback = false;                // a proxy on this machine speaks for many
  std::size_t retry_after_seconds = 1;        // in 503 when the pool is full: its queue is seconds long
};

/// What to do with a body larger than Limits::intake_bytes (or of unknown length, once that much has come).
struct Intake {
  std::optional<Response> refusal{};              // answered at once; the rest of the body is not read
  std::optional<std::uint64_t> body_bytes_max{};  // 413 beyond; nothing: Limits::body_bytes
  std::shared_ptr<BodySink> sink{};               // nothing: kept in memory
  /// That 413, for who speaks otherwise than in problem details. Called on the loop's thread.
  std::function<Response(std::uint64_t most)> too_large{};
};

struct ServerOptions {
  std::vector<ListenerOptions> listeners{};
  Limits limits{};
  /// Asked on a pool thread, with the head alone, before a large body is read on: check the caller's right
  /// here. Nothing: every body is kept in memory up to Limits::body_bytes, and a larger one is 413.
  std::function<Intake(const Request& head)> intake{};
  /// What Request::deadline is read on, and outlives the pool's last piece of work; nothing: the server's
  /// clock.
  const Clock* deadlines = nullptr;
};

/// Counts since the start, for the metrics page.
struct ServerCounters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // over a limit, or out of descriptors
  std::uint64_t handshakes_failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_busy = 0;     // 503: the pool was full
  std::uint64_t requests_refused = 0;  // broke HTTP or a limit
  std::uint64_t timed_out = 0;         // too slow, in either direction
  std::uint64_t streams_open = 0;
};

class Server {
 public:
  /// Listens on all addresses or on none.
  ///   errors  unavailable: an address is in use or not ours; invalid: certificate, key or address cannot be
  ///   read
  /// `pool` and `clock` must outlive the server, and whatever `handler` uses must outlive the pool's last
  /// piece of work.
  static Result<std::unique_ptr<Server>> start(ServerOptions options,
                                               Handler handler,
                                               Executor& pool,
                                               const Clock& clock = system_clock());
  ~Server();  // stop({}) unless it was stopped

  /// Accepts nobody more, ends streams and idle connections, lets running requests finish until `grace` has
  /// passed. Returns when the network loop has ended.
  void stop(Duration grace);

  /// The port that listener number `listener` has.
  std::uint16_t port(std::size_t listener = 0) const;
  /// Streams that wait are asked again now. From any thread.
  void wake();
  /// New connections of that listener show this certificate. errors: invalid
  Done replace_identity(std::size_t listener, const TlsIdentity& identity);
  ServerCounters counters() const;

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shieldwall::net
