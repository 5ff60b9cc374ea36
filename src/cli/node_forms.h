#pragma once
// What commands about a node have in common: options that become a request's JSON, lists that are shown.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/node_call.h"

namespace shieldwall::cli {

/// An option and the member of a request's JSON that takes its text.
struct GivenText {
  std::string_view option;
  std::string_view member;
};
/// Writes those that were given.
void write_given(model::JsonWriter& out, const Arguments& arguments, std::initializer_list<GivenText> rows);
/// Writes an array of texts; nothing when there are none.
void write_texts(model::JsonWriter& out, std::string_view name, const std::vector<std::string>& texts);

/// An object of texts alone.
std::string body_with(std::initializer_list<std::pair<std::string_view, std::string_view>> texts);

/// "/api/v1/LIST/NAME" and what follows, for whatever name.
std::string path_of(std::string_view list, const std::string& name, std::string_view rest = {});

/// Asks for `path` and shows each element of the answer's list of that name.
Exit list_of_node(const Arguments& arguments,
                  const std::string& path,
                  std::string_view list,
                  void (*show)(const model::Json& element));

}  // namespace shieldwall::cli
