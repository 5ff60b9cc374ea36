#include "cli/hunt.h"

#include <charconv>

#include "base/clock.h"
#include "base/text.h"
#include "cli/node_call.h"
#include "cli/remember.h"
#include "cli/scan.h"
#include "cli/streams.h"
#include "detect/past/arrivals.h"
#include "detect/past/hunt.h"

namespace shieldwall::cli {

namespace {

namespace past = detect::past;

constexpr std::size_t unused_shown = 20;

Result<detect::Matcher> read_questions(const Arguments& arguments, Timestamp now) {
  const auto options = list_options(arguments);
  detect::Intel intel;
  for (const auto& path : arguments.all("INDICATORS"))
    TRY(here(detect::read_intel_file(path, options, intel)));
  if (arguments.all("INDICATORS").empty()) TRY(read_intel_of_node(arguments, intel));
  auto matcher = detect::compile(std::move(intel.indicators), {.now = now});
  auto unused = std::move(intel.unused);
  const auto more = matcher.unused();
  unused.insert(unused.end(), more.begin(), more.end());
  for (const auto& one : std::span(unused).first(std::min(unused.size(), unused_shown)))
    fmt::print(stderr,
               "shieldwall: {} asked: {} ({})\n",
               one.partly ? "only in part" : "not",
               excerpt(one.id.empty() ? one.source : one.id, 200),
               one.reason);
  if (unused.size() > unused_shown)
    fmt::print(stderr, "shieldwall: and {} more not asked\n", unused.size() - unused_shown);
  return matcher;
}

std::string_view state_of(const past::PastHit& hit) {
  return hit.confirmed == true ? "confirmed" : "unconfirmed";
}

void print_json(const past::PastHit& hit, const detect::Indicator& indicator) {
  model::JsonWriter out;
  out.begin_object();
  out.member("indicator", indicator.id);
  if (!indicator.name.empty()) out.member("name", indicator.name);
  out.member("pattern", indicator.pattern);
  out.member("log", hit.source);
  if (!hit.found_in.empty()) out.member("log_now", hit.found_in);
  out.member("line", hit.line);
  out.member("first_seen", to_text(hit.first_seen));
  out.member("last_seen", to_text(hit.last_seen));
  out.member("count", hit.count);
  out.member("state", state_of(hit));
  if (!hit.why_not.empty()) out.member("why", hit.why_not);
  if (hit.confirmed == true) {
    if (!hit.field.empty()) out.member("field", hit.field);
    out.member("value", hit.value);
    if (is_valid_utf8(hit.raw)) out.member("raw", hit.raw);
  }
  out.end_object();
  print("{}\n", std::move(out).text());
}

void print_text(const past::PastHit& hit, const detect::Indicator& indicator) {
  const auto& label = indicator.name.empty() ? indicator.pattern : indicator.name;
  print("{}  {:>7}x  {}:{}  {}  {}{}\n",
        to_text_ms(hit.first_seen).substr(0, 19),
        hit.count,
        hit.found_in.empty() ? hit.source : hit.found_in,
        hit.line,
        excerpt(label, 80),
        state_of(hit),
        hit.confirmed == true
            ? fmt::format(": {}{}{}", hit.field, hit.field.empty() ? "" : " ", excerpt(hit.value, 120))
        : hit.why_not.empty() ? std::string()
                              : ": " + hit.why_not);
}

void tell_totals(const past::HuntResult& result) {
  const auto& totals = result.totals;
  for (const auto& refused : result.refused) fmt::print(stderr, "shieldwall: left out: {}\n", refused);
  for (const auto& unused : std::span(result.unused).first(std::min(result.unused.size(), unused_shown)))
    fmt::print(stderr, "shieldwall: not asked: {} ({})\n", excerpt(unused.id, 200), unused.reason);
  fmt::print(stderr,
             "shieldwall: {} found; asked {} values of {} entries in {} segments ({:.1f} MB hot, {:.1f} MB "
             "cold, for "
             "{:.1f} MB of logs) in {:.3f} s, raw lines in {:.3f} s{}\n",
             result.hits.size(),
             totals.probes,
             totals.entries,
             totals.segments,
             static_cast<double>(totals.hot_bytes) / 1e6,
             static_cast<double>(totals.cold_bytes) / 1e6,
             static_cast<double>(totals.raw_bytes) / 1e6,
             totals.ask_s,
             totals.confirm_s,
             totals.strays == 0 ? "" : fmt::format("; {} were refuted by their lines", totals.strays));
}

Exit run_hunt(const Arguments& arguments) {
  const auto now = system_clock().now();
  const auto since = instant_of(arguments.one("--since", "365d"), now);
  if (!since) {
    fmt::print(stderr, "shieldwall: --since: {}\n", since.error().message);
    return Exit::usage;
  }
  const auto folder = past::PastFolder::open(system_fs(), past_folder_of(arguments));
  if (!folder) return report_input(folder.error());
  const auto matcher = read_questions(arguments, now);
  if (!matcher) return report_input(matcher.error());
  if (matcher->literals() == 0) return report(no_indicator_to_look_for());
  const auto result =
      past::hunt(system_fs(), *folder, *matcher, {.since = *since, .confirm = !arguments.has("--no-raw")});
  if (!result) return report_input(result.error());
  for (const auto& hit : result->hits)
    (arguments.has("--json") ? print_json : print_text)(hit, matcher->indicator(hit.indicator));
  std::fflush(stdout);
  tell_totals(*result);
  if (!result->refused.empty()) return Exit::bad_input;
  return result->hits.empty() ? Exit::done : Exit::found;
}

constexpr Option hunt_options[] = {
    dir_option,
    as_option,
    {"--past", "the folder that scan --remember filled; default: past/ in the node's folder"},
    {"--since", "how far back: 365d, 12h, 30m, or a date; default: 365d"},
    {"--no-raw", "do not look for the raw lines: all is told unconfirmed", Takes::nothing},
    kind_option,
    column_option,
    {"--json", "one JSON object a hit and line", Takes::nothing},
    {"INDICATORS", "STIX bundles, lists, CSV; none: the node's indicators", Takes::many},
};

Exit run_results(const Arguments& arguments) {
  if (arguments.has("--past"))
    if (const auto folder = past::PastFolder::open(system_fs(), past_folder_of(arguments)); !folder)
      return report_input(folder.error());
  const auto path = fmt::format("{}/{}", past_folder_of(arguments), past::results_name);
  const auto text = read_file(system_fs(), path, 2 * past::results_bytes_max);
  if (!text && text.error().code == ErrorCode::not_found) return Exit::done;
  if (!text) return report_input(text.error());
  for (const auto line : split(*text, '\n')) {
    const auto document = model::JsonDocument::parse(std::string(line));
    if (!document) continue;  // cut by a crash
    const auto root = document->root();
    if (arguments.has("--json")) {
      print("{}\n", line);
      continue;
    }
    print("{}  {:>7}x  {}:{}  {}  {}{}\n",
          text_of(root, "first_seen").substr(0, 19),
          number_of(root, "count"),
          text_of(root, "log"),
          number_of(root, "line"),
          excerpt(text_of(root, root.find("name") ? "name" : "indicator"), 80),
          text_of(root, "state"),
          root.find("value") ? fmt::format(": {}", text_of(root, "value")) : std::string());
  }
  return text->empty() ? Exit::done : Exit::found;
}

constexpr Option results_options[] = {
    dir_option,
    {"--past", "the folder that scan --remember filled; default: past/ in the node's folder"},
    {"--json", "one JSON object a hit and line", Takes::nothing},
};

}  // namespace

Result<Timestamp> instant_of(std::string_view text, Timestamp now) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && unit.size() == 1) {
    if (unit == "d") return now - days(number);
    if (unit == "h") return now - hours(number);
    if (unit == "m") return now - minutes(number);
  }
  static constexpr std::size_t date_size = 10;
  const auto at =
      parse_lenient_time(text.size() == date_size ? std::string(text) + "T00:00:00Z" : std::string(text));
  if (at) return at;
  return fail(ErrorCode::invalid, "'{}' is no length of time (365d, 12h, 30m) and no date", excerpt(text));
}

std::span<const Command> hunt_commands() {
  static const Command rows[] = {
      {
          .words = "hunt",
          .summary = "ask the past about indicators",
          .text = "Asks what scan --remember kept, in the folder of --past or of the node in --dir, where "
                  "indicators were "
                  "seen: in seconds, whatever the size of the logs. Each hit is a log and a day; where the "
                  "log still exists "
                  "its line is read and the hit confirmed, else it is said to be unconfirmed. What cannot be "
                  "asked or is "
                  "damaged is told on standard error. Exit status: 0 nothing found, 1 found, 4 a part of "
                  "the past is damaged, whatever the rest showed, or there is no indicator to ask about, 5 a "
                  "file or the node cannot be "
                  "used.",
          .options = hunt_options,
          .example = "shieldwall hunt --past past --since 5000d samples/demo/shared.json",
          .run = run_hunt,
      },
      {
          .words = "hunt results",
          .summary = "show what arriving indicators were seen in",
          .text = "A serving node asks the past in its folder about every indicator that arrives. This "
                  "prints what was "
                  "found, oldest first. Exit status: 0 nothing, 1 something, 5 no past is kept in --past.",
          .options = results_options,
          .example = "shieldwall hunt results --dir node",
          .run = run_results,
      }};
  return rows;
}

}  // namespace shieldwall::cli
