#pragma once
// The label of what is held already, brought in line with what its owner wants now.

#include "api/route.h"
#include "library/label_request.h"

namespace shieldwall::library {

/// PATCH /api/v1/objects/{id}: the organisation's own holdings of it in one circle, or outside of all
/// circles, come under the label that putting them anew with these parameters would give. The audience stays
/// as it was when they were released: who joined the circle since then sees no more than before. Who can see
/// them no longer is told `withdrawn`, who can see them now `opened`.
///   source  docs/decisions/0007; docs/formats/statement.md, kind `amend`
Result<api::Response> amend_label(api::Call& call);

inline constexpr api::Parameter amend_parameters[] = {
    {"circle", "string", "UUID or alias of the circle it was released into; without it what none was"},
    label_parameters[1],
    label_parameters[2],
    label_parameters[3],
    label_parameters[4],
    label_parameters[5],
    label_parameters[6],
    label_parameters[7],
    label_parameters[8],
    {"version", "string", "an exact time: this version alone"},
};
extern const api::Type amend_answer;

}  // namespace shieldwall::library
