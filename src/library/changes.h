#pragma once
// What changed for the caller, as server-sent events (WHATWG HTML, section 9.2).

#include "api/route.h"

namespace shieldwall::library {

/// GET /api/v1/changes. Without an event's id it begins with what changes from now on; the id of the stream's
/// first line takes up there again, also when no event came. An id remembers what its reader saw: where
/// rights are wider since (a grant, a compartment, a roster), what they open of all that was told before
/// comes first, as `opened`.
Result<api::Response> follow_changes(api::Call& call);

inline constexpr api::Parameter changes_parameters[] = {
    {"after", "string", "the id of an event: go on after it; the header Last-Event-ID counts first"},
    {"from", "string", "without an id: now (default), or beginning: all that is held, then what changes"},
    {"once", "boolean", "end when everything up to now was told, instead of waiting for more"},
};

/// A stream ends after this and its client comes back with the last id, so that an account or membership that
/// was taken away is noticed soon.
inline constexpr Duration stream_life = minutes(1);

}  // namespace shieldwall::library
