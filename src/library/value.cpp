#include "library/value.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace shieldwall::library {

namespace {

using ledger::Step;
using Kind = Testimony::Kind;

/// The element that half of them do not exceed. Not of none.
Duration quantile(std::vector<Duration> lengths, std::size_t of_ten) {
  std::ranges::sort(lengths);
  return lengths[(lengths.size() - 1) * of_ten / 10];
}

std::optional<Duration> median(const std::vector<Duration>& lengths) {
  return lengths.empty() ? std::nullopt : std::optional(quantile(lengths, 5));
}

/// What is known of one indicator: by root, when it was seen; and the roots that call it something else.
struct Heard {
  std::map<std::string, std::pair<Timestamp, Timestamp>> seen;
  std::set<std::string> false_positive;
  std::set<std::string> expired;

  /// Who calls it a false positive did not confirm it.
  bool is_false_alarm() const {
    const auto confirmed =
        std::ranges::count_if(seen, [&](const auto& one) { return !false_positive.contains(one.first); });
    return false_positive.size() > static_cast<std::size_t>(confirmed);
  }
};

std::map<model::ObjectId, Heard> heard_of(std::span<const Testimony> testimonies,
                                          const std::set<std::string>& left_out) {
  const auto roots = roots_of(testimonies);
  std::map<model::ObjectId, Heard> heard;
  for (std::size_t i = 0; i < testimonies.size(); ++i) {
    const auto& one = testimonies[i];
    if (left_out.contains(roots[i]) || left_out.contains(one.teller)) continue;
    auto& of_it = heard[one.indicator];
    if (one.kind == Kind::false_positive) of_it.false_positive.insert(roots[i]);
    if (one.kind == Kind::expired) of_it.expired.insert(roots[i]);
    if (one.kind != Kind::seen) continue;
    auto [at, added] = of_it.seen.try_emplace(roots[i], one.first, one.last);
    at->second = {std::min(at->second.first, one.first), std::max(at->second.second, one.last)};
  }
  return heard;
}

/// Members that saw so much of what was given that their seeing tells nothing.
std::set<std::string> noisy_members(std::span<const Given> given,
                                    const std::map<model::ObjectId, Heard>& heard) {
  if (given.size() < noisy_member_min) return {};
  std::map<std::string, std::size_t> counts;
  for (const auto& one : given)
    if (const auto found = heard.find(one.id); found != heard.end())
      for (const auto& [root, times] : found->second.seen) ++counts[root];
  std::set<std::string> noisy;
  for (const auto& [root, count] : counts)
    if (2 * count > given.size()) noisy.insert(root);
  return noisy;
}

Credit credit_of(const Given& given, const Heard& heard, std::vector<Duration>& leads) {
  Credit credit{.id = given.id};
  std::vector<Duration> own_leads;
  for (const auto& [root, times] : heard.seen) {
    if (heard.false_positive.contains(root)) continue;
    ++credit.members;
    credit.first = std::min(credit.first, times.first);
    credit.last = std::max(credit.last, times.second);
    if (times.first > given.shared && times.first != Timestamp::never())
      own_leads.push_back(times.first - given.shared);
  }
  credit.lead = median(own_leads);
  leads.insert(leads.end(), own_leads.begin(), own_leads.end());
  return credit;
}

}  // namespace

std::vector<std::string> roots_of(std::span<const Testimony> testimonies) {
  std::set<std::pair<std::string, model::ObjectId>> first_hand;
  std::map<std::string_view, std::size_t> by_id;
  for (std::size_t i = 0; i < testimonies.size(); ++i) {
    first_hand.emplace(testimonies[i].teller, testimonies[i].indicator);
    by_id.emplace(testimonies[i].id, i);
  }
  std::vector<std::string> roots;
  for (const auto& testimony : testimonies) {
    const auto* one = &testimony;
    // A chain as long as the list goes in a circle.
    for (std::size_t hops = 0; !one->of.empty() && hops < testimonies.size(); ++hops) {
      const auto from = by_id.find(one->of);
      if (from == by_id.end()) break;
      one = &testimonies[from->second];
    }
    const bool hearsay = !one->author.empty() && one->author != one->teller;
    roots.push_back(hearsay && first_hand.contains({one->author, one->indicator}) ? one->author
                                                                                  : one->teller);
  }
  return roots;
}

Confidence confidence_of(std::optional<int> stated, bool withdrawn, std::span<const Testimony> testimonies) {
  Confidence confidence{.stated = stated.value_or(confidence_unstated)};
  std::set<std::string> false_positive;
  std::set<std::string> expired;
  const auto roots = roots_of(testimonies);
  for (std::size_t i = 0; i < testimonies.size(); ++i) {
    if (testimonies[i].kind == Kind::false_positive) false_positive.insert(roots[i]);
    if (testimonies[i].kind == Kind::expired) expired.insert(roots[i]);
  }
  for (const auto& root : false_positive) expired.erase(root);  // one voice, the stronger of its two
  confidence.false_positive = false_positive.size();
  confidence.expired = expired.size();
  confidence.now = withdrawn ? 0 : confidence.stated;
  for (std::size_t i = 0; i < false_positive.size() && confidence.now > 0; ++i) confidence.now /= 2;
  for (std::size_t i = 0; i < expired.size() && confidence.now > 0; ++i)
    confidence.now = confidence.now * 3 / 4;
  return confidence;
}

Usefulness usefulness_of(std::span<const Given> given,
                         std::span<const Testimony> testimonies,
                         const std::set<std::string>& own,
                         std::size_t accepted) {
  Usefulness usefulness{.accepted = accepted};
  auto left_out = own;
  const auto noisy = noisy_members(given, heard_of(testimonies, own));
  usefulness.noisy_members = noisy.size();
  left_out.insert(noisy.begin(), noisy.end());
  const auto heard = heard_of(testimonies, left_out);
  std::vector<Duration> leads;
  std::set<std::string> helped;
  for (const auto& one : given) {
    const auto found = heard.find(one.id);
    if (found == heard.end()) continue;
    if (found->second.is_false_alarm()) {
      ++usefulness.false_alarms;
      continue;
    }
    if (found->second.seen.empty()) continue;
    if (!one.first) {
      ++usefulness.duplicates;
      continue;
    }
    usefulness.credits.push_back(credit_of(one, found->second, leads));
    for (const auto& [root, times] : found->second.seen)
      if (!found->second.false_positive.contains(root)) helped.insert(root);
  }
  usefulness.noisy = usefulness.false_alarms > usefulness.credits.size() + usefulness.duplicates;
  if (usefulness.noisy) {
    usefulness.credits.clear();
    return usefulness;
  }
  usefulness.members = helped.size();
  usefulness.lead = median(leads);
  return usefulness;
}

std::string told(const Usefulness& usefulness) {
  const auto count = [](std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  if (usefulness.noisy)
    return fmt::format("most of what others said of your reports is that they were false alarms ({})",
                       usefulness.false_alarms);
  std::string text = usefulness.members == 0
                         ? std::string("nobody has confirmed your reports yet")
                         : fmt::format("your reports helped {}", count(usefulness.members, "member"));
  if (usefulness.lead) text += fmt::format(", by {} in the median", in_words(*usefulness.lead));
  if (usefulness.accepted > 0)
    text += fmt::format("; {} of yours accepted", count(usefulness.accepted, "correction"));
  return text;
}

std::vector<Leg> legs_of(const ledger::Milestones& milestones) {
  std::vector<Leg> legs;
  std::optional<Timestamp> before;
  for (std::size_t i = 0; i < ledger::step_count; ++i) {
    const auto at = milestones.at[i];
    if (!at) continue;
    // Clocks of two members differ: what seems to come before its cause took no time.
    if (before) legs.push_back({static_cast<Step>(i), std::max(Duration{}, *at - *before)});
    before = before ? std::max(*before, *at) : *at;
  }
  return legs;
}

std::optional<Leg> slowest(std::span<const Leg> legs) {
  if (legs.empty()) return std::nullopt;
  return *std::ranges::max_element(legs, {}, &Leg::took);
}

std::vector<LegSummary> summary_of(std::span<const ledger::Milestones> all) {
  std::array<std::vector<Duration>, ledger::step_count> lengths;
  for (const auto& milestones : all)
    for (const auto& leg : legs_of(milestones))
      lengths[static_cast<std::size_t>(leg.step)].push_back(leg.took);
  std::vector<LegSummary> summary;
  for (std::size_t i = 0; i < ledger::step_count; ++i)
    if (!lengths[i].empty())
      summary.push_back(
          {static_cast<Step>(i), lengths[i].size(), quantile(lengths[i], 5), quantile(lengths[i], 9)});
  return summary;
}

std::string in_words(Duration length) {
  constexpr std::pair<Duration, std::string_view> units[] = {
      {days(1), "day"}, {hours(1), "hour"}, {minutes(1), "minute"}, {seconds(1), "second"}};
  for (const auto& [unit, name] : units)
    if (const auto count = length.us / unit.us; count > 0)
      return fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
  return "less than a second";
}

}  // namespace shieldwall::library
