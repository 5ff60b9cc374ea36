#pragma once
// One connection of the server, as the network loop sees it: which bytes it waits for, and what it does with
// them.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "net/inbox.h"
#include "net/parser.h"
#include "net/server.h"
#include "net/transport.h"

namespace shieldwall::net {

struct AtomicCounters {
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> requests_busy{0};
  std::atomic<std::uint64_t> requests_refused{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> streams_open{0};
};

/// What all connections of one server share. Used by the loop's thread alone, but for the counters.
struct Surroundings {
  const Limits& limits;
  std::shared_ptr<const Handler> handler;
  std::shared_ptr<const std::function<Intake(const Request&)>> intake;  // null: nobody asks
  Executor& pool;
  const Clock& clock;
  std::shared_ptr<Inbox> inbox;
  AtomicCounters& counters;

  const Clock& deadlines;  // what Request::deadline is read on
  bool draining = false;
  Duration drain_until{};                // on `clock`; counts while draining
  std::uint64_t bodies_bytes = 0;        // of requests that are being read or answered
  std::vector<std::uint64_t> again{};    // connections to visit before waiting, as no poll will show them
  std::set<std::uint64_t> streams{};     // connections that are sending a stream
  std::string date{};                    // for the Date field, renewed each second
  std::array<char, 64 << 10> scratch{};  // all reads land here first, so that idle connections hold no buffer

  /// Of a handler that begins now: one that the server's end would cut off is told before.
  Deadline handler_deadline() const {
    if (!draining) return Deadline::in(limits.handler_time, deadlines);
    const Duration left{std::max<std::int64_t>(0, drain_until.us - clock.steady().us)};
    return Deadline::in(std::min(limits.handler_time, left), deadlines);
  }
};

/// Who is at the other end.
struct Caller {
  ListenerRole role = ListenerRole::tools;
  std::size_t listener = 0;
  IpAddress address{};
  std::string address_text{};
  std::optional<std::uint32_t> uid{};
};

class Connection {
 public:
  Connection(Surroundings& around, std::uint64_t id, Transport transport, Caller caller);
  ~Connection();

  /// The socket can be read or written, as epoll says in `events`; 0 looks anyway.
  void on_ready(std::uint32_t events);
  void on_message(Message message);
  void on_tick(Duration now);
  /// A stream that waits is asked again.
  void poll_stream();
  /// No further request: closes now when idle, else after what runs.
  void drain();

  bool closed() const { return phase_ == Phase::closed; }
  bool idle() const { return phase_ == Phase::head && in_.empty(); }
  Duration since() const { return since_; }
  std::uint32_t interest() const;  // epoll mask
  int descriptor() const { return transport_.descriptor(); }
  const Caller& caller() const { return caller_; }

 private:
  enum class Phase {
    handshake,
    head,       // waiting for a request, or in the middle of its head
    body,       // reading its body
    intake,     // the pool decides what to do with a large body
    sink,       // the pool writes a piece of it
    handling,   // the pool makes the answer
    answering,  // the answer, or what there is of it, goes out
    streaming,  // everything made so far is out; the next piece is awaited
    lingering,  // our last byte is out; reading on, lest unread input turns our answer into a reset
    closed,
  };

  void enter(Phase phase);
  void continue_handshake();
  void read_more();
  void read_ended(IoStatus status);
  void process();
  void take_head();
  void begin_body();
  void ask_intake();
  void continue_body();
  void take_body();
  void give_to_sink();
  void dispatch();
  void resume_reading();

  void answer(Response response);
  void refuse(int status, std::string_view detail);
  void flush();
  bool has_output() const;
  void finish_answer();
  void ask_for_piece();
  void take_piece(Piece piece);
  void watch_reader();
  void discard_input();
  void linger();
  void close();
  bool too_slow(Duration now);
  void reset_window();
  void refuse_size();
  void release_body();
  void post_or_retry(std::function<void()> work);
  Request make_request(const Head& head, Method method) const;

  Surroundings& around_;
  std::uint64_t id_;
  Transport transport_;
  Caller caller_;
  Phase phase_;
  IoStatus handshake_wants_ = IoStatus::want_read;
  bool http_1_0_ = false;
  bool keep_alive_ = true;
  bool head_only_ = false;  // HEAD: the answer's body is not sent
  bool expects_continue_ = false;
  bool intake_asked_ = false;
  bool chunked_ = false;
  bool piece_asked_ = false;  // the pool makes the next piece
  bool stream_ended_ = false;

  Bytes in_;                 // received and not used yet
  std::size_t scanned_ = 0;  // of it, searched for the end of the head
  std::optional<MessageParser> parser_;
  std::unique_ptr<Request> request_;
  Bytes body_;
  std::uint64_t body_bytes_ = 0;  // received so far
  std::uint64_t body_bytes_max_ = 0;
  std::uint64_t intake_bytes_ = 0;  // when the intake is asked
  std::function<Response(std::uint64_t)> too_large_;
  std::uint64_t body_held_ = 0;  // counted in Surroundings::bodies_bytes

  Bytes out_;  // head, or pieces in chunked coding
  std::size_t out_sent_ = 0;
  std::unique_ptr<Response> answer_;
  std::size_t answer_sent_ = 0;
  std::function<void()> retry_;  // work the full pool did not take; offered again at each tick

  Duration since_;  // when the phase began
  Duration window_start_{};
  std::uint64_t window_bytes_ = 0;
  Duration last_piece_{};
};

}  // namespace shieldwall::net
