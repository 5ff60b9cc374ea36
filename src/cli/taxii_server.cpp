#include "cli/taxii_server.h"

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/streams.h"

namespace shieldwall::cli {

namespace {

constexpr std::uint64_t secret_bytes_max = 4'096;  // a JSON web token has about 1,000
constexpr std::uint64_t ca_bytes_max = 1u << 20;

/// The first line of the file that the option names, else the environment's; empty when neither is there.
Result<std::string> secret_of(const Arguments& arguments, std::string_view option, const char* variable) {
  const auto path = arguments.one(option);
  if (path.empty()) {
    const char* const value = std::getenv(variable);
    return std::string(value == nullptr ? "" : value);
  }
  const auto text = TRY(read_named_file(path, secret_bytes_max));
  const auto line = std::string(trimmed(std::string_view(text).substr(0, text.find('\n'))));
  if (line.empty()) return fail(ErrorCode::invalid, "{}: the first line is empty", path);
  return line;
}

Result<std::string> authorization_of(const Arguments& arguments) {
  const auto user = arguments.one("--user");
  const auto password = TRY(secret_of(arguments, "--password-file", "SHIELDWALL_TAXII_PASSWORD"));
  const auto token = TRY(secret_of(arguments, "--token-file", "SHIELDWALL_TAXII_TOKEN"));
  if (!user.empty()) {
    if (password.empty())
      return fail(ErrorCode::invalid, "--user needs --password-file or SHIELDWALL_TAXII_PASSWORD");
    return exchange::taxii::basic_authorization(user, password);
  }
  return token.empty() ? std::string() : "Bearer " + token;
}

Result<net::PeerTrust> trust_of(const Arguments& arguments) {
  net::PeerTrust trust{.may_be_private = true};  // whoever types the address names the peer
  if (const auto path = arguments.one("--ca"); !path.empty())
    trust.ca_pem = TRY(read_named_file(path, ca_bytes_max));
  if (const auto pin = arguments.one("--pin"); !pin.empty()) trust.pins.push_back(TRY(Digest::parse(pin)));
  return trust;
}

}  // namespace

std::optional<std::string> misused_server_options(const Arguments& arguments) {
  if (const auto url = net::Url::parse(arguments.one("URL")); !url) return url.error().message;
  if (arguments.has("--user") && arguments.has("--token-file"))
    return "--user and --token-file are two ways to sign in; give one";
  if (arguments.has("--password-file") && !arguments.has("--user")) return "--password-file needs --user";
  if (arguments.has("--user") && !arguments.has("--password-file") &&
      std::getenv("SHIELDWALL_TAXII_PASSWORD") == nullptr)
    return "--user needs --password-file or SHIELDWALL_TAXII_PASSWORD";
  if (arguments.has("--pin") && !Digest::parse(arguments.one("--pin")))
    return "--pin takes 64 hexadecimal digits";
  return std::nullopt;
}

Result<std::unique_ptr<TaxiiServer>> taxii_server(const Arguments& arguments) {
  auto url = TRY(net::Url::parse(arguments.one("URL")));
  // Each bound first: g++ 12 forgets the first member of an initialiser when a TRY in it leaves.
  auto trust = TRY(trust_of(arguments));
  auto authorization = TRY(authorization_of(arguments));
  exchange::taxii::ClientSettings settings{.trust = std::make_shared<const net::PeerTrust>(std::move(trust)),
                                           .authorization = std::move(authorization)};
  if (!url.secure && !settings.authorization.empty())
    fmt::print(stderr, "shieldwall: warning: {} is not encrypted; the secret goes in clear\n", url.origin());
  auto net = std::make_unique<net::Client>(net::ClientOptions{});
  auto& port = *net;
  return std::make_unique<TaxiiServer>(
      TaxiiServer{std::move(url), std::move(net), settings, {port, system_clock(), settings}});
}

Exit report_remote(Error error) {
  if (error.message.find("TLS with ") != error.message.npos &&
      error.message.find("certificate") != error.message.npos)
    error.message +=
        "; if this is the right server, name its authority with --ca FILE or its key with --pin DIGEST";
  return report(error);
}

void print_warnings(const exchange::taxii::Client& client) {
  for (const auto& warning : client.warnings()) fmt::print(stderr, "shieldwall: warning: {}\n", warning);
}

}  // namespace shieldwall::cli
