#pragma once
// Certificates and keys between PEM text and OpenSSL's objects. Only net's own .cpp files include this.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/result.h"

namespace shieldwall::net {

template <auto release>
struct ReleaseWith {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

using Certificate = std::unique_ptr<X509, ReleaseWith<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, ReleaseWith<EVP_PKEY_free>>;

/// At least one. errors: invalid
Result<std::vector<Certificate>> read_certificates(std::string_view pem);
/// An unencrypted private key. errors: invalid
Result<PrivateKey> read_key(std::string_view pem);

Result<std::string> to_pem(X509* certificate);
Result<std::string> to_pem(EVP_PKEY* key);  // PKCS#8

}  // namespace shieldwall::net
