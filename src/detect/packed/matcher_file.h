#pragma once
// Matchers in files: written once, then mapped in seconds however large. docs/formats/matcher.md has the
// bytes.

#include <string>

#include "base/fs.h"
#include "detect/matcher.h"
#include "detect/packed/indicator_rows.h"
#include "detect/packed/literal_packer.h"

namespace shieldwall::detect {

/// What goes into a matcher file.
struct MatcherParts {
  Timestamp now;  // when it was compiled
  LiteralPacker literals;
  IndicatorRowsWriter indicators;
  std::vector<int> v4_bits = {}, v6_bits = {};
  std::vector<std::uint32_t> patterns = {};  // indicators, ascending, whose patterns say more than values
};

/// Replaces `path` whole and durably, through a file beside it.
///   errors  as Fs; exhausted: over 32 GiB of text
Done write_matcher_file(MatcherParts parts, Fs& fs, const std::string& path);

/// The same of a matcher: what its changes withdrew is left out, what they added is part of it.
Done write_matcher_file(const Matcher& matcher, Fs& fs, const std::string& path);

/// Maps a matcher file. Every byte is checked against its digest first, on all cores. The file must not be
/// written to while the matcher lives; replacing it by another is fine.
///   now     of the scan
///   errors  not_found, denied, unavailable; corrupt: damaged or cut; invalid: no matcher file, or of a
///   version
///           that is not read here. Messages begin with the path
Result<Matcher> load_matcher_file(const std::string& path, Timestamp now);

/// How many literals of each kind a matcher has, those kinds that it has at all.
std::vector<std::pair<std::string_view, std::size_t>> literal_counts(const Matcher& matcher);

/// As load_matcher_file over bytes in memory (which must outlive the matcher), without their digests: for
/// fuzzing. Whatever they are, nothing outside of them is read. errors: as load_matcher_file
Result<Matcher> matcher_over(std::string_view bytes, Timestamp now);

}  // namespace shieldwall::detect
