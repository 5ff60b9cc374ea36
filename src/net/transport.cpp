#include "net/transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/pem.h"
#include "net/tls.h"

namespace shieldwall::net {

namespace {

bool is_again(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

// OpenSSL's own socket BIO writes with write(2), and a peer that has gone would then end the process by
// SIGPIPE.

int descriptor_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && is_again(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(descriptor_of(bio), bytes, static_cast<std::size_t>(size), 0);
  if (n < 0 && is_again(errno)) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(n);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shieldwall socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

}  // namespace

Transport::~Transport() {
  SSL_free(ssl_);
}

Transport::Transport(Transport&& other) noexcept
    : socket_(std::move(other.socket_)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      failure_(std::move(other.failure_)) {}

Transport& Transport::operator=(Transport&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(ssl_, other.ssl_);
  std::swap(failure_, other.failure_);
  return *this;
}

Done Transport::secure(const TlsContext& context) {
  ssl_ = SSL_new(context.get());
  BIO* const bio = BIO_new(socket_method());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return fail(ErrorCode::internal, "no memory for TLS");
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket_.number())));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  return {};
}

Done Transport::secure_as_server(const TlsContext& context) {
  TRY(secure(context));
  SSL_set_accept_state(ssl_);
  return {};
}

Done Transport::secure_as_client(const TlsContext& context, const std::string& host) {
  TRY(secure(context));
  SSL_set_connect_state(ssl_);
  const bool literal = IpAddress::parse(host).has_value();
  const bool set =
      literal ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str()) == 1
              : SSL_set1_host(ssl_, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl_, host.c_str()) == 1;
  if (!set) return fail(ErrorCode::invalid, "'{}' cannot be a TLS server name", host);
  return {};
}

Io Transport::status_of(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {IoStatus::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {IoStatus::want_write};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::closed};
    default:
      break;
  }
  const auto verified = SSL_get_verify_result(ssl_);
  failure_ = verified != X509_V_OK ? X509_verify_cert_error_string(verified) : openssl_failure();
  ERR_clear_error();
  return {IoStatus::failed};
}

Io Transport::handshake() {
  if (ssl_ == nullptr) return {IoStatus::done};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? Io{IoStatus::done} : status_of(result);
}

Io Transport::read(char* into, std::size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_, into, size, &bytes);
    return result == 1 ? Io{IoStatus::done, bytes} : status_of(result);
  }
  const auto n = ::recv(socket_.number(), into, size, 0);
  if (n > 0) return {IoStatus::done, static_cast<std::size_t>(n)};
  if (n == 0) return {IoStatus::closed};
  if (is_again(errno)) return {IoStatus::want_read};
  failure_ = std::strerror(errno);
  return {IoStatus::failed};
}

Io Transport::write(std::string_view first, std::string_view second) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    // Head and the start of the body share one record, so that a small answer is one packet.
    std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
    std::string_view piece = first.empty() ? second : first;
    if (!first.empty() && !second.empty() && first.size() < record.size()) {
      const auto rest = std::min(second.size(), record.size() - first.size());
      std::memcpy(record.data(), first.data(), first.size());
      std::memcpy(record.data() + first.size(), second.data(), rest);
      piece = {record.data(), first.size() + rest};
    }
    std::size_t bytes = 0;
    const int result = SSL_write_ex(ssl_, piece.data(), piece.size(), &bytes);
    return result == 1 ? Io{IoStatus::done, bytes} : status_of(result);
  }
  iovec pieces[2] = {{const_cast<char*>(first.data()), first.size()},
                     {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  const auto n = ::sendmsg(socket_.number(), &message, MSG_NOSIGNAL);
  if (n >= 0) return {IoStatus::done, static_cast<std::size_t>(n)};
  if (is_again(errno)) return {IoStatus::want_write};
  failure_ = std::strerror(errno);
  return {IoStatus::failed};
}

void Transport::end_writing() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_)) {
    ERR_clear_error();
    SSL_shutdown(ssl_);  // best effort: a full socket buffer loses the notice, and the FIN tells the same
    ERR_clear_error();
  }
  ::shutdown(socket_.number(), SHUT_WR);
}

bool Transport::has_pending() const {
  return ssl_ != nullptr && SSL_has_pending(ssl_) == 1;
}

std::optional<Digest> Transport::peer_pin() const {
  if (ssl_ == nullptr) return std::nullopt;
  const Certificate certificate(SSL_get1_peer_certificate(ssl_));
  if (!certificate) return std::nullopt;
  return pin_of(certificate.get());
}

}  // namespace shieldwall::net
