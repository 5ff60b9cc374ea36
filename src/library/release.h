#pragma once
// Releasing what the organisation holds already into a circle: a list that its author sees, never what a link
// leads to. Where the circle wants a second person, the list waits until another account consents.

#include "api/route.h"
#include "library/label_request.h"

namespace shieldwall::library {

/// POST /api/v1/releases
Result<api::Response> release_objects(api::Call& call);
/// GET /api/v1/releases: those that wait for consent
Result<api::Response> list_releases(api::Call& call);
/// POST /api/v1/releases/{id}/consent
Result<api::Response> consent_to_release(api::Call& call);
/// DELETE /api/v1/releases/{id}
Result<api::Response> withdraw_release(api::Call& call);

extern const api::Type release_request;
extern const api::Type releases_answer;

}  // namespace shieldwall::library
