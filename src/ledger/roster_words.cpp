#include "ledger/roster_words.h"

#include <algorithm>

#include "ledger/alliance.h"

namespace shieldwall::ledger {

namespace {

using policy::KeyUse;
using policy::Roster;
using policy::RosterMember;

std::string name_of(const RosterMember& member) {
  if (member.nation == policy::Nation{}) return member.name;
  return fmt::format("{} ({})", member.name, member.nation.text());
}

std::string name_in(const Roster& before, const Roster& after, const OrganisationId& who) {
  for (const auto* const roster : {&before, &after})
    if (const auto* const member = policy::find_member(*roster, who)) return name_of(*member);
  return who.text();
}

class Words {
 public:
  Words(const Roster& before, const Roster& after) : before_(before), after_(after) {}

  std::vector<std::string> all() {
    const auto differs = policy::difference(before_, after_);
    for (const auto& who : differs.removed)
      say("{} is removed: it gets nothing more, and nothing it signs is taken", name(who));
    for (const auto& who : differs.added) joins(*policy::find_member(after_, who));
    founders();
    delegations();
    for (const auto& who : differs.changed)
      changes(*policy::find_member(before_, who), *policy::find_member(after_, who));
    if (before_.name != after_.name)
      say("the alliance is named '{}' instead of '{}'", after_.name, before_.name);
    if (before_.equivalences != after_.equivalences)
      say("other levels of classification count as equal: {} rules instead of {}",
          after_.equivalences.size(),
          before_.equivalences.size());
    return std::move(lines_);
  }

 private:
  template <typename... Facts>
  void say(fmt::format_string<Facts...> words, Facts&&... facts) {
    lines_.push_back(fmt::format(words, std::forward<Facts>(facts)...));
  }
  std::string name(const OrganisationId& who) const { return name_in(before_, after_, who); }

  void joins(const RosterMember& member) {
    const auto address = node_address(member);
    say("{} becomes a member, {}",
        name_of(member),
        address ? "reached at " + *address : "which only calls others");
  }

  void founders() {
    for (const auto& who : before_.founders)
      if (!std::ranges::binary_search(after_.founders, who)) say("{} is no founder any more", name(who));
    for (const auto& who : after_.founders)
      if (!std::ranges::binary_search(before_.founders, who)) say("{} becomes a founder", name(who));
    if (before_.founders_needed != after_.founders_needed ||
        before_.founders.size() != after_.founders.size())
      say("{} of {} founders sign a change, today {} of {}",
          after_.founders_needed,
          after_.founders.size(),
          before_.founders_needed,
          before_.founders.size());
  }

  void delegations() {
    for (const auto& one : before_.delegations)
      if (!std::ranges::binary_search(after_.delegations, one))
        say("{} enrols organisations of {} no more", name(one.to), one.nation.text());
    for (const auto& one : after_.delegations)
      if (!std::ranges::binary_search(before_.delegations, one))
        say("{} may enrol, change and remove organisations of {} alone", name(one.to), one.nation.text());
  }

  void changes(const RosterMember& old, const RosterMember& now) {
    if (old.name != now.name) say("{} is named '{}'", name_of(old), now.name);
    if (old.nation != now.nation || old.kind != now.kind) say("{} counts as of another nation", name_of(old));
    if (old.host != now.host) say("{} lives on another node", name_of(old));
    if (old.clients != now.clients) say("{} has {} clients", name_of(now), now.clients.size());
    keys(old, now, KeyUse::root, "organisation");
    keys(old, now, KeyUse::statement, "statement");
    keys(old, now, KeyUse::sealing, "sealing");
    keys(old, now, KeyUse::witness, "witness");
    keys(old, now, KeyUse::look_up, "look-up");
    if (old.pins != now.pins) say("{}'s node shows another TLS key, or one more", name_of(now));
    if (node_address(old) != node_address(now))
      say("{} is reached at {}", name_of(now), node_address(now).value_or("no address"));
    else if (old.contacts != now.contacts)
      say("{} has other contacts", name_of(now));
    if (old.expertise != now.expertise || old.terms != now.terms)
      say("{} has other fields of expertise or accepted terms", name_of(now));
  }

  void keys(const RosterMember& old, const RosterMember& now, KeyUse use, std::string_view what) {
    const auto before = keys_for(old, use);
    const auto after = keys_for(now, use);
    if (before == after) return;
    const auto stay = std::ranges::any_of(
        after, [&](const auto& key) { return std::ranges::find(before, key) != before.end(); });
    const auto fresh = std::ranges::any_of(
        after, [&](const auto& key) { return std::ranges::find(before, key) == before.end(); });
    say("{}'s {} key: {}",
        name_of(now),
        what,
        !fresh ? "the replaced one is not accepted any more"
        : stay ? "a new one is accepted beside the old"
               : "another one counts at once, the old one no more");
  }

  const Roster& before_;
  const Roster& after_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> told_in_words(const Roster& before, const Roster& after) {
  return Words(before, after).all();
}

}  // namespace shieldwall::ledger
