// Bodies of requests: into memory or a sink, and on to the pool.
#include "base/log.h"
#include "base/text.h"
#include "net/connection.h"

namespace shieldwall::net {

namespace {

constexpr std::size_t sink_piece_bytes = 256 << 10;  // at once: few hops to the pool, little memory

}  // namespace

void Connection::begin_body() {
  if (parser_->done()) return dispatch();
  if (const auto expected = request_->headers.get("Expect"); expected && !http_1_0_) {
    if (!equal_ignoring_case(*expected, "100-continue"))
      return refuse(417, "only 100-continue can be expected");
    expects_continue_ = true;
  }
  const auto length = parser_->head().content_length.value_or(0);
  intake_asked_ = false;
  body_bytes_ = 0;
  body_bytes_max_ = around_.intake ? UINT64_MAX : around_.limits.body_bytes;
  intake_bytes_ = std::min(around_.limits.intake_bytes, around_.limits.body_bytes);
  too_large_ = nullptr;
  if (around_.intake && length > intake_bytes_) return ask_intake();
  continue_body();
}

void Connection::ask_intake() {
  intake_asked_ = true;
  enter(Phase::intake);
  // The request is ours until the body is in: the pool gets a copy of its head.
  post_or_retry([intake = around_.intake, inbox = around_.inbox, id = id_, head = *request_] {
    Intake decision;
    try {
      decision = (*intake)(head);
    } catch (const std::exception& exception) {
      log::error("deciding on a body threw", {{"what", exception.what()}});
      decision.refusal = problem(500, "the server failed; its log says why");
    }
    inbox->put(Message{.connection = id, .what = Admitted{std::move(decision)}});
  });
}

void Connection::refuse_size() {
  if (!too_large_) return refuse(413, fmt::format("a body may have {} bytes here", body_bytes_max_));
  ++around_.counters.requests_refused;
  keep_alive_ = false;
  answer(too_large_(body_bytes_max_));
}

void Connection::continue_body() {
  if (parser_->head().content_length.value_or(0) > body_bytes_max_) return refuse_size();
  if (expects_continue_) {
    expects_continue_ = false;
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
    if (phase_ == Phase::closed) return;
  }
  resume_reading();
}

/// Back from the pool to the body: what arrived meanwhile sits in our buffer, in TLS or in the socket.
void Connection::resume_reading() {
  enter(Phase::body);
  around_.again.push_back(id_);
}

void Connection::take_body() {
  if (!parser_->done()) {
    const auto before = body_.size();
    const auto used = parser_->feed(in_, body_);
    if (!used) return refuse(400, used.error().message);
    in_.erase(0, *used);
    const auto added = body_.size() - before;
    body_bytes_ += added;
    body_held_ += added;
    around_.bodies_bytes += added;
  }
  if (body_bytes_ > body_bytes_max_) return refuse_size();
  if (around_.bodies_bytes > around_.limits.bodies_bytes) {
    ++around_.counters.requests_busy;
    keep_alive_ = false;
    auto busy = problem(503, "too many large requests at once; try again");
    busy.headers.add("Retry-After", fmt::format("{}", around_.limits.retry_after_seconds));
    return answer(std::move(busy));
  }
  if (around_.intake && !intake_asked_ && body_bytes_ > intake_bytes_) return ask_intake();
  if (request_->sink && (body_.size() >= sink_piece_bytes || (parser_->done() && !body_.empty())))
    return give_to_sink();
  if (parser_->done()) dispatch();
}

void Connection::give_to_sink() {
  enter(Phase::sink);
  around_.bodies_bytes -= body_held_;
  body_held_ = 0;
  post_or_retry([inbox = around_.inbox,
                 id = id_,
                 sink = request_->sink,
                 piece = std::make_shared<const Bytes>(std::exchange(body_, {}))] {
    Done done = fail(ErrorCode::internal, "the sink threw");
    try {
      done = sink->write(*piece);
    } catch (const std::exception& exception) {
      log::error("taking a body threw", {{"what", exception.what()}});
    }
    inbox->put(Message{.connection = id, .what = Sunk{std::move(done)}});
  });
}

/// The caller's own turn has come this far; it waits for a place in the pool rather than being sent away.
void Connection::post_or_retry(std::function<void()> work) {
  if (!around_.pool.post(work)) retry_ = std::move(work);
}

void Connection::dispatch() {
  request_->body = std::exchange(body_, {});
  request_->deadline = around_.handler_deadline();  // a slow sender's time is not ours
  parser_.reset();
  enter(Phase::handling);
  std::shared_ptr<Request> request = std::move(request_);
  const bool taken = around_.pool.post([handler = around_.handler, inbox = around_.inbox, id = id_, request] {
    Response response;
    try {
      response = (*handler)(std::move(*request));
    } catch (const std::exception& exception) {
      log::error("a handler threw", {{"what", exception.what()}});
      response = problem(500, "the server failed; its log says why");
    }
    inbox->put(Message{.connection = id, .what = Answered{std::move(response)}});
  });
  if (taken) return;
  ++around_.counters.requests_busy;
  auto busy = problem(503, "the server is busy; try again");
  busy.headers.add("Retry-After", fmt::format("{}", around_.limits.retry_after_seconds));
  answer(std::move(busy));
}

void Connection::release_body() {
  around_.bodies_bytes -= body_held_;
  body_held_ = 0;
  body_ = {};
}

}  // namespace shieldwall::net
