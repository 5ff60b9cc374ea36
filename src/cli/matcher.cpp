#include "cli/matcher.h"

#include <filesystem>

#include "base/clock.h"
#include "base/fs.h"
#include "cli/node_call.h"
#include "cli/scan.h"
#include "cli/streams.h"
#include "detect/packed/matcher_file.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

Exit run_build(const Arguments& arguments) {
  auto intel = read_all_intel(arguments);
  if (!intel) return report(intel.error());
  const auto matcher = detect::compile(std::move(intel->indicators), {.now = system_clock().now()});
  const auto patterns = detect::IndicatorPatterns::of(matcher, system_clock().now());
  tell_unused(intel->unused, intel->unused_count);
  tell_unused_by_both(matcher, patterns);
  if (matcher.literals() == 0 && patterns.empty()) return report(no_indicator_to_look_for());
  const auto path = arguments.one("FILE");
  if (const auto written = detect::write_matcher_file(matcher, system_fs(), path); !written)
    return report_input(written.error());
  print("{}: {} literals and {} patterns of {} indicators\n",
        path,
        matcher.literals(),
        patterns.size(),
        matcher.indicator_count());
  return Exit::done;
}

Exit run_info(const Arguments& arguments) {
  const auto path = arguments.one("FILE");
  const auto matcher = detect::load_matcher_file(path, system_clock().now());
  if (!matcher) return report_input(matcher.error());
  std::error_code ignored;
  const auto file_bytes = std::filesystem::file_size(path, ignored);
  const auto counts = detect::literal_counts(*matcher);
  const auto patterns = detect::IndicatorPatterns::of(*matcher, system_clock().now()).size();
  if (arguments.has("--json")) {
    model::JsonWriter json;
    json.begin_object();
    json.member("indicators", matcher->indicator_count());
    json.member("literals", matcher->literals());
    json.member("patterns", patterns);
    json.member("memory_bytes", matcher->bytes());
    json.member("file_bytes", file_bytes);
    json.key("kinds");
    json.begin_object();
    for (const auto& [name, count] : counts) json.member(name, count);
    json.end_object();
    json.end_object();
    print("{}\n", json.text());
    return Exit::done;
  }
  print(
      "{} indicators, {} literals, {} patterns; {} bytes of memory, {} bytes of file, all as they were "
      "written\n",
      matcher->indicator_count(),
      matcher->literals(),
      patterns,
      matcher->bytes(),
      file_bytes);
  for (const auto& [name, count] : counts) print("{:>12} {}\n", count, name);
  return Exit::done;
}

constexpr Option build_options[] = {
    dir_option,
    as_option,
    intel_option,
    kind_option,
    column_option,
    {"FILE", "the file to write; replaced whole when it is there", Takes::one, true},
};

constexpr Option info_options[] = {
    {"--json", "one JSON object", Takes::nothing},
    {"FILE", "a file of `matcher build`", Takes::one, true},
};

}  // namespace

std::size_t Wanted::indicators() const {
  const auto unused = matcher.unused();
  const auto left_out = std::ranges::count_if(unused, [&](const detect::Unused& one) {
    return !one.partly && (!patterns || !patterns->takes(one.id));
  });
  return matcher.indicator_count() - static_cast<std::size_t>(left_out);
}

namespace {

/// Whole logs lie there: a pattern without WITHIN waits for its other observations however long.
constexpr detect::PatternSetOptions of_whole_logs{.window = days(100 * 365)};

Wanted with_patterns(detect::Matcher matcher, const detect::Intel& intel, Timestamp now) {
  auto patterns = std::make_shared<const detect::IndicatorPatterns>(
      detect::IndicatorPatterns::of(matcher, now, of_whole_logs));
  tell_unused(intel.unused, intel.unused_count);
  tell_unused_by_both(matcher, *patterns);
  if (patterns->empty()) patterns.reset();
  return {.matcher = std::move(matcher), .patterns = std::move(patterns)};
}

}  // namespace

Result<Wanted> wanted_by(const Arguments& arguments, Timestamp now) {
  const auto path = arguments.one("--matcher");
  if (path.empty()) {
    auto intel = TRY(read_all_intel(arguments));
    return with_patterns(detect::compile(std::move(intel.indicators), {.now = now}), intel, now);
  }
  auto matcher = TRY(here(detect::load_matcher_file(path, now)));
  detect::Intel intel;
  if (arguments.has("--intel") || arguments.has("--dir")) {
    intel = TRY(read_all_intel(arguments));
    matcher = TRY(beside(matcher, std::move(intel.indicators), now));
  }
  return with_patterns(std::move(matcher), intel, now);
}

Result<detect::Matcher> beside(const detect::Matcher& file,
                               std::vector<detect::Indicator> more,
                               Timestamp now) {
  if (more.size() > detect::changes_max)
    return fail(ErrorCode::exhausted,
                "{} indicators beside --matcher; up to {} are taken: build them into one file",
                more.size(),
                detect::changes_max);
  return detect::changed(file, {.added = std::move(more)}, now);
}

Result<detect::WarningLists> warning_lists_for(const Arguments& arguments) {
  detect::WarningLists lists;
  for (const auto& path : arguments.all("--warning-list")) TRY(lists.read_path(path));
  return lists;
}

std::span<const Command> matcher_commands() {
  static const Command rows[] = {
      {
          .words = "matcher build",
          .summary = "compile indicators into a file for scans",
          .text =
              "Compiles the indicators of --intel files, or of the node in --dir, into one file that "
              "`scan --matcher` maps in moments. What cannot be used is told on standard error. A file "
              "serves until the program's next version; values of indicators revoked or not yet valid are "
              "left out. "
              "Patterns that say more than values are kept, and held against events as those of --intel are. "
              "Exit status: 4 there is no indicator to look for, and no file is written; 5 a file or the "
              "node "
              "cannot be used.",
          .options = build_options,
          .example = "shieldwall matcher build --intel samples/demo/shared.json shared.matcher",
          .run = run_build,
      },
      {
          .words = "matcher info",
          .summary = "check a file of compiled indicators and say what it holds",
          .text =
              "Checks every byte of a matcher file and prints how much of what it looks for. Exit status: 4 "
              "when it is damaged or none.",
          .options = info_options,
          .example = "shieldwall matcher info shared.matcher",
          .run = run_info,
      },
  };
  return rows;
}

}  // namespace shieldwall::cli
