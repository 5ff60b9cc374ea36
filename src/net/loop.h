#pragma once
// The network loop: one thread that waits for all sockets of a server and lets each connection do what it can
// without waiting. Only net's own files include this.

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/connection.h"
#include "net/listener.h"

namespace shieldwall::net {

class Loop {
 public:
  Loop(ServerOptions options, Handler handler, Executor& pool, const Clock& clock);

  /// Opens all listeners. errors: as Server::start
  Done open();
  /// Until `stop` and what it waits for. The calling thread becomes the loop's.
  void run();

  // From other threads.
  void stop(Duration grace);
  void wake();
  Done replace_identity(std::size_t listener, const TlsIdentity& identity);
  std::uint16_t port(std::size_t listener) const { return listeners_.at(listener)->port; }
  const AtomicCounters& counters() const { return counters_; }

 private:
  void watch(int descriptor, std::uint64_t id, std::uint32_t events);
  void wait_for_events();
  void accept_some(std::size_t index);
  void shed_one(const Descriptor& listener);
  void admit(std::size_t index, Accepted accepted);
  bool make_room();
  void visit(std::uint64_t id, std::uint32_t events);
  void settle(std::uint64_t id);
  void read_inbox();
  void tick();
  void begin_drain(Duration until);
  Duration tick_length() const;

  struct Entry {
    std::unique_ptr<Connection> connection;
    std::uint32_t watched = 0;
  };

  AtomicCounters counters_;
  Limits limits_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  Surroundings around_;
  Descriptor epoll_;
  Descriptor reserve_;  // given up to accept, and close, a connection when there are no descriptors left
  std::unordered_map<std::uint64_t, Entry> connections_;
  std::map<IpAddress, std::size_t> per_address_;
  std::uint64_t next_number_ = 0;
  Duration last_tick_{};
  std::optional<Duration> drain_until_;
};

}  // namespace shieldwall::net
