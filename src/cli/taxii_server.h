#pragma once
// The foreign server that a taxii command is about: address, account and by what it is recognised.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "exchange/taxii/client.h"
#include "net/client.h"

namespace shieldwall::cli {

inline constexpr std::array server_options{
    Option{.name = "URL", .help = "of the server: discovery, or one collection", .required = true},
    Option{.name = "--user", .help = "account name for Basic authentication"},
    Option{.name = "--password-file",
           .help = "file whose first line is the password; else SHIELDWALL_TAXII_PASSWORD"},
    Option{.name = "--token-file",
           .help = "file whose first line is an API token, sent as Bearer; else SHIELDWALL_TAXII_TOKEN"},
    Option{.name = "--ca",
           .help = "PEM file of the authority that signed the server's certificate; else the system's"},
    Option{.name = "--pin",
           .help = "SHA-256 of the server's public key, 64 hexadecimal digits; then no authority counts"},
};

/// The options that every taxii command has, then its own.
template <std::size_t count>
constexpr auto with_server_options(const std::array<Option, count>& own) {
  std::array<Option, server_options.size() + count> all{};
  std::ranges::copy(own, std::ranges::copy(server_options, all.begin()).out);
  return all;
}

struct TaxiiServer {
  net::Url url;
  std::unique_ptr<net::Net> net;
  exchange::taxii::ClientSettings settings;
  exchange::taxii::Client client;
};

/// What is wrong with the options that every taxii command has; nothing when they go together.
std::optional<std::string> misused_server_options(const Arguments& arguments);

/// As report, for what a foreign server answered; says what helps when its certificate is not recognised.
Exit report_remote(Error error);

/// errors: invalid: a file's content; not_found, denied: a file
Result<std::unique_ptr<TaxiiServer>> taxii_server(const Arguments& arguments);

/// Prints what was odd about the server to standard error.
void print_warnings(const exchange::taxii::Client& client);

}  // namespace shieldwall::cli
