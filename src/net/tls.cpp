#include "net/tls.h"

#include <algorithm>
#include <array>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/pem.h"

namespace shieldwall::net {

namespace {

constexpr std::array<unsigned char, 9> alpn_http_1_1 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int select_protocol(SSL*,
                    const unsigned char** chosen,
                    unsigned char* chosen_bytes,
                    const unsigned char* offered,
                    unsigned offered_bytes,
                    void*) {
  unsigned char* found = nullptr;
  const int status = SSL_select_next_proto(
      &found, chosen_bytes, alpn_http_1_1.data(), alpn_http_1_1.size(), offered, offered_bytes);
  *chosen = found;
  return status == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int verdict(X509_STORE_CTX* store, bool admitted) {
  X509_STORE_CTX_set_error(store, admitted ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return admitted ? 1 : 0;
}

/// The roster is the authority: whose key it names is admitted, whoever signed the certificate.
int verify_member(X509_STORE_CTX* store, void* argument) {
  const auto& admits = *static_cast<const std::function<bool(const Digest&)>*>(argument);
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  return verdict(store, certificate != nullptr && admits(pin_of(certificate)));
}

int verify_pins(X509_STORE_CTX* store, void* argument) {
  const auto& pins = *static_cast<const std::vector<Digest>*>(argument);
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  return verdict(store, certificate != nullptr && std::ranges::find(pins, pin_of(certificate)) != pins.end());
}

TlsContext make_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // An idle connection then holds no record buffers, and a large body may be offered again from where it
  // stands.
  SSL_CTX_set_mode(
      context.get(),
      SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384");
  return context;
}

Done use_identity(SSL_CTX* context, const TlsIdentity& identity) {
  const auto chain = TRY(read_certificates(identity.certificate_chain_pem));
  const auto key = TRY(read_key(identity.key_pem));
  bool taken = SSL_CTX_use_certificate(context, chain.front().get()) == 1;
  for (std::size_t i = 1; i < chain.size() && taken; ++i)
    taken = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  taken = taken && SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
  if (!taken) return fail(ErrorCode::invalid, "the certificate cannot be used: {}", openssl_failure());
  return {};
}

}  // namespace

std::string openssl_failure() {
  const auto number = ERR_get_error();
  ERR_clear_error();
  if (number == 0) return "unknown";
  const char* const reason = ERR_reason_error_string(number);
  return reason == nullptr ? fmt::format("error {:x}", number) : reason;
}

Digest pin_of(X509* certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  if (size <= 0) return {};
  const auto pin = sha256({reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size)});
  OPENSSL_free(encoded);
  return pin;
}

Result<TlsContext> server_context(const TlsIdentity& identity,
                                  const std::function<bool(const Digest&)>* admits) {
  auto context = make_context(TLS_server_method());
  if (!context) return fail(ErrorCode::internal, "OpenSSL gave no context: {}", openssl_failure());
  TRY(use_identity(context.get(), identity));
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets resume without memory of ours
  SSL_CTX_set_num_tickets(context.get(), 1);
  if (admits != nullptr) {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(
        context.get(), verify_member, const_cast<std::function<bool(const Digest&)>*>(admits));
    SSL_CTX_set_num_tickets(context.get(), 0);  // no resumption: each connection asks the roster anew
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  }
  return context;
}

Result<TlsContext> client_context(const PeerTrust& trust) {
  auto context = make_context(TLS_client_method());
  if (!context) return fail(ErrorCode::internal, "OpenSSL gave no context: {}", openssl_failure());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), alpn_http_1_1.data(), alpn_http_1_1.size());
  if (trust.identity) TRY(use_identity(context.get(), *trust.identity));
  if (!trust.pins.empty()) {
    // The context's owner keeps the list alive as long as the context.
    auto pins = std::make_shared<std::vector<Digest>>(trust.pins);
    SSL_CTX_set_cert_verify_callback(context.get(), verify_pins, pins.get());
    auto* const raw = context.get();
    return TlsContext(raw, [context, pins](SSL_CTX*) {});
  }
  if (trust.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
    return context;
  }
  for (const auto& certificate : TRY(read_certificates(trust.ca_pem)))
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), certificate.get());
  return context;
}

}  // namespace shieldwall::net
