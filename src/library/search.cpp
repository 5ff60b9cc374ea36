#include "library/search.h"

#include <algorithm>
#include <cstring>

#include "api/seal.h"
#include "base/text.h"
#include "ledger/circle.h"
#include "ledger/reader_rights.h"
#include "library/view.h"

namespace shieldwall::library {

namespace {

Result<std::vector<model::ObjectId>> ids_of(const net::Target& target, std::string_view name) {
  std::vector<model::ObjectId> ids;
  for (const auto text : values_of(target, name)) {
    auto id = model::ObjectId::parse(text);
    if (!id) return fail(std::move(id).error().within(name));
    ids.push_back(std::move(*id));
  }
  return ids;
}

Result<int> limit_of(const net::Target& target) {
  const auto text = target.parameter("limit");
  if (!text) return page_default;
  const auto limit = as_number<int>(*text);
  if (!limit || *limit < 1 || *limit > page_max)
    return fail(ErrorCode::invalid, "limit: '{}' is not a number from 1 to {}", excerpt(*text), page_max);
  return *limit;
}

Done read_versions(store::Query& query, const net::Target& target) {
  const auto texts = values_of(target, "version");
  if (texts.empty()) return {};
  if (texts.size() == 1 && texts[0] == "last") return {};
  if (texts.size() == 1 && texts[0] == "first") {
    query.select = store::VersionSelect::first;
    return {};
  }
  query.select = store::VersionSelect::all;
  if (texts.size() == 1 && texts[0] == "all") return {};
  for (const auto text : texts) {
    const auto time = parse_time(text);
    if (!time)
      return fail(ErrorCode::invalid, "version: '{}' is none of last, first, all, a time", excerpt(text));
    query.versions.push_back(time->at);
  }
  return {};
}

Done read_source(store::Query& query, const api::Call& call) {
  using Kind = policy::Source::Kind;
  for (const auto text : values_of(call.target, "source")) {
    if (text == "own") {
      query.sources.push_back({Kind::own, call.caller->organisation.uuid});
      continue;
    }
    auto id = Uuid::parse(text);
    if (!id) return fail(std::move(id).error().within("source"));
    query.sources.push_back({Kind::own, *id});
    query.sources.push_back({Kind::member, *id});
    query.sources.push_back({Kind::feed, *id});
  }
  return {};
}

/// Values that are compared as they stand: an external id may hold a comma.
template <typename Take>
Done each_value(const net::Target& target, std::string_view name, Take take) {
  std::size_t count = 0;
  for (const auto& parameter : target.query) {
    if (parameter.name != name) continue;
    if (++count > values_of_parameter_max)
      return fail(ErrorCode::invalid, "{}: more than {} values", name, values_of_parameter_max);
    if (parameter.value.empty()) return fail(ErrorCode::invalid, "{} is empty", name);
    TRY(take(std::string_view(parameter.value)));
  }
  return {};
}

Done read_content(store::Query& query, const net::Target& target) {
  TRY(each_value(target, "label", [&](std::string_view text) -> Done {
    query.labels.emplace_back(text);
    return {};
  }));
  TRY(each_value(target, "external_reference", [&](std::string_view text) -> Done {
    const auto colon = text.find(':');
    if (colon == text.npos)
      query.external_references.emplace_back("", text);
    else
      query.external_references.emplace_back(text.substr(0, colon), text.substr(colon + 1));
    return {};
  }));
  TRY(each_value(target, "value", [&](std::string_view text) -> Done {
    auto value = value_named(text);
    if (!value) return fail(std::move(value).error());
    query.values.push_back(std::move(*value));
    return {};
  }));
  if (const auto words = target.parameter("words")) {
    if (trimmed(*words).empty()) return fail(ErrorCode::invalid, "words is empty");
    query.words = *words;
  }
  return {};
}

Done read_order(store::Query& query, const net::Target& target) {
  const auto order = target.parameter("order").value_or("newest");
  if (order != "newest" && order != "oldest")
    return fail(ErrorCode::invalid, "order: '{}' is neither newest nor oldest", excerpt(order));
  query.newest_first = order == "newest";
  return {};
}

Result<store::Query> query_of(const api::Call& call) {
  const auto& target = call.target;
  store::Query query;
  query.ids = TRY(ids_of(target, "id"));
  query.created_by = TRY(ids_of(target, "created_by"));
  query.refers_to = TRY(ids_of(target, "refers_to"));
  for (const auto type : values_of(target, "type")) query.types.emplace_back(type);
  for (const auto name : values_of(target, "circle")) {
    auto circle = TRY(ledger::circle_by_name(call.services.store.records(), call.caller->organisation, name));
    query.collections.push_back(circle.value.id);
  }
  if (const auto text = target.parameter("added_after")) {
    auto time = parse_time(*text);
    if (!time) return fail(std::move(time).error().within("added_after"));
    query.added_after = time->at;
  }
  TRY(read_versions(query, target));
  TRY(read_source(query, call));
  TRY(read_content(query, target));
  TRY(read_order(query, target));
  return query;
}

/// Who asks for what: the cursor's purpose. Limits may change between pages.
std::string purpose_of(const api::Call& call) {
  std::string purpose = "objects\n" + call.caller->account.text() + call.caller->organisation.text();
  for (const auto& [name, value] : call.target.query)
    if (name != "cursor" && name != "limit") purpose += "\n" + name + "=" + value;
  return purpose;
}

}  // namespace

std::vector<std::string_view> values_of(const net::Target& target, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& parameter : target.query) {
    if (parameter.name != name) continue;
    for (const auto part : split(parameter.value, ','))
      if (const auto text = trimmed(part); !text.empty() && values.size() < values_of_parameter_max)
        values.push_back(text);
  }
  return values;
}

Done only_known(const net::Target& target, std::span<const api::Parameter> known) {
  for (const auto& [name, value] : target.query) {
    if (std::ranges::any_of(known, [&](const auto& row) { return row.name == name; })) continue;
    std::string names;
    for (const auto& row : known) names += (names.empty() ? "" : ", ") + std::string(row.name);
    return fail(ErrorCode::invalid, "no parameter '{}' here; known are {}", excerpt(name), names);
  }
  return {};
}

Result<model::CanonicalValue> value_named(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != text.npos)
    if (const auto kind = model::value_kind_named(text.substr(0, colon)))
      return model::canonical(*kind, text.substr(colon + 1));
  auto value = model::canonical_guess(text);
  if (!value)
    return fail(ErrorCode::invalid,
                "value: {}; say its kind, as in file_name:{}",
                value.error().message,
                excerpt(text));
  return value;
}

std::string seal_place(const api::Call& call, std::string_view purpose, const store::Place& place) {
  std::int64_t parts[2] = {place.added.us, static_cast<std::int64_t>(place.sequence)};
  return call.services.sealer.seal(purpose, {reinterpret_cast<const char*>(parts), sizeof parts});
}

Result<store::Place> open_place(const api::Call& call, std::string_view purpose, std::string_view token) {
  const auto bytes = call.services.sealer.open(purpose, token);
  std::int64_t parts[2] = {};
  if (!bytes || bytes->size() != sizeof parts)
    return fail(ErrorCode::invalid, "cursor: not one that this search gave; start again without it");
  std::memcpy(parts, bytes->data(), sizeof parts);
  return store::Place{{parts[0]}, static_cast<store::Sequence>(parts[1])};
}

Result<Search> read_search(const api::Call& call) {
  TRY(only_known(call.target, search_parameters));
  Search search;
  search.query = TRY(query_of(call));
  search.limit = TRY(limit_of(call.target));
  search.purpose = purpose_of(call);
  if (const auto token = call.target.parameter("cursor"))
    search.from = TRY(open_place(call, search.purpose, *token));
  return search;
}

namespace {

/// Whether anything that may be shown follows.
Result<bool> is_more(const api::Call& call,
                     const store::Query& query,
                     const store::PastRights& past,
                     std::optional<store::Place> from) {
  constexpr int looked_at_once = 16;
  for (int limit = 1; from; limit = looked_at_once) {
    auto page = TRY(store::find(call.services.store.objects(),
                                call.scope(),
                                past,
                                query,
                                from,
                                limit,
                                page_bytes_max,
                                call.deadline));
    const auto seen = TRY(release_all(call, std::move(page.holdings)));
    if (!seen.empty()) return true;
    from = page.next;
  }
  return false;
}

}  // namespace

Result<SeenPage> find_seen(const api::Call& call,
                           const store::Query& query,
                           std::optional<store::Place> from,
                           int limit) {
  const auto rights = TRY(ledger::reader_rights(call));
  SeenPage seen;
  std::size_t bytes = 0;
  while (true) {
    const auto wanted = limit - static_cast<int>(seen.holdings.size());
    auto page = TRY(store::find(call.services.store.objects(),
                                call.scope(),
                                rights.past,
                                query,
                                from,
                                wanted,
                                page_bytes_max - bytes,
                                call.deadline));
    auto released = TRY(release_all(call, std::move(page.holdings)));
    for (auto& holding : released) {
      bytes += holding.look().bytes->size();
      seen.holdings.push_back(std::move(holding));
    }
    from = page.next;
    if (!from || static_cast<int>(seen.holdings.size()) >= limit || bytes >= page_bytes_max) break;
  }
  if (TRY(is_more(call, query, rights.past, from))) seen.next = from;
  TRY(ledger::still_those(call, rights));
  return seen;
}

namespace {

using ShownPage = std::pair<Shown, std::optional<std::string>>;  // and the cursor of the next page

Bytes write_page(const ShownPage& page) {
  const auto& [shown, next] = page;
  model::JsonWriter out;
  out.begin_object();
  out.key("objects");
  out.begin_array();
  for (const auto& holding : shown.first) write_entry(out, holding, shown.second);
  out.end_array();
  out.member("more", next.has_value());
  out.member("next", next);
  out.end_object();
  return std::move(out).text();
}

constexpr api::Field search_fields[] = {
    {"objects", "[]ObjectEntry", "one page"},
    {"more", "boolean", "whether there is another page"},
    {"next", "string", "parameter `cursor` of the next page", false},
};

}  // namespace

const api::Type search_answer{"SearchPage", search_fields};

Result<api::Response> search_objects(api::Call& call) {
  const auto search = TRY(read_search(call));
  auto page = TRY(find_seen(call, search.query, search.from, search.limit));
  std::optional<std::string> next;
  if (page.next) next = seal_place(call, search.purpose, *page.next);
  auto shown = TRY(show(call, std::move(page.holdings)));
  auto whole = policy::Release::both(std::move(shown), policy::Release::fact(std::move(next)));
  return api::Response(200, whole.render(write_page));
}

}  // namespace shieldwall::library
