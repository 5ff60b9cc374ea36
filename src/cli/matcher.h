#pragma once
// `shieldwall matcher build` and `matcher info`: indicators compiled once into a file; and the matcher of a
// scan.

#include "cli/command.h"
#include "detect/matcher.h"
#include "detect/pattern/indicator_patterns.h"
#include "detect/warning_lists.h"

namespace shieldwall::cli {

std::span<const Command> matcher_commands();

inline constexpr Option matcher_option = {
    "--matcher", "a file of `matcher build`: what it holds is looked for, and what --intel gives besides"};
inline constexpr Option warning_list_option = {
    "--warning-list",
    "values that are no hits: MISP warning lists, a file or folder; may stand again",
    Takes::each};

/// What a scan looks for.
struct Wanted {
  detect::Matcher matcher;
  std::shared_ptr<const detect::IndicatorPatterns> patterns;  // of its indicators; null when there are none

  std::size_t indicators() const;  // that take part
};

/// That of --matcher, --intel and --dir. What does not take part is told on standard error.
Result<Wanted> wanted_by(const Arguments& arguments, Timestamp now);

/// A matcher of a file with the indicators that are given beside it.
///   errors  exhausted: more than changes_max
Result<detect::Matcher> beside(const detect::Matcher& file,
                               std::vector<detect::Indicator> more,
                               Timestamp now);

/// All of --warning-list.
Result<detect::WarningLists> warning_lists_for(const Arguments& arguments);

}  // namespace shieldwall::cli
