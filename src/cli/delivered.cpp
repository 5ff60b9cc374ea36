#include "cli/delivered.h"

#include "base/text.h"
#include "cli/node_call.h"
#include "cli/streams.h"

namespace shieldwall::cli {

namespace {

/// The words, and below them the signature: one signed note that can be kept as it is.
void show(const model::Json& answer) {
  for (const auto line : split(text_of(answer, "signed"), '\n')) print("{}\n", excerpt(line, 2'000));
  print("The key that signed: {}\n", text_of(answer, "key"));
}

Exit run_delivered(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(net::Method::get, "/api/v1/delivered/" + arguments.one("OBJECT"));
      },
      show);
}

constexpr Option options_here[] = {
    {"OBJECT", "an object's id", Takes::one, true},
    dir_option,
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"delivered",
     "say who got an object, when, under which label",
     "Lists every door by which the object left this node, to whom, when and under which label, in plain "
     "words and "
     "signed by the node; says as well what cannot be known. `log prove OBJECT` gives what proves each line. "
     "An "
     "account with the right audit asks about objects of its own organisation; this machine's operator about "
     "all.",
     options_here,
     "shieldwall delivered indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --dir node",
     run_delivered},
};

}  // namespace

std::span<const Command> delivered_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
