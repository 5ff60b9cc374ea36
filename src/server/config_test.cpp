#include "server/config.h"

#include <fstream>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "base/text.h"

using namespace shieldwall;
using namespace shieldwall::server;

namespace {

Result<Config> read(std::string_view text,
                    const std::map<std::string, std::string, std::less<>>& environment = {}) {
  return read_config(text, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string message_of(std::string_view text,
                       const std::map<std::string, std::string, std::less<>>& environment = {}) {
  const auto config = read(text, environment);
  return config ? "taken" : config.error().message;
}

/// One line of the table in docs/configuration.md.
struct Documented {
  std::string type;
  std::string fallback;
};

/// Rows "| `key` | type, default | meaning |".
std::map<std::string, Documented, std::less<>> documented() {
  std::ifstream page(SHIELDWALL_SOURCE_DIR "/docs/configuration.md");
  std::map<std::string, Documented, std::less<>> rows;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    const auto cells = split(line, '|');
    auto name = trimmed(cells[1]);
    name.remove_prefix(1);
    name.remove_suffix(1);
    const auto value = trimmed(cells[2]);
    const auto comma = value.find(", ");
    rows.emplace(name,
                 Documented{.type = std::string(value.substr(0, comma)),
                            .fallback = comma == value.npos ? "" : std::string(value.substr(comma + 2))});
  }
  return rows;
}

std::string_view in_words(std::string_view type) {
  return type == "texts" ? "list of texts" : type;
}

/// A value of that type, other than the default, as TOML and as an environment variable would say it.
std::pair<std::string, std::string> some_value(const ConfigKey& key) {
  if (key.name.ends_with(".address")) return {"\"127.0.0.9\"", "127.0.0.9"};
  if (key.type == "text") return {"\"x\"", "x"};
  if (key.type == "number") return {"2000", "2000"};
  if (key.type == "flag") return {"true", "true"};
  return {R"(["a", "b:1"])", "a, b:1"};
}

std::string line_of(std::string_view key, std::string_view value) {
  const auto dot = key.find('.');
  return fmt::format("[{}]\n{} = {}\n", key.substr(0, dot), key.substr(dot + 1), value);
}

}  // namespace

TEST_CASE("every key is documented with its type, and every documented key exists") {
  const auto page = documented();
  std::set<std::string, std::less<>> names;
  for (const auto& key : config_keys()) {
    CAPTURE(key.name);
    names.emplace(key.name);
    const auto row = page.find(key.name);
    REQUIRE(row != page.end());
    CHECK(row->second.type == in_words(key.type));
    CHECK(!key.meaning.empty());
  }
  for (const auto& [name, row] : page) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
}

TEST_CASE("a documented default is the default: writing it out changes nothing") {
  const auto plain = config_template(*read(""));
  for (const auto& [name, row] : documented()) {
    CAPTURE(name);
    if (row.fallback.empty()) continue;
    const auto value = row.type == "text" ? "\"" + row.fallback + "\"" : row.fallback;
    const auto config = read(line_of(name, value));
    REQUIRE(config);
    CHECK(config_template(*config) == plain);
    CHECK(config->threads == Config{}.threads);
    CHECK(config->queue == Config{}.queue);
    CHECK(config->body_bytes == Config{}.body_bytes);
    CHECK(config->connections == Config{}.connections);
    CHECK(config->connections_per_address == Config{}.connections_per_address);
    CHECK(config->head_seconds == Config{}.head_seconds);
    CHECK(config->idle_seconds == Config{}.idle_seconds);
    CHECK(config->handler_seconds == Config{}.handler_seconds);
    CHECK(config->stop_seconds == Config{}.stop_seconds);
    CHECK(config->tries_per_account == Config{}.tries_per_account);
    CHECK(config->tries_per_address == Config{}.tries_per_address);
    CHECK(config->tries_minutes == Config{}.tries_minutes);
    CHECK(config->socket == Config{}.socket);
    CHECK(config->tools.behind_proxy == Config{}.tools.behind_proxy);
  }
}

TEST_CASE("an environment variable overrides its key, and both are read alike") {
  for (const auto& key : config_keys()) {
    CAPTURE(key.name);
    const auto [toml, variable] = some_value(key);
    const auto name = environment_name(key.name);
    const bool bad = message_of(line_of(key.name, toml)) != "taken";
    CHECK(bad == (message_of("", {{name, variable}}) != "taken"));
    // What the file says is judged too, so that a bad line does not hide behind a variable.
    CHECK(message_of(line_of(key.name, "{}"), {{name, variable}}) != "taken");
  }
  CHECK(read("[tools]\nport = 1", {{"SHIELDWALL_TOOLS_PORT", "2"}})->tools.port == 2);
  CHECK(read("[node]\nname = \"a\"", {{"SHIELDWALL_NODE_NAME", "b"}})->name == "b");
  CHECK(read("[tools]\nenabled = true", {{"SHIELDWALL_TOOLS_ENABLED", "false"}})->tools.enabled == false);
  CHECK(read("", {{"SHIELDWALL_OUTGOING_ALLOWED_HOSTS", "a, b:1,"}})->allowed_hosts ==
        std::vector<std::string>{"a", "b:1"});
}

TEST_CASE("a bad value is named with its line or variable, and with what it may be") {
  for (const auto& [text, wanted] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"[tools]\nport = 70000", "line 2: 'tools.port' must be 0 to 65535"},
           {"\n\n[tools]\nport = \"x\"", "line 4: 'tools.port' must be a number"},
           {"[tools]\nenabled = 1", "line 2: 'tools.enabled' must be a flag (true or false)"},
           {"[tools]\naddress = \"here\"", "line 2: 'tools.address': here is no IP address"},
           {"[limits]\nqueue = 0", "line 2: 'limits.queue' must be 1 to 100000"},
           {"[outgoing]\nallowed_hosts = \"a\"", "line 2: 'outgoing.allowed_hosts' must be a list of texts"},
           {"[outgoing]\nallowed_hosts = [1]", "line 2: 'outgoing.allowed_hosts' must hold texts only"},
           {"[node]\nname = 2020-01-01",
            "line 2: 'node.name' must be a text, a whole number, a flag or a list"},
           {"[a.b]\nc = 1", "line 1: 'a.b' is nested too deep"},
           {"[tools]\nport = ", "line 2"},
           {"[tools]\nport = 1\nport = 2", "line 3"},
           {"\xff\xfe", "line 1"}})
    CHECK(message_of(text).find(wanted) != std::string::npos);
  CHECK(message_of("", {{"SHIELDWALL_TOOLS_PORT", "x"}}).find("SHIELDWALL_TOOLS_PORT") != std::string::npos);
  CHECK(message_of("", {{"SHIELDWALL_TOOLS_PORT", "70000"}})
            .find("SHIELDWALL_TOOLS_PORT: 'tools.port' must be 0 to") != std::string::npos);
}

TEST_CASE("a variable that looks like a setting and is none is told with the nearest that is") {
  CHECK(unknown_settings({"HOME", "SHIELDWALL_TOOLS_PORT", "SHIELDWALL_DIR", "SHIELDWALL_TAXII_TOKEN"})
            .empty());
  const auto told = unknown_settings({"SHIELDWALL_TOOL_PORT"});
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("SHIELDWALL_TOOL_PORT sets nothing") != std::string::npos);
  CHECK(told[0].find("SHIELDWALL_TOOLS_PORT?") != std::string::npos);
}

TEST_CASE("a table whose name is none, and other scripts outside of strings, are refused at their line") {
  for (const std::string_view name : {"[(a]", "[\x17", "[\xc3\xa9]", "[", "[]", "[[ (a]]", " \t[#"}) {
    CAPTURE(name);
    const auto message = message_of("[tools]\n" + std::string(name) + "\nport = 1");
    CHECK(message == "line 2: a table has a name like [members]");
  }
  for (const std::string_view odd : {"\xc2\xa0[(a]", "\xc3\xa9 = 1", "a.\xc3\xa9 = 1", "a = \xc3\xa9"}) {
    CAPTURE(odd);
    const auto message = message_of("# \xc3\xa9 \"\n" + std::string(odd));
    CHECK(message == "line 2: outside of quotation marks everything is ASCII");
  }
  CHECK(message_of("[tools]\xe2\x80\xa8[(a]").find("line break") != std::string::npos);
  CHECK(message_of("\xef\xbb\xbf[ tools ]\r\ntls = false\r\n  [\"limits\"]\r\nqueue = 100\r\n") == "taken");
  for (const std::string_view text :
       {"\"\xc3\xa9 # \\\" [(\"", "'\xc3\xa9 \\'", "\"\"\"\n[(\xc3\xa9 \" \"\"\"", "\'\'\'\n[(\'\'\'"}) {
    CAPTURE(text);
    CHECK(message_of("[node] # \xc3\xa9 '\nname = " + std::string(text) + " # \xc3\xa9").find("ASCII") ==
          std::string::npos);
  }
}

TEST_CASE("an unknown key is refused with the nearest one, at the right line") {
  CHECK(message_of("[tools]\nprot = 1") == "line 2: 'tools.prot' is no key; did you mean 'tools.port'?");
  CHECK(message_of("[limit]\nqueue = 1") == "line 2: 'limit.queue' is no key; did you mean 'limits.queue'?");
  CHECK(message_of("name = \"x\"").find("did you mean 'node.name'?") != std::string::npos);
}

TEST_CASE(
    "clear text leaves this machine only behind a proxy that the operator names, and never to members") {
  CHECK(message_of("[tools]\ntls = false") == "taken");
  CHECK(message_of("[tools]\ntls = false\naddress = \"0.0.0.0\"").find("behind_proxy = true") !=
        std::string::npos);
  CHECK(message_of("[tools]\ntls = false\naddress = \"0.0.0.0\"\nbehind_proxy = true") == "taken");
  CHECK(message_of("[members]\nenabled = true\ntls = false").find("'members.tls' cannot be false") !=
        std::string::npos);
}

TEST_CASE("what init writes reads back as the same configuration, whatever the node is called") {
  for (const auto* name : {"n", "a \"quoted\" \\ name", "Küstenwache", "tab\tin it"}) {
    Config config;
    config.name = name;
    config.tools.port = 1;
    const auto again = read(config_template(config));
    REQUIRE(again);
    CHECK(again->name == name);
    CHECK(config_template(*again) == config_template(config));
  }
}
