#include "cli/scan.h"

#include <cstdio>

#include "base/clock.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/matcher.h"
#include "cli/node_call.h"
#include "cli/remember.h"
#include "cli/scan_print.h"
#include "cli/scan_why.h"
#include "cli/sigma.h"
#include "cli/streams.h"

namespace shieldwall::cli {

namespace {

constexpr std::size_t unused_shown = 20;  // of indicators that do not take part

}  // namespace

detect::ListOptions list_options(const Arguments& arguments) {
  return {.kind = model::value_kind_named(arguments.one("--kind")), .column = arguments.one("--column")};
}

Done read_intel_files(const Arguments& arguments, detect::Intel& into) {
  const auto options = list_options(arguments);
  for (const auto& path : arguments.all("--intel")) TRY(here(detect::read_intel_file(path, options, into)));
  return {};
}

Result<detect::Intel> read_all_intel(const Arguments& arguments) {
  detect::Intel intel;
  TRY(read_intel_files(arguments, intel));
  if (arguments.has("--dir") || arguments.all("--intel").empty()) TRY(read_intel_of_node(arguments, intel));
  return intel;
}

Error no_indicator_to_look_for() {
  return {ErrorCode::invalid, "there is no indicator to look for, so nothing was searched"};
}

Error no_log_to_look_through() {
  return {ErrorCode::unavailable, "there is no log to look through: what was named holds no file"};
}

Exit tell_unread(std::uint64_t files) {
  fmt::print(stderr,
             "shieldwall: {} {} not looked through to the end, so there may be more than was found\n",
             files,
             files == 1 ? "file was" : "files were");
  return Exit::bad_input;
}

void tell_unused(std::span<const detect::Unused> unused, std::uint64_t count) {
  for (const auto& one : unused.first(std::min(unused.size(), unused_shown)))
    fmt::print(stderr,
               "shieldwall: {} used: {} ({})\n",
               one.partly ? "only in part" : "not",
               excerpt(one.id.empty() ? one.source : one.id, 200),
               one.reason);
  if (count > unused_shown) fmt::print(stderr, "shieldwall: and {} more not used\n", count - unused_shown);
}

void tell_unused_by_both(const detect::Matcher& matcher, const detect::IndicatorPatterns& patterns) {
  auto unused = matcher.unused();
  std::erase_if(unused, [&](const detect::Unused& one) { return patterns.takes(one.id); });
  unused.insert(unused.end(), patterns.unused().begin(), patterns.unused().end());
  tell_unused(unused, unused.size());
}

namespace {

Exit exit_of_scan(const detect::ScanTotals& totals) {
  if (totals.stopped) return static_cast<Exit>(exit_interrupted);
  if (totals.damaged_files > 0) return tell_unread(totals.damaged_files);
  return totals.hits > 0 ? Exit::found : Exit::done;
}

/// One at least. errors: as find_files; unavailable: none
Result<std::vector<detect::InputFile>> logs_of(const Arguments& arguments) {
  auto files = TRY(detect::find_files(arguments.all("PATH")));
  if (files.empty()) return fail(no_log_to_look_through());
  return files;
}

/// Rules instead of indicators: nothing of a node is asked.
Exit run_sigma_scan(const Arguments& arguments) {
  const auto files = logs_of(arguments);
  if (!files) return report_input(files.error());
  return scan_with_sigma(arguments, *files, interrupted());
}

Exit no_path() {
  fmt::print(stderr, "shieldwall: scan needs PATH: logs to look through\n");
  return Exit::usage;
}

Exit not_with_sigma() {
  fmt::print(stderr,
             "shieldwall: {} keeps what indicators are looked for in, and --sigma looks for none: scan the "
             "logs once "
             "more without --sigma\n",
             remember_option.name);
  return Exit::usage;
}

void tell_missed(const detect::ScanTotals& totals) {
  if (totals.patterns_missed > 0)
    fmt::print(stderr,
               "shieldwall: patterns of several observations may have missed hits: {} events that fit one of "
               "them were more than it waits with, or too late for it\n",
               totals.patterns_missed);
}

Exit run_scan(const Arguments& arguments) {
  if (arguments.all("PATH").empty() && !arguments.has("--why-not")) return no_path();
  if (arguments.has("--sigma") && arguments.has(remember_option.name)) return not_with_sigma();
  if (arguments.has("--sigma")) return run_sigma_scan(arguments);
  const auto now = system_clock().now();
  const auto wanted = wanted_by(arguments, now);
  if (!wanted) {
    const auto exit = report(wanted.error());
    return wanted.error().code == ErrorCode::exhausted ? Exit::bad_input : exit;  // a limit of the text
  }
  const auto warning_lists = warning_lists_for(arguments);
  if (!warning_lists) return report_input(warning_lists.error());
  if (arguments.has("--why-not")) return tell_why_not(arguments, *wanted, *warning_lists, now);
  if (wanted->matcher.literals() == 0 && !wanted->patterns) return report(no_indicator_to_look_for());
  const auto files = logs_of(arguments);
  if (!files) return report_input(files.error());
  const auto past = remembering_by(arguments);
  if (!past) return report_input(past.error());
  ScanPrinter printer(*wanted, arguments.has("--json"));
  SightingSink sink(wanted->matcher, printer, now);
  const auto totals = detect::scan_files(
      wanted->matcher,
      *files,
      {.free_text = arguments.has("--inside") ? detect::FreeText::inside : detect::FreeText::whole,
       .threads = 0,
       .warning_lists = &*warning_lists,
       .stop = &interrupted(),
       .taps = past->recorder.get(),
       .patterns = wanted->patterns,
       .now = now},
      sink);
  printer.totals(totals);
  std::fflush(stdout);
  if (const auto kept = close(*past); !kept) return report_input(kept.error());
  tell_missed(totals);
  if (totals.stopped) fmt::print(stderr, "shieldwall: interrupted after {} lines\n", totals.counts.lines);
  if (arguments.has("--sightings") && !totals.stopped)
    if (const auto told = report_to_node(arguments, sink.take()); !told) return report(told.error());
  return exit_of_scan(totals);
}

constexpr Option scan_options[] = {
    dir_option,
    as_option,
    intel_option,
    kind_option,
    column_option,
    matcher_option,
    warning_list_option,
    {"--inside", "look inside longer fields of structured logs too, as in plain text", Takes::nothing},
    {"--sightings",
     "tell the node what was seen: indicator, hour and count; each log counts once",
     Takes::nothing},
    remember_option,
    remember_days_option,
    remember_mb_option,
    {"--sigma", "Sigma rules: a file or folder, instead of indicators; may stand again", Takes::each},
    {"--placeholders", "with --sigma: folder with NAME.txt files, the values of %NAME%"},
    {"--approve", "with --sigma: id of a rule that may run although it matches everything", Takes::each},
    {"--json", "one JSON object a hit and line", Takes::nothing},
    {"--why-not",
     "say why this value, of --kind where it is given, hits or does not, instead of looking through logs"},
    {"PATH", "logs: files, folders, - for standard input", Takes::many},
};

}  // namespace

std::span<const Command> scan_commands() {
  static const Command commands_of_scan[] = {{
      .words = "scan",
      .summary = "look for indicators in logs",
      .text =
          "Looks for the indicators of --intel files, or of the node in --dir, in logs: Zeek JSON and TSV, "
          "Suricata EVE, other JSON lines, CSV with a header and text, also in gzip, zstd and xz, all "
          "recognised by their content. STIX patterns that say more than that a value was seen (AND, LIKE, "
          "MATCHES, FOLLOWEDBY, WITHIN, ...) are held against all events: those of several observations in "
          "the "
          "order of time over all files, or with standard input as they come. Prints each hit, then totals "
          "by "
          "indicator. What cannot be used or read is told on standard error. Exit status: 0 nothing found, 1 "
          "found, 4 a file is damaged or in UTF-16, so that its rest is not looked through, whatever was "
          "found; "
          "or there is no indicator or rule to look for, 5 a file or the node cannot be used, or there is no "
          "log.",
      .options = scan_options,
      .example = "shieldwall scan --remember past --remember-days 0 --intel samples/demo/shared.json "
                 "samples/demo/logs",
      .run = run_scan,
  }};
  return commands_of_scan;
}

}  // namespace shieldwall::cli
