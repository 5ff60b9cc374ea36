#pragma once
// A JetStream stream as a source of events: taken in a consumer group, each message once.
//
// A message is acknowledged when what it showed is kept. What is delivered again, because the process ended
// between the two, is known by its number in the stream; what another member of the group is given again
// counts under the same name, source and number, so that a node to which both tell it adds it once.

#include <map>
#include <memory>
#include <string>

#include "detect/watch/watch.h"

namespace shieldwall::detect {

struct NatsPlace {
  std::string server;  // nats://host:port, tls://host:port
  std::string stream;
  std::string group = "shieldwall";  // the durable consumer that the members share
  std::string credentials;           // file with a user's JWT and key; may be empty
};

/// Is it a stream, not a file?
bool is_nats_place(std::string_view path);
/// `nats://host:port/STREAM`, `...?group=NAME`; also tls://. errors: invalid: says what is off
Result<NatsPlace> read_nats_place(std::string_view path);

/// A group that does not exist yet is made, from the stream's first message on. Taps take each message once
/// by their own account too: what they are about to be given is noted before, so that a process that ended
/// between their keeping and ours knows which messages they have.
///   errors  unavailable: the server does not answer, or refuses; not_found: no such stream
Result<std::unique_ptr<Watch>> watch_nats(const NatsPlace& place,
                                          WatchState& state,
                                          WatchSink& sink,
                                          WatchOptions options = {});

/// Numbers that were done: few ranges, as messages come nearly in order.
class DoneNumbers {
 public:
  /// errors  corrupt: not what text() gives
  static Result<DoneNumbers> parse(std::string_view text);
  std::string text() const;  // "1-5,7-7"

  bool empty() const { return ranges_.empty(); }
  bool contains(std::uint64_t number) const;
  void add(std::uint64_t number);
  void add(const DoneNumbers& others);
  /// Those below will not be asked about again.
  void forget_below(std::uint64_t number);

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first to last
};

}  // namespace shieldwall::detect
