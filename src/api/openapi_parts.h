#pragma once
// Parts of the description that several others name. Internal to openapi*.cpp.

#include "api/route.h"
#include "model/json_writer.h"

namespace shieldwall::api {

/// The schema of a field of that type, as Field::type spells it.
void write_schema(model::JsonWriter& out, std::string_view type, std::string_view meaning = {});

/// References to what may go wrong on that route, by status.
void write_failures_of(model::JsonWriter& out, const Route& route);
/// What those name: "responses" of the components.
void write_failures(model::JsonWriter& out);

}  // namespace shieldwall::api
