#pragma once
// What commands read and print: errors about files that were named, and output whose loss is noticed.

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/command.h"

namespace shieldwall::cli {

/// The error of a file of this machine: one that is not there or may not be used is unavailable, and refused
/// only what policy refuses.
Error here(Error error);
template <typename T>
Result<T> here(Result<T> result) {
  if (!result) return fail(here(std::move(result).error()));
  return result;
}
/// As report, for such an error.
Exit report_input(const Error& error);

/// The error with the path of its file in front, unless it is there already.
Error within_once(Error error, std::string_view path);

/// Prints to standard output. That it could not be written is noticed once, when the command has ended.
template <typename... Parts>
void print(fmt::format_string<Parts...> format, Parts&&... parts) {
  const auto text = fmt::format(format, std::forward<Parts>(parts)...);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace shieldwall::cli
