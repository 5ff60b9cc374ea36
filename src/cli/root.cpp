#include "cli/root.h"

#include <cstdlib>

#include "cli/accepts.h"
#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

void show_root(const Json& root) {
  print_line(fmt::format("{:<20} {}{}",
                         text_of(root, "name"),
                         text_of(root, "title"),
                         flag_of(root, "default") ? "  (default)" : ""));
}

Bytes body_of(const Arguments& arguments, bool with_name) {
  JsonWriter out;
  out.begin_object();
  if (with_name) out.member("name", arguments.one("NAME"));
  write_given(out, arguments, {{"--title", "title"}, {"--description", "description"}});
  if (arguments.has("--default")) out.member("default", true);
  if (arguments.has("--everything")) out.member("everything", true);
  write_given(out, arguments, {{"--everything-id", "everything_id"}});
  if (arguments.has("--max-content-length"))
    out.member("max_content_length", std::atoll(arguments.one("--max-content-length").c_str()));
  out.end_object();
  return std::move(out).text();
}

Exit add(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/api-roots", body_of(arguments, true)); },
      show_root);
}

Exit change(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::patch,
                        "/api/v1/api-roots/" + net::percent_encode(arguments.one("NAME")),
                        body_of(arguments, false));
      },
      show_root);
}

Exit list(const Arguments& arguments) {
  return list_of_node(arguments, "/api/v1/api-roots", "api_roots", show_root);
}

constexpr Option root_options[] = {
    {"NAME", "the first segment of its URLs: 1 to 64 letters, digits and - _ .", Takes::one, true},
    dir_option,
    {"--title", "in words; default: the name"},
    {"--description", "in words"},
    {"--default", "the discovery resource names it as default", Takes::nothing},
    {"--max-content-length",
     "bytes of one request body; default 33554432",
     Takes::one,
     false,
     accepts::number},
    {"--everything", "has a collection of all a caller may see", Takes::nothing},
    {"--everything-id", "UUID of that collection; drawn when absent", Takes::one, false, accepts::uuid},
    as_option,
    json_option,
};
constexpr Option list_options[] = {dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"root add",
     "make a TAXII API root",
     "Circles are shown in the root that `circle add --root` names.",
     root_options,
     "shieldwall root add trustgroup1 --title 'Trust group 1' --dir node",
     add},
    {"root change",
     "change a TAXII API root",
     "Changes what is given and leaves the rest.",
     root_options,
     "shieldwall root change trustgroup1 --default --dir node",
     change},
    {"root list",
     "list TAXII API roots",
     "Lists name and title, one a line.",
     list_options,
     "shieldwall root list --dir node",
     list},
};

}  // namespace

std::span<const Command> root_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
