#pragma once
// What `scan --remember` keeps for `hunt`.

#include <memory>

#include "cli/accepts.h"
#include "detect/past/recorder.h"

namespace shieldwall::cli {

inline constexpr Option remember_option{"--remember",
                                        "keep what is seen, without the logs, in this folder for `hunt`"};
inline constexpr Option remember_days_option{
    "--remember-days",
    "forget what is older than so many days, 0: never; holds for the folder until said anew; at first: 400",
    Takes::one,
    false,
    accepts::number};
inline constexpr Option remember_mb_option{
    "--remember-mb",
    "forget the oldest beyond so many megabytes, 0: no limit; holds until said anew; at first: 0",
    Takes::one,
    false,
    accepts::number};

/// --past, else past/ in the node's folder.
std::string past_folder_of(const Arguments& arguments);

struct Remembering {
  std::unique_ptr<detect::past::Recorder> recorder = {};  // null without --remember
  detect::past::Retention retention = {};  // by --remember-days and --remember-mb, of now or before
};

/// errors: as the folder; invalid: the numbers
Result<Remembering> remembering_by(const Arguments& arguments);

/// Makes segments and tells what was kept; nothing without --remember. errors: as Recorder::close
Done close(const Remembering& remembering);

}  // namespace shieldwall::cli
