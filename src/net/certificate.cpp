#include "net/certificate.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "base/random.h"
#include "base/text.h"
#include "net/address.h"
#include "net/pem.h"
#include "net/tls.h"

namespace shieldwall::net {

namespace {

enum class Use { authority, leaf };

constexpr std::uint64_t pem_bytes_max = 1 << 20;  // a chain of four is 8 KiB
constexpr int serial_bytes = 16;                  // RFC 5280 section 4.1.2.2 allows 20

std::unexpected<Error> openssl_error(std::string_view what) {
  return fail(ErrorCode::internal, "{}: {}", what, openssl_failure());
}

/// "DNS:node.example,IP:192.0.2.1", from names that cannot smuggle in a comma.
Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    const auto address = IpAddress::parse(name);
    const bool plain =
        !name.empty() && name.size() <= 253 && is_ascii(name) &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*") ==
            std::string::npos;
    if (!address && !plain)
      return fail(ErrorCode::invalid, "'{}' is neither a DNS name nor an IP address", excerpt(name));
    if (!list.empty()) list += ',';
    list += address ? "IP:" + address->text() : "DNS:" + name;
  }
  return list;
}

Done add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, ReleaseWith<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
    return openssl_error("a certificate extension cannot be made");
  return {};
}

Done set_validity(X509* certificate, const CertificateWish& wish) {
  const auto from = static_cast<time_t>(wish.valid_from.us / 1'000'000);
  const auto until = static_cast<time_t>((wish.valid_from + wish.valid_for).us / 1'000'000);
  if (ASN1_TIME_set(X509_getm_notBefore(certificate), from) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate), until) == nullptr)
    return openssl_error("the validity cannot be set");
  return {};
}

Done set_name_and_serial(X509* certificate, const CertificateWish& wish) {
  auto serial = system_random().bytes(serial_bytes);
  serial[0] = static_cast<char>((serial[0] & 0x7f) | 0x40);  // positive, and always sixteen bytes long
  const std::unique_ptr<BIGNUM, ReleaseWith<BN_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), serial_bytes, nullptr));
  auto* const name = X509_get_subject_name(certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>(wish.common_name.data());
  const bool set =
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr &&
      X509_NAME_add_entry_by_NID(
          name, NID_commonName, MBSTRING_UTF8, text, static_cast<int>(wish.common_name.size()), -1, 0) == 1;
  if (!set)
    return fail(
        ErrorCode::invalid, "'{}' cannot be a common name: {}", excerpt(wish.common_name), openssl_failure());
  return {};
}

Done add_extensions(X509* certificate, X509* issuer, const CertificateWish& wish, Use use) {
  const bool authority = use == Use::authority;
  TRY(add_extension(certificate,
                    issuer,
                    NID_basic_constraints,
                    authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"));
  TRY(add_extension(certificate,
                    issuer,
                    NID_key_usage,
                    authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"));
  TRY(add_extension(certificate, issuer, NID_subject_key_identifier, "hash"));
  if (!authority) TRY(add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
  if (issuer != certificate)
    TRY(add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always"));
  const auto names = TRY(alternative_names(wish.names));
  if (!names.empty()) TRY(add_extension(certificate, issuer, NID_subject_alt_name, names));
  return {};
}

/// `issuer` and `issuer_key` null: signed by itself.
Result<TlsIdentity> make(const CertificateWish& wish, Use use, X509* issuer, EVP_PKEY* issuer_key) {
  const PrivateKey key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate) return openssl_error("no key could be made");
  auto* const signer = issuer != nullptr ? issuer : certificate.get();
  if (X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key.get()) != 1)
    return openssl_error("the certificate cannot be filled");
  TRY(set_validity(certificate.get(), wish));
  TRY(set_name_and_serial(certificate.get(), wish));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  TRY(add_extensions(certificate.get(), signer, wish, use));
  if (X509_sign(certificate.get(), issuer_key != nullptr ? issuer_key : key.get(), EVP_sha256()) <= 0)
    return openssl_error("the certificate cannot be signed");
  auto chain = TRY(to_pem(certificate.get()));  // bound: g++ 12 forgets it when a TRY beside it leaves
  auto secret = TRY(to_pem(key.get()));
  return TlsIdentity{.certificate_chain_pem = std::move(chain), .key_pem = std::move(secret)};
}

}  // namespace

Result<TlsIdentity> make_authority(const CertificateWish& wish) {
  return make(wish, Use::authority, nullptr, nullptr);
}

Result<TlsIdentity> make_self_signed(const CertificateWish& wish) {
  return make(wish, Use::leaf, nullptr, nullptr);
}

Result<TlsIdentity> make_certificate(const CertificateWish& wish, const TlsIdentity& authority) {
  TRY(check_identity(authority));
  const auto issuer = TRY(read_certificates(authority.certificate_chain_pem));
  const auto issuer_key = TRY(read_key(authority.key_pem));
  auto identity = TRY(make(wish, Use::leaf, issuer.front().get(), issuer_key.get()));
  identity.certificate_chain_pem += authority.certificate_chain_pem;
  return identity;
}

Result<Digest> pin_of(std::string_view certificate_pem) {
  const auto certificates = TRY(read_certificates(certificate_pem));
  return pin_of(certificates.front().get());
}

Result<Timestamp> expiry_of(std::string_view certificate_pem) {
  const auto certificates = TRY(read_certificates(certificate_pem));
  const std::unique_ptr<ASN1_TIME, ReleaseWith<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
  int whole_days = 0;
  int rest_seconds = 0;
  if (ASN1_TIME_diff(
          &whole_days, &rest_seconds, epoch.get(), X509_get0_notAfter(certificates.front().get())) != 1)
    return fail(ErrorCode::invalid, "the certificate's end cannot be read");
  return Timestamp{} + days(whole_days) + seconds(rest_seconds);
}

Done check_identity(const TlsIdentity& identity) {
  const auto certificates = TRY(read_certificates(identity.certificate_chain_pem));
  const auto key = TRY(read_key(identity.key_pem));
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    openssl_failure();
    return fail(ErrorCode::invalid, "the private key does not belong to the first certificate");
  }
  return {};
}

Done save_identity(Fs& fs,
                   const std::string& certificate_path,
                   const std::string& key_path,
                   const TlsIdentity& identity) {
  TRY(check_identity(identity));
  TRY(write_file_durably(fs, key_path, identity.key_pem));
  return write_file_durably(fs, certificate_path, identity.certificate_chain_pem);
}

Result<TlsIdentity> load_identity(Fs& fs, const std::string& certificate_path, const std::string& key_path) {
  TlsIdentity identity;
  identity.certificate_chain_pem = TRY(read_file(fs, certificate_path, pem_bytes_max));
  identity.key_pem = TRY(read_file(fs, key_path, pem_bytes_max));
  if (auto done = check_identity(identity); !done)
    return fail(std::move(done).error().within(fmt::format("{} with {}", certificate_path, key_path)));
  return identity;
}

}  // namespace shieldwall::net
