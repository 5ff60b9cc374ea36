#pragma once
// One outgoing connection, used by one thread at a time, which waits. Only net's own files include this.

#include <string>

#include "base/clock.h"
#include "net/net.h"
#include "net/transport.h"

namespace shieldwall::net {

class Channel {
 public:
  /// Connects to the first endpoint that answers. errors: unavailable
  static Result<Channel> connect(const std::vector<Endpoint>& endpoints, const Deadline& deadline);
  static Result<Channel> connect_unix(const std::string& path, const Deadline& deadline);

  /// errors: unavailable when the peer does not prove to be `host` or one of the pins
  Done secure(const std::shared_ptr<ssl_ctx_st>& context, const std::string& host, const Deadline& deadline);

  struct Outcome {
    Response response{};
    bool reusable = false;
  };
  /// Sends what `head` and `body` say and reads one answer, final status only.
  ///   errors  as Net::send
  Result<Outcome> exchange(std::string_view head,
                           std::string_view body,
                           Method method,
                           const SendOptions& options,
                           const Deadline& deadline);

  /// Nothing has come from the peer of an idle connection: no bytes, no end.
  bool is_quiet() const;
  /// At least one byte of an answer came: sending the request again could do its work twice.
  bool heard_something() const { return heard_something_; }

 private:
  explicit Channel(Transport transport) : transport_(std::move(transport)) {}
  Done wait(short events, const Deadline& deadline) const;
  Done wait_for(const Io& io, const Deadline& deadline) const;
  Done send_all(std::string_view head, std::string_view body, const Deadline& deadline);
  Result<Outcome> receive(Method method, const SendOptions& options, const Deadline& deadline);

  Transport transport_;
  bool heard_something_ = false;
  bool sent_all_ = false;
};

}  // namespace shieldwall::net
