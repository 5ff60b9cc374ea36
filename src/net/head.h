#pragma once
// The strict reading of a message head that comes before any other: what two readers along the way could take
// differently ends here (request smuggling, response splitting).

#include <string_view>

#include "base/result.h"

namespace shieldwall::net {

inline constexpr std::string_view head_end = "\r\n\r\n";

/// Checks the bytes of a request head, from the first of the request line to the empty line inclusive.
///   errors  exhausted: more than `fields_max` header fields
///           invalid: anything else; among them a bare CR or LF, a control character, a folded line, a space
///           before the colon, an empty or odd field name, Content-Length that is not one plain number below
///           2^63 (twice the same counts as odd), Transfer-Encoding that is not exactly "chunked", or
///           together with Content-Length or in HTTP/1.0, no Host or more than one, a target that does not
///           begin with '/' ("*" for OPTIONS only), or a version that is not HTTP/1.0 or HTTP/1.1
///   source  RFC 9112 sections 2.2, 3, 5, 6; RFC 9110 section 5
Done check_head(std::string_view raw_head, std::size_t fields_max = 100);

}  // namespace shieldwall::net
