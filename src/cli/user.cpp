#include "cli/user.h"

#include "cli/accepts.h"
#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

std::string account_path(const Arguments& arguments, std::string_view rest = {}) {
  return fmt::format("/api/v1/accounts/{}{}", net::percent_encode(arguments.one("NAME")), rest);
}

std::string joined(const Json& json, std::string_view name) {
  std::string text;
  const auto list = json.find(name);
  if (!list) return text;
  for (const auto element : *list) text += fmt::format("{}{}", text.empty() ? "" : ",", element.string());
  return text;
}

void show_account(const Json& account) {
  print_line(fmt::format("{:<24} {}  {}{}",
                         text_of(account, "name"),
                         text_of(account, "id"),
                         joined(account, "roles"),
                         flag_of(account, "disabled") ? "  disabled" : ""));
  if (const auto password = text_of(account, "password"); !password.empty())
    print_line(fmt::format("password, shown only now: {}", password));
}

/// What was given, or the wish that one is made.
Done write_password(const Arguments& arguments, JsonWriter& out) {
  const auto password = TRY(password_from(arguments));
  if (password)
    out.member("password", *password);
  else
    out.member("generate_password", true);
  return {};
}

Exit add(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        JsonWriter out;
        out.begin_object();
        out.member("name", arguments.one("NAME"));
        write_texts(out, "roles", arguments.all("--role"));
        write_given(
            out, arguments, {{"--id", "id"}, {"--organisation", "organisation"}, {"--person", "person"}});
        write_texts(out, "compartments", arguments.all("--compartment"));
        if (!arguments.has("--no-password")) TRY(write_password(arguments, out));
        out.end_object();
        return door.ask(Method::post, "/api/v1/accounts", std::move(out).text());
      },
      show_account);
}

Exit list(const Arguments& arguments) {
  std::string path = "/api/v1/accounts";
  if (arguments.has("--organisation"))
    path += "?organisation=" + net::percent_encode(arguments.one("--organisation"));
  return list_of_node(arguments, path, "accounts", show_account);
}

Exit set_disabled(const Arguments& arguments, bool disabled) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        out.member("disabled", disabled);
        out.end_object();
        return door.ask(Method::patch, account_path(arguments), std::move(out).text());
      },
      show_account);
}

Exit disable(const Arguments& arguments) {
  return set_disabled(arguments, true);
}

Exit enable(const Arguments& arguments) {
  return set_disabled(arguments, false);
}

Exit role(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        write_texts(out, "roles", arguments.all("--role"));
        out.end_object();
        return door.ask(Method::patch, account_path(arguments), std::move(out).text());
      },
      show_account);
}

Exit password(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        JsonWriter out;
        out.begin_object();
        TRY(write_password(arguments, out));
        out.end_object();
        return door.ask(Method::put, account_path(arguments, "/password"), std::move(out).text());
      },
      show_account);
}

constexpr Option name_option{"NAME", "the account, by name or id", Takes::one, true};
constexpr Option role_option{
    "--role", "reader, analyst, publisher, operator, auditor", Takes::many, true, accepts::role};
constexpr Option stdin_option{
    "--password-stdin", "the first line of standard input is the password", Takes::nothing};
constexpr Option env_option{"--password-env", "the environment variable that holds the password"};

constexpr Option add_options[] = {
    name_option,
    role_option,
    dir_option,
    {"--organisation", "one that is hosted here, or a member of an alliance; default: the node's own"},
    {"--id", "UUID of the account; drawn when absent", Takes::one, false, accepts::uuid},
    {"--person", "UUID of the person, for labels that name persons", Takes::one, false, accepts::uuid},
    {"--compartment", "UUID of a compartment it is in", Takes::many, false, accepts::uuid},
    stdin_option,
    env_option,
    {"--no-password", "for API keys alone", Takes::nothing},
    as_option,
    json_option,
};
constexpr Option list_options[] = {dir_option,
                                   {"--organisation", "one that is hosted here; default: the node's own"},
                                   as_option,
                                   json_option};
constexpr Option name_options[] = {name_option, dir_option, as_option, json_option};
constexpr Option role_options[] = {name_option, role_option, dir_option, as_option, json_option};
constexpr Option password_options[] = {
    name_option, dir_option, stdin_option, env_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"user add",
     "make an account",
     "Makes an account with the roles given. Without --password-stdin or --password-env a password is made "
     "and "
     "shown once. Exit 3 when you may not, 4 when the name is taken.",
     add_options,
     "shieldwall user add alice --role publisher --dir node",
     add},
    {"user list",
     "list accounts",
     "Lists name, id and roles of the accounts of an organisation, one a line.",
     list_options,
     "shieldwall user list --dir node",
     list},
    {"user role",
     "set an account's roles",
     "Replaces the account's roles. Who is signed in has to sign in again.",
     role_options,
     "shieldwall user role alice --role analyst --role operator --dir node",
     role},
    {"user password",
     "set an account's password",
     "Sets the password given, or makes one and shows it once. Sessions of the account end.",
     password_options,
     "echo 'correct horse battery' | shieldwall user password alice --password-stdin --dir node",
     password},
    {"user disable",
     "take an account out of use",
     "The account can no longer sign in, and its keys and sessions are void. `user enable` undoes it.",
     name_options,
     "shieldwall user disable alice --dir node",
     disable},
    {"user enable",
     "put an account back into use",
     "Undoes `user disable`. Sessions from before stay void.",
     name_options,
     "shieldwall user enable alice --dir node",
     enable},
};

}  // namespace

std::span<const Command> user_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
