#include "cli/alliance.h"

#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

std::string path_of(std::string_view list, const std::string& name, std::string_view rest = {}) {
  return fmt::format("/api/v1/{}/{}{}", list, net::percent_encode(name), rest);
}

std::string body_with(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  JsonWriter out;
  out.begin_object();
  for (const auto& [name, text] : texts) out.member(name, text);
  out.end_object();
  return std::move(out).text();
}

void show_member(const Json& member) {
  if (flag_of(member, "here")) {
    print_line(fmt::format("  {}  (this node)", text_of(member, "name")));
    return;
  }
  print_line(fmt::format("  {}  {}{}{}  sent {} ({} acknowledged), taken {}  compare: {}",
                         text_of(member, "name"),
                         text_of(member, "address"),
                         flag_of(member, "relay") ? " (relay)" : "",
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
        if (!is_known(door, name))
          TRY(door.ask(Method::post, "/api/v1/alliances", body_with({{"name", name}})));
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
        print_line(fmt::format("This node is a member of {}.", alliance ? text_of(*alliance, "name") : ""));
        print_line(fmt::format("Both operators must see the same words:  {}", text_of(answer, "phrase")));
        if (alliance)
          print_line(fmt::format("Release to all of it with:  shieldwall import FILE --circle {}",
                                 text_of(*alliance, "circle")));
      });
}

Exit list(const Arguments& arguments) {
  return list_of_node(arguments, "/api/v1/alliances", "alliances", show_alliance);
}

Exit leave(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post, path_of("alliances", arguments.one("NAME"), "/leave"));
      },
      [](const Json&) { print_line("Left."); });
}

Exit keys(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post,
                        "/api/v1/alliances/keys",
                        arguments.has("--end-overlap") ? R"({"end_overlap":true})" : "{}");
      },
      [&](const Json&) {
        print_line(
            arguments.has("--end-overlap")
                ? "The replaced keys are forgotten."
                : "New keys are told to every alliance; end the overlap with --end-overlap once all members "
                  "acknowledged what was sent before.");
      });
}

Exit suspend(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        out.member("reason", arguments.one("--reason"));
        out.member("remove", arguments.has("--remove"));
        out.end_object();
        return door.ask(
            Method::post, path_of("members", arguments.one("MEMBER"), "/suspend"), std::move(out).text());
      },
      [](const Json& answer) {
        print_line(fmt::format("Suspended: nothing goes to it or comes from it. Removed here: {} objects.",
                               number_of(answer, "removed")));
      });
}

Exit reinstate(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post, path_of("members", arguments.one("MEMBER"), "/reinstate"));
      },
      [](const Json&) { print_line("Reinstated; it is told what it missed."); });
}

std::size_t size_of(const Json& answer, std::string_view list) {
  const auto found = answer.find(list);
  return found ? found->size() : 0;
}

void show_impact(const Json& answer) {
  print_line(fmt::format(
      "It received {} deliveries from here, this node took {} objects from it, and it knows {} epoch "
      "keys, which the next release to the others renews.",
      size_of(answer, "received"),
      size_of(answer, "taken"),
      size_of(answer, "keys")));
  if (const auto received = answer.find("received"))
    for (const auto one : *received)
      print_line(fmt::format("  to it    {}  {}{}",
                             text_of(one, "at"),
                             text_of(one, "object"),
                             flag_of(one, "acknowledged") ? "" : "  (not fetched)"));
  if (const auto taken = answer.find("taken"))
    for (const auto one : *taken)
      print_line(fmt::format("  from it  {}  {}{}  seen here {} times",
                             text_of(one, "at"),
                             text_of(one, "object"),
                             flag_of(one, "held") ? "" : "  (gone)",
                             number_of(one, "seen_here")));
}

Exit impact(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        auto path = path_of("members", arguments.one("MEMBER"), "/impact");
        if (arguments.has("--since")) path += "?since=" + net::percent_encode(arguments.one("--since"));
        return door.ask(Method::get, path);
      },
      show_impact);
}

Exit recall(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(arguments.has("--status") ? Method::get : Method::post,
                        path_of("objects", arguments.one("OBJECT"), "/recall"));
      },
      [](const Json& answer) {
        if (const auto recipients = answer.find("recipients"))
          for (const auto one : *recipients)
            print_line(fmt::format("{:<16}  {}", text_of(one, "state"), text_of(one, "name")));
      });
}

constexpr Option name_option{"NAME", "the alliance's name or id", Takes::one, true};
constexpr Option member_option{"MEMBER", "the member's name or id", Takes::one, true};
constexpr Option name_options[] = {name_option, dir_option, as_option, json_option};
constexpr Option join_options[] = {
    {"INVITATION", "as `alliance invite` printed it on the other side", Takes::one, true},
    dir_option,
    as_option,
    json_option};
constexpr Option list_options[] = {dir_option, as_option, json_option};
constexpr Option keys_options[] = {
    {"--end-overlap", "forget the replaced keys instead of making new ones", Takes::nothing},
    dir_option,
    as_option,
    json_option};
constexpr Option suspend_options[] = {
    member_option,
    {"--reason", "for the audit log"},
    {"--remove",
     "remove what came from it, so that matchers and control feeds let go of it; else it is kept",
     Takes::nothing},
    dir_option,
    as_option,
    json_option};
constexpr Option member_options[] = {member_option, dir_option, as_option, json_option};
constexpr Option impact_options[] = {member_option,
                                     {"--since", "from that time on, as in 2026-01-31T00:00:00Z"},
                                     dir_option,
                                     as_option,
                                     json_option};
constexpr Option recall_options[] = {{"OBJECT", "the object's id", Takes::one, true},
                                     {"--status", "only show who confirmed", Takes::nothing},
                                     dir_option,
                                     as_option,
                                     json_option};

constexpr Command commands_here[] = {
    {"alliance create",
     "found an alliance",
     "This organisation is its founder and first member. A circle of the alliance's name releases to all of "
     "it.",
     name_options,
     "shieldwall alliance create 'Northern Shield' --dir node",
     create},
    {"alliance invite",
     "invite another node into an alliance",
     "Prints a short string for the other operator: where this node is, by which key it is known, and a code "
     "that "
     "is taken once, within a day. Founds the alliance when there is none of that name. Exit 5 when nobody "
     "can "
     "reach this node: set members.enabled, members.address and members.port, or let the other side invite.",
     name_options,
     "SHIELDWALL_ALLIANCE_ADDRESS=cert.example:8444 shieldwall alliance invite 'Northern Shield' --dir node",
     invite},
    {"alliance join",
     "join an alliance by an invitation",
     "Connects to the node that invited, by the key that the invitation names, and takes the alliance's "
     "roster from "
     "it. Prints words that both operators compare, by telephone or in person: if they differ, leave at "
     "once.",
     join_options,
     "shieldwall alliance join sw1:127.0.0.1:9444/EXAMPLE --dir node",
     join},
    {"alliance list",
     "list alliances, members, and how far each is told",
     "For each member: where its node is, how many deliveries went to it and came from it, and the words to "
     "compare.",
     list_options,
     "shieldwall alliance list --dir node",
     list},
    {"alliance keys",
     "replace this node's keys",
     "Makes new statement, witness and sealing keys and tells every alliance; what was sealed to the "
     "replaced ones can "
     "still be read until --end-overlap.",
     keys_options,
     "shieldwall alliance keys --dir node",
     keys},
    {"member suspend",
     "suspend a member at once",
     "From now on nothing goes to it and nothing comes from it; the other members are not asked.",
     suspend_options,
     "shieldwall member suspend 'Partner CERT' --reason 'its node was stolen' --dir node",
     suspend},
    {"member impact",
     "show what a suspended or lost member had",
     "What it received from here, what came from it and how often that was seen here, and the keys it knows.",
     impact_options,
     "shieldwall member impact 'Partner CERT' --dir node",
     impact},
    {"member reinstate",
     "end a suspension",
     "The member is told what was released to it meanwhile.",
     member_options,
     "shieldwall member reinstate 'Partner CERT' --dir node",
     reinstate},
    {"recall",
     "recall an object from everybody it was released to",
     "Takes it out of the circles by which it was released. Every member that obeys removes it, indexes and "
     "full text "
     "too, and confirms; --status shows who did. A member that lies can keep it: that cannot be known.",
     recall_options,
     "shieldwall import samples/demo/shared.json --circle baltic-watch --dir node >/dev/null; shieldwall "
     "recall "
     "indicator--30d74e8d-46e1-47f2-abf4-1e5bee592529 --dir node",
     recall},
    {"alliance leave",
     "leave an alliance",
     "Its members stop sending to this node. What was received stays, under its labels. A founder cannot "
     "leave.",
     name_options,
     "shieldwall alliance leave 'Baltic Watch' --dir node",
     leave},
};

}  // namespace

std::span<const Command> alliance_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
