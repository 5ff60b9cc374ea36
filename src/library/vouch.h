#pragma once
// Publishing for another member, which asked for it and is not named.

#include "api/route.h"

namespace shieldwall::library {

/// POST /api/v1/objects/{id}/vouch: an object that another member released here, and whose `labels` ask for
/// it, goes into the circle as the organisation's own, without its creator, its markings and that wish, and
/// never more openly than it came. Its statement says that it is for somebody whom only the signer knows.
///   source  docs/formats/statement.md, kind `delegate`
Result<api::Response> vouch_for_object(api::Call& call);

inline constexpr api::Parameter vouch_parameters[] = {
    {"circle", "string", "UUID or alias of the circle to release into"},
};
extern const api::Type vouch_answer;

}  // namespace shieldwall::library
