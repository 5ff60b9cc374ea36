#pragma once
// Sightings under /api/v1.

#include "api/route.h"

namespace shieldwall::library {

/// POST /api/v1/sightings: counts of what was seen here
Result<api::Response> report_sightings(api::Call& call);
/// GET /api/v1/sightings: what came back for the organisation's own indicators
Result<api::Response> list_returned(api::Call& call);
/// GET /api/v1/sightings/own: what was seen here, by indicator
Result<api::Response> list_own_sightings(api::Call& call);
/// POST /api/v1/sightings/send
Result<api::Response> send_own_sightings(api::Call& call);
/// POST /api/v1/sightings/stop
Result<api::Response> stop_sightings(api::Call& call);

extern const api::Type sightings_report;
extern const api::Type sightings_taken;
extern const api::Type sightings_returned;
extern const api::Type sightings_own;
extern const api::Type sightings_sent;
extern const api::Type sighting_stop;

inline constexpr api::Parameter send_parameters[] = {
    {"anonymous",
     "boolean",
     "true: to the indicators' owners alone, past a relay, without this organisation's name"},
};
inline constexpr api::Parameter returned_parameters[] = {
    {"indicator", "string", "STIX ids of indicators; without it all of the organisation's own"},
};

}  // namespace shieldwall::library
