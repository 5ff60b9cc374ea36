#include "server/config.h"

#include <algorithm>
#include <limits>
#include <thread>

#include "base/nearest.h"
#include "base/text.h"
#include "net/address.h"

namespace shieldwall::server {

namespace {

/// Where the value of a key goes.
using Slot = std::variant<std::string Config::*,
                          std::int64_t Config::*,
                          bool Config::*,
                          std::vector<std::string> Config::*>;

struct Number {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

struct KeyRow {
  std::string_view name;
  std::string_view meaning;
  Slot slot;
  Number range{};
};

constexpr KeyRow rows[] = {
    {"node.name", "what the node calls itself", &Config::name},
    {"node.trust_clock",
     "start although the clock is behind what the node has written: it was wrong then, and is right now",
     &Config::trust_clock},
    {"local.socket",
     "Unix socket of the command line, in the node's folder unless absolute",
     &Config::socket},
    {"tls.certificate", "certificate chain in PEM, leaf first, for tools and members", &Config::certificate},
    {"tls.key", "its private key in PEM", &Config::key},
    {"outgoing.allowed_hosts",
     "hosts that may be private, \"host\" or \"host:port\"",
     &Config::allowed_hosts},
    {"outgoing.proxy", "HTTP proxy for all outgoing requests; empty: none", &Config::proxy},
    {"alliance.address",
     "host:port at which other members' nodes reach this one; empty: where `members` listens",
     &Config::alliance_address},
    {"alliance.relay",
     "carry sealed deliveries between members that cannot reach each other",
     &Config::alliance_relay},
    {"alliance.hub",
     "only carry: a relay that is given nothing itself and can read nothing; set it before the node joins",
     &Config::alliance_hub},
    {"alliance.calls",
     "call other members' nodes; false: an air-gapped node, which takes and gives files alone",
     &Config::alliance_calls},
    {"taxii.title", "title of the discovery resource; empty: the node's name", &Config::taxii_title},
    {"taxii.description", "its description; empty: a sentence of ours", &Config::taxii_description},
    {"taxii.contact", "its contact: whom to ask; empty: not told", &Config::taxii_contact},
    {"limits.threads", "handlers at a time; 0: sixteen per core", &Config::threads, {0, 1024}},
    {"limits.queue", "requests that may wait for a handler; beyond, 503", &Config::queue, {1, 100'000}},
    {"limits.body_bytes", "largest request body", &Config::body_bytes, {1024, 32 << 20}},
    {"limits.connections", "at a time", &Config::connections, {1, 1'000'000}},
    {"limits.connections_per_address", "at a time", &Config::connections_per_address, {1, 1'000'000}},
    {"limits.requests_per_account",
     "a second, beyond a burst; then 429; 0: no limit",
     &Config::requests_per_account,
     {0, 1'000'000}},
    {"limits.requests_per_address",
     "the same from one address, or one /64 of IPv6; not behind a proxy, which speaks for all",
     &Config::requests_per_address,
     {0, 1'000'000}},
    {"limits.requests_per_member",
     "the same from one other node of an alliance",
     &Config::requests_per_member,
     {0, 1'000'000}},
    {"limits.requests_burst_seconds",
     "whose requests may come at once",
     &Config::requests_burst_seconds,
     {1, 3600}},
    {"limits.head_seconds", "for the handshake and the head of a request", &Config::head_seconds, {1, 600}},
    {"limits.idle_seconds", "between two requests of a connection", &Config::idle_seconds, {1, 3600}},
    {"limits.handler_seconds",
     "for one request; then it is answered with 503",
     &Config::handler_seconds,
     {1, 600}},
    {"limits.stop_seconds",
     "for running requests when the node stops; then they are answered with 503",
     &Config::stop_seconds,
     {0, 600}},
    {"sign_in.tries_per_account",
     "wrong passwords before an account has to wait",
     &Config::tries_per_account,
     {1, 1000}},
    {"sign_in.tries_per_address",
     "wrong credentials before an address has to wait",
     &Config::tries_per_address,
     {1, 100'000}},
    {"sign_in.minutes", "how long tries count", &Config::tries_minutes, {1, 1440}},
};

struct ListenerRow {
  std::string_view name;
  ListenerConfig Config::* listener;
};
constexpr ListenerRow listeners[] = {
    {"tools", &Config::tools}, {"members", &Config::members}, {"metrics", &Config::metrics}};

struct ListenerKey {
  std::string_view name;
  std::string_view meaning;
  std::variant<std::string ListenerConfig::*, std::uint16_t ListenerConfig::*, bool ListenerConfig::*> slot;
};
constexpr ListenerKey listener_rows[] = {
    {"enabled", "whether it listens", &ListenerConfig::enabled},
    {"address", "IPv4 or IPv6 address", &ListenerConfig::address},
    {"port", "0: any free one", &ListenerConfig::port},
    {"tls", "HTTPS", &ListenerConfig::tls},
    {"behind_proxy",
     "a proxy before it ends TLS: clear text is allowed beyond loopback",
     &ListenerConfig::behind_proxy},
};

std::string_view type_of(const Slot& slot) {
  constexpr std::string_view types[] = {"text", "number", "flag", "texts"};
  return types[slot.index()];
}

std::string_view type_of(const ListenerKey& key) {
  constexpr std::string_view types[] = {"text", "number", "flag"};
  return types[key.slot.index()];
}

std::string_view nearest_key(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& key : config_keys()) names.push_back(key.name);
  return nearest(name, names);
}

std::unexpected<Error> wrong_kind(std::string_view name, std::string_view type) {
  return fail(ErrorCode::invalid, "'{}' must be a {}", name, type == "texts" ? "list of texts" : type);
}

Done check_range(std::string_view name, std::int64_t value, const Number& range) {
  if (value >= range.least && value <= range.most) return {};
  return fail(ErrorCode::invalid, "'{}' must be {} to {}", name, range.least, range.most);
}

Done put(Config& config, const KeyRow& row, const ConfigValue& value) {
  if (const auto* slot = std::get_if<std::string Config::*>(&row.slot)) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return wrong_kind(row.name, "text");
    config.** slot = *text;
  } else if (const auto* number_slot = std::get_if<std::int64_t Config::*>(&row.slot)) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr) return wrong_kind(row.name, "number");
    TRY(check_range(row.name, *number, row.range));
    config.** number_slot = *number;
  } else if (const auto* flag_slot = std::get_if<bool Config::*>(&row.slot)) {
    const auto* flag = std::get_if<bool>(&value);
    if (flag == nullptr) return wrong_kind(row.name, "flag (true or false)");
    config.** flag_slot = *flag;
  } else {
    const auto* texts = std::get_if<std::vector<std::string>>(&value);
    if (texts == nullptr) return wrong_kind(row.name, "texts");
    config.*std::get<std::vector<std::string> Config::*>(row.slot) = *texts;
  }
  return {};
}

Done put(ListenerConfig& listener, std::string_view name, const ListenerKey& row, const ConfigValue& value) {
  if (const auto* slot = std::get_if<std::string ListenerConfig::*>(&row.slot)) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return wrong_kind(name, "text");
    if (!net::IpAddress::parse(*text))
      return fail(ErrorCode::invalid, "'{}': {} is no IP address", name, excerpt(*text));
    listener.** slot = *text;
  } else if (const auto* port = std::get_if<std::uint16_t ListenerConfig::*>(&row.slot)) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr) return wrong_kind(name, "number");
    TRY(check_range(name, *number, {0, 65535}));
    listener.** port = static_cast<std::uint16_t>(*number);
  } else {
    const auto* flag = std::get_if<bool>(&value);
    if (flag == nullptr) return wrong_kind(name, "flag (true or false)");
    listener.*std::get<bool ListenerConfig::*>(row.slot) = *flag;
  }
  return {};
}

Done put(Config& config, std::string_view name, const ConfigValue& value) {
  for (const auto& row : rows)
    if (row.name == name) return put(config, row, value);
  const auto dot = name.find('.');
  for (const auto& listener : listeners)
    for (const auto& row : listener_rows)
      if (dot != name.npos && listener.name == name.substr(0, dot) && row.name == name.substr(dot + 1))
        return put(config.*listener.listener, name, row, value);
  return fail(ErrorCode::invalid, "'{}' is no key; did you mean '{}'?", excerpt(name), nearest_key(name));
}

/// A text of the environment as a value of the key's kind.
Result<ConfigValue> from_environment(const ConfigKey& key, const std::string& text) {
  if (key.type == "text") return ConfigValue(text);
  if (key.type == "flag") {
    if (text != "true" && text != "false")
      return wrong_kind(environment_name(key.name), "flag (true or false)");
    return ConfigValue(text == "true");
  }
  if (key.type == "number") {
    const auto number = as_number<std::int64_t>(text);
    if (!number) return wrong_kind(environment_name(key.name), "number");
    return ConfigValue(*number);
  }
  std::vector<std::string> texts;
  for (const auto part : split(text, ','))
    if (!trimmed(part).empty()) texts.emplace_back(trimmed(part));
  return ConfigValue(std::move(texts));
}

Done check(const Config& config) {
  if (config.name.empty() || config.name.size() > 128 || !is_valid_utf8(config.name))
    return fail(ErrorCode::invalid, "'node.name' must be 1 to 128 bytes");
  for (const auto* text : {&config.taxii_title, &config.taxii_description, &config.taxii_contact})
    if (text->size() > 4'096 || !is_valid_utf8(*text))
      return fail(ErrorCode::invalid,
                  "'taxii.title', 'description' and 'contact' are UTF-8 of at most 4096 bytes");
  for (const auto& row : listeners) {
    const auto& listener = config.*row.listener;
    if (!listener.enabled || listener.tls || listener.behind_proxy) continue;
    const auto address = TRY(net::IpAddress::parse(listener.address));
    if (!address.is_loopback())
      return fail(ErrorCode::invalid,
                  "'{0}.tls' is false, but {1} can be reached from other machines: turn it on, or say "
                  "'{0}.behind_proxy = true'",
                  row.name,
                  listener.address);
  }
  if (config.members.enabled && !config.members.tls)
    return fail(ErrorCode::invalid, "'members.tls' cannot be false: members are known by their certificates");
  return {};
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& listener : listeners)
      for (const auto& row : listener_rows) all.push_back(fmt::format("{}.{}", listener.name, row.name));
    return all;
  }();
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> all;
    for (const auto& row : rows) all.push_back({row.name, type_of(row.slot), row.meaning});
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto& row = listener_rows[i % std::size(listener_rows)];
      all.push_back({names[i], type_of(row), row.meaning});
    }
    return all;
  }();
  return keys;
}

int threads_of(const Config& config) {
  // Writers wait for the disk and share its syncs: with four per core 64 of them came to a quarter of this
  // rate, and readers gained nothing.
  constexpr unsigned per_core = 16;
  if (config.threads > 0) return static_cast<int>(config.threads);
  return static_cast<int>(per_core * std::max(2u, std::thread::hardware_concurrency()));
}

RequestLimits::Rules request_rules_of(const Config& config) {
  const auto rule = [&](std::int64_t per_second) {
    return TokenBuckets::Rule{.per_second = per_second, .seconds = config.requests_burst_seconds};
  };
  return {.account = rule(config.requests_per_account),
          .address = rule(config.tools.behind_proxy ? 0 : config.requests_per_address),
          .member = rule(config.requests_per_member)};
}

std::string environment_name(std::string_view key) {
  std::string name = "SHIELDWALL_";
  for (const char c : key)
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::vector<std::string> unknown_settings(const std::vector<std::string>& environment) {
  // What the command line reads by itself.
  std::vector<std::string> known = {"SHIELDWALL_DIR", "SHIELDWALL_TAXII_PASSWORD", "SHIELDWALL_TAXII_TOKEN"};
  for (const auto& key : config_keys()) known.push_back(environment_name(key.name));
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::vector<std::string> unknown;
  for (const auto& name : environment)
    if (name.starts_with("SHIELDWALL_") && !name.starts_with("SHIELDWALL_TEST_") &&  // of tests around a node
        std::ranges::find(names, name) == names.end())
      unknown.push_back(fmt::format("the environment variable {} sets nothing of a node; did you mean {}?",
                                    excerpt(name),
                                    nearest(name, names)));
  return unknown;
}

Result<Config> read_config(std::string_view text,
                           const std::function<std::optional<std::string>(std::string_view)>& environment) {
  Config config;
  for (const auto& entry : TRY(read_toml(text)))
    if (auto done = put(config, entry.name, entry.value); !done)
      return fail(std::move(done).error().within(fmt::format("line {}", entry.line)));
  for (const auto& key : config_keys()) {
    const auto name = environment_name(key.name);
    const auto given = environment(name);
    if (!given) continue;
    const auto value = TRY(from_environment(key, *given));
    if (auto done = put(config, key.name, value); !done) return fail(std::move(done).error().within(name));
  }
  TRY(check(config));
  return config;
}

std::string config_template(const Config& config) {
  const auto listener = [](std::string_view name, std::string_view what, const ListenerConfig& values) {
    return fmt::format("\n# {}\n[{}]\nenabled = {}\naddress = \"{}\"\nport = {}\ntls = {}\n",
                       what,
                       name,
                       values.enabled,
                       values.address,
                       values.port,
                       values.tls);
  };
  std::string name;
  for (const char c : config.name) {
    if (c == '"' || c == '\\') name += '\\';
    name += c;
  }
  return fmt::format(
             "# Configuration of this Shieldwall node. Every key is explained in docs/configuration.md.\n"
             "# An environment variable overrides a key: SHIELDWALL_TOOLS_PORT for tools.port.\n\n"
             "[node]\nname = \"{}\"\n",
             name) +
         listener("tools", "Browsers and tools: console, TAXII, /api/v1", config.tools) +
         listener("members", "Other nodes", config.members) +
         listener("metrics", "The operator's monitoring: /metrics, /healthz, /readyz", config.metrics) +
         fmt::format("\n[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n", config.certificate, config.key) +
         (config.alliance_hub || !config.alliance_calls
              ? fmt::format(
                    "\n[alliance]\nhub = {}\ncalls = {}\n", config.alliance_hub, config.alliance_calls)
              : "");
}

}  // namespace shieldwall::server
