#pragma once
// What the values of options may be, as far as the command line can tell by itself. A slip is told before the
// command begins, and ends it with the status of wrong usage.

#include "cli/command.h"

namespace shieldwall::cli::accepts {

Fault number(std::string_view text);  // whole, not negative
Fault port(std::string_view text);
Fault uuid(std::string_view text);
Fault stix_id(std::string_view text);
Fault nation(std::string_view text);
Fault instant(std::string_view text);
Fault value_kind(std::string_view text);
Fault tlp(std::string_view text);
Fault pap(std::string_view text);
Fault role(std::string_view text);
Fault right(std::string_view text);
Fault api_root(std::string_view text);

}  // namespace shieldwall::cli::accepts
