#pragma once
// Indicators from files: STIX bundles, lists of one value a line, CSV, Zeek's intel format.

#include <optional>
#include <string>
#include <vector>

#include "detect/indicator.h"
#include "wire/byte_reader.h"

namespace shieldwall::detect {

/// For lists and CSV alone.
struct ListOptions {
  std::optional<model::ValueKind> kind = {};  // of every value; else a column or the value itself says
  std::string column = {};                    // of CSV with a header; else the usual names are looked for
};

struct Intel {
  std::vector<Indicator> indicators;
  std::vector<Unused> unused;       // entries that are no indicator, with the reason; the first unused_kept
  std::uint64_t unused_count = 0;   // all of them
  std::uint64_t other_objects = 0;  // STIX objects of other types
};
inline constexpr std::size_t unused_kept = 1000;

/// Reads indicators from text (unpacked already) and adds them to `into`; `source` names it in ids and
/// messages. STIX when it begins with '{' or '[', else a list: empty lines and those beginning with '#', ';'
/// or '//' are skipped.
///   errors  invalid: JSON that is no bundle, damaged or cut; exhausted; as the reader. What came before is
///   kept.
Done read_intel(wire::ByteReader& from, const std::string& source, const ListOptions& options, Intel& into);

/// The same from a file, unpacked when it is gzip, zstd or xz; `-` is standard input.
///   errors  also not_found, denied, unavailable; the message begins with the path
Done read_intel_file(const std::string& path, const ListOptions& options, Intel& into);

/// What one entry of a list means. A domain may have "*." or "." in front, a URL may lack its scheme (it is
/// then looked for under http and https).
///   errors  invalid
Result<std::vector<model::CanonicalValue>> values_of_entry(std::string_view text,
                                                           std::optional<model::ValueKind> kind);

}  // namespace shieldwall::detect
