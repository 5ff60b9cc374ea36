#pragma once
// Lists of indicators, for intel.cpp.

#include "detect/intel.h"
#include "detect/readers/line_reader.h"

namespace shieldwall::detect {

inline constexpr std::size_t list_line_bytes_max = 1u
                                                   << 20;  // an entry of a list is a value and some remarks

void add_unused(Intel& into, Unused unused);

/// errors: as the reader
Done read_list(LineReader& lines, const std::string& source, const ListOptions& options, Intel& into);

}  // namespace shieldwall::detect
