#pragma once
// A line whose form says nothing.

#include <string_view>

#include "detect/record.h"

namespace shieldwall::detect {

/// Makes it the record of running text. `line` outlives the record.
void as_prose(std::string_view line, Record& record);

}  // namespace shieldwall::detect
