#pragma once
// What commands read and print: errors about files that were named, and output whose loss is noticed.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "cli/command.h"
#include "wire/byte_reader.h"

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

/// A file that the command line names: bad in itself it is bad input, else it cannot be used, whichever
/// command it is given to.
///   errors  as read_file and `here`
Result<Bytes> read_named_file(const std::string& path, std::uint64_t bytes_max);
Done write_named_file(const std::string& path, std::string_view bytes);
/// Unpacked, `-` is standard input. errors: as detect::open_unpacked and `here`
Result<std::unique_ptr<wire::ByteReader>> open_named_file(const std::string& path);

/// The error with the path of its file in front, unless it is there already.
Error within_once(Error error, std::string_view path);

/// Prints to standard output. That it could not be written is noticed once, when the command has ended.
template <typename... Parts>
void print(fmt::format_string<Parts...> format, Parts&&... parts) {
  const auto text = fmt::format(format, std::forward<Parts>(parts)...);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace shieldwall::cli
