#include "cli/key.h"

#include "cli/accepts.h"
#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

void show_key(const Json& key) {
  const auto expires = text_of(key, "expires");
  print_line(fmt::format("{}  {}{}",
                         text_of(key, "prefix"),
                         text_of(key, "label"),
                         expires.empty() ? "" : fmt::format("  until {}", expires)));
  if (const auto whole = text_of(key, "key"); !whole.empty())
    print_line(fmt::format("key, shown only now: {}", whole));
}

Exit add(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        out.member("account", arguments.one("ACCOUNT"));
        out.member("label", arguments.one("--label"));
        write_texts(out, "rights", arguments.all("--right"));
        write_given(out, arguments, {{"--expires", "expires"}});
        out.end_object();
        return door.ask(Method::post, "/api/v1/keys", std::move(out).text());
      },
      show_key);
}

Exit list(const Arguments& arguments) {
  return list_of_node(
      arguments, "/api/v1/keys?account=" + net::percent_encode(arguments.one("ACCOUNT")), "keys", show_key);
}

/// One key by its prefix, or with --account all keys of an account.
Exit revoke(const Arguments& arguments) {
  if (arguments.has("PREFIX") == arguments.has("--account"))
    return misuse(
        "which key? Give the PREFIX that `shieldwall key list ACCOUNT` shows, or --account ACCOUNT for all "
        "keys "
        "of that account");
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        if (!arguments.has("--account"))
          return door.ask(Method::delete_, "/api/v1/keys/" + net::percent_encode(arguments.one("PREFIX")));
        const auto keys = TRY(
            door.ask(Method::get, "/api/v1/keys?account=" + net::percent_encode(arguments.one("--account"))));
        const auto found = keys.root().find("keys");
        if (found)
          for (const auto key : *found)
            TRY(door.ask(Method::delete_,
                         "/api/v1/keys/" + net::percent_encode(std::string(text_of(key, "prefix")))));
        return keys;
      },
      [](const Json&) { print_line("revoked"); });
}

constexpr Option account_option{"ACCOUNT", "the account, by name or id", Takes::one, true};
constexpr Option add_options[] = {
    account_option,
    {"--label", "what the key is for", Takes::one, true},
    dir_option,
    {"--right",
     "narrower than the account: read, sight, publish, operate, audit",
     Takes::many,
     false,
     accepts::right},
    {"--expires",
     "RFC 3339 instant, as in 2030-01-01T00:00:00Z; default: never",
     Takes::one,
     false,
     accepts::instant},
    as_option,
    json_option,
};
constexpr Option list_options[] = {account_option, dir_option, as_option, json_option};
constexpr Option revoke_options[] = {
    {"PREFIX", "the key's prefix, as `key list` shows it"},
    dir_option,
    {"--account", "all keys of this account instead"},
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"key add",
     "make an API key",
     "Makes a key for the account and shows it once. Send it as `Authorization: Bearer KEY`, or as the "
     "password "
     "of Basic authentication where a tool knows nothing else.",
     add_options,
     "shieldwall key add alice --label feed --right read --dir node",
     add},
    {"key list",
     "list an account's API keys",
     "Lists prefix, label and end of each key; never the key.",
     list_options,
     "shieldwall key list alice --dir node",
     list},
    {"key revoke",
     "revoke an API key",
     "The key is void at once.",
     revoke_options,
     "shieldwall key revoke --account alice --dir node",
     revoke},
};

}  // namespace

std::span<const Command> key_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
