#pragma once
// The seam through which every outgoing request leaves: whole requests and answers, above TLS. The checked
// client implements it, and so does the simulator's network (sim.h).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/http.h"
#include "net/url.h"

namespace shieldwall::net {

/// By what a server is recognised, and what is shown to it.
struct PeerTrust {
  std::string ca_pem{};        // certificates to build on; empty: the system's
  std::vector<Digest> pins{};  // not empty: exactly these keys (SHA-256 of SubjectPublicKeyInfo); then
                               // neither CA nor host name is asked, as the roster is the authority
  std::optional<TlsIdentity> identity{};  // our certificate, for servers that require one
  bool may_be_private = false;  // named in the roster or the operator's file: loopback, private and own
                                // addresses are allowed for it
};

inline constexpr std::uint64_t answer_bytes_max =
    64ull << 20;  // one answer kept in memory; larger ones need `into`

struct SendOptions {
  Deadline deadline = Deadline::none();     // for the whole exchange; `none` means the client's own limit
  std::shared_ptr<const PeerTrust> peer{};  // nothing: the system's store, public addresses only
  BodySink* into = nullptr;                 // takes the body of a 2xx answer in pieces, on the calling thread
  std::uint64_t body_bytes_max = answer_bytes_max;
};

class Net {
 public:
  virtual ~Net() = default;
  /// Sends one request and waits for its whole answer. Redirects come back as they are.
  ///   errors  denied: the URL leads to an address that is not allowed for this peer
  ///           invalid: the URL, or the answer breaks HTTP
  ///           exhausted: the answer is larger than the limit
  ///           unavailable: no answer in time, refused, reset, or the peer could not prove who it is
  virtual Result<Response> send(const Url& url, Request request, const SendOptions& options) = 0;

  Result<Response> send(const Url& url, Request request, Deadline deadline) {
    return send(url, std::move(request), SendOptions{.deadline = deadline});
  }
};

}  // namespace shieldwall::net
