#include "cli/suspension.h"

#include "cli/node_forms.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using model::JsonWriter;
using net::Method;

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
      "It received {} deliveries from here, this node took {} objects from it, and it knows {} epoch keys, "
      "which the next release to the others renews.",
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

constexpr Option member_option{"MEMBER", "the member's name or id", Takes::one, true};
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

constexpr Command commands_here[] = {
    {"member suspend",
     "suspend a member at once",
     "From now on nothing goes to it and nothing comes from it; the other members are not asked. With "
     "--warn they are told, and see it in `member list`.",
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
     "First the member's log is verified: it must continue what this node saw of it last. Then a warning "
     "is taken back, and the member is told what was released to it meanwhile.",
     reinstate_options,
     "shieldwall member reinstate 'Partner CERT' --dir node",
     reinstate},
};

}  // namespace

std::span<const Command> suspension_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
