#include "cli/leave.h"

#include "cli/node_forms.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

Exit leave(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post, path_of("alliances", arguments.one("NAME"), "/leave"));
      },
      [](const Json& answer) {
        print_line(flag_of(answer, "left")
                       ? "Left."
                       : "Proposed: this organisation is a founder, and goes once enough of them signed.");
      });
}

constexpr Option name_options[] = {
    {"NAME", "the alliance's name or id", Takes::one, true}, dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"alliance leave",
     "leave an alliance",
     "Its members stop sending to this node. What was received stays, under its labels. A founder goes "
     "once enough founders signed that; the only one cannot.",
     name_options,
     "shieldwall alliance leave 'Baltic Watch' --dir node",
     leave},
};

}  // namespace

std::span<const Command> leave_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
