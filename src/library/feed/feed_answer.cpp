#include "library/feed/feed_answer.h"

namespace shieldwall::library::feed {

namespace {

constexpr std::size_t body_bytes_max = 1u << 20;

}  // namespace

Result<model::JsonDocument> feed_body(const api::Call& call) {
  auto body = TRY(api::body_of(call, body_bytes_max));
  auto document = model::JsonDocument::parse(std::move(body));
  if (!document) return fail(std::move(document).error().within("the body"));
  return document;
}

api::Response answer(int status, model::JsonWriter out) {
  return {status, policy::Release::fact(std::move(out).text())};
}

}  // namespace shieldwall::library::feed
