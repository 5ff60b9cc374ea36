#pragma once
// The handlers behind the rows of taxii.cpp, which find the Accept field already judged, and the rows of the
// feeds.

#include <span>

#include "api/route.h"

namespace shieldwall::exchange::taxii {

// resource_routes.cpp
Result<api::Response> get_discovery(api::Call& call);    // section 4.1
Result<api::Response> get_api_root(api::Call& call);     // section 4.2
Result<api::Response> get_status(api::Call& call);       // section 4.3
Result<api::Response> get_collections(api::Call& call);  // section 5.1
Result<api::Response> get_collection(api::Call& call);   // section 5.2

// read_routes.cpp
Result<api::Response> get_manifest(api::Call& call);  // section 5.3
Result<api::Response> get_objects(api::Call& call);   // section 5.4
Result<api::Response> get_object(api::Call& call);    // section 5.6
Result<api::Response> get_versions(api::Call& call);  // section 5.8

// write_routes.cpp
Result<api::Response> add_objects(api::Call& call);    // section 5.5
Result<api::Response> delete_object(api::Call& call);  // section 5.7

/// feed_routes.cpp; of dialect api
std::span<const api::Route> feed_routes();

}  // namespace shieldwall::exchange::taxii
