#pragma once
// X.509 certificates: an authority of one's own, certificates under it, and the pin by which a key is known.

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace shieldwall::net {

struct CertificateWish {
  std::string common_name{};
  std::vector<std::string> names{};  // DNS names and IP addresses; told apart by their look
  Timestamp valid_from{};
  Duration valid_for = days(397);  // browsers refuse server certificates that live longer than 398 days
};

/// A key (ECDSA P-256) and a certificate of it, signed by itself, that may sign others.
Result<TlsIdentity> make_authority(const CertificateWish& wish);
/// A key and a server and client certificate of it, signed by `authority`; the chain is leaf, then authority.
///   errors  invalid: the authority cannot be read, or a name is neither a DNS name nor an address
Result<TlsIdentity> make_certificate(const CertificateWish& wish, const TlsIdentity& authority);
/// A key and a certificate of it signed by itself alone: a member's identity, known by its pin.
Result<TlsIdentity> make_self_signed(const CertificateWish& wish);

/// SHA-256 of the SubjectPublicKeyInfo of the first certificate. errors: invalid
Result<Digest> pin_of(std::string_view certificate_pem);
/// The instant after which the first certificate is no longer valid. errors: invalid
Result<Timestamp> expiry_of(std::string_view certificate_pem);
/// Whether key and first certificate belong together, and the chain can be read. errors: invalid, saying
/// which part
Done check_identity(const TlsIdentity& identity);

/// Writes both files, readable by the owner alone, key first.
Done save_identity(Fs& fs,
                   const std::string& certificate_path,
                   const std::string& key_path,
                   const TlsIdentity& identity);
/// errors: not_found, denied, invalid
Result<TlsIdentity> load_identity(Fs& fs, const std::string& certificate_path, const std::string& key_path);

}  // namespace shieldwall::net
