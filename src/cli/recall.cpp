#include "cli/recall.h"

#include "cli/node_forms.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

Exit recall(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(arguments.has("--status") ? Method::get : Method::post,
                        path_of("objects", arguments.one("OBJECT"), "/recall"));
      },
      [](const Json& answer) {
        bool in_files = false;
        if (const auto recipients = answer.find("recipients"))
          for (const auto one : *recipients) {
            in_files = in_files || text_of(one, "state") == "in a file";
            print_line(fmt::format("{:<16}  {}", text_of(one, "state"), text_of(one, "name")));
          }
        if (in_files)
          print_line(
              "What `carry out` wrote into a file is confirmed by nobody: ask the member's operator whether "
              "it arrived.");
      });
}

constexpr Option recall_options[] = {{"OBJECT", "the object's id", Takes::one, true},
                                     {"--status", "only show who confirmed", Takes::nothing},
                                     dir_option,
                                     as_option,
                                     json_option};

constexpr Command commands_here[] = {
    {"recall",
     "recall an object from everybody it was released to",
     "Takes it out of the circles by which it was released. Every member that obeys removes it, indexes "
     "and full text too, and confirms; --status shows who did; of a member without a wire, that the recall "
     "stands in a file of `carry out`, and no more. A member that lies can keep it: that cannot "
     "be known.",
     recall_options,
     "shieldwall import samples/demo/shared.json --circle baltic-watch --dir node >/dev/null; shieldwall "
     "recall indicator--30d74e8d-46e1-47f2-abf4-1e5bee592529 --dir node",
     recall},
};

}  // namespace

std::span<const Command> recall_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
