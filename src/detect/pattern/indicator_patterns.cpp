#include "detect/pattern/indicator_patterns.h"

#include <algorithm>
#include <map>

#include "base/random.h"
#include "detect/pattern/event_observation.h"
#include "detect/tables.h"
#include "detect/values_alone.h"

namespace shieldwall::detect {

namespace {

/// Kinds of events with values that nobody can know of: "*" stands for chance, "#" for a number below 250.
struct MadeUp {
  std::string_view what;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
};

const std::vector<MadeUp>& made_up_kinds() {
  static const std::vector<MadeUp> kinds = {
      {"every name under com", {{"query", "*.com"}}},
      {"every name under net", {{"query", "*.net"}}},
      {"every name under org", {{"query", "*.org"}}},
      {"every URL", {{"url.full", "http://*.com/*"}}},
      {"every address", {{"id.resp_h", "#.#.#.#"}, {"id.resp_p", "#"}, {"id.orig_p", "#"}, {"proto", "tcp"}}},
      {"every sender of connections", {{"id.orig_h", "#.#.#.#"}, {"id.resp_p", "#"}, {"proto", "udp"}}},
      {"every IPv6 address", {{"id.resp_h", "2001:db8:#::#:#"}, {"id.orig_h", "2001:db8:#:#::#"}}},
      {"every program", {{"TargetFilename", "C:\\*\\*.exe"}, {"filename", "*.exe"}}},
      {"every document", {{"filename", "*.pdf"}}},
      {"every file", {{"sha256", "********"}, {"filename", "*"}}},
      {"every e-mail", {{"smtp.mail_from", "*@*.com"}, {"smtp.rcpt_to", "*@*.net"}}},
      {"every command", {{"CommandLine", "* *"}, {"User", "*"}, {"ProcessId", "#"}}},
      {"every browser", {{"user_agent", "*"}, {"host", "*.com"}, {"uri", "/*"}}},
  };
  return kinds;
}

std::string filled_in(std::string_view form) {
  std::string text;
  for (const char c : form) {
    if (c == '*')
      text += to_hex(system_random().bytes(4));
    else if (c == '#')
      text += std::to_string(1 + system_random().next() % 249);
    else
      text += c;
  }
  return text;
}

bool observe_made_up(const MadeUp& kind, Timestamp at, Observation& into) {
  std::vector<std::string> values;
  for (const auto& [name, form] : kind.fields) values.push_back(filled_in(form));
  Record record;
  for (std::size_t i = 0; i < values.size(); ++i)
    record.fields.push_back({.name = kind.fields[i].first, .value = values[i]});
  return observe(record, at, into);
}

/// By the number of the pattern: what it matches all of. Each made-up event differs from all others, so a
/// pattern that binds most of them asks for nothing.
std::map<std::size_t, std::string_view> too_broad(const PatternSet& set) {
  static constexpr std::size_t events = 20, bound_max = 15;
  std::map<std::size_t, std::string_view> broad;
  Observation seen;
  for (const auto& kind : made_up_kinds()) {
    PatternStream stream(set);
    std::map<std::size_t, std::size_t> bound;
    for (std::size_t i = 0; i < events; ++i)
      if (observe_made_up(kind, Timestamp{} + seconds(static_cast<std::int64_t>(1 + i)), seen))
        for (const auto& hit : stream.feed(seen)) bound[hit.pattern] += hit.bound.size();
    for (const auto& [pattern, count] : bound)
      if (count >= bound_max) broad.emplace(pattern, kind.what);
  }
  return broad;
}

bool says_more_than_values(const Indicator& indicator) {
  if (!indicator.values.empty()) return false;
  const auto pattern = model::parse_any_pattern(indicator.pattern);
  return pattern && !is_of_values_alone(*pattern);
}

}  // namespace

IndicatorPatterns IndicatorPatterns::of(std::span<const Indicator> indicators,
                                        Timestamp now,
                                        const PatternSetOptions& options) {
  std::vector<Taken> wanted;
  for (std::size_t number = 0; number < indicators.size(); ++number) {
    const auto& one = indicators[number];
    if (!one.revoked && one.valid_from <= now && says_more_than_values(one))
      wanted.push_back({number, one.id, one.source, one.pattern, one.valid_until});
  }
  return of_those(std::move(wanted), options);
}

IndicatorPatterns IndicatorPatterns::of(const Matcher& matcher,
                                        Timestamp now,
                                        const PatternSetOptions& options) {
  std::vector<Taken> wanted;
  for (const auto& use : MatcherAccess::tables(matcher).layers)
    for (const auto number : use.layer->patterns) {
      auto one = use.layer->indicator(number);
      const bool gone = one.revoked || (use.withdrawn && use.withdrawn->contains(one.id));
      if (!gone && one.valid_from <= now)
        wanted.push_back({use.first + number,
                          std::move(one.id),
                          std::move(one.source),
                          std::move(one.pattern),
                          one.valid_until});
    }
  return of_those(std::move(wanted), options);
}

IndicatorPatterns IndicatorPatterns::of_those(std::vector<Taken> wanted, const PatternSetOptions& options) {
  IndicatorPatterns made;
  std::vector<PatternSource> sources;
  for (const auto& one : wanted) sources.push_back({.id = one.id, .pattern = one.pattern});
  const auto all = PatternSet::compile(std::move(sources), options);
  std::map<std::size_t, std::string> reasons;
  for (const auto& refused : all.refused()) reasons.emplace(refused.pattern, refused.reason);
  for (const auto& [pattern, what] : too_broad(all))
    reasons.emplace(pattern, fmt::format("its pattern would match {}", what));
  sources.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (const auto why = reasons.find(i); why != reasons.end()) {
      made.unused_.push_back({.id = wanted[i].id, .source = wanted[i].source, .reason = why->second});
      continue;
    }
    sources.push_back({.id = wanted[i].id, .pattern = wanted[i].pattern});
    made.numbers_.emplace(wanted[i].id, static_cast<std::uint32_t>(made.taken_.size()));
    made.taken_.push_back(std::move(wanted[i]));
  }
  made.set_ = PatternSet::compile(std::move(sources), options);
  return made;
}

bool IndicatorPatterns::takes(std::string_view id) const {
  return numbers_.contains(id);
}

PatternProbe::PatternProbe(std::shared_ptr<const IndicatorPatterns> patterns)
    : patterns_(std::move(patterns)), tester_(patterns_->set_) {}

void PatternProbe::test(const Record& record, const std::vector<Match>& matches, Timestamp at) {
  found_.clear();
  shares_.clear();
  happened_.reset();
  const auto happened = event_time(record).value_or(at);
  if (!observe(record, happened, seen_)) return;
  happened_ = happened;
  for (const auto& part : tester_.test(seen_)) {
    const auto& taken = patterns_->taken_[part.pattern];
    const bool is_known = happened >= taken.valid_until ||
                          std::ranges::find(matches, taken.indicator, &Match::indicator) != matches.end();
    if (!part.leaves.empty())
      shares_.push_back({part, happened, is_known});
    else if (!is_known)
      found_.push_back(taken.indicator);
  }
}

PatternBinder::PatternBinder(std::shared_ptr<const IndicatorPatterns> patterns)
    : patterns_(std::move(patterns)), stream_(patterns_->set_) {}

std::optional<std::size_t> PatternBinder::take(const PatternShare& share) {
  const auto& hits = stream_.take({share.happened.us, share.happened.us, 1}, {&share.part, 1});
  if (hits.empty() || share.is_known) return std::nullopt;
  return patterns_->taken_[hits.front().pattern].indicator;
}

void PatternBinder::pass(Timestamp happened) {
  stream_.take({happened.us, happened.us, 1}, {});
}

std::uint64_t PatternBinder::missed() const {
  const auto& counts = stream_.counts();
  return counts.overflowed + counts.late + counts.unsearched;
}

std::vector<PatternWait> PatternBinder::changed() {
  std::vector<PatternWait> changed;
  for (const auto number : stream_.changed()) {
    const auto& taken = patterns_->taken_[number];
    changed.push_back({taken.id, taken.pattern, stream_.waiting(number)});
  }
  return changed;
}

bool PatternBinder::resume(PatternWait wait) {
  const auto [begin, end] = patterns_->numbers_.equal_range(wait.id);
  for (auto one = begin; one != end; ++one)
    if (patterns_->taken_[one->second].pattern == wait.pattern)
      return stream_.resume(one->second, std::move(wait.waiting)).has_value();
  return false;
}

PatternFollower::PatternFollower(const std::shared_ptr<const IndicatorPatterns>& patterns)
    : probe_(patterns), binder_(patterns) {}

const std::vector<std::size_t>& PatternFollower::feed(const Record& record,
                                                      const std::vector<Match>& matches,
                                                      Timestamp at) {
  probe_.test(record, matches, at);
  found_ = probe_.found();
  for (const auto& share : probe_.shares())
    if (const auto indicator = binder_.take(share)) found_.push_back(*indicator);
  if (probe_.shares().empty() && probe_.happened()) binder_.pass(*probe_.happened());
  std::ranges::sort(found_);
  return found_;
}

}  // namespace shieldwall::detect
