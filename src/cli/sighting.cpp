#include "cli/sighting.h"

#include "cli/node_call.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

Exit run_choose(const Arguments& arguments) {
  model::JsonWriter body;
  body.begin_object();
  body.member("sightings", arguments.one("CHOICE"));
  body.end_object();
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(
            Method::put,
            fmt::format("/api/v1/circles/{}/sightings", net::percent_encode(arguments.one("CIRCLE"))),
            body.text());
      },
      [](const Json&) { print_line("chosen"); });
}

Exit run_stop(const Arguments& arguments) {
  const bool off = arguments.has("--off");
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(
            Method::post, "/api/v1/sightings/stop", off ? R"({"stopped":false})" : R"({"stopped":true})");
      },
      [&](const Json&) { print_line(off ? "sightings return as chosen" : "nothing returns any more"); });
}

/// A person decides by this: who learns what.
void show_to_whom(const Json& to) {
  std::string relays;
  if (const auto names = to.find("relays"))
    for (const auto name : *names) relays += (relays.empty() ? "" : " or ") + std::string(name.string());
  print_line(fmt::format("  anonymous to {}: it learns what was seen, and by one of {} members, not by which",
                         text_of(to, "owner"),
                         number_of(to, "one_of")));
  print_line(
      fmt::format("  not to {}: it learns that this node sent something, not what, and forgets who", relays));
}

void show_sent(const Json& answer) {
  print_line(fmt::format(
      "{} sightings released, {} unchanged", number_of(answer, "sent"), number_of(answer, "unchanged")));
  if (const auto held = answer.find("held_back"))
    for (const auto one : *held)
      print_line(fmt::format("  stays here: {} {}: {}",
                             text_of(one, "indicator"),
                             text_of(one, "circle"),
                             text_of(one, "reason")));
  if (const auto to = answer.find("anonymous_to"))
    for (const auto one : *to) show_to_whom(one);
}

Exit run_send(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::post,
                        arguments.has("--anonymous") ? "/api/v1/sightings/send?anonymous=true"
                                                     : "/api/v1/sightings/send");
      },
      show_sent);
}

void show_list(const Json& answer) {
  const auto indicators = answer.find("indicators");
  if (!indicators) return;
  for (const auto one : *indicators)
    print_line(fmt::format(
        "{}  {:>9}  {} .. {}{}{}",
        text_of(one, "indicator"),
        number_of(one, "count"),
        text_of(one, "first_seen"),
        text_of(one, "last_seen"),
        one.find("members") ? fmt::format("  {} members", number_of(one, "members")) : "",
        one.find("anonymous") ? fmt::format("  and {} anonymous", number_of(one, "anonymous")) : ""));
  print_line(fmt::format("{} indicators", indicators->size()));
  if (flag_of(answer, "stopped")) print_line("stopped: nothing returns");
}

Exit run_list(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::get, arguments.has("--own") ? "/api/v1/sightings/own" : "/api/v1/sightings");
      },
      show_list);
}

constexpr Option choose_options[] = {
    {"CIRCLE", "UUID or alias", Takes::one, true},
    {"CHOICE", "none, counts (by the day) or detail (by the hour)", Takes::one, true},
    dir_option,
    as_option,
    json_option,
};
constexpr Option stop_options[] = {
    {"--off", "let them return again", Takes::nothing},
    dir_option,
    as_option,
    json_option,
};
constexpr Option send_options[] = {
    {"--anonymous", "to the indicators' owners alone, past a relay, without your name", Takes::nothing},
    dir_option,
    as_option,
    json_option,
};
constexpr Option list_options[] = {
    {"--own", "what was seen here, instead of what others returned", Takes::nothing},
    dir_option,
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"sighting choose",
     "choose what returns to a circle",
     "Before this choice nothing returns. `counts` returns indicator, number and day; `detail` the hour.",
     choose_options,
     "shieldwall sighting choose --dir node energy counts",
     run_choose},
    {"sighting send",
     "release counts into the circles their indicators came by",
     "Says what was released, and what stays here and why. Exit 3 when sightings are stopped. Anonymous ones "
     "leave by days that are over, at random instants within the hour, where five members or more could be "
     "the "
     "source.",
     send_options,
     "shieldwall sighting send --dir node",
     run_send},
    {"sighting list",
     "what others saw of the organisation's own indicators",
     "Prints indicator, count, first and last seen, and how many members saw it.",
     list_options,
     "shieldwall sighting list --dir node",
     run_list},
    {"sighting stop",
     "stop everything from returning",
     "One switch for all circles, whatever was chosen; --off lets things go on.",
     stop_options,
     "shieldwall sighting stop --dir node",
     run_stop},
};

}  // namespace

std::span<const Command> sighting_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
