#pragma once
// What a handler answers with. A body comes from policy (Released) or is Public; there is no third way to
// make one.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "policy/released.h"

namespace shieldwall::api {

inline constexpr std::string_view json_type = "application/json";

class Response {
 public:
  Response(int status, policy::Released<Bytes> body, std::string_view content_type = json_type);
  Response(int status, const policy::Public& body, std::string_view content_type = json_type);
  /// A body rendered once and given to many who may all see it.
  Response(int status, policy::Released<std::shared_ptr<const Bytes>> body, std::string_view content_type);
  /// 204.
  static Response nothing();
  static Response stream(std::shared_ptr<net::Stream> stream, std::string_view content_type);

  Response& header(std::string_view name, const policy::Released<std::string>& value);
  Response& header(std::string_view name, const policy::Public& value);

  /// The body in that content coding (RFC 9110 section 8.4): `coder` makes of the bytes others that say the
  /// same.
  Response& coded(std::string_view coding, Bytes (*coder)(std::string_view));

  std::size_t body_bytes() const { return http_.bytes().size(); }
  bool has_header(std::string_view name) const { return http_.headers.has(name); }
  int status() const { return http_.status; }
  net::Response into_http() && { return std::move(http_); }

 private:
  Response() = default;

  net::Response http_;
};

/// The HTTP status of each error code; one table for every door.
int status_of(ErrorCode code);

/// The error as problem details (RFC 9457). Messages are ours and name nothing that the caller could not see:
/// what is hidden is reported exactly as what is absent.
Response problem(const Error& error);

}  // namespace shieldwall::api
