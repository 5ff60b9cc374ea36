#pragma once
// Finds indicators in events. `compile` makes an immutable Matcher out of indicators; each thread looks
// through its own Scanner; a new set of indicators is a new Matcher, swapped whole (live_matcher.h).
//
//   const auto matcher = compile(std::move(indicators), {.now = clock.now()});
//   Scanner scanner(matcher);
//   for (const auto& match : scanner.scan(record)) ...

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/indicator.h"
#include "detect/record.h"

namespace shieldwall::detect {

struct CompileOptions {
  Timestamp now;  // of the scan: revoked indicators and those not yet valid at this instant do not take part
};

/// What came and went since a matcher was compiled.
struct MatcherChange {
  std::vector<Indicator> added = {};        // also newer versions of indicators that it has
  std::vector<std::string> withdrawn = {};  // ids that shall hit no longer
};

struct MatcherTables;

class Matcher {
 public:
  /// Indicators are numbered from 0: those compiled or loaded, then those added by changes.
  std::size_t indicator_count() const;
  /// The indicator with that number, decoded anew for each call where it lies in a file.
  Indicator indicator(std::size_t number) const;
  /// All that were given to compile(), in their order; of a matcher from there alone.
  std::span<const Indicator> indicators() const;

  std::vector<Unused> unused() const;  // in the order of the indicators; a file does not keep them
  std::size_t literals() const;        // distinct keys in the tables
  std::size_t bytes() const;           // memory of the tables, without the indicators and without mapped text
  std::size_t changes() const;         // indicators added or withdrawn since it was compiled

 private:
  explicit Matcher(std::shared_ptr<const MatcherTables> tables) : tables_(std::move(tables)) {}
  friend struct MatcherAccess;  // for the files that make one and look into it
  std::shared_ptr<const MatcherTables> tables_;
};

/// Every usable indicator becomes literals: addresses and networks, domains (with all names below them),
/// URLs, file hashes, e-mail addresses and file names, joined by OR. What cannot be used is listed with its
/// reason, never an error: the others run.
Matcher compile(std::vector<Indicator> indicators, const CompileOptions& options);

/// The matcher after a change: it shares the tables of `matcher`, whose size does not matter. An added
/// indicator takes the place of those with its id. Meant for up to changes_max changes; with more, compile
/// anew.
Matcher changed(const Matcher& matcher, MatcherChange change, Timestamp now);
inline constexpr std::size_t changes_max = 100'000;

/// One finding. Views hold until the scanner's next record.
struct Match {
  std::string_view field;
  std::string_view value;  // what was seen, in canonical form
  std::size_t indicator;   // Matcher::indicator()
};

enum class FreeText : unsigned char {
  whole,   // a field of a structured log counts only as a whole (or each element of a list)
  inside,  // observables are looked for inside longer fields too, as in plain text
};

/// Looks through events, one thread each. What is compared, and how:
///   addresses  in every spelling, also `address:port`; in every network that holds them
///   domains    also `name:port` and the hosts of URLs; a name hits indicators on it and on its parents
///   URLs       full ones; put together from host and path fields (under both http and https, as no log says
///   which) hashes, e-mail addresses, file names (the last component of a path)
/// A value hits each indicator once per field and event, and only before its valid_until: at the event's
/// time, or at the scan's when the event tells none. An event older than valid_from does hit: an indicator
/// that comes today is asked about the past (docs/decisions/0005-valid-time-of-hits.md).
class Scanner {
 public:
  explicit Scanner(Matcher matcher, FreeText free_text = FreeText::whole);
  ~Scanner();
  Scanner(Scanner&&) noexcept;

  /// Goes on with another matcher: between two records, findings of the last one are gone.
  void use(Matcher matcher);

  /// The findings in `record`, in the order of its fields.
  const std::vector<Match>& scan(const Record& record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect
