#include "net/loop.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/render.h"

namespace shieldwall::net {

namespace {

constexpr std::uint64_t inbox_id = 1 << 20;             // listeners have the numbers below,
constexpr std::uint64_t first_connection_id = 1 << 21;  // connections those above
constexpr int events_per_wait = 256;
constexpr int accepts_per_turn = 64;             // then those already here get their turn
constexpr std::uint64_t descriptors_kept = 256;  // for the store, the log and outgoing connections

/// Raises the soft limit to the hard one, and says how many connections fit.
std::size_t connections_possible() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 2 * descriptors_kept ? limit.rlim_cur - descriptors_kept : limit.rlim_cur / 2;
}

}  // namespace

Loop::Loop(ServerOptions options, Handler handler, Executor& pool, const Clock& clock)
    : limits_(options.limits),
      clock_(clock),
      around_{.limits = limits_,
              .handler = std::make_shared<const Handler>(std::move(handler)),
              .intake = options.intake ? std::make_shared<const std::function<Intake(const Request&)>>(
                                             std::move(options.intake))
                                       : nullptr,
              .pool = pool,
              .clock = clock,
              .inbox = inbox_,
              .counters = counters_,
              .deadlines = options.deadlines != nullptr ? *options.deadlines : clock,
              .date = http_date(clock.now())},
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
  for (auto& listener : options.listeners)
    listeners_.push_back(std::make_unique<Listener>(Listener{.options = std::move(listener)}));
  limits_.connections = std::min(limits_.connections, connections_possible());
}

Done Loop::open() {
  if (!epoll_.open() || inbox_->descriptor() < 0)
    return fail(ErrorCode::exhausted, "no descriptors for the network loop: {}", std::strerror(errno));
  for (auto& listener : listeners_) {
    auto opened = open_listener(*listener);
    if (!opened)
      return fail(
          std::move(opened).error().within(fmt::format("listener for {}", name_of(listener->options.role))));
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) watch(listeners_[i]->socket.number(), i, EPOLLIN);
  watch(inbox_->descriptor(), inbox_id, EPOLLIN);
  return {};
}

void Loop::watch(int descriptor, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event);
}

/// A quarter of the shortest wait that matters, so that limits hold within 25 %; never a busy loop.
Duration Loop::tick_length() const {
  const auto shortest = std::min(
      {limits_.head_time, limits_.rate_window, limits_.idle_time, Duration{limits_.stream_poll.us * 4}});
  return std::clamp(Duration{shortest.us / 4}, milliseconds(5), milliseconds(250));
}

void Loop::run() {
  last_tick_ = clock_.steady();
  while (!drain_until_ || (!connections_.empty() && clock_.steady() < *drain_until_)) wait_for_events();
  connections_.clear();
  counters_.connections_open = 0;
}

void Loop::wait_for_events() {
  epoll_event events[events_per_wait];
  const int timeout_ms = around_.again.empty() ? static_cast<int>(tick_length().us / 1000) : 0;
  const int count = ::epoll_wait(epoll_.number(), events, events_per_wait, timeout_ms);
  for (int i = 0; i < count; ++i) {
    const auto id = events[i].data.u64;
    if (id < inbox_id) {
      accept_some(id);
    } else if (id == inbox_id) {
      read_inbox();
    } else {
      visit(id, events[i].events);
    }
  }
  for (const auto id : std::exchange(around_.again, {})) visit(id, 0);
  tick();
}

void Loop::visit(std::uint64_t id, std::uint32_t events) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  auto& [connection, watched] = found->second;
  // Less interest is told to the kernel only once it reports what nobody waited for: most phases are over
  // before that, and a request on a kept connection costs no call at all.
  const auto unwanted = events & ~connection->interest() & watched;
  connection->on_ready(events);
  if (unwanted != 0) watched = ~0u;
  settle(id);
}

/// Drops a connection that has closed, else tells the kernel what it waits for now.
void Loop::settle(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  auto& [connection, watched] = found->second;
  if (connection->closed()) {
    const auto counted = per_address_.find(connection->caller().address.subscriber());
    if (counted != per_address_.end() && --counted->second == 0) per_address_.erase(counted);
    connections_.erase(found);
    --counters_.connections_open;
    return;
  }
  const auto wanted = connection->interest();
  if ((wanted & ~watched) == 0 && watched != ~0u) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = id;
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, connection->descriptor(), &event);
  watched = wanted;
}

void Loop::accept_some(std::size_t index) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    const auto& listener = listeners_[index]->socket;
    if (!listener.open()) return;
    auto accepted = accept_from(listener);
    if (!accepted.socket.open()) {
      if (errno == EMFILE || errno == ENFILE) return shed_one(listener);
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;  // nobody waits, or the kernel is out of memory: the next poll tells
    }
    admit(index, std::move(accepted));
  }
}

/// Without a descriptor a caller would wait in the backlog for ever and the listener would stay ready: it is
/// let in on the reserve and sent away.
void Loop::shed_one(const Descriptor& listener) {
  if (counters_.connections_refused++ % 1000 == 0) log::warn("out of file descriptors, refusing connections");
  reserve_.reset();
  accept_from(listener).socket.reset();
  reserve_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void Loop::admit(std::size_t index, Accepted accepted) {
  const auto& listener = *listeners_[index];
  const bool limited = accepted.over_ip && (limits_.limit_loopback || !accepted.address.is_loopback());
  const auto subscriber = accepted.address.subscriber();
  const auto mine = per_address_.find(subscriber);
  const bool too_many =
      limited && mine != per_address_.end() && mine->second >= limits_.connections_per_address;
  if (too_many || (connections_.size() >= limits_.connections && !make_room())) {
    ++counters_.connections_refused;
    return;
  }
  const int on = 1;
  if (accepted.over_ip) ::setsockopt(accepted.socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Caller caller{.role = listener.options.role, .listener = index, .address = accepted.address};
  if (accepted.over_ip) caller.address_text = accepted.address.text();
  if (!accepted.over_ip) caller.uid = peer_uid(accepted.socket);
  Transport transport(std::move(accepted.socket));
  if (listener.tls && !transport.secure_as_server(listener.tls)) return;
  const auto id = first_connection_id + next_number_++;
  auto connection = std::make_unique<Connection>(around_, id, std::move(transport), std::move(caller));
  watch(connection->descriptor(), id, EPOLLIN);
  connections_.emplace(id, Entry{std::move(connection), EPOLLIN});
  ++per_address_[subscriber];
  ++counters_.connections_accepted;
  ++counters_.connections_open;
}

/// The connection that has been idle longest makes way for a new one. False when none is idle.
bool Loop::make_room() {
  const Connection* oldest = nullptr;
  std::uint64_t oldest_id = 0;
  for (const auto& [id, entry] : connections_) {
    if (!entry.connection->idle() || (oldest != nullptr && oldest->since() <= entry.connection->since()))
      continue;
    oldest = entry.connection.get();
    oldest_id = id;
  }
  if (oldest == nullptr) return false;
  connections_.at(oldest_id).connection->drain();
  settle(oldest_id);
  return true;
}

void Loop::read_inbox() {
  auto content = inbox_->take();
  for (auto& action : content.actions) action();
  for (auto& message : content.messages) {
    const auto id = message.connection;
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    found->second.connection->on_message(std::move(message));
    settle(id);
  }
}

void Loop::tick() {
  const auto now = clock_.steady();
  if (Duration{now.us - last_tick_.us} < tick_length()) return;
  last_tick_ = now;
  around_.date = http_date(clock_.now());
  std::vector<std::uint64_t> changed;
  for (auto& [id, entry] : connections_) {
    const auto before = entry.connection->interest();
    entry.connection->on_tick(now);
    if (entry.connection->closed() || entry.connection->interest() != before) changed.push_back(id);
  }
  for (const auto id : changed) settle(id);
}

void Loop::wake() {
  inbox_->put([this] {
    for (const auto id : around_.streams) around_.again.push_back(id);
  });
}

void Loop::begin_drain(Duration until) {
  around_.draining = true;
  around_.drain_until = until;
  drain_until_ = until;
  for (auto& listener : listeners_) {
    listener->socket.reset();
    if (listener->options.role == ListenerRole::local) ::unlink(listener->options.address.c_str());
  }
  std::vector<std::uint64_t> ids;
  for (auto& [id, entry] : connections_) {
    entry.connection->drain();
    ids.push_back(id);
  }
  for (const auto id : ids) settle(id);
}

void Loop::stop(Duration grace) {
  inbox_->put([this, grace] { begin_drain(Duration{clock_.steady().us + grace.us}); });
}

Done Loop::replace_identity(std::size_t index, const TlsIdentity& identity) {
  auto context = TRY(context_for(listeners_.at(index)->options, identity));
  inbox_->put([this, index, context] { listeners_[index]->tls = context; });
  return {};
}

}  // namespace shieldwall::net
