#include "cli/member.h"

#include "cli/accepts.h"
#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

void show_member(const Json& member) {
  print_line(fmt::format("{}  {:<3}  {}{}",
                         text_of(member, "id"),
                         text_of(member, "nation"),
                         text_of(member, "name"),
                         flag_of(member, "home")     ? "  (this node)"
                         : flag_of(member, "hosted") ? "  (hosted here)"
                                                     : ""));
  if (const auto suspensions = member.find("suspensions"))
    for (const auto one : *suspensions)
      print_line(fmt::format("    suspended by {} since {}: {}",
                             text_of(one, "by"),
                             text_of(one, "since"),
                             text_of(one, "reason")));
}

Exit add(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        out.member("name", arguments.one("NAME"));
        write_given(out, arguments, {{"--id", "id"}, {"--nation", "nation"}, {"--identity", "identity"}});
        if (arguments.has("--hosted")) out.member("hosted", true);
        write_texts(out, "patrons", arguments.all("--client-of"));
        out.end_object();
        return door.ask(Method::post, "/api/v1/members", std::move(out).text());
      },
      show_member);
}

Exit list(const Arguments& arguments) {
  return list_of_node(arguments, "/api/v1/members", "members", show_member);
}

Exit show(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::get, "/api/v1/members/" + net::percent_encode(arguments.one("NAME")));
      },
      show_member);
}

constexpr Option name_option{"NAME", "the organisation's name; for `show` also its id", Takes::one, true};
constexpr Option add_options[] = {
    name_option,
    dir_option,
    {"--id", "UUID; drawn when absent", Takes::one, false, accepts::uuid},
    {"--nation", "ISO 3166-1 alpha-3 code, as in EST", Takes::one, false, accepts::nation},
    {"--identity", "id of its STIX identity; default identity--<id>", Takes::one, false, accepts::stix_id},
    {"--hosted", "its accounts are on this node", Takes::nothing},
    {"--client-of", "an organisation whose client it is, by id or name", Takes::many},
    as_option,
    json_option,
};
constexpr Option list_options[] = {dir_option, as_option, json_option};
constexpr Option show_options[] = {name_option, dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"member add",
     "let the node know an organisation",
     "An organisation can then be let into circles, and have accounts here when it is hosted.",
     add_options,
     "shieldwall member add 'Power Grid Ltd' --nation EST --hosted --dir node",
     add},
    {"member list",
     "list the organisations that the node knows",
     "Lists id, nation and name, one a line, and below each who says that it suspended it, since when and "
     "why. "
     "Whether this node does too, its operators decide.",
     list_options,
     "shieldwall member list --dir node",
     list},
    {"member show",
     "show one organisation",
     "Shows id, nation and name.",
     show_options,
     "shieldwall member show 'Power Grid Ltd' --dir node",
     show},
};

}  // namespace

std::span<const Command> member_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
