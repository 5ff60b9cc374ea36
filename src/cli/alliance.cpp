#include "cli/alliance.h"

#include <charconv>

#include "cli/node_forms.h"
#include "cli/reconcile.h"
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

std::string keys_wish(const Arguments& arguments) {
  JsonWriter out;
  out.begin_object();
  if (arguments.has("--end-overlap")) out.member("end_overlap", true);
  if (arguments.has("--organisation")) out.member("organisation_key", true);
  if (arguments.has("--lost")) out.member("lost", true);
  if (arguments.has("--tls")) out.member("tls", true);
  if (arguments.has("--overlap-days")) {
    const auto text = arguments.one("--overlap-days");
    std::int64_t length = 0;  // what is no number is refused by the node
    std::from_chars(text.data(), text.data() + text.size(), length);
    out.member("overlap_days", length);
  }
  out.end_object();
  return std::move(out).text();
}

Exit keys(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/alliances/keys", keys_wish(arguments)); },
      [&](const Json&) {
        if (arguments.has("--tls"))
          print_line(
              arguments.has("--end-overlap")
                  ? "Done: `shieldwall alliance list` says which TLS key is shown."
                  : "The new TLS key is told to every alliance. Half of the overlap later this node shows "
                    "it, without a pause; at its end the old one counts no more.");
        else if (arguments.has("--end-overlap"))
          print_line("The replaced keys are forgotten.");
        else if (arguments.has("--lost") && arguments.has("--organisation"))
          print_line(
              "All keys are new, and no alliance knows them: once the founders removed this member, join by "
              "a "
              "new invitation and compare the words by voice.");
        else if (arguments.has("--lost"))
          print_line(
              "New keys are told to every alliance; the lost ones count no more. Start the node anew now: "
              "its log "
              "signs with the new one from then on.");
        else
          print_line(
              "New keys are told to every alliance. The replaced ones count beside them until the overlap "
              "ends: `shieldwall alliance list` says when. Start the node anew before: its log signs with "
              "the "
              "new one from then on.");
        if (arguments.has("--organisation") && !arguments.has("--lost"))
          print_line("The founders have to accept the organisation's key: `alliance pending` on their side.");
      });
}

Exit attest_time(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post, "/api/v1/alliances/time", body_with({{"time", arguments.one("TIME")}}));
      },
      [](const Json& answer) {
        std::string names;
        if (const auto persons = answer.find("attested_by"))
          for (const auto one : *persons) names += (names.empty() ? "" : ", ") + std::string(one.string());
        print_line(
            fmt::format("Attested by: {}. Two are needed, and count while no member is reached.", names));
      });
}

Exit suspend(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        JsonWriter out;
        out.begin_object();
        out.member("remove", arguments.has("--remove"));
        if (arguments.has("--warn")) {
          out.member("warn", true);
          out.member("reason", arguments.one("--warn"));
        } else {
          out.member("reason", arguments.one("--reason"));
        }
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
        return door.ask(Method::post,
                        path_of("members", arguments.one("MEMBER"), "/reinstate"),
                        arguments.has("--unverified") ? R"({"unverified":true})" : "{}");
      },
      [](const Json& answer) {
        print_line(
            fmt::format("Reinstated; it is told what it missed. Its log: {}.", text_of(answer, "log")));
      });
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
    {"--organisation", "the organisation's key too; the founders have to accept it", Takes::nothing},
    {"--lost", "the present keys may be in other hands: they count no more, at once", Takes::nothing},
    {"--tls",
     "the key of the certificate shown to members, and no other; with --end-overlap its next step now",
     Takes::nothing},
    {"--overlap-days", "for how long both count; default 14"},
    {"--end-overlap", "forget the replaced keys now instead of making new ones", Takes::nothing},
    dir_option,
    as_option,
    json_option};
constexpr Option time_options[] = {
    {"TIME", "as in 2026-01-31T00:00:00Z", Takes::one, true}, dir_option, as_option, json_option};
constexpr Option suspend_options[] = {
    member_option,
    {"--reason", "for the audit log"},
    {"--warn", "tell the other members, with this reason, in a signed note; each decides itself"},
    {"--remove",
     "remove what came from it, so that matchers and control feeds let go of it; else it is kept",
     Takes::nothing},
    dir_option,
    as_option,
    json_option};
constexpr Option reinstate_options[] = {
    member_option,
    {"--unverified", "also where its log cannot be verified", Takes::nothing},
    dir_option,
    as_option,
    json_option};
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
    {"alliance refused",
     "show what was refused, here and by others",
     "What a node may not have is refused on arrival: its content is dropped unread, its signed statement "
     "and "
     "the "
     "envelope's header stay here as evidence, and its origin is told, past a relay too.",
     list_options,
     "shieldwall alliance refused --dir node",
     refused},
    {"alliance keys",
     "replace this node's keys",
     "Makes new statement, witness and sealing keys and tells every alliance. For the overlap both count; "
     "what "
     "was signed before stays valid. Who lost the organisation's key is removed by the founders and joins "
     "anew.",
     keys_options,
     "shieldwall alliance keys --dir node",
     keys},
    {"alliance attest-time",
     "say what time it is, on a node that no member reaches",
     "Embargoes open when the own clock and the median of three members' clocks agree; with fewer members "
     "the "
     "own clock decides alone, and the audit log says so. While no member is reached, two named persons can "
     "say "
     "what time it is instead; it is logged, and forgotten when the node restarts. Needs a running node and "
     "--as.",
     time_options,
     "shieldwall user add olga --role operator --dir node >/dev/null; shieldwall alliance attest-time "
     "2026-01-31T12:00:00Z --as olga --dir node",
     attest_time},
    {"member suspend",
     "suspend a member at once",
     "From now on nothing goes to it and nothing comes from it; the other members are not asked. With --warn "
     "they are told, and see it in `member list`.",
     suspend_options,
     "shieldwall member suspend 'Partner CERT' --warn 'its node was stolen' --dir node",
     suspend},
    {"member impact",
     "show what a suspended or lost member had",
     "What it received from here, what came from it and how often that was seen here, and the keys it knows.",
     impact_options,
     "shieldwall member impact 'Partner CERT' --dir node",
     impact},
    {"member reinstate",
     "end a suspension",
     "First the member's log is verified: it must continue what this node saw of it last. Then a warning is "
     "taken back, and the member is told what was released to it meanwhile.",
     reinstate_options,
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
    {"alliance reconcile",
     "find and mend what a member lacks of what was released to it",
     "Compares the set of all statements that each of the two released to the other with what the other one "
     "took, by a few kilobytes for each hundred differences however large the sets are. What is missing is "
     "told "
     "again; what a restored node forgot of its own comes back to it. After a restore it is done by itself. "
     "Exit 5 when it failed.",
     reconcile_options,
     "shieldwall alliance reconcile 'Partner CERT' --dir node",
     run_reconcile},
    {"alliance leave",
     "leave an alliance",
     "Its members stop sending to this node. What was received stays, under its labels. A founder goes once "
     "enough founders signed that; the only one cannot.",
     name_options,
     "shieldwall alliance leave 'Baltic Watch' --dir node",
     leave},
};

}  // namespace

std::span<const Command> alliance_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
