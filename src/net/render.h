#pragma once
// Heads of messages as bytes. Only net's own files include this.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "net/url.h"

namespace shieldwall::net {

/// How an answer is framed on its connection.
struct AnswerFrame {
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;  // a stream, to somebody who knows chunks
  std::string_view date{};
};

/// errors: internal when a header field of the handler could be read as more than one line
Result<Bytes> render_head(const Response& response, const AnswerFrame& frame);

/// `absolute`: the form for a proxy. errors: invalid, as above
Result<Bytes> render_head(const Request& request, const Url& url, bool absolute);

/// One piece in chunked coding (RFC 9112 section 7.1); the empty piece ends the body.
void append_chunk(Bytes& out, std::string_view piece);

/// RFC 9110 section 5.6.7, "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(Timestamp at);

/// Statuses that never have a body (RFC 9112 section 6.3).
bool is_bodyless(int status);

}  // namespace shieldwall::net
