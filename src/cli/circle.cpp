#include "cli/circle.h"

#include "base/text.h"
#include "cli/accepts.h"
#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

std::string circle_path(const Arguments& arguments, std::string_view part = {}, std::string_view who = {}) {
  auto path = "/api/v1/circles/" + net::percent_encode(arguments.one("CIRCLE"));
  if (!part.empty()) path += fmt::format("/{}", part);
  if (!who.empty()) path += "/" + net::percent_encode(arguments.one(who));
  return path;
}

void show_circle(const Json& circle) {
  const auto alias = text_of(circle, "alias");
  print_line(fmt::format("{}  {}{}",
                         text_of(circle, "id"),
                         text_of(circle, "title"),
                         alias.empty() ? "" : fmt::format("  [{}]", alias)));
}

void show_whole(const Json& circle) {
  show_circle(circle);
  print_line(fmt::format("  owner   {}", text_of(circle, "owner")));
  if (const auto root = text_of(circle, "api_root"); !root.empty())
    print_line(fmt::format("  root    {}", root));
  print_line(fmt::format("  you     {}{}",
                         flag_of(circle, "can_read") ? "may read" : "may not read",
                         flag_of(circle, "can_write") ? ", may add" : ", may not add"));
  if (const auto members = circle.find("members"))
    for (const auto member : *members)
      print_line(fmt::format("  member  {}", text_of(member, "organisation")));
  if (const auto grants = circle.find("grants"))
    for (const auto grant : *grants)
      print_line(fmt::format("  grant   {} {}{}",
                             text_of(grant, "account"),
                             flag_of(grant, "can_read") ? "r" : "-",
                             flag_of(grant, "can_write") ? "w" : "-"));
}

/// "alice=rw" as one element of `grants`.
Done write_grant(JsonWriter& out, std::string_view text) {
  const auto equals = text.rfind('=');
  const auto what = equals == text.npos ? std::string_view() : text.substr(equals + 1);
  if (what != "r" && what != "w" && what != "rw" && what != "none")
    return fail(ErrorCode::invalid, "'{}' is no grant: write ACCOUNT=r, =w, =rw or =none", excerpt(text));
  out.begin_object();
  out.member("account", text.substr(0, equals));
  out.member("can_read", what.starts_with('r'));
  out.member("can_write", what.ends_with('w'));
  out.end_object();
  return {};
}

void write_label(JsonWriter& out, const Arguments& arguments) {
  if (!arguments.has("--tlp") && !arguments.has("--unmarked-tlp")) return;
  out.key("label");
  out.begin_object();
  write_given(out, arguments, {{"--tlp", "at_least"}, {"--unmarked-tlp", "unmarked"}});
  out.end_object();
}

/// What `add` and `change` have in common.
void write_common(JsonWriter& out, const Arguments& arguments) {
  write_given(
      out, arguments, {{"--alias", "alias"}, {"--description", "description"}, {"--root", "api_root"}});
  write_texts(out, "media_types", arguments.all("--media-type"));
  if (arguments.has("--by-grant")) {
    out.member("members_read", false);
    out.member("members_write", false);
  } else if (arguments.has("--read-only")) {
    out.member("members_write", false);
  }
  if (arguments.has("--second-person")) out.member("second_person", true);
  write_label(out, arguments);
}

/// An alias is one circle's within an API root alone: a second one elsewhere makes it name neither.
void tell_of_shared_alias(NodeDoor& door, const std::string& alias) {
  if (alias.empty()) return;
  const auto found = door.ask(Method::get, "/api/v1/circles/" + net::percent_encode(alias));
  if (found || found.error().code != ErrorCode::conflict) return;
  fmt::print(stderr,
             "shieldwall: a circle of another API root, or of none, has the alias '{}' too: from now on name "
             "both by their ids\n",
             excerpt(alias));
}

Exit add(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        JsonWriter out;
        out.begin_object();
        out.member("title", arguments.one("TITLE"));
        write_given(out, arguments, {{"--id", "id"}, {"--owner", "owner"}});
        write_common(out, arguments);
        write_texts(out, "members", arguments.all("--member"));
        out.key("grants");
        out.begin_array();
        for (const auto& grant : arguments.all("--grant")) TRY(write_grant(out, grant));
        out.end_array();
        out.end_object();
        auto made = TRY(door.ask(Method::post, "/api/v1/circles", std::move(out).text()));
        tell_of_shared_alias(door, arguments.one("--alias"));
        return made;
      },
      show_whole);
}

Exit change(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        write_given(out, arguments, {{"--title", "title"}});
        write_common(out, arguments);
        out.end_object();
        return door.ask(Method::patch, circle_path(arguments), std::move(out).text());
      },
      show_whole);
}

Exit list(const Arguments& arguments) {
  return list_of_node(arguments, "/api/v1/circles", "circles", show_circle);
}

Exit show(const Arguments& arguments) {
  return on_node(
      arguments, [&](NodeDoor& door) { return door.ask(Method::get, circle_path(arguments)); }, show_whole);
}

Exit join(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::put, circle_path(arguments, "members", "ORGANISATION"));
      },
      show_whole);
}

Exit leave(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::delete_, circle_path(arguments, "members", "ORGANISATION"));
      },
      [](const Json&) { print_line("no longer inside"); });
}

Exit grant(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        const auto path = circle_path(arguments, "grants", "ACCOUNT");
        if (arguments.has("--default")) return door.ask(Method::delete_, path);
        JsonWriter out;
        out.begin_object();
        out.member("can_read", arguments.has("--read"));
        out.member("can_write", arguments.has("--write"));
        out.end_object();
        return door.ask(Method::put, path, std::move(out).text());
      },
      [](const Json& circle) {
        if (circle.is(model::JsonKind::object)) show_whole(circle);
      });
}

constexpr Option circle_option{"CIRCLE", "the circle, by id or alias", Takes::one, true};
constexpr Option organisation_option{"ORGANISATION", "the organisation, by id or name", Takes::one, true};
constexpr Option alias_option{"--alias", "a name to call it by, unique in its API root"};
constexpr Option description_option{"--description", "in words"};
constexpr Option root_option{"--root", "TAXII API root that shows it; default: none does"};
constexpr Option media_option{
    "--media-type", "TAXII media type of its objects; default STIX 2.1", Takes::many};
constexpr Option tlp_option{"--tlp",
                            "no object enters more openly: clear, green, amber, amber+strict, red",
                            Takes::one,
                            false,
                            accepts::tlp};
constexpr Option unmarked_option{
    "--unmarked-tlp", "for objects without a TLP; default amber+strict", Takes::one, false, accepts::tlp};
constexpr Option by_grant_option{"--by-grant", "only accounts with a grant read and add", Takes::nothing};
constexpr Option read_only_option{"--read-only", "only accounts with a grant add", Takes::nothing};
constexpr Option second_option{"--second-person", "a release into it needs another person", Takes::nothing};

constexpr Option add_options[] = {
    {"TITLE", "in words", Takes::one, true},
    dir_option,
    {"--id", "UUID, also of the TAXII collection; drawn when absent", Takes::one, false, accepts::uuid},
    alias_option,
    description_option,
    root_option,
    media_option,
    {"--member", "organisation inside, beside the owner, by id or name", Takes::many},
    {"--grant", "ACCOUNT=r, =w, =rw or =none: instead of what its rights say", Takes::many},
    by_grant_option,
    read_only_option,
    tlp_option,
    unmarked_option,
    second_option,
    {"--owner", "organisation hosted here that owns it; default: the node's own"},
    as_option,
    json_option,
};
constexpr Option change_options[] = {circle_option,
                                     dir_option,
                                     {"--title", "in words"},
                                     alias_option,
                                     description_option,
                                     root_option,
                                     media_option,
                                     by_grant_option,
                                     read_only_option,
                                     tlp_option,
                                     unmarked_option,
                                     second_option,
                                     as_option,
                                     json_option};
constexpr Option list_options[] = {dir_option, as_option, json_option};
constexpr Option show_options[] = {circle_option, dir_option, as_option, json_option};
constexpr Option member_options[] = {circle_option, organisation_option, dir_option, as_option, json_option};
constexpr Option grant_options[] = {
    circle_option,
    {"ACCOUNT", "the account, by name or id", Takes::one, true},
    dir_option,
    {"--read", "it may read", Takes::nothing},
    {"--write", "it may add", Takes::nothing},
    {"--default", "take the grant back: its rights decide", Takes::nothing},
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"circle add",
     "make a circle",
     "Makes a circle that the organisation owns and is inside of. In an API root it is a TAXII collection "
     "with "
     "the same id and alias. Exit 4 when id or alias are taken.",
     add_options,
     "shieldwall circle add 'Energy sector' --alias energy --root default --member 'Power Grid Ltd' --dir "
     "node",
     add},
    {"circle list",
     "list circles",
     "Lists id, title and alias of the circles that the organisation is inside of or owns.",
     list_options,
     "shieldwall circle list --dir node",
     list},
    {"circle show",
     "show a circle",
     "Shows owner, members and grants, as far as you may know them.",
     show_options,
     "shieldwall circle show energy --dir node",
     show},
    {"circle change",
     "change a circle",
     "Changes what is given and leaves the rest.",
     change_options,
     "shieldwall circle change energy --description 'Grids and plants' --tlp green --dir node",
     change},
    {"circle grant",
     "say what one account may do in a circle",
     "The account may do what is given and nothing else there; --default lets its rights decide again.",
     grant_options,
     "shieldwall circle grant energy alice --read --write --dir node",
     grant},
    {"circle leave",
     "end an organisation's membership",
     "It sees nothing of the circle any more.",
     member_options,
     "shieldwall circle leave energy 'Power Grid Ltd' --dir node",
     leave},
    {"circle join",
     "let an organisation into a circle",
     "For operators of the organisation that owns the circle. The organisation that joins must be known to "
     "this node: hosted here or listed by `shieldwall member add`, or a member of an alliance. It sees what "
     "is shared from now on, and nothing from before; its own operators choose with `shieldwall sighting "
     "choose` what returns of what it saw.",
     member_options,
     "shieldwall circle join energy 'Power Grid Ltd' --dir node",
     join},
};

}  // namespace

std::span<const Command> circle_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
