#pragma once
// HTTP messages as plain values (RFC 9110, RFC 9112). Light to include: no library's header stands behind
// them.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace shieldwall::net {

enum class Method { get, head, post, put, delete_, patch, options };

std::string_view name_of(Method method);  // "GET"
/// Methods are case-sensitive; nothing for one that no door knows.
std::optional<Method> method_named(std::string_view name);

/// "Not Found"; "Unknown" for a status without a registered phrase.
std::string_view reason_of(int status);

struct Header {
  std::string name{};
  std::string value{};
};

/// Header fields in the order they came. Names compare without regard to ASCII case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // instead of every field of that name
  void remove(std::string_view name);
  /// The value of the first field of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }
  std::size_t count(std::string_view name) const;
  /// True when a comma-separated list in any field of that name holds `token`, without regard to case.
  bool has_token(std::string_view name, std::string_view token) const;

  bool empty() const { return fields_.empty(); }
  std::size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Header> fields_;
};

/// Which kind of caller a listener is for; each kind has an address of its own.
enum class ListenerRole {
  tools,    // browsers and tools: TLS 1.2 or 1.3, never asked for a certificate
  members,  // other nodes: TLS 1.3 and a client certificate whose key the roster names
  metrics,  // the operator's monitoring
  local,    // this machine's command line, over a Unix socket
};

std::string_view name_of(ListenerRole role);

/// Takes a body in pieces. `write` runs on a pool thread, one call at a time; the destructor drops what was
/// not used.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// An error ends the request: exhausted becomes 413, everything else 503.
  virtual Done write(std::string_view piece) = 0;
};

struct Request {
  Method method = Method::get;
  /// As sent, "/a%20b?c=d"; parse_target (url.h) takes it apart. Of an outgoing request the URL counts
  /// instead.
  std::string target{};
  Headers headers{};
  Bytes body{};                      // as sent: a Content-Encoding is not undone
  std::shared_ptr<BodySink> sink{};  // has taken the body instead, when the server's `intake` said so

  // What the server knows of the caller; unused in outgoing requests.
  std::string peer_address{};                      // "192.0.2.1", "2001:db8::1"; empty on a Unix socket
  bool secure = false;                             // came over TLS
  std::optional<Digest> client_certificate_pin{};  // SHA-256 of its SubjectPublicKeyInfo
  std::optional<std::uint32_t> peer_uid{};  // Unix socket: the user at the other end, as the kernel says
  ListenerRole role = ListenerRole::tools;
  std::size_t listener = 0;  // index in ServerOptions::listeners
  Deadline deadline = Deadline::none();
};

enum class Poll { chunk, wait, end };

/// An answer that comes in pieces. One thread at a time asks for the next piece, and only after the last one
/// has gone into the socket.
class Stream {
 public:
  virtual ~Stream() = default;
  /// chunk: `chunk` (empty before the call) holds bytes to send; wait: nothing now, ask again at the next
  /// poll or Server::wake; end: there will be no more.
  virtual Poll next(Bytes& chunk) = 0;
  /// False: `next` never waits and is called by the network loop. True: it may read the store, and is called
  /// on a pool thread.
  virtual bool may_wait() const { return false; }
  /// Sent after each heartbeat interval without a piece, so that a dead peer shows; empty for none.
  virtual std::string_view heartbeat() const { return {}; }
};

struct Response {
  int status = 200;
  Headers headers{};  // Content-Length, Transfer-Encoding, Connection and Date are the server's to add
  Bytes body{};
  std::shared_ptr<const Bytes> shared_body{};  // instead of `body`: rendered once, written without a copy
  std::shared_ptr<Stream> stream{};            // instead of either

  std::string_view bytes() const {
    return shared_body ? std::string_view(*shared_body) : std::string_view(body);
  }
};

/// Answers one request, on a pool thread; may wait until `request.deadline`. An exception becomes a 500.
using Handler = std::function<Response(Request&& request)>;

/// A failure below the routes, as problem details (RFC 9457). `detail` says what to do; it is not a secret.
Response problem(int status, std::string_view detail);

/// A certificate chain (leaf first) and the leaf's private key, both PEM.
struct TlsIdentity {
  std::string certificate_chain_pem{};
  std::string key_pem{};
};

}  // namespace shieldwall::net
