#pragma once
// Bytes into messages. Boost.Beast does the work in beast.cpp, the one file that sees its headers.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace shieldwall::net {

/// What the first part of a message said.
struct Head {
  std::string method{};  // requests
  std::string target{};
  int status = 0;  // answers
  Headers headers{};
  bool http_1_0 = false;
  bool keep_alive = true;  // the sender lets the connection live
  bool chunked = false;
  std::optional<std::uint64_t> content_length{};
};

/// Reads one message, in whatever pieces it comes. Heads of requests go through check_head before they come
/// here.
class MessageParser {
 public:
  enum class Kind {
    request,
    response,
    response_without_body,  // the answer to HEAD
  };
  explicit MessageParser(Kind kind, std::size_t head_bytes_max);
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  /// Takes as many of `bytes` as it can use and returns their number; the rest is given again with more
  /// behind it, or belongs to the next message. Content of the body is appended to `body`, chunk by chunk,
  /// trailers are dropped.
  ///   errors  invalid: not HTTP; exhausted: a head or chunk line longer than the limit
  Result<std::size_t> feed(std::string_view bytes, Bytes& body);
  /// The sender closed. errors: invalid when the message is cut short
  Done finish();

  bool head_done() const;
  bool done() const;
  Head& head();

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace shieldwall::net
