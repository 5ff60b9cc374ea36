#pragma once
// TLS settings (OpenSSL 3.0). Only net's own files include this.

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"
#include "net/net.h"

struct ssl_ctx_st;
struct x509_st;

namespace shieldwall::net {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// For a listener. `admits` set: TLS 1.3 alone, and a client certificate whose pin it admits is required; it
/// must outlive every connection. Else TLS 1.3 and 1.2, and no certificate is asked for.
///   errors  invalid: the identity cannot be read or does not belong together
Result<TlsContext> server_context(const TlsIdentity& identity,
                                  const std::function<bool(const Digest&)>* admits);

/// For requests to a peer. errors: invalid
Result<TlsContext> client_context(const PeerTrust& trust);

Digest pin_of(x509_st* certificate);

/// The oldest entry of OpenSSL's queue of this thread, as text; empties the queue.
std::string openssl_failure();

}  // namespace shieldwall::net
