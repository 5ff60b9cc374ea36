#pragma once
// Example bodies for the API's own description, made from the fields of a type.

#include <map>
#include <string_view>

#include "api/route.h"
#include "model/json_writer.h"

namespace shieldwall::api {

using Types = std::map<std::string_view, const Type*>;

/// A body of that type with every field set to something that could stand there.
void write_example(model::JsonWriter& out, const Type& type, const Types& types);

}  // namespace shieldwall::api
