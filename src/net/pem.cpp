#include "net/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/tls.h"

namespace shieldwall::net {

namespace {

using Bio = std::unique_ptr<BIO, ReleaseWith<BIO_free>>;

Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Without this OpenSSL would ask on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace

Result<std::vector<Certificate>> read_certificates(std::string_view pem) {
  const auto bio = reading(pem);
  std::vector<Certificate> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr))
    certificates.emplace_back(certificate);
  const auto last = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (certificates.empty() || !at_end)
    return fail(
        ErrorCode::invalid, "certificate {} cannot be read: {}", certificates.size() + 1, openssl_failure());
  ERR_clear_error();
  return certificates;
}

Result<PrivateKey> read_key(std::string_view pem) {
  const auto bio = reading(pem);
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key)
    return fail(
        ErrorCode::invalid, "the private key cannot be read (is it encrypted?): {}", openssl_failure());
  return key;
}

Result<std::string> to_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1)
    return fail(ErrorCode::internal, "the certificate cannot be written: {}", openssl_failure());
  return text_of(bio.get());
}

Result<std::string> to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return fail(ErrorCode::internal, "the key cannot be written: {}", openssl_failure());
  return text_of(bio.get());
}

}  // namespace shieldwall::net
