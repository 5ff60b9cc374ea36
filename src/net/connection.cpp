// What a connection waits for, and reading heads. Bodies are in connection_body.cpp, what goes the other way
// in connection_answer.cpp.
#include "net/connection.h"

#include <algorithm>

#include <sys/epoll.h>

#include "base/log.h"
#include "base/text.h"
#include "net/head.h"

namespace shieldwall::net {

namespace {

constexpr int reads_per_turn = 16;            // of one connection, before the others get theirs
constexpr Duration linger_time = seconds(2);  // a round trip to the far side of the world, twice over
constexpr Duration linger_time_draining = milliseconds(100);  // the operator waits
constexpr std::size_t input_kept_bytes = 512;  // a buffer larger than this is given back when it empties

}  // namespace

Connection::Connection(Surroundings& around, std::uint64_t id, Transport transport, Caller caller)
    : around_(around),
      id_(id),
      transport_(std::move(transport)),
      caller_(std::move(caller)),
      phase_(transport_.secure() ? Phase::handshake : Phase::head),
      since_(around.clock.steady()) {}

Connection::~Connection() {
  close();
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  since_ = around_.clock.steady();
  reset_window();
}

void Connection::reset_window() {
  window_start_ = around_.clock.steady();
  window_bytes_ = 0;
}

std::uint32_t Connection::interest() const {
  const std::uint32_t output = has_output() ? std::uint32_t{EPOLLOUT} : 0u;
  switch (phase_) {
    case Phase::handshake:
      return handshake_wants_ == IoStatus::want_write ? EPOLLOUT : EPOLLIN;
    case Phase::head:
    case Phase::body:
      return EPOLLIN | output;
    case Phase::answering:
      return EPOLLOUT;
    case Phase::streaming:
      return (in_.size() < around_.limits.head_bytes ? std::uint32_t{EPOLLIN} : 0u) | output;
    case Phase::lingering:
      return EPOLLIN;
    case Phase::intake:
    case Phase::sink:
    case Phase::handling:
    case Phase::closed:
      return 0;
  }
  return 0;
}

void Connection::on_ready(std::uint32_t events) {
  const bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
  switch (phase_) {
    case Phase::handshake:
      return continue_handshake();
    case Phase::head:
    case Phase::body:
      if (has_output()) flush();                             // an interim 100 that did not fit
      if (phase_ == Phase::body || !in_.empty()) process();  // a body may be whole, and its sink just done
      return read_more();
    case Phase::answering:
      return gone ? close() : flush();
    case Phase::streaming:
      if (gone) return close();
      watch_reader();
      if (phase_ == Phase::streaming && has_output()) return flush();
      if (phase_ == Phase::streaming) return poll_stream();
      return;
    case Phase::lingering:
      return discard_input();
    case Phase::intake:
    case Phase::sink:
    case Phase::handling:
      if (gone) close();
      return;
    case Phase::closed:
      return;
  }
}

void Connection::continue_handshake() {
  const auto io = transport_.handshake();
  if (io.status == IoStatus::want_read || io.status == IoStatus::want_write) {
    handshake_wants_ = io.status;
    return;
  }
  if (io.status != IoStatus::done) {
    ++around_.counters.handshakes_failed;
    return close();
  }
  enter(Phase::head);
  read_more();
}

void Connection::read_more() {
  for (int turn = 0; turn < reads_per_turn; ++turn) {
    if (phase_ != Phase::head && phase_ != Phase::body) return;
    const auto io = transport_.read(around_.scratch.data(), around_.scratch.size());
    if (io.status == IoStatus::want_read || io.status == IoStatus::want_write) return;
    if (io.status != IoStatus::done) return read_ended(io.status);
    if (phase_ == Phase::head && in_.empty()) since_ = around_.clock.steady();
    in_.append(around_.scratch.data(), io.bytes);
    window_bytes_ += io.bytes;
    process();
  }
  around_.again.push_back(id_);
}

void Connection::read_ended(IoStatus status) {
  const bool mid_message = phase_ == Phase::body || !in_.empty();
  if (status == IoStatus::closed && mid_message) return refuse(400, "the request ended before its end");
  close();
}

void Connection::process() {
  if (phase_ == Phase::head) take_head();
  if (phase_ == Phase::body) take_body();
  if (in_.empty() && in_.capacity() > input_kept_bytes) in_ = {};
}

void Connection::take_head() {
  const auto found = in_.find(head_end, scanned_ - std::min<std::size_t>(scanned_, head_end.size() - 1));
  const auto limit = around_.limits.head_bytes;
  // Lines that end in a bare LF never make a whole head: told at once, not when the time is up.
  if (found == Bytes::npos)
    for (auto at = in_.find('\n', scanned_); at != Bytes::npos; at = in_.find('\n', at + 1))
      if (at == 0 || in_[at - 1] != '\r') return refuse(400, "a line ends without CR LF");
  scanned_ = in_.size();
  const auto size = found == Bytes::npos ? in_.size() : found + head_end.size();
  if (size > limit) return refuse(431, fmt::format("the request's head is longer than {} bytes", limit));
  if (found == Bytes::npos) return;
  scanned_ = 0;
  const auto raw = std::string_view(in_).substr(0, size);
  if (const auto checked = check_head(raw, around_.limits.header_fields); !checked)
    return refuse(checked.error().code == ErrorCode::exhausted ? 431 : 400, checked.error().message);
  parser_.emplace(MessageParser::Kind::request, limit);
  if (const auto fed = parser_->feed(raw, body_); !fed || !parser_->head_done())
    return refuse(400, fed ? "the head is not complete" : fed.error().message);
  in_.erase(0, size);
  const auto method = method_named(parser_->head().method);
  if (!method) return refuse(501, "the method is not known here");
  http_1_0_ = parser_->head().http_1_0;
  keep_alive_ = parser_->head().keep_alive;
  head_only_ = *method == Method::head;
  request_ = std::make_unique<Request>(make_request(parser_->head(), *method));
  ++around_.counters.requests;
  begin_body();
}

Request Connection::make_request(const Head& head, Method method) const {
  Request request{.method = method, .target = head.target, .headers = head.headers};
  request.peer_address = caller_.address_text;
  request.secure = transport_.secure();
  if (caller_.role == ListenerRole::members) request.client_certificate_pin = transport_.peer_pin();
  request.peer_uid = caller_.uid;
  request.role = caller_.role;
  request.listener = caller_.listener;
  request.deadline = around_.handler_deadline();
  return request;
}

void Connection::on_message(Message message) {
  if (auto* answered = std::get_if<Answered>(&message.what); answered && phase_ == Phase::handling)
    return answer(std::move(answered->response));
  if (auto* piece = std::get_if<Piece>(&message.what); piece && phase_ == Phase::streaming)
    return take_piece(std::move(*piece));
  if (auto* admitted = std::get_if<Admitted>(&message.what); admitted && phase_ == Phase::intake) {
    auto& intake = admitted->intake;
    if (intake.refusal) {
      ++around_.counters.requests_refused;
      keep_alive_ = false;  // the body stays unread
      return answer(std::move(*intake.refusal));
    }
    body_bytes_max_ = intake.body_bytes_max.value_or(around_.limits.body_bytes);
    too_large_ = std::move(intake.too_large);
    request_->sink = std::move(intake.sink);
    return continue_body();
  }
  if (auto* sunk = std::get_if<Sunk>(&message.what); sunk && phase_ == Phase::sink) {
    if (sunk->done) return resume_reading();
    const bool exhausted = sunk->done.error().code == ErrorCode::exhausted;
    return refuse(exhausted ? 413 : 503, sunk->done.error().message);
  }
}

void Connection::on_tick(Duration now) {
  const auto& limits = around_.limits;
  const auto waited = Duration{now.us - since_.us};
  switch (phase_) {
    case Phase::handshake:
      if (waited < limits.head_time) return;
      ++around_.counters.timed_out;
      return close();
    case Phase::head:
      if (in_.empty() && waited >= limits.idle_time) return close();
      if (in_.empty() || waited < limits.head_time) return;
      ++around_.counters.timed_out;
      return refuse(408, "the request's head did not come in time");
    case Phase::body:
      if (!too_slow(now)) return;
      ++around_.counters.timed_out;
      return refuse(408, "the request's body came too slowly");
    case Phase::answering:
      if (!too_slow(now)) return;
      ++around_.counters.timed_out;
      return close();
    case Phase::streaming:
      if (has_output() && too_slow(now)) {
        ++around_.counters.timed_out;
        return close();
      }
      if (piece_asked_ && retry_) break;
      return poll_stream();
    case Phase::lingering:
      if (waited >= (around_.draining ? linger_time_draining : linger_time)) close();
      return;
    case Phase::intake:
    case Phase::sink:
      break;
    case Phase::handling:
    case Phase::closed:
      return;
  }
  if (retry_ && around_.pool.post(retry_)) retry_ = nullptr;
}

/// Judged window by window, so that a fast start does not buy an endless end.
bool Connection::too_slow(Duration now) {
  const auto& limits = around_.limits;
  const auto passed = now.us - window_start_.us;
  if (passed < limits.rate_window.us) return false;
  const bool slow =
      window_bytes_ * 1'000'000 < limits.rate_bytes_per_second * static_cast<std::uint64_t>(passed);
  reset_window();
  return slow;
}

void Connection::drain() {
  keep_alive_ = false;
  if (phase_ == Phase::handshake || idle()) return close();
  if (phase_ == Phase::streaming && !has_output() && !piece_asked_) take_piece({.poll = Poll::end});
}

}  // namespace shieldwall::net
