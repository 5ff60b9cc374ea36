#include "cli/reconcile.h"

#include <chrono>
#include <thread>

#include <unistd.h>

#include "cli/node_call.h"
#include "cli/streams.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;
using net::Method;

constexpr auto look_pause = std::chrono::milliseconds(200);

std::string path_of(const Arguments& arguments) {
  return fmt::format("/api/v1/members/{}/reconcile", net::percent_encode(arguments.one("MEMBER")));
}

bool is_over(const Json& report) {
  const auto state = text_of(report, "state");
  return state != "due" && state != "runs";
}

/// One line on a terminal, written over and over.
void show_progress(const Json& report) {
  if (isatty(STDERR_FILENO) == 0) return;
  if (text_of(report, "state") == "due")
    fmt::print(stderr, "\r{}", flag_of(report, "calls") ? "begins ..." : "waits for its call ...");
  else
    fmt::print(stderr,
               "\r{} differences found in {} symbols   ",
               number_of(report, "differences"),
               number_of(report, "symbols"));
}

void show(const Json& report) {
  const auto state = text_of(report, "state");
  if (state == "failed") {
    print_line(fmt::format("It failed: {}. It is tried again by itself.", text_of(report, "why")));
    return;
  }
  if (state == "none") {
    print_line("Nobody asked for it since this node started.");
    return;
  }
  if (state == "due" || state == "runs") {
    print_line(!flag_of(report, "serves") ? "It is done as soon as this node runs and the two speak."
               : flag_of(report, "calls")
                   ? "It is under way."
                   : "It is done with that member's next call, within a minute or so.");
    return;
  }
  print_line(
      fmt::format("{} differences: {} told again, {} to be told again to this node; {} came back to "
                  "this node, {} were given back; {} could not be mended.",
                  number_of(report, "differences"),
                  number_of(report, "told_again"),
                  number_of(report, "asked_again"),
                  number_of(report, "taken_back"),
                  number_of(report, "given_back"),
                  number_of(report, "unsettled")));
}

Exit exit_of(const Json& report) {
  return text_of(report, "state") == "failed" ? Exit::unavailable : Exit::done;
}

/// Wishes it, then follows it for as long as it takes or --wait says.
Result<model::JsonDocument> follow(NodeDoor& door, const Arguments& arguments, std::int64_t wait_s) {
  auto report = TRY(door.ask(Method::post, path_of(arguments), "{}"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait_s);
  while (!is_over(report.root()) && flag_of(report.root(), "serves") &&
         std::chrono::steady_clock::now() < until) {
    show_progress(report.root());
    std::this_thread::sleep_for(look_pause);
    report = TRY(door.ask(Method::get, path_of(arguments)));
  }
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K");
  return report;
}

Exit run(const Arguments& arguments) {
  std::int64_t wait_s = 0;
  for (const char digit : arguments.one("--wait", "60")) {
    if (digit < '0' || digit > '9' || wait_s > 1'000'000) {
      fmt::print(stderr, "shieldwall: --wait: give whole seconds\n");
      return Exit::usage;
    }
    wait_s = wait_s * 10 + (digit - '0');
  }
  auto ended = Exit::done;
  const auto exit = on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        auto report = arguments.has("--status") ? door.ask(Method::get, path_of(arguments))
                                                : follow(door, arguments, wait_s);
        if (report) ended = exit_of(report->root());
        return report;
      },
      show);
  return exit == Exit::done ? ended : exit;
}

constexpr Option options_here[] = {
    {"MEMBER", "the member's name or id", Takes::one, true},
    {"--status", "only show how far it is", Takes::nothing},
    {"--wait", "seconds to follow it; it goes on by itself after; default: 60"},
    dir_option,
    as_option,
    json_option,
};

constexpr Command commands_here[] = {
    {"alliance reconcile",
     "find and mend what a member lacks of what was released to it",
     "Compares the set of all statements that each of the two released to the other with what the other "
     "one took, by a few kilobytes for each hundred differences however large the sets are. What is "
     "missing is told again; what a restored node forgot of its own comes back to it. After a restore it "
     "is done by itself. Exit 5 when it failed.",
     options_here,
     "shieldwall alliance reconcile 'Partner CERT' --dir node",
     run},
};

}  // namespace

std::span<const Command> reconcile_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
