#pragma once
// Handlers of single objects under /api/v1/objects.

#include "api/route.h"
#include "policy/released.h"

namespace shieldwall::library {

/// POST /api/v1/objects: one object, a bundle, an envelope or an array, each object judged on its own.
Result<api::Response> put_objects(api::Call& call);
/// GET /api/v1/objects/{id}
Result<api::Response> get_object(api::Call& call);
/// GET /api/v1/objects/{id}/versions
Result<api::Response> get_versions(api::Call& call);
/// GET /api/v1/objects/{id}/relationships
Result<api::Response> get_relationships(api::Call& call);
/// DELETE /api/v1/objects/{id}
Result<api::Response> delete_object(api::Call& call);

extern const api::Type put_answer;
extern const api::Type versions_answer;
extern const api::Type relationships_answer;

inline constexpr api::Parameter get_parameters[] = {
    {"version", "string", "last (default), first, or an exact time"},
};
inline constexpr api::Parameter versions_parameters[] = {
    {"circle", "string", "UUID or alias of a circle; without it all the caller sees"},
};
inline constexpr api::Parameter delete_parameters[] = {
    {"circle", "string", "UUID or alias: take it back from this circle alone"},
    {"version", "string", "an exact time: this version alone"},
};

/// The last version of it that the caller may be shown. errors: not_found
Result<policy::Released<policy::Holding>> last_seen(const api::Call& call, const model::ObjectId& id);

/// True when the organisation alone decides about it: it came from there, and every clause is its own.
bool is_own(const policy::Holding& holding, const OrganisationId& organisation);

}  // namespace shieldwall::library
