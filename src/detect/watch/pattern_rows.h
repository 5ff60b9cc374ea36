#pragma once
// What patterns of several observations wait with, as rows that are kept with a watch's position
// (docs/formats/watch.md): a watch that starts again binds what came before it to what comes now.

#include "detect/pattern/indicator_patterns.h"
#include "store/store.h"

namespace shieldwall::detect {

/// In place of the pattern's row; the row goes where nothing waits.
store::Write write_of(const PatternWait& wait);

/// Gives each row to `follower`; those of patterns that it does not have are deleted.
///   errors  as Records; corrupt: not a row of write_of
Done resume(PatternFollower& follower, store::Records& records);

/// Of a row's value; the form is refused unless it is the one that write_of gives.
///   errors  invalid
Result<PatternWait> decode_pattern_wait(std::string_view value);

}  // namespace shieldwall::detect
