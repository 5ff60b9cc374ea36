#pragma once
// How pool threads reach the network loop: messages in a queue, and a descriptor that the loop waits on.

#include <cstdint>
#include <variant>
#include <vector>

#include "base/guarded.h"
#include "net/http.h"
#include "net/server.h"
#include "net/transport.h"

namespace shieldwall::net {

struct Answered {
  Response response{};
};
struct Admitted {
  Intake intake{};
};
struct Sunk {
  Done done{};
};
struct Piece {
  Poll poll = Poll::end;
  Bytes chunk{};
  bool broken = false;  // the stream threw
};

/// What a piece of work on the pool found out for one connection.
struct Message {
  std::uint64_t connection = 0;
  std::variant<Answered, Admitted, Sunk, Piece> what{};
};

/// Shared by the loop and all work on the pool, so that an answer that comes after the server's end falls
/// into an inbox that nobody reads. Thread-safe.
class Inbox {
 public:
  Inbox();
  void put(Message message);
  /// Runs `action` on the loop.
  void put(std::function<void()> action);

  struct Content {
    std::vector<Message> messages{};
    std::vector<std::function<void()>> actions{};
  };
  Content take();
  int descriptor() const { return wake_.number(); }

 private:
  void ring();

  Descriptor wake_;
  Guarded<Content> content_;
};

}  // namespace shieldwall::net
