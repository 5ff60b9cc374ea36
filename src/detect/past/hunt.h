#pragma once
// Asks the past about indicators: where each was seen, when, how often; then the raw lines, where these still
// exist.

#include <optional>
#include <string>
#include <vector>

#include "detect/past/probes.h"

namespace shieldwall::detect::past {

/// One indicator on one day in one log.
struct PastHit {
  std::size_t indicator = 0;           // its number in the matcher
  std::string source;                  // the log's path, then
  Timestamp first_seen, last_seen;     // of the observable, that day; to the second
  std::uint64_t count = 0;             // events
  std::uint64_t line = 0;              // of the first
  std::optional<bool> confirmed = {};  // by its raw line; nothing: not looked at
  std::string why_not;                 // not confirmed: what became of the log
  std::string found_in;                // the log's path now, where it was renamed
  std::string field, value;            // of the raw line, as scan tells them
  std::string raw;                     // the line, at most raw_bytes_max of it
};
inline constexpr std::size_t raw_bytes_max = 16'384;

struct HuntOptions {
  Timestamp since = Timestamp::always();  // days before its day are not asked
  bool confirm = true;
  std::size_t confirmed_max = 10'000;  // raw lines; hits beyond are told unconfirmed
  FreeText free_text = FreeText::whole;
};

struct HuntTotals {
  std::uint64_t segments = 0;
  std::uint64_t entries = 0;  // asked over
  std::uint64_t hot_bytes = 0;
  std::uint64_t cold_bytes = 0;
  std::uint64_t raw_bytes = 0;  // of the logs that these stand for
  std::uint64_t probes = 0;
  std::uint64_t strays = 0;  // hits that their raw line refuted: another value with the same hash, or a
                             // network around; they are left out
  double ask_s = 0, confirm_s = 0;
};

struct HuntResult {
  std::vector<PastHit> hits = {};         // by indicator, day, log
  std::vector<Unused> unused = {};        // what the past cannot be asked
  std::vector<std::string> refused = {};  // damaged segments and journals, by name: the others were asked
  HuntTotals totals = {};
};

/// errors: as the folder
Result<HuntResult> hunt(Fs& fs, const PastFolder& folder, const Matcher& matcher, const HuntOptions& options);

/// Looks at the raw lines of hits, those of one log in one pass. What a log's line refutes is removed.
///   plain text        read from the checkpoint before the line
///   zstd              only the frames that are needed, where the file has several that tell their size
///   gzip, xz, EVTX    from their beginning
void confirm(const PastFolder& folder,
             const Matcher& matcher,
             const HuntOptions& options,
             std::vector<std::pair<PastHit*, const Source*>> hits,
             HuntTotals& totals);

}  // namespace shieldwall::detect::past
