#include "cli/relabel.h"

#include "cli/import_target.h"
#include "cli/label_options.h"
#include "cli/node_call.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

Exit run_relabel(const Arguments& arguments) {
  const auto target = fmt::format(
      "/api/v1/objects/{}{}", net::percent_encode(arguments.one("ID")), label_query_of(arguments));
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(net::Method::patch, target); },
      [](const model::Json& answer) {
        const auto versions = number_of(answer, "amended");
        print_line(fmt::format("{} version{} under the new label", versions, versions == 1 ? "" : "s"));
      });
}

constexpr Option relabel_options[] = {
    {"ID", "of the object", Takes::one, true},
    {"--circle", "UUID or alias of the circle it was released into; default: what was released into none"},
    label_tlp_option,
    label_pap_option,
    label_must_not_option,
    label_persons_option,
    label_embargo_option,
    label_end_option,
    dir_option,
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"object relabel",
     "change the label of an object of your own",
     "Brings what the organisation put, in one circle or outside of all, under another label: what the "
     "object's "
     "own markings say and the options given here, as if it came in now. Nothing of the label before stays. "
     "Who "
     "can see it no longer is told that it was withdrawn, who can see it now that it was opened; who joined "
     "the "
     "circle after the release gains nothing. What others copied meanwhile stays with them. Exit 3 when "
     "there is no such object of yours there, or the circle wants a second person for more readers.",
     relabel_options,
     "shieldwall object relabel --dir node indicator--30d74e8d-46e1-47f2-abf4-1e5bee592529 --tlp "
     "amber_strict",
     run_relabel},
};

}  // namespace

std::span<const Command> relabel_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
