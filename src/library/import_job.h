#pragma once
// Imports over HTTP: a body of any size, taken in while it arrives, told as a job.

#include "api/route.h"
#include "library/importer.h"
#include "library/job.h"

namespace shieldwall::library {

/// What takes the body of POST /api/v1/imports. errors: as terms_of; conflict: the job id is taken
Result<std::shared_ptr<net::BodySink>> open_import(api::Call& head);
/// POST /api/v1/imports
Result<api::Response> import_objects(api::Call& call);

/// {"bytes": n, "objects": n, "stored": n, ...}
Bytes write_report(const ImportReport& report);

inline constexpr api::Parameter import_parameters[] = {
    label_parameters[0],
    label_parameters[1],
    label_parameters[2],
    label_parameters[3],
    label_parameters[4],
    label_parameters[5],
    label_parameters[6],
    label_parameters[7],
    label_parameters[8],
    {"strict", "boolean", "what STIX says an object should be, it must be"},
    {"job", "string", "UUID of the caller's choice, to watch /api/v1/jobs/{id} while the body is sent"},
};

}  // namespace shieldwall::library
