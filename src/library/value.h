#pragma once
// What sharing was worth, in both directions: whom an organisation's reports helped and by how much, what
// others' corrections leave of an indicator's confidence, and where time is lost on the way to protection.
// Pure: counts what it is given. docs/guide.md says the rules in a user's words.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/milestone.h"

namespace shieldwall::library {

/// What somebody said of an indicator.
struct Testimony {
  enum class Kind : std::uint8_t { seen, false_positive, expired };
  Kind kind = Kind::seen;
  model::ObjectId indicator{};
  std::string id{};                      // of the sighting or opinion
  std::string teller{};                  // whom it came from: an organisation's identity, or a feed
  std::string author{};                  // whom it names as its author; empty: nobody
  std::string of{};                      // the testimony that it was derived from; empty: none
  Timestamp first = Timestamp::never();  // of what was seen
  Timestamp last = Timestamp::always();
};

/// Who said it first, for each: reports from one root count once, through however many hands they came. What
/// names another author counts as that author's where the author said so as well, else as its teller's:
/// nobody gains voices by inventing authors.
std::vector<std::string> roots_of(std::span<const Testimony> testimonies);

// ---------------------------------------------------------------- confidence

inline constexpr int confidence_unstated = 50;  // STIX 2.1 gives none: even chances

struct Confidence {
  int stated = confidence_unstated;
  int now = confidence_unstated;
  std::size_t false_positive = 0;  // roots that say so
  std::size_t expired = 0;
};

/// Each root that calls it a false positive halves it, each that calls it expired takes a quarter; its
/// owner's withdrawal leaves nothing. Sightings raise nothing: what is seen often may still be harmless.
Confidence confidence_of(std::optional<int> stated, bool withdrawn, std::span<const Testimony> testimonies);

// ---------------------------------------------------------------- usefulness

/// An indicator that the organisation gave.
struct Given {
  model::ObjectId id{};
  Timestamp shared{};
  bool first = true;  // false: somebody else gave one of its values before
};

/// What one of them was worth.
struct Credit {
  model::ObjectId id{};
  std::size_t members = 0;  // roots that saw it
  Timestamp first = Timestamp::never();
  Timestamp last = Timestamp::always();
  std::optional<Duration> lead{};  // median over those that saw it only after it was shared
};

struct Usefulness {
  std::size_t members = 0;         // helped: roots that saw something of what was given
  std::optional<Duration> lead{};  // median over members and indicators
  std::size_t accepted = 0;        // corrections of others' indicators that their owners followed
  std::vector<Credit> credits{};   // by indicator
  std::size_t duplicates = 0;      // seen, but given by somebody else before
  std::size_t false_alarms = 0;    // more roots call it a false positive than saw it
  std::size_t noisy_members = 0;   // that saw more than half of what was given, and count for nothing
  bool noisy = false;              // more false alarms than anything else: then nothing counts
};

inline constexpr std::size_t noisy_member_min =
    20;  // indicators given before "saw half of them" means anything

///   own  names of the organisation itself, whose sightings earn nothing
Usefulness usefulness_of(std::span<const Given> given,
                         std::span<const Testimony> testimonies,
                         const std::set<std::string>& own,
                         std::size_t accepted);

/// "your reports helped 3 members, by 9 hours in the median"
std::string told(const Usefulness& usefulness);

// ---------------------------------------------------------------- time to protection

/// How long one step took after the one before it that is known.
struct Leg {
  ledger::Step step = ledger::Step::observed;
  Duration took{};
};
std::vector<Leg> legs_of(const ledger::Milestones& milestones);
/// The longest; nothing where fewer than two instants are known.
std::optional<Leg> slowest(std::span<const Leg> legs);

struct LegSummary {
  ledger::Step step = ledger::Step::observed;
  std::size_t count = 0;
  Duration median{};
  Duration most{};  // nine of ten took no longer
};
/// Over many, in the order of the steps.
std::vector<LegSummary> summary_of(std::span<const ledger::Milestones> all);

/// "9 hours", "3 minutes", "less than a second": one unit, rounded down.
std::string in_words(Duration length);

}  // namespace shieldwall::library
