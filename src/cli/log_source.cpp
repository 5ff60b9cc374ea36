#include "cli/log_source.h"

#include "base/text.h"
#include "cli/streams.h"
#include "net/client.h"

namespace shieldwall::cli {

namespace {

using ledger::NoteKey;

constexpr std::uint64_t key_bytes_max = 4'096;
constexpr std::uint64_t ca_bytes_max = 1u << 20;

/// The log of a node that we operate.
class NodeSource final : public ledger::LogSource {
 public:
  explicit NodeSource(NodeDoor& door) : door_(door) {}
  Result<Bytes> get(const std::string& path) override {
    const auto response = TRY(door_.send({.target = "/api/v1/log/" + path}));
    if (response.status != 200) return fail(error_of(response).within(path));
    return Bytes(response.bytes());
  }

 private:
  NodeDoor& door_;
};

/// A log behind a URL, whoever serves it.
class UrlSource final : public ledger::LogSource {
 public:
  UrlSource(net::Url url, net::SendOptions options, std::string token)
      : url_(std::move(url)), options_(std::move(options)), token_(std::move(token)) {}
  Result<Bytes> get(const std::string& path) override {
    auto url = url_;
    url.target += (url.target.ends_with('/') ? "" : "/") + path;
    net::Request request;
    if (!token_.empty()) request.headers.set("Authorization", "Bearer " + token_);
    auto options = options_;
    options.body_bytes_max = ledger::tile_file_bytes_max;
    const auto response = TRY(client_.send(url, std::move(request), options));
    if (response.status == 404) return fail(ErrorCode::not_found, "{}: is not there", url.text());
    if (response.status != 200)
      return fail(ErrorCode::unavailable, "{}: the server answered {}", url.text(), response.status);
    return Bytes(response.bytes());
  }

 private:
  net::Client client_{{}};
  net::Url url_;
  net::SendOptions options_;
  std::string token_;
};

std::string first_line(std::string_view text) {
  return std::string(trimmed(text.substr(0, text.find('\n'))));
}

Result<std::unique_ptr<UrlSource>> url_source(const Arguments& arguments, const std::string& where) {
  auto url = TRY(net::Url::parse(where));
  net::PeerTrust trust{.may_be_private = true};  // whoever types the address names the peer
  if (const auto path = arguments.one("--ca"); !path.empty())
    trust.ca_pem = TRY(read_named_file(path, ca_bytes_max));
  std::string token;
  if (const auto path = arguments.one("--token-file"); !path.empty()) {
    const auto text = TRY(read_named_file(path, key_bytes_max));
    token = first_line(text);
  }
  net::SendOptions options;
  options.peer = std::make_shared<const net::PeerTrust>(std::move(trust));
  return std::make_unique<UrlSource>(std::move(url), std::move(options), std::move(token));
}

}  // namespace

Result<NoteKey> log_key_of(const Arguments& arguments) {
  const auto given = arguments.one("--key");
  if (given.find('+') != std::string::npos && !TRY(system_fs().exists(given))) return NoteKey::parse(given);
  const auto text = TRY(read_named_file(given, key_bytes_max));
  return NoteKey::parse(first_line(text));
}

Result<KnownLog> log_at(const Arguments& arguments, const std::string& where) {
  KnownLog known;
  if (arguments.has("--key")) known.key = TRY(log_key_of(arguments));
  if (where.starts_with("http://") || where.starts_with("https://")) {
    known.source = TRY(url_source(arguments, where));
  } else if (!where.empty()) {
    if (!TRY(system_fs().exists(where + "/checkpoint")))
      return fail(ErrorCode::unavailable, "{} holds no checkpoint of a log", excerpt(where));
    known.source = std::make_unique<ledger::FolderSource>(system_fs(), where);
  } else {
    auto door = TRY(NodeDoor::open(arguments));
    known.door = std::make_unique<NodeDoor>(std::move(door));
    auto source = std::make_unique<NodeSource>(*known.door);
    if (!known.key) {
      const auto text = TRY(source->get("key"));
      known.key = TRY(NoteKey::parse(first_line(text)));
    }
    known.source = std::move(source);
  }
  return known;
}

}  // namespace shieldwall::cli
