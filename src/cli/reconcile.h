#pragma once
// Command `alliance reconcile`; its row stands in alliance.cpp, before the alliance of the examples is left.

#include "cli/node_call.h"

namespace shieldwall::cli {

inline constexpr Option reconcile_options[] = {
    {"MEMBER", "the member's name or id", Takes::one, true},
    {"--status", "only show how far it is", Takes::nothing},
    {"--wait", "seconds to follow it; it goes on by itself after; default: 60"},
    dir_option,
    as_option,
    json_option,
};
Exit run_reconcile(const Arguments& arguments);

}  // namespace shieldwall::cli
