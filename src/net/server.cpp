#include "net/server.h"

#include <thread>

#include "net/loop.h"

namespace shieldwall::net {

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler, Executor& pool, const Clock& clock)
      : loop(std::move(options), std::move(handler), pool, clock) {}

  Loop loop;
  std::jthread thread;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  stop({});
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options,
                                              Handler handler,
                                              Executor& pool,
                                              const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler), pool, clock);
  TRY(impl->loop.open());
  auto& loop = impl->loop;
  impl->thread = std::jthread([&loop] { loop.run(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::stop(Duration grace) {
  if (!impl_->thread.joinable()) return;
  impl_->loop.stop(grace);
  impl_->thread.join();
}

std::uint16_t Server::port(std::size_t listener) const {
  return impl_->loop.port(listener);
}

void Server::wake() {
  impl_->loop.wake();
}

Done Server::replace_identity(std::size_t listener, const TlsIdentity& identity) {
  return impl_->loop.replace_identity(listener, identity);
}

ServerCounters Server::counters() const {
  const auto& from = impl_->loop.counters();
  return {.connections_open = from.connections_open,
          .connections_accepted = from.connections_accepted,
          .connections_refused = from.connections_refused,
          .handshakes_failed = from.handshakes_failed,
          .requests = from.requests,
          .requests_busy = from.requests_busy,
          .requests_refused = from.requests_refused,
          .timed_out = from.timed_out,
          .streams_open = from.streams_open};
}

}  // namespace shieldwall::net
