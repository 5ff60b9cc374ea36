#pragma once
// One row of CSV, RFC 4180; for logs and for lists of indicators.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/readers/arena.h"

namespace shieldwall::detect {

/// Does the text end inside a quoted field, so that the row goes on in the next line?
bool has_open_quote(std::string_view text, char separator);

/// The fields of a row; quoted ones are unquoted in `arena`. errors: invalid: quotes that do not fit
Done split_csv_row(std::string_view text, char separator, Arena& arena, std::vector<std::string_view>& row);

}  // namespace shieldwall::detect
