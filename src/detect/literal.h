#pragma once
// What is looked for, once an indicator has become bytes to compare: a kind and a key.

#include <cstddef>
#include <cstdint>

namespace shieldwall::detect {

/// What a key is; the same bytes mean different things as a domain and as a file name. Stored as a number in
/// matcher files: append only.
enum class LiteralKind : std::uint8_t {
  network,   // four (IPv4) or sixteen address bytes, then the number of bits in the space of model::Address
  domain,    // A-labels
  url,       // canonical
  url_host,  // of some URL looked for: asked before a URL is brought into canonical form, which costs more
  hash,      // lower-case hexadecimal of any algorithm: their lengths differ
  email,     // canonical, as all that follow
  file_name,
  file_path,
  ja3,  // JA3 and JA3S
  ja4,
  user_agent,
  mutex,
  registry_key,
  mac,
  asn,
  cert_serial,
  domain_tail,   // the last two labels of a domain, and
  network_head,  // the first four bytes of an IPv6 network of at least 32 bits: in the filter alone, asked
                 // before the several keys of a name or address
};
inline constexpr std::size_t literal_kinds = 18;

}  // namespace shieldwall::detect
