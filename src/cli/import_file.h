#pragma once
// A file to be imported: opened, and unpacked when it is compressed.

#include <memory>
#include <string>

#include "wire/byte_reader.h"

namespace shieldwall::cli {

/// Reads the file, or standard input for "-"; gzip and zstd are known by their first bytes.
///   errors  unavailable: cannot be opened; invalid: packed in a way that is not read
Result<std::unique_ptr<wire::ByteReader>> open_import_file(const std::string& path);

}  // namespace shieldwall::cli
