#pragma once
// The pieces canonical() is made of; for canonical*.cpp and for readers that need one piece without the rest.

#include <string>
#include <string_view>

#include "base/result.h"

namespace shieldwall::model {

/// No observable worth exchanging is longer: browsers stop at 2 kB to 64 kB of URL.
inline constexpr std::size_t value_bytes_max = 64u << 10;

/// Undoes the spellings that keep people from clicking: `[.] (.) {.} [dot] (dot) {dot} [@] [at] (at) [:] [/]
/// [://]`, in any case. The result has none of them, also where removing one made another.
std::string refanged(std::string_view text);

enum class SingleLabel { refuse, take };

/// A domain name in A-labels, lower case, without trailing dot; UTS 46 for IDN. Labels of letters, digits,
/// '-' and '_' (service names, and what malware resolves); 63 bytes each, 253 together. A last label that is
/// a number is no domain but a damaged address. A single label is refused unless asked for: as an indicator
/// it is a whole top-level domain or some machine at home.
///   errors  invalid: says which rule
Result<std::string> canonical_domain(std::string_view text, SingleLabel single = SingleLabel::refuse);

/// RFC 3986 sections 6.2.2 and 6.2.3 for `scheme://[userinfo@]host[:port][/path][?query]`. User information
/// is kept (it is part of what a phishing link shows), the fragment is dropped (it never reaches a server).
/// `hxxp` and `fxp` are understood. Bytes that RFC 3986 does not allow are percent-encoded.
///   errors  invalid: says which part
Result<std::string> canonical_url(std::string_view text);

/// Case-folded and composed (Unicode default folding, NFC); idempotent. errors: invalid when not UTF-8
Result<std::string> folded(std::string_view text);

}  // namespace shieldwall::model
