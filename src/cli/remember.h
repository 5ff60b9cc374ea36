#pragma once
// What `scan --remember` keeps for `hunt`.

#include <memory>

#include "cli/command.h"
#include "detect/past/recorder.h"

namespace shieldwall::cli {

inline constexpr Option remember_option{"--remember",
                                        "keep what is seen, without the logs, in this folder for `hunt`"};
inline constexpr Option remember_days_option{
    "--remember-days", "forget what is older than so many days; default: 400, 0: never"};
inline constexpr Option remember_mb_option{
    "--remember-mb", "forget the oldest beyond so many megabytes; default: 0, no limit"};

/// --past, else past/ in the node's folder.
std::string past_folder_of(const Arguments& arguments);

/// How long it is kept, by --remember-days and --remember-mb. errors: invalid: says which
Result<detect::past::Retention> retention_of(const Arguments& arguments);

/// The recorder of --remember; null without it. errors: as the folder; invalid: the numbers
Result<std::unique_ptr<detect::past::Recorder>> recorder_of(const Arguments& arguments);

/// Makes segments and tells what was kept. errors: as Recorder::close
Done close(detect::past::Recorder& recorder, const Arguments& arguments);

}  // namespace shieldwall::cli
