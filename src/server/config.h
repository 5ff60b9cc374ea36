#pragma once
// The node's one configuration file. Every key is a row of config.cpp and a line of docs/configuration.md.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "server/request_limits.h"

namespace shieldwall::server {

inline constexpr std::size_t config_bytes_max = 1u << 20;

struct ListenerConfig {
  bool enabled = false;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = true;
  bool behind_proxy = false;  // something before us ends TLS; without it clear text is for loopback alone
};

struct Config {
  std::string name = "shieldwall";
  ListenerConfig tools{.enabled = true, .port = 8443};
  ListenerConfig members{.port = 8444};
  ListenerConfig metrics{.port = 9464, .tls = false};
  bool trust_clock = false;                    // start although the clock is behind what the node has written
  std::string socket = "node.sock";            // relative to the node's folder
  std::string certificate = "tls/server.pem";  // chain, leaf first
  std::string key = "tls/server.key";
  std::vector<std::string> allowed_hosts{};  // outgoing, beside public addresses: "host" or "host:port"
  std::string proxy{};
  std::string alliance_address{};  // "host:port" that other members' nodes call; empty: where members listens
  bool alliance_relay = false;     // carries for others what it cannot read
  bool alliance_hub = false;       // and is given nothing itself
  bool alliance_calls = true;      // false: takes and gives files alone
  std::string taxii_title{};       // empty: the node's name
  std::string taxii_description{};
  std::string taxii_contact{};

  std::int64_t threads = 0;  // handlers at a time; 0: sixteen per core
  std::int64_t queue = 256;  // requests that may wait for one
  std::int64_t body_bytes = 32 << 20;
  std::int64_t connections = 20'000;
  std::int64_t connections_per_address = 256;
  std::int64_t requests_per_account = RequestLimits::generous.per_second;
  std::int64_t requests_per_address = RequestLimits::generous.per_second;
  std::int64_t requests_per_member = RequestLimits::generous.per_second;
  std::int64_t requests_burst_seconds = RequestLimits::generous.seconds;
  std::int64_t head_seconds = 10;
  std::int64_t idle_seconds = 60;
  std::int64_t handler_seconds = 30;
  std::int64_t stop_seconds = 5;  // how long running requests may finish

  std::int64_t tries_per_account = 10;
  std::int64_t tries_per_address = 50;
  std::int64_t tries_minutes = 5;
};

/// Pool threads: as configured, or sixteen per core, since handlers wait for the disk.
int threads_of(const Config& config);

/// Where a proxy speaks for everybody its address is not limited.
RequestLimits::Rules request_rules_of(const Config& config);

/// One key: what it means and what it may be, for reading it and for the documentation's test.
struct ConfigKey {
  std::string_view name;  // "tools.port"
  std::string_view type;  // "text", "number", "flag", "texts"
  std::string_view meaning;
};
std::span<const ConfigKey> config_keys();

using ConfigValue = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;
struct ConfigEntry {
  std::string name;  // "tools.port"
  ConfigValue value;
  std::size_t line = 0;
};
/// errors: invalid, with the line: not TOML, a value of a kind that no key has
Result<std::vector<ConfigEntry>> read_toml(std::string_view text);

/// The text's entries, then what `environment` says: SHIELDWALL_TOOLS_PORT for tools.port.
///   errors  invalid, naming the line: unknown key (and the nearest one), wrong kind or range, clear text on
///   an
///           address that is not loopback
Result<Config> read_config(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view name)>& environment);

/// Of the names of environment variables, those that look like ours and set nothing, each with the nearest
/// that would: warnings for people.
std::vector<std::string> unknown_settings(const std::vector<std::string>& environment);

/// The commented file that `init` writes.
std::string config_template(const Config& config);

/// "SHIELDWALL_TOOLS_PORT" for "tools.port".
std::string environment_name(std::string_view key);

}  // namespace shieldwall::server
