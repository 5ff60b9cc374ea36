#include "exchange/taxii/parameters.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::exchange::taxii {

namespace {

using model::SpecVersion;

/// The items of a comma-separated value, trimmed. errors: invalid when one is empty
Result<std::vector<std::string_view>> items_of(const net::Parameter& parameter) {
  std::vector<std::string_view> items;
  for (const auto item : split(parameter.value, ',')) {
    items.push_back(trimmed(item));
    if (items.back().empty())
      return fail(
          ErrorCode::invalid, "{} has an empty value; leave it out or name something", parameter.name);
  }
  return items;
}

Result<Timestamp> time_of(std::string_view text, std::string_view name) {
  // A '+' that was not escaped arrives as a space: only what stands where 'T' belongs is refused here.
  auto at = parse_lenient_time(text);
  if (!at || text.size() < 11 || text[10] == ' ')
    return fail(ErrorCode::invalid,
                "{}: '{}' is no RFC 3339 time such as 2026-01-31T12:00:00.000000Z",
                name,
                excerpt(text));
  return at;
}

Done read_ids(const net::Parameter& parameter, Filters& filters) {
  for (const auto item : TRY(items_of(parameter)))
    if (auto id = model::ObjectId::parse(item)) filters.ids.push_back(std::move(*id));
  filters.impossible |= filters.ids.empty();
  return {};
}

Done read_types(const net::Parameter& parameter, Filters& filters) {
  for (const auto item : TRY(items_of(parameter))) filters.types.emplace_back(item);
  return {};
}

Done read_versions(const net::Parameter& parameter, Filters& filters) {
  filters.last = false;
  for (const auto item : TRY(items_of(parameter))) {
    if (item == "first")
      filters.first = true;
    else if (item == "last")
      filters.last = true;
    else if (item == "all")
      filters.all = true;
    else
      filters.versions.push_back(TRY(time_of(item, parameter.name)));
  }
  return {};
}

Done read_spec_versions(const net::Parameter& parameter, Filters& filters) {
  for (const auto item : TRY(items_of(parameter))) {
    if (item == "2.0") filters.spec_versions.push_back(SpecVersion::v2_0);
    if (item == "2.1") filters.spec_versions.push_back(SpecVersion::v2_1);
  }
  filters.impossible |= filters.spec_versions.empty();
  return {};
}

Result<int> limit_of(std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  const auto significant = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  if (!digits || significant.empty())
    return fail(ErrorCode::invalid, "limit '{}' is not a whole number of 1 or more", excerpt(text));
  if (significant.size() > 6) return page_objects_max;
  return std::min(page_objects_max, std::stoi(std::string(significant)));
}

struct Row {
  std::string_view name;
  bool Fields::* known;
  Done (*read)(const net::Parameter& parameter, Filters& filters);
};

constexpr Row match_rows[] = {
    // TAXII 2.1 section 3.4
    {"match[id]", &Fields::id, read_ids},
    {"match[type]", &Fields::type, read_types},
    {"match[version]", &Fields::version, read_versions},
    {"match[spec_version]", &Fields::spec_version, read_spec_versions},
};

Done read_match(const net::Parameter& parameter, Fields known, Filters& filters) {
  for (const auto& row : match_rows)
    if (row.name == parameter.name && known.*row.known) return row.read(parameter, filters);
  return fail(ErrorCode::invalid, "{} is no filter of this address", excerpt(parameter.name));
}

Done read_one(const net::Parameter& parameter, Fields known, Filters& filters) {
  if (to_lower_ascii(parameter.name).starts_with("match")) return read_match(parameter, known, filters);
  if (parameter.name == "added_after")
    filters.added_after = TRY(time_of(parameter.value, parameter.name));
  else if (parameter.name == "limit")
    filters.limit = TRY(limit_of(parameter.value));
  else if (parameter.name == "next")
    filters.next = parameter.value;
  return {};
}

bool is_read(std::string_view name) {
  return name == "added_after" || name == "limit" || name == "next" || name.starts_with("match");
}

template <typename T>
void tidy(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto rest = std::ranges::unique(values);
  values.erase(rest.begin(), rest.end());
}

}  // namespace

Result<Filters> read_filters(const std::vector<net::Parameter>& query, Fields known) {
  Filters filters;
  std::vector<std::string_view> seen;
  for (const auto& parameter : query) {
    if (is_read(parameter.name) && std::ranges::find(seen, parameter.name) != seen.end())
      return fail(ErrorCode::invalid, "{} is given twice; list its values with commas", parameter.name);
    seen.push_back(parameter.name);
    TRY(read_one(parameter, known, filters));
  }
  if (filters.all) {  // first, last and exact versions are among all of them
    filters.first = filters.last = false;
    filters.versions.clear();
  }
  tidy(filters.ids);
  tidy(filters.types);
  tidy(filters.versions);
  tidy(filters.spec_versions);
  return filters;
}

bool Filters::mixed() const {
  return !all && int{first} + int{last} + int{!versions.empty()} > 1;
}

std::string Filters::text() const {
  std::string text = fmt::format("v{:d}{:d}{:d}", first, last, all);
  for (const auto at : versions) text += fmt::format(" {}", at.us);
  text += " s";
  for (const auto spec : spec_versions) text += fmt::format(" {}", static_cast<int>(spec));
  text += added_after ? fmt::format(" a {}", added_after->us) : " a";
  text += " i";
  for (const auto& id : ids) text += fmt::format(" {}", id.text());
  for (const auto& type : types) text += fmt::format(" t{}:{}", type.size(), type);
  if (impossible) text += " none";
  return text;
}

store::Query Filters::query() const {
  store::Query query;
  query.ids = ids;
  query.types = types;
  query.spec_versions = spec_versions;
  query.added_after = added_after;
  query.select = all || mixed() ? store::VersionSelect::all
                 : first        ? store::VersionSelect::first
                                : store::VersionSelect::last;
  if (!mixed()) query.versions = versions;
  return query;
}

}  // namespace shieldwall::exchange::taxii
