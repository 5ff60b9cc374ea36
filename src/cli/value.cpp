#include "cli/value.h"

#include <cstdlib>

#include "cli/node_call.h"
#include "library/value.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

std::string with_indicator(const Arguments& arguments, std::string path) {
  if (const auto id = arguments.one("INDICATOR"); !id.empty())
    path += "?indicator=" + net::percent_encode(id);
  return path;
}

Exit run_show(const Arguments& arguments) {
  return on_node(
      arguments,
      [](NodeDoor& door) { return door.ask(Method::get, "/api/v1/value"); },
      [](const Json& answer) {
        print_line(text_of(answer, "told"));
        const auto indicators = answer.find("indicators");
        if (!indicators) return;
        for (const auto one : *indicators)
          print_line(fmt::format("{}  {} members  {} .. {}",
                                 text_of(one, "indicator"),
                                 number_of(one, "members"),
                                 text_of(one, "first_seen"),
                                 text_of(one, "last_seen")));
        for (const auto& [name, meaning] : {std::pair("duplicates", "given by somebody else before"),
                                            std::pair("false_alarms", "false alarms"),
                                            std::pair("noisy_members", "members that see everything")})
          if (const auto count = number_of(answer, name); count > 0)
            print_line(fmt::format("not counted: {} {}", count, meaning));
      });
}

std::string length_of(const Json& json, std::string_view name) {
  const auto written = json.find(name);
  const double length = written ? std::strtod(std::string(written->raw()).c_str(), nullptr) : 0;
  return library::in_words({static_cast<std::int64_t>(length * 1e6)});
}

void show_protection(const Json& answer) {
  if (const auto steps = answer.find("steps"))
    for (const auto one : *steps)
      print_line(fmt::format("{:<9} {}", text_of(one, "step"), text_of(one, "at")));
  if (const auto legs = answer.find("legs")) {
    for (const auto one : *legs)
      print_line(fmt::format("{:<9} {} in the median, {} at most for nine of ten ({} indicators)",
                             text_of(one, "step"),
                             length_of(one, "median_seconds"),
                             length_of(one, "p90_seconds"),
                             number_of(one, "indicators")));
    print_line(fmt::format("{} indicators", number_of(answer, "indicators")));
  }
  const auto slowest = text_of(answer, "slowest");
  print_line(slowest.empty() ? std::string("no step is known yet")
                             : fmt::format("slowest step: {}", slowest));
}

Exit run_protection(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::get, with_indicator(arguments, "/api/v1/value/protection"));
      },
      show_protection);
}

Exit run_confidence(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) {
        return door.ask(Method::get, with_indicator(arguments, "/api/v1/value/confidence"));
      },
      [](const Json& answer) {
        print_line(fmt::format("{} of {} stated: {} call it a false positive, {} expired",
                               number_of(answer, "now"),
                               number_of(answer, "stated"),
                               number_of(answer, "false_positive"),
                               number_of(answer, "expired")));
      });
}

Exit run_correct(const Arguments& arguments) {
  model::JsonWriter body;
  body.begin_object();
  body.member("indicator", arguments.one("INDICATOR"));
  body.member("because", arguments.one("BECAUSE"));
  if (const auto why = arguments.one("--explanation"); !why.empty()) body.member("explanation", why);
  body.end_object();
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(Method::post, "/api/v1/value/corrections", body.text()); },
      [](const Json& answer) {
        const auto circles = answer.find("circles");
        for (const auto circle : *circles) print_line(fmt::format("told in {}", circle.string()));
        if (number_of(answer, "unchanged") > 0)
          print_line("it was told before");
        else if (circles->size() == 0)
          print_line("it came by no circle: there is nobody to tell");
      });
}

constexpr Option show_options[] = {dir_option, as_option, json_option};
constexpr Option protection_options[] = {
    {"INDICATOR", "STIX id; none: all indicators, in the median"}, dir_option, as_option, json_option};
constexpr Option confidence_options[] = {
    {"INDICATOR", "STIX id", Takes::one, true}, dir_option, as_option, json_option};
constexpr Option correct_options[] = {
    {"INDICATOR", "STIX id", Takes::one, true},
    {"BECAUSE", "false-positive or expired", Takes::one, true},
    {"--explanation", "for the people who gave it"},
    dir_option,
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"value show",
     "whom the organisation's reports helped, and by how much",
     "Counts members that saw what the organisation gave, how long before their first sighting it was "
     "shared, and "
     "corrections that were followed. Own sightings, what somebody else gave before, false alarms and "
     "members that "
     "claim to see everything count for nothing.",
     show_options,
     "shieldwall value show --dir node",
     run_show},
    {"value protection",
     "where time is lost between a first observation and protection",
     "Prints when an indicator was observed, shared, received, looked for, blocked and first met, as far as "
     "the node "
     "knows, and names the slowest step; of all indicators the times in the median.",
     protection_options,
     "shieldwall value protection --dir node",
     run_protection},
    {"value confidence",
     "what corrections leave of an indicator's confidence",
     "Each root that calls it a false positive halves what its owner stated (50 where nothing was), each "
     "that calls "
     "it expired takes a quarter; the owner's withdrawal leaves nothing. What one root said counts once.",
     confidence_options,
     "shieldwall value confidence --dir node indicator--02bcadbd-2960-4f1a-b4a0-b68dfab0b0af",
     run_confidence},
    {"value correct",
     "tell where an indicator came from that it is a false positive or expired",
     "Goes into the circles by which it came, to nobody who could not see the indicator. Exit 3 when "
     "sightings are "
     "stopped.",
     correct_options,
     "shieldwall value correct --dir node indicator--02bcadbd-2960-4f1a-b4a0-b68dfab0b0af expired",
     run_correct},
};

}  // namespace

std::span<const Command> value_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
