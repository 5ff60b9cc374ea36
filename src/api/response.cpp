#include "api/response.h"

#include "model/json_writer.h"

namespace shieldwall::api {

Response::Response(int status, policy::Released<Bytes> body, std::string_view content_type) {
  http_.status = status;
  http_.headers.set("Content-Type", content_type);
  http_.body = body.look();
}

Response::Response(int status, const policy::Public& body, std::string_view content_type) {
  http_.status = status;
  http_.headers.set("Content-Type", content_type);
  http_.body = body.bytes();
}

Response::Response(int status,
                   policy::Released<std::shared_ptr<const Bytes>> body,
                   std::string_view content_type) {
  http_.status = status;
  http_.headers.set("Content-Type", content_type);
  http_.shared_body = body.look();
}

Response Response::nothing() {
  Response response;
  response.http_.status = 204;
  return response;
}

Response Response::stream(std::shared_ptr<net::Stream> stream, std::string_view content_type) {
  Response response;
  response.http_.headers.set("Content-Type", content_type);
  response.http_.headers.set("Cache-Control", "no-store");
  response.http_.stream = std::move(stream);
  return response;
}

Response& Response::header(std::string_view name, const policy::Released<std::string>& value) {
  http_.headers.set(name, value.look());
  return *this;
}

Response& Response::header(std::string_view name, const policy::Public& value) {
  http_.headers.set(name, value.bytes());
  return *this;
}

Response& Response::coded(std::string_view coding, Bytes (*coder)(std::string_view)) {
  http_.body = coder(http_.bytes());
  http_.shared_body = nullptr;
  http_.headers.set("Content-Encoding", coding);
  return *this;
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::exhausted:
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

Response problem(const Error& error) {
  const int status = status_of(error.code);
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "about:blank");
  out.member("title", net::reason_of(status));
  out.member("status", status);
  out.member("detail", error.message);
  out.end_object();
  return {status, policy::Public::of(std::move(out).text()), "application/problem+json"};
}

}  // namespace shieldwall::api
