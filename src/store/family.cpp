#include "store/family.h"

#include <algorithm>
#include <map>

#include "store/judge.h"

namespace shieldwall::store {

namespace {

struct Group {
  std::vector<Member> members;
  Timestamp instant;  // what `last` and `first` compare
  Sequence sequence;  // of the member met first
};

std::pair<Timestamp, Sequence> place_of(const Member& member) {
  return {member.met, member.row->sequence};
}

template <typename T>
bool empty_or_holds(const std::vector<T>& list, const T& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

enum class By : std::uint8_t { version, version_and_spec };

std::vector<Group> grouped(const std::vector<Member>& members, By by) {
  std::map<std::pair<model::Version, model::SpecVersion>, std::vector<Member>> groups;
  for (const auto& member : members) {
    const auto spec = by == By::version_and_spec ? member.row->spec_version : model::SpecVersion{};
    groups[{member.row->version, spec}].push_back(member);
  }
  std::vector<Group> result;
  for (auto& [key, group] : groups) {
    const auto first = std::ranges::min(group, {}, place_of);
    result.push_back({.members = std::move(group),
                      .instant = instant_of(key.first, first.met),
                      .sequence = first.row->sequence});
  }
  std::ranges::sort(result, {}, [](const Group& group) { return std::pair(group.instant, group.sequence); });
  return result;
}

model::SpecVersion spec_of(const Group& group) {
  return group.members.front().row->spec_version;
}

/// TAXII 2.1 section 3.4.1: without match[spec_version] only the newest specification version of each object
/// that matches the rest of the request. So the exact versions asked for come before it, and `first` and
/// `last` are taken among what it leaves.
void select(std::vector<Group>& groups, const Query& query) {
  std::erase_if(groups, [&](const Group& group) { return !empty_or_holds(query.versions, group.instant); });
  if (query.spec_versions.empty() && !groups.empty()) {
    const auto newest = spec_of(*std::ranges::max_element(groups, {}, spec_of));
    std::erase_if(groups, [&](const Group& group) { return spec_of(group) != newest; });
  }
  if (!query.versions.empty()) return;
  if (groups.size() > 1 && query.select == VersionSelect::last) {
    groups.erase(groups.begin(), groups.end() - 1);
  } else if (groups.size() > 1 && query.select == VersionSelect::first) {
    groups.erase(groups.begin() + 1, groups.end());
  }
}

void keep_newest_spec_version(std::vector<Member>& members) {
  const auto newest = std::ranges::max(members, {}, [](const Member& member) {
                        return member.row->spec_version;
                      }).row->spec_version;
  std::erase_if(members, [&](const Member& member) { return member.row->spec_version != newest; });
}

}  // namespace

bool in_universe(const Query& query, const Row& row) {
  return empty_or_holds(query.sources, row.source) && empty_or_holds(query.spec_versions, row.spec_version) &&
         (query.collections.empty() ||
          (row.collection && empty_or_holds(query.collections, *row.collection)));
}

std::vector<Given> family_of(const std::vector<Member>& members,
                             const Query& query,
                             const policy::Scope& scope) {
  auto groups = grouped(members, By::version_and_spec);
  select(groups, query);
  std::vector<Given> given;
  for (auto& group : groups) {
    std::erase_if(group.members, [](const Member& member) { return !member.content_matches; });
    if (group.members.empty()) continue;
    const auto rank = [&](const Member& member) {
      return std::pair(!is_own(member.row->source, scope), member.row->sequence);
    };
    const auto first = std::ranges::min(group.members, {}, place_of);
    given.push_back(
        {.best = std::ranges::min(group.members, {}, rank).row, .first = first.row, .met = first.met});
  }
  return given;
}

std::vector<VersionEntry> entries_of(const std::vector<Member>& members) {
  std::vector<VersionEntry> entries;
  for (const auto& group : grouped(members, By::version)) {
    const auto first = std::ranges::min(group.members, {}, place_of);
    auto newest = group.members;
    keep_newest_spec_version(newest);
    entries.push_back({.version = first.row->version,
                       .added = first.met,
                       .spec_version = newest.front().row->spec_version});
  }
  return entries;
}

}  // namespace shieldwall::store
