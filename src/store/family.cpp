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

template <typename T>
bool empty_or_holds(const std::vector<T>& list, const T& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

std::vector<Group> grouped(const std::vector<Member>& members, bool by_spec_version) {
  std::map<std::pair<model::Version, model::SpecVersion>, std::vector<Member>> groups;
  for (const auto& member : members) {
    const auto spec = by_spec_version ? member.row->spec_version : model::SpecVersion{};
    groups[{member.row->version, spec}].push_back(member);
  }
  std::vector<Group> result;
  for (auto& [key, group] : groups) {
    const auto first = std::ranges::min(group, {}, [](const Member& member) { return member.row->sequence; });
    result.push_back({.members = std::move(group),
                      .instant = instant_of(key.first, first.row->at),
                      .sequence = first.row->sequence});
  }
  std::ranges::sort(result, {}, [](const Group& group) { return std::pair(group.instant, group.sequence); });
  return result;
}

void select(std::vector<Group>& groups, const Query& query) {
  if (!query.versions.empty()) {
    std::erase_if(groups, [&](const Group& group) { return !empty_or_holds(query.versions, group.instant); });
  } else if (groups.size() > 1 && query.select == VersionSelect::last) {
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
  auto groups = grouped(members, !query.spec_versions.empty());
  select(groups, query);
  std::vector<Given> given;
  for (auto& group : groups) {
    keep_newest_spec_version(group.members);
    std::erase_if(group.members, [](const Member& member) { return !member.content_matches; });
    if (group.members.empty()) continue;
    const auto rank = [&](const Member& member) {
      return std::pair(!is_own(member.row->source, scope), member.row->sequence);
    };
    const auto by_sequence = [](const Member& member) { return member.row->sequence; };
    given.push_back({.best = std::ranges::min(group.members, {}, rank).row,
                     .first = std::ranges::min(group.members, {}, by_sequence).row});
  }
  return given;
}

std::vector<VersionEntry> entries_of(const std::vector<Member>& members) {
  std::vector<VersionEntry> entries;
  for (const auto& group : grouped(members, false)) {
    const auto first =
        std::ranges::min(group.members, {}, [](const Member& member) { return member.row->sequence; });
    auto newest = group.members;
    keep_newest_spec_version(newest);
    entries.push_back({.version = first.row->version,
                       .added = first.row->at,
                       .spec_version = newest.front().row->spec_version});
  }
  return entries;
}

}  // namespace shieldwall::store
