#include "cli/vouch.h"

#include "cli/node_call.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

Exit run_vouch(const Arguments& arguments) {
  const auto target = fmt::format("/api/v1/objects/{}/vouch?circle={}",
                                  net::percent_encode(arguments.one("ID")),
                                  net::percent_encode(arguments.one("--circle")));
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(net::Method::post, target); },
      [](const model::Json& answer) {
        print_line(
            fmt::format("published in {} as this organisation's word, for somebody whom it does not name",
                        text_of(answer, "circle")));
      });
}

constexpr Option vouch_options[] = {
    {"ID", "of an object that another member released to this organisation", Takes::one, true},
    {"--circle", "UUID or alias of the circle to release into", Takes::one, true},
    dir_option,
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"object vouch",
     "publish for a member that asked for it, without its name",
     "The object's `labels` have to say `publish-without-name`: its owner asks whoever it released it to. It "
     "leaves without its creator, its markings and that wish, never more openly than it came, and its "
     "statement "
     "says that it is for somebody whom this organisation alone knows. What the object's own text tells of "
     "its "
     "owner stays in it: read it before. Exit 3 when nobody asked.",
     vouch_options,
     "shieldwall object vouch --dir node indicator--30d74e8d-46e1-47f2-abf4-1e5bee592529 --circle energy",
     run_vouch},
};

}  // namespace

std::span<const Command> vouch_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
