#include "cli/alliance.h"

#include "cli/node_forms.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

void show_member(const Json& member) {
  if (flag_of(member, "here")) {
    print_line(fmt::format("  {}  (this node)", text_of(member, "name")));
    return;
  }
  print_line(fmt::format("  {}  {}{}{}  sent {} ({} acknowledged), taken {}  compare: {}",
                         text_of(member, "name"),
                         text_of(member, "address"),
                         flag_of(member, "hub")     ? " (hub: carries, reads nothing)"
                         : flag_of(member, "relay") ? " (relay)"
                                                    : "",
                         flag_of(member, "suspended") ? " SUSPENDED" : "",
                         number_of(member, "sent"),
                         number_of(member, "acknowledged"),
                         number_of(member, "taken"),
                         text_of(member, "phrase")));
}

void show_alliance(const Json& alliance) {
  print_line(fmt::format("{}  roster version {}, release with --circle {}",
                         text_of(alliance, "name"),
                         number_of(alliance, "version"),
                         text_of(alliance, "circle")));
  if (const auto members = alliance.find("members"))
    for (const auto member : *members) show_member(member);
}

Exit create(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post, "/api/v1/alliances", body_with({{"name", arguments.one("NAME")}}));
      },
      show_alliance);
}

bool is_known(NodeDoor& door, std::string_view name) {
  const auto all = door.ask(Method::get, "/api/v1/alliances");
  const auto list = all ? all->root().find("alliances") : std::nullopt;
  if (list)
    for (const auto one : *list)
      if (text_of(one, "name") == name || text_of(one, "id") == name) return true;
  return false;
}

/// The first invitation founds the alliance: one command on this side.
Exit invite(const Arguments& arguments) {
  const auto name = arguments.one("NAME");
  return on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        if (!is_known(door, name)) {
          model::JsonWriter founding;
          founding.begin_object();
          founding.member("name", name);
          founding.member("to_invite", true);
          founding.end_object();
          TRY(door.ask(Method::post, "/api/v1/alliances", std::move(founding).text()));
        }
        return door.ask(Method::post, path_of("alliances", name, "/invitations"));
      },
      [](const Json& answer) {
        print_line("Give this to the other operator. It is taken once, within a day:");
        print_line(fmt::format("  {}", text_of(answer, "invitation")));
        print_line(
            "When it is taken, `shieldwall alliance list` shows words to compare with what the other side "
            "sees.");
      });
}

Exit join(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(
            Method::post, "/api/v1/alliances/join", body_with({{"invitation", arguments.one("INVITATION")}}));
      },
      [](const Json& answer) {
        const auto alliance = answer.find("alliance");
        const bool waiting = flag_of(answer, "waiting");
        const std::string name(alliance ? text_of(*alliance, "name") : "");
        print_line(waiting ? fmt::format("Asked to join {}: its other founders have to sign.", name)
                           : fmt::format("This node is a member of {}.", name));
        print_line(fmt::format("Both operators must see the same words:  {}", text_of(answer, "phrase")));
        if (waiting) print_line("Give the same command again when they did.");
        if (alliance && !waiting)
          print_line(fmt::format("Release to all of it with:  shieldwall import FILE --circle {}",
                                 text_of(*alliance, "circle")));
      });
}

Exit list(const Arguments& arguments) {
  return on_node(
      arguments,
      [](NodeDoor& door) { return door.ask(Method::get, "/api/v1/alliances"); },
      [](const Json& answer) {
        if (const auto all = answer.find("alliances"))
          for (const auto one : *all) show_alliance(one);
        if (!text_of(answer, "keys_overlap_until").empty())
          print_line(fmt::format("This node's replaced keys count beside the new ones until {}.",
                                 text_of(answer, "keys_overlap_until")));
        if (!text_of(answer, "tls_overlap_until").empty())
          print_line(fmt::format("This node's new TLS key {} {}; the old one counts until {}.",
                                 flag_of(answer, "tls_shown") ? "is shown since" : "will be shown from",
                                 text_of(answer, "tls_shown_from"),
                                 text_of(answer, "tls_overlap_until")));
      });
}

void show_refusals(const Json& answer) {
  std::size_t shown = 0;
  for (const std::string_view where : {"here", "there"}) {
    const auto list = answer.find(where);
    if (!list) continue;
    for (const auto one : *list) {
      ++shown;
      print_line(fmt::format("{}  {} {}: {}\n  statement {}",
                             text_of(one, "at"),
                             where == "here" ? "refused here, of" : "refused by",
                             text_of(one, where == "here" ? "origin_name" : "member_name"),
                             text_of(one, "reason"),
                             text_of(one, "statement")));
    }
  }
  if (shown == 0) print_line("Nothing was refused.");
  if (const auto counted = answer.find("counted"))
    for (const auto one : *counted)
      print_line(fmt::format("{}  and {} more of {}, only counted",
                             text_of(one, "last"),
                             number_of(one, "count"),
                             text_of(one, "from_name")));
}

Exit refused(const Arguments& arguments) {
  return on_node(
      arguments,
      [](NodeDoor& door) { return door.ask(Method::get, "/api/v1/alliances/refused"); },
      show_refusals);
}

constexpr Option name_options[] = {
    {"NAME", "the alliance's name or id", Takes::one, true}, dir_option, as_option, json_option};
constexpr Option join_options[] = {
    {"INVITATION", "as `alliance invite` printed it on the other side", Takes::one, true},
    dir_option,
    as_option,
    json_option};
constexpr Option list_options[] = {dir_option, as_option, json_option};

constexpr Command commands_here[] = {
    {"alliance create",
     "found an alliance",
     "This organisation is its founder and first member. A circle of the alliance's name releases to all "
     "of it.",
     name_options,
     "shieldwall alliance create 'Northern Shield' --dir node",
     create},
    {"alliance invite",
     "invite another node into an alliance",
     "Prints a short string for the other operator: where this node is, by which key it is known, and a "
     "code that is taken once, within a day. Founds the alliance when there is none of that name. Exit 5 "
     "when nobody can reach this node: set members.enabled, members.address and members.port, or let the "
     "other side invite.",
     name_options,
     "SHIELDWALL_ALLIANCE_ADDRESS=cert.example:8444 shieldwall alliance invite 'Northern Shield' --dir node",
     invite},
    {"alliance join",
     "join an alliance by an invitation",
     "Connects to the node that invited, by the key that the invitation names, and takes the alliance's "
     "roster from it. Prints words that both operators compare, by telephone or in person: if they differ, "
     "leave at once.",
     join_options,
     "shieldwall alliance join sw1:127.0.0.1:9444/EXAMPLE --dir node",
     join},
    {"alliance list",
     "list alliances, members, and how far each is told",
     "For each member: where its node is, how many deliveries went to it and came from it, and the words "
     "to compare.",
     list_options,
     "shieldwall alliance list --dir node",
     list},
    {"alliance refused",
     "show what was refused, here and by others",
     "What a node may not have is refused on arrival: its content is dropped unread, its signed statement "
     "and the envelope's header stay here as evidence, and its origin is told, past a relay too.",
     list_options,
     "shieldwall alliance refused --dir node",
     refused},
};

}  // namespace

std::span<const Command> alliance_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
