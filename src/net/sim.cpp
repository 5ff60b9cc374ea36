#include "net/sim.h"

#include <algorithm>

namespace shieldwall::net {

bool SimExecutor::post(std::function<void()> work) {
  if (queue_.size() >= queue_max_) return false;
  queue_.push_back(std::move(work));
  return true;
}

bool SimExecutor::run_one() {
  if (queue_.empty()) return false;
  const auto chosen = queue_.begin() + static_cast<std::ptrdiff_t>(random_.below(queue_.size()));
  const auto work = std::move(*chosen);
  queue_.erase(chosen);
  work();
  return true;
}

std::size_t SimExecutor::run_until_idle() {
  std::size_t pieces = 0;
  while (run_one()) ++pieces;
  return pieces;
}

class SimNet::Port final : public Net {
 public:
  Port(SimNet& net, std::string host, std::optional<Digest> pin)
      : net_(net), host_(std::move(host)), pin_(pin) {}
  using Net::send;
  Result<Response> send(const Url& url, Request request, const SendOptions& options) override {
    return net_.carry(host_, pin_, url, std::move(request), options);
  }

 private:
  SimNet& net_;
  std::string host_;
  std::optional<Digest> pin_;
};

void SimNet::listen(const std::string& host, std::uint16_t port, Handler handler) {
  handlers_[{host, port}] = std::move(handler);
}

void SimNet::shut(const std::string& host, std::uint16_t port) {
  handlers_.erase({host, port});
}

std::unique_ptr<Net> SimNet::port_of(const std::string& host, std::optional<Digest> pin) {
  return std::make_unique<Port>(*this, host, pin);
}

void SimNet::cut(const std::string& from, const std::string& to) {
  cuts_.insert({from, to});
}

void SimNet::heal(const std::string& from, const std::string& to) {
  cuts_.erase({from, to});
}

void SimNet::pass_time() {
  if (weather.delay_max.us > 0)
    clock_.advance(Duration{
        static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(weather.delay_max.us) + 1))});
}

namespace {

constexpr Duration patience = seconds(60);  // what the real client waits when nobody says

/// A stream is read as far as it goes now; a real reader would wait for more, and here nobody else can run
/// meanwhile.
Bytes read_stream(Stream& stream) {
  Bytes bytes;
  for (;;) {
    Bytes chunk;
    const auto poll = stream.next(chunk);
    bytes += chunk;
    if (poll != Poll::chunk) return bytes;
  }
}

Result<Response> receive(Response answer, Method method, const SendOptions& options) {
  Response received{.status = answer.status, .headers = std::move(answer.headers), .body = {}};
  if (method != Method::head)
    received.body = answer.stream ? read_stream(*answer.stream) : Bytes(answer.bytes());
  if (received.body.size() > options.body_bytes_max)
    return fail(ErrorCode::exhausted, "the answer is larger than {} bytes", options.body_bytes_max);
  if (options.into != nullptr && received.status / 100 == 2) {
    TRY(options.into->write(received.body));
    received.body.clear();
  }
  return received;
}

}  // namespace

/// Nothing comes back: the sender gives up when its time is over.
void SimNet::wait_in_vain(const SendOptions& options) {
  const auto left = options.deadline.left();
  clock_.advance(left >= Deadline::none().left() ? patience : left);
}

Result<Response> SimNet::carry(const std::string& from,
                               const std::optional<Digest>& pin,
                               const Url& url,
                               Request request,
                               const SendOptions& options) {
  if (options.deadline.passed()) return fail(ErrorCode::unavailable, "{}: no answer in time", url.origin());
  pass_time();
  const bool lost = cuts_.contains({from, url.host}) || happens(weather.requests_lost);
  if (lost || options.deadline.passed()) {
    wait_in_vain(options);
    return fail(ErrorCode::unavailable, "{}: no answer in time", url.origin());
  }
  const auto found = handlers_.find({url.host, url.port});
  if (found == handlers_.end()) return fail(ErrorCode::unavailable, "{}: connection refused", url.origin());
  request.target = url.target;
  request.peer_address = from;
  request.secure = url.secure;
  request.client_certificate_pin = pin;
  request.role = pin ? ListenerRole::members : ListenerRole::tools;
  request.headers.set("Host", url.host_field());
  const auto handler = found->second;  // a copy: the handler may shut its own node
  if (happens(weather.requests_doubled)) handler(Request(request));
  const auto method = request.method;
  auto answer = handler(std::move(request));
  pass_time();
  const bool crashed = !handlers_.contains({url.host, url.port});  // while it worked on this
  const bool unheard = crashed || cuts_.contains({url.host, from}) || happens(weather.answers_lost);
  if (unheard || options.deadline.passed()) {
    wait_in_vain(options);
    return fail(ErrorCode::unavailable, "{}: no answer in time", url.origin());
  }
  return receive(std::move(answer), method, options);
}

}  // namespace shieldwall::net
