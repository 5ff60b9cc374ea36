#pragma once
// `shieldwall scan`: indicators looked for in logs.

#include <functional>

#include "cli/accepts.h"
#include "detect/intel.h"
#include "detect/pattern/indicator_patterns.h"

namespace shieldwall::cli {

std::span<const Command> scan_commands();

inline constexpr Option intel_option{
    "--intel", "indicators: a STIX bundle, a list of one value a line, CSV; may stand again", Takes::each};
inline constexpr Option kind_option{
    "--kind",
    "the kind of every value in lists: ipv4, domain, url, sha256, email, file_name, ...",
    Takes::one,
    false,
    accepts::value_kind};
inline constexpr Option column_option{"--column", "the column of CSV lists that holds the value"};
/// What --kind and --column say of lists.
detect::ListOptions list_options(const Arguments& arguments);

/// The indicators that the node in --dir shows to the account in --as, one page of its API after the other.
///   errors  as NodeDoor
Done read_intel_of_node(const Arguments& arguments, detect::Intel& into);
/// Those that it shows since `newest`, an instant in its own words, which moves on to the newest of all;
/// empty: from the beginning.
Done read_news_of_node(const Arguments& arguments, std::string& newest, detect::Intel& into);

/// The indicators of --intel files.
Done read_intel_files(const Arguments& arguments, detect::Intel& into);

/// The indicators of --intel files, and of the node where --dir or no --intel is given.
Result<detect::Intel> read_all_intel(const Arguments& arguments);

/// Where nothing was looked for, or looked through, "nothing found" would be a false answer.
Error no_indicator_to_look_for();
Error no_log_to_look_through();
/// Says of how many files a part was not looked through, and the status of that, whatever was found.
Exit tell_unread(std::uint64_t files);

/// Says on standard error what does not take part, and why.
void tell_unused(std::span<const detect::Unused> unused, std::uint64_t count);

/// The same of a matcher's indicators that `patterns` do not take either.
void tell_unused_by_both(const detect::Matcher& matcher, const detect::IndicatorPatterns& patterns);

}  // namespace shieldwall::cli
