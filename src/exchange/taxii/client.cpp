#include "exchange/taxii/client.h"

#include <algorithm>

#include "base/text.h"
#include "exchange/taxii/media_type.h"
#include "wire/compression.h"

namespace shieldwall::exchange::taxii {

namespace {

constexpr int redirects_max = 3;  // a missing slash, a moved host name, one to spare

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

ErrorCode code_of(int status) {
  if (status == 401 || status == 403) return ErrorCode::denied;
  if (status == 404 || status == 410) return ErrorCode::not_found;
  if (status == 413 || status == 429) return ErrorCode::exhausted;
  return status >= 400 && status < 500 ? ErrorCode::invalid : ErrorCode::unavailable;
}

}  // namespace

std::string basic_authorization(std::string_view user, std::string_view password) {
  return "Basic " + to_base64(fmt::format("{}:{}", user, password));
}

Result<net::Url> below(const net::Url& base, std::string_view path) {
  auto url = base;
  url.target = url.target.substr(0, url.target.find('?'));
  if (!url.target.ends_with('/')) url.target += '/';
  return url.resolve(url.target + std::string(path));
}

void Client::warn_once(std::string warning) {
  if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.push_back(std::move(warning));
}

template <typename T>
Result<T> Client::told(Result<T> result, const net::Url& url, Warnings warnings) {
  for (auto& warning : warnings) warn_once(std::move(warning));
  if (!result) return fail(std::move(result).error().within(url.origin()));
  return result;
}

Result<Client::Reply> Client::read(const net::Url& url, net::Response response) {
  auto body = Bytes(response.bytes());
  const auto encoding = trimmed(response.headers.get("Content-Encoding").value_or(""));
  if (equal_ignoring_case(encoding, "gzip") || equal_ignoring_case(encoding, "x-gzip"))
    body = TRY(wire::gunzip(body, remote_bytes_max));
  if (response.status < 200 || response.status > 299)
    return fail(code_of(response.status),
                "{} answers {} {}: {}",
                url.origin(),
                response.status,
                net::reason_of(response.status),
                read_error(std::move(body)));
  const auto type = response.headers.get("Content-Type").value_or("");
  if (!is_taxii(type))
    warn_once(fmt::format("the server answers as '{}' instead of {}", excerpt(type), media_type));
  return Reply{std::move(response.headers), std::move(body)};
}

Result<Client::Reply> Client::send(net::Url url, net::Request request) {
  request.headers.set("Accept", media_type);
  request.headers.set("Accept-Encoding", "gzip");
  request.headers.set("User-Agent", "shieldwall");
  if (!settings_.authorization.empty()) request.headers.set("Authorization", settings_.authorization);
  for (int hops = 0;; ++hops) {
    auto response = TRY(net_.send(url,
                                  request,
                                  {.deadline = Deadline::in(settings_.timeout, clock_),
                                   .peer = settings_.trust,
                                   .body_bytes_max = remote_bytes_max}));
    const auto location = response.headers.get("Location");
    if (!is_redirect(response.status) || !location) return read(url, std::move(response));
    const auto there = TRY(url.resolve(*location));
    // The account's secret goes to the server it was given for, and never in clear where it was not.
    if (there.origin() != url.origin() || hops == redirects_max)
      return fail(ErrorCode::invalid, "{} sends us on to {}; ask there", url.origin(), there.text());
    url = there;
  }
}

Result<Client::Reply> Client::get(const net::Url& url) {
  return send(url, net::Request{.method = net::Method::get});
}

Result<RemoteDiscovery> Client::discover(const net::Url& discovery) {
  auto reply = TRY(get(discovery));
  Warnings warnings;
  auto result = read_discovery(std::move(reply.body), warnings);
  return told(std::move(result), discovery, std::move(warnings));
}

Result<RemoteRoot> Client::root(const net::Url& root) {
  const auto url = TRY(below(root, ""));
  auto reply = TRY(get(url));
  Warnings warnings;
  auto result = read_root(std::move(reply.body), warnings);
  return told(std::move(result), root, std::move(warnings));
}

Result<std::vector<RemoteCollection>> Client::collections(const net::Url& root) {
  const auto url = TRY(below(root, "collections/"));
  auto reply = TRY(get(url));
  Warnings warnings;
  auto result = read_collections(std::move(reply.body), warnings);
  return told(std::move(result), root, std::move(warnings));
}

Result<RemoteCollection> Client::collection(const net::Url& collection) {
  const auto url = TRY(below(collection, ""));
  auto reply = TRY(get(url));
  Warnings warnings;
  auto result = read_collection(std::move(reply.body), warnings);
  return told(std::move(result), collection, std::move(warnings));
}

Result<RemotePage> Client::objects(const net::Url& collection, const Query& query) {
  auto url = TRY(below(collection, "objects/"));
  char joint = '?';
  for (const auto& [name, value] : query) {
    // Brackets stay as they are: some servers compare the name before they decode it.
    url.target += fmt::format("{}{}={}", joint, name, net::percent_encode(value));
    joint = '&';
  }
  auto reply = TRY(get(url));
  Warnings warnings;
  auto result = read_envelope(std::move(reply.body), reply.headers, warnings);
  return told(std::move(result), collection, std::move(warnings));
}

Result<RemoteStatus> Client::add(const net::Url& collection, std::string_view envelope) {
  const auto url = TRY(below(collection, "objects/"));
  net::Request request{.method = net::Method::post};
  request.headers.set("Content-Type", media_type);
  request.body = envelope;
  auto reply = TRY(send(url, std::move(request)));
  Warnings warnings;
  auto result = read_status(std::move(reply.body), warnings);
  return told(std::move(result), collection, std::move(warnings));
}

Result<RemoteStatus> Client::status(const net::Url& root, std::string_view id) {
  const auto url = TRY(below(root, fmt::format("status/{}/", net::percent_encode(id))));
  auto reply = TRY(get(url));
  Warnings warnings;
  auto result = read_status(std::move(reply.body), warnings);
  return told(std::move(result), root, std::move(warnings));
}

}  // namespace shieldwall::exchange::taxii
