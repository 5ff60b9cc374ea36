// Sending answers and streams, and ending well.
#include <algorithm>

#include <sys/epoll.h>

#include "base/log.h"
#include "net/connection.h"
#include "net/render.h"

namespace shieldwall::net {

namespace {

constexpr std::size_t output_per_turn = 1 << 20;  // of one connection, before the others get theirs
constexpr std::size_t output_kept_bytes = 1024;   // a buffer larger than this is given back when it empties

}  // namespace

void Connection::refuse(int status, std::string_view detail) {
  ++around_.counters.requests_refused;
  keep_alive_ = false;
  answer(problem(status, detail));
}

void Connection::answer(Response response) {
  keep_alive_ = keep_alive_ && !around_.draining && !response.headers.has_token("Connection", "close");
  parser_.reset();
  request_.reset();
  retry_ = nullptr;
  chunked_ = response.stream != nullptr && !http_1_0_;
  if (response.stream && http_1_0_) keep_alive_ = false;
  const AnswerFrame frame{
      .http_1_0 = http_1_0_, .keep_alive = keep_alive_, .chunked = chunked_, .date = around_.date};
  auto head = render_head(response, frame);
  if (!head) {
    log::error("an answer could not be sent", {{"why", head.error().message}});
    response = problem(500, "the server failed; its log says why");
    chunked_ = false;
    head = render_head(response, {.http_1_0 = http_1_0_, .keep_alive = keep_alive_, .date = around_.date});
  }
  out_ += *head;
  if (head_only_ || is_bodyless(response.status)) {
    response.body = {};
    response.shared_body = nullptr;
    response.stream = nullptr;
  }
  answer_ = std::make_unique<Response>(std::move(response));
  answer_sent_ = 0;
  enter(Phase::answering);
  flush();
}

bool Connection::has_output() const {
  return out_sent_ < out_.size() || (answer_ && !answer_->stream && answer_sent_ < answer_->bytes().size());
}

void Connection::flush() {
  std::size_t sent = 0;
  while (has_output()) {
    if (sent >= output_per_turn) return;  // the socket stays writable, so the poll brings us back
    const auto head = std::string_view(out_).substr(out_sent_);
    const auto body =
        answer_ && !answer_->stream ? answer_->bytes().substr(answer_sent_) : std::string_view();
    const auto io = transport_.write(head, body);
    if (io.status == IoStatus::want_write || io.status == IoStatus::want_read) return;
    if (io.status != IoStatus::done) return close();
    const auto of_head = std::min(io.bytes, head.size());
    out_sent_ += of_head;
    answer_sent_ += io.bytes - of_head;
    window_bytes_ += io.bytes;
    sent += io.bytes;
  }
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > output_kept_bytes) out_ = {};
  if (phase_ == Phase::answering && answer_->stream) {
    enter(Phase::streaming);
    stream_ended_ = false;
    last_piece_ = around_.clock.steady();
    around_.streams.insert(id_);
    ++around_.counters.streams_open;
    around_.again.push_back(id_);
  } else if (phase_ == Phase::answering || (phase_ == Phase::streaming && stream_ended_)) {
    finish_answer();
  } else if (phase_ == Phase::streaming) {
    around_.again.push_back(id_);  // the next piece, after the others had their turn
  }
}

void Connection::finish_answer() {
  if (around_.streams.erase(id_) > 0) --around_.counters.streams_open;
  answer_.reset();
  release_body();
  head_only_ = false;
  if (!keep_alive_) return linger();
  enter(Phase::head);
  if (!in_.empty() || transport_.has_pending()) around_.again.push_back(id_);
}

void Connection::poll_stream() {
  if (phase_ != Phase::streaming || piece_asked_ || has_output()) return;
  if (around_.draining) return take_piece({.poll = Poll::end});
  ask_for_piece();
}

void Connection::ask_for_piece() {
  const auto make_piece = [](Stream& stream) {
    Piece piece;
    try {
      piece.poll = stream.next(piece.chunk);
    } catch (const std::exception& exception) {
      log::error("a stream threw", {{"what", exception.what()}});
      piece.broken = true;
    }
    return piece;
  };
  if (!answer_->stream->may_wait()) return take_piece(make_piece(*answer_->stream));
  piece_asked_ = true;
  post_or_retry([make_piece, inbox = around_.inbox, id = id_, stream = answer_->stream] {
    inbox->put(Message{.connection = id, .what = make_piece(*stream)});
  });
}

void Connection::take_piece(Piece piece) {
  piece_asked_ = false;
  if (piece.broken) return close();  // without the last chunk, so that the reader knows
  const auto now = around_.clock.steady();
  if (piece.poll == Poll::wait || (piece.poll == Poll::chunk && piece.chunk.empty())) {
    if (Duration{now.us - last_piece_.us} < around_.limits.heartbeat) return;
    piece = {.poll = Poll::chunk, .chunk = Bytes(answer_->stream->heartbeat())};
    last_piece_ = now;
    if (piece.chunk.empty()) return;
  }
  last_piece_ = now;
  reset_window();
  stream_ended_ = piece.poll == Poll::end;
  if (!chunked_) {
    out_ += piece.chunk;
  } else {
    if (!piece.chunk.empty()) append_chunk(out_, piece.chunk);
    if (stream_ended_) append_chunk(out_, {});
  }
  flush();
}

/// While a stream runs, reading shows whether anybody still listens; a next request waits in the buffer.
void Connection::watch_reader() {
  while (in_.size() < around_.limits.head_bytes) {
    const auto io = transport_.read(around_.scratch.data(), around_.limits.head_bytes - in_.size());
    if (io.status == IoStatus::want_read || io.status == IoStatus::want_write) return;
    if (io.status != IoStatus::done) return close();
    in_.append(around_.scratch.data(), io.bytes);
  }
}

void Connection::linger() {
  in_ = {};
  enter(Phase::lingering);
  transport_.end_writing();
  discard_input();
}

void Connection::discard_input() {
  constexpr int discards_per_turn = 16;  // 1 MiB; who sends faster than this is cut off by the time limit
  for (int i = 0; i < discards_per_turn; ++i) {
    const auto io = transport_.read(around_.scratch.data(), around_.scratch.size());
    if (io.status == IoStatus::want_read || io.status == IoStatus::want_write) return;
    if (io.status != IoStatus::done) return close();
  }
  around_.again.push_back(id_);
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  if (around_.streams.erase(id_) > 0) --around_.counters.streams_open;
  release_body();
  answer_.reset();
  retry_ = nullptr;
  phase_ = Phase::closed;
}

}  // namespace shieldwall::net
