#include "net/channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>

#include "net/parser.h"

namespace shieldwall::net {

namespace {

constexpr std::size_t answer_head_bytes_max = 32 << 10;  // twice what we take: some servers set long cookies
constexpr std::size_t read_bytes = 64 << 10;

/// Poll on one descriptor. True when something happened in time.
bool poll_one(int descriptor, short events, Duration time) {
  pollfd entry{descriptor, events, 0};
  const auto ms = std::min<std::int64_t>((time.us + 999) / 1000, INT32_MAX);
  int count = 0;
  do count = ::poll(&entry, 1, static_cast<int>(ms));
  while (count < 0 && errno == EINTR);
  return count > 0;
}

/// The same for `most` and no longer than the deadline, which is looked at again and again: the clock of a
/// process that stops leaps.
bool poll_until(int descriptor, short events, const Deadline& deadline, Duration most) {
  constexpr Duration look_again = milliseconds(250);
  for (auto rest = most; rest.us > 0 && !deadline.passed(); rest.us -= look_again.us)
    if (poll_one(descriptor, events, std::min({rest, deadline.left(), look_again}))) return true;
  return false;
}

}  // namespace

Done Channel::wait(short events, const Deadline& deadline) const {
  if (!poll_until(transport_.descriptor(), events, deadline, deadline.left()))
    return fail(ErrorCode::unavailable, "no answer in time");
  return {};
}

Done Channel::wait_for(const Io& io, const Deadline& deadline) const {
  return wait(io.status == IoStatus::want_write ? POLLOUT : POLLIN, deadline);
}

Result<Channel> Channel::connect(const std::vector<Endpoint>& endpoints, const Deadline& deadline) {
  Error last{ErrorCode::unavailable, "no address to connect to"};
  std::size_t left = endpoints.size();
  for (const auto& endpoint : endpoints) {
    // Each address gets its share of the time that is left, so that a dead first one does not cost the rest.
    const Duration share{deadline.left().us / static_cast<std::int64_t>(left--)};
    auto socket = begin_connect(endpoint);
    Done connected;
    if (!socket) {
      connected = fail(std::move(socket).error());
    } else if (!poll_until(socket->number(), POLLOUT, deadline, share)) {
      connected = fail(ErrorCode::unavailable, "no answer in time");
    } else {
      connected = connect_result(*socket);
    }
    if (connected) return Channel(Transport(std::move(*socket)));
    last = std::move(connected).error().within(
        fmt::format("{} port {}", endpoint.address.text(), endpoint.port));
  }
  return fail(std::move(last));
}

Result<Channel> Channel::connect_unix(const std::string& path, const Deadline& deadline) {
  auto socket = TRY(begin_connect_unix(path));
  if (!poll_one(socket.number(), POLLOUT, deadline.left()))
    return fail(ErrorCode::unavailable, "{}: no answer in time", path);
  TRY(connect_result(socket));
  return Channel(Transport(std::move(socket)));
}

Done Channel::secure(const std::shared_ptr<ssl_ctx_st>& context,
                     const std::string& host,
                     const Deadline& deadline) {
  TRY(transport_.secure_as_client(context, host));
  for (;;) {
    const auto io = transport_.handshake();
    if (io.status == IoStatus::done) return {};
    if (io.status == IoStatus::closed || io.status == IoStatus::failed)
      return fail(ErrorCode::unavailable, "TLS with {} failed: {}", host, transport_.failure());
    TRY(wait_for(io, deadline));
  }
}

bool Channel::is_quiet() const {
  return !transport_.has_pending() && !poll_one(transport_.descriptor(), POLLIN, Duration{0});
}

Done Channel::send_all(std::string_view head, std::string_view body, const Deadline& deadline) {
  while (!head.empty() || !body.empty()) {
    const auto io = transport_.write(head, body);
    if (io.status == IoStatus::want_read || io.status == IoStatus::want_write) {
      TRY(wait(POLLOUT | POLLIN, deadline));
      // An answer before the request's end is a refusal; the rest need not be sent.
      if (io.status == IoStatus::want_write && !poll_one(transport_.descriptor(), POLLOUT, Duration{0}))
        return {};
      continue;
    }
    if (io.status != IoStatus::done)
      return fail(
          ErrorCode::unavailable, "the peer closed while the request was sent: {}", transport_.failure());
    const auto of_head = std::min(io.bytes, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(io.bytes - of_head);
  }
  sent_all_ = true;
  return {};
}

Result<Channel::Outcome> Channel::exchange(std::string_view head,
                                           std::string_view body,
                                           Method method,
                                           const SendOptions& options,
                                           const Deadline& deadline) {
  heard_something_ = false;
  sent_all_ = false;
  const auto sent = send_all(head, body, deadline);
  if (deadline.passed()) return fail(ErrorCode::unavailable, "no answer in time");
  auto outcome = receive(method, options, deadline);
  // Who closed early may still have said why; only when that is not to be had, the first error counts.
  if (!outcome && !sent) return fail(sent.error());
  return outcome;
}

Result<Channel::Outcome> Channel::receive(Method method,
                                          const SendOptions& options,
                                          const Deadline& deadline) {
  const auto kind =
      method == Method::head ? MessageParser::Kind::response_without_body : MessageParser::Kind::response;
  MessageParser parser(kind, answer_head_bytes_max);
  Bytes in;
  Outcome outcome;
  std::uint64_t body_bytes = 0;
  std::vector<char> buffer(read_bytes);
  while (!parser.done()) {
    const auto io = transport_.read(buffer.data(), buffer.size());
    if (io.status == IoStatus::want_read || io.status == IoStatus::want_write) {
      TRY(wait_for(io, deadline));
      continue;
    }
    if (io.status == IoStatus::failed)
      return fail(ErrorCode::unavailable, "the connection broke: {}", transport_.failure());
    if (io.status == IoStatus::closed) {
      if (!heard_something_) return fail(ErrorCode::unavailable, "the peer closed without an answer");
      TRY(parser.finish());
      break;
    }
    if (deadline.passed()) return fail(ErrorCode::unavailable, "no whole answer in time");
    heard_something_ = true;
    in.append(buffer.data(), io.bytes);
    auto& body = outcome.response.body;
    const auto before = body.size();
    in.erase(0, TRY(parser.feed(in, body)));
    while (parser.done() && parser.head().status / 100 == 1) {
      parser = MessageParser(kind, answer_head_bytes_max);
      in.erase(0, TRY(parser.feed(in, body)));
    }
    body_bytes += body.size() - before;
    const auto announced = parser.head_done() ? parser.head().content_length.value_or(0) : 0;
    if (body_bytes > options.body_bytes_max || (announced > options.body_bytes_max && method != Method::head))
      return fail(ErrorCode::exhausted, "the answer is larger than {} bytes", options.body_bytes_max);
    if (options.into != nullptr && parser.head_done() && parser.head().status / 100 == 2 && !body.empty()) {
      TRY(options.into->write(body));
      body.clear();
    }
  }
  auto& head = parser.head();
  outcome.response.status = head.status;
  outcome.response.headers = std::move(head.headers);
  outcome.reusable = head.keep_alive && in.empty() && sent_all_;
  return outcome;
}

}  // namespace shieldwall::net
