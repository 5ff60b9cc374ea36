#include "api/seal.h"

#include <cassert>

#include <sodium.h>

namespace shieldwall::api {

namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

unsigned char* raw(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string Sealer::seal(std::string_view purpose, std::string_view content) const {
  assert(key_.size() == key_bytes);
  Bytes token = random_.bytes(nonce_bytes);
  token.resize(nonce_bytes + content.size() + tag_bytes);
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(token) + nonce_bytes,
                                             &size,
                                             raw(content),
                                             content.size(),
                                             raw(purpose),
                                             purpose.size(),
                                             nullptr,
                                             raw(token),
                                             raw(std::string_view(key_)));
  return to_base64url(token);
}

Result<Bytes> Sealer::open(std::string_view purpose, std::string_view token) const {
  const auto refused = [] {
    return fail(ErrorCode::invalid, "this token was not given for this request; start again without it");
  };
  const auto sealed = from_base64url(token);
  if (!sealed || sealed->size() < nonce_bytes + tag_bytes) return refused();
  Bytes content(sealed->size() - nonce_bytes - tag_bytes, '\0');
  unsigned long long size = 0;
  const int status = crypto_aead_xchacha20poly1305_ietf_decrypt(raw(content),
                                                                &size,
                                                                nullptr,
                                                                raw(std::string_view(*sealed)) + nonce_bytes,
                                                                sealed->size() - nonce_bytes,
                                                                raw(purpose),
                                                                purpose.size(),
                                                                raw(std::string_view(*sealed)),
                                                                raw(std::string_view(key_)));
  if (status != 0) return refused();
  return content;
}

}  // namespace shieldwall::api
