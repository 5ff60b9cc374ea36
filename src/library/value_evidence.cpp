#include "library/value_evidence.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>

#include "ledger/organisation.h"
#include "library/search.h"

namespace shieldwall::library {

namespace {

using Kind = Testimony::Kind;

constexpr std::size_t objects_max = 100'000;  // of one question
constexpr std::size_t asked_at_once = 256;    // of names in one query

bool lists(const model::Json& json, std::string_view name, std::string_view text) {
  const auto list = json.find(name);
  if (!list || !list->is(model::JsonKind::array)) return false;
  for (const auto element : *list)
    if (element.is(model::JsonKind::string) && element.string() == text) return true;
  return false;
}

/// Who it came from, as an identity; of a feed, which many may have written, whom it names.
class Tellers {
 public:
  explicit Tellers(store::Records& records) : records_(records) {}

  std::string of(const policy::Holding& holding, const std::string& author) {
    if (holding.source.kind == policy::Source::Kind::feed)
      return author.empty() ? holding.source.id.text() : author;
    auto& known = identities_[holding.source.id];
    if (known.empty()) {
      const OrganisationId id{holding.source.id};
      const auto row = ledger::read_organisation(records_, id);
      known = (row ? row->value.identity : ledger::identity_of(id)).text();
    }
    return known;
  }

 private:
  store::Records& records_;
  std::map<Uuid, std::string> identities_;
};

std::optional<Kind> kind_of(const model::Json& json) {
  if (text_in(json, "type") == "sighting") return Kind::seen;
  if (lists(json, "labels", "expired")) return Kind::expired;
  if (lists(json, "labels", "false-positive") || text_in(json, "opinion") == "strongly-disagree")
    return Kind::false_positive;
  return std::nullopt;  // an opinion about something else
}

/// One for each indicator that the sighting or opinion is about.
void add_testimonies(const policy::Holding& holding, Tellers& tellers, std::vector<Testimony>& all) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return;
  const auto json = document->root();
  const auto kind = kind_of(json);
  if (!kind || is_anonymous(json)) return;
  Testimony one{.kind = *kind, .id = holding.id.text(), .author = text_in(json, "created_by_ref")};
  one.teller = tellers.of(holding, one.author);
  const auto at = time_in(json, "created");
  one.first = time_in(json, "first_seen").value_or(at.value_or(holding.added));
  one.last = time_in(json, "last_seen").value_or(one.first);
  std::vector<std::string> about{text_in(json, "sighting_of_ref")};
  if (const auto refs = json.find("object_refs"))
    for (const auto ref : *refs) about.emplace_back(ref.string());
  for (const auto& text : about)
    if (auto id = model::ObjectId::parse(text); id && id->type == "indicator") {
      one.indicator = std::move(*id);
      all.push_back(one);
    }
}

/// Page by page, as whoever looks may see it.
Done each(const Look& look,
          const store::Query& query,
          const std::function<Done(policy::Released<policy::Holding>&&)>& take) {
  std::optional<store::Place> from;
  do {
    auto page =
        TRY(look.store.objects().find(look.scope, query, from, page_max, page_bytes_max, look.deadline));
    for (auto& holding : page.holdings) {
      auto released = policy::release(look.scope, std::move(holding), look.now);
      if (!released && released.error().code == ErrorCode::not_found) continue;
      if (!released) return fail(std::move(released).error());
      TRY(take(std::move(*released)));
    }
    from = page.next;
  } while (from);
  return {};
}

/// What those testimonies were derived from, where relationships say so.
Result<std::map<std::string, std::string>> derivations(const Look& look,
                                                       std::span<const Testimony> testimonies) {
  std::map<std::string, std::string> from;
  const auto note = [&](policy::Released<policy::Holding>&& holding) -> Done {
    const auto document = model::JsonDocument::parse(*holding.look().bytes);
    if (!document) return {};
    const auto type = text_in(document->root(), "relationship_type");
    if (type == "derived-from" || type == "duplicate-of")
      from.emplace(text_in(document->root(), "source_ref"), text_in(document->root(), "target_ref"));
    return {};
  };
  while (!testimonies.empty()) {
    const auto some = testimonies.first(std::min(testimonies.size(), asked_at_once));
    testimonies = testimonies.subspan(some.size());
    store::Query query;
    query.types = {"relationship"};
    for (const auto& one : some)
      if (auto id = model::ObjectId::parse(one.id)) query.refers_to.push_back(std::move(*id));
    TRY(each(look, query, note));
  }
  return from;
}

}  // namespace

Look look_of(const api::Call& call) {
  return {call.services.store, call.scope(), call.now, call.deadline};
}

Result<ReleasedHoldings> all_of(const Look& look, const store::Query& query) {
  ReleasedHoldings all;
  TRY(each(look, query, [&](policy::Released<policy::Holding>&& holding) -> Done {
    if (all.size() == objects_max)
      return fail(ErrorCode::exhausted, "more than {} objects; ask for one indicator", objects_max);
    all.push_back(std::move(holding));
    return {};
  }));
  return all;
}

Result<ReleasedHoldings> all_of(const api::Call& call, const store::Query& query) {
  return all_of(look_of(call), query);
}

std::string text_in(const model::Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found && found->is(model::JsonKind::string) ? std::string(found->string()) : "";
}

std::optional<Timestamp> time_in(const model::Json& json, std::string_view name) {
  const auto time = parse_time(text_in(json, name));
  return time ? std::optional(time->at) : std::nullopt;
}

bool is_anonymous(const model::Json& sighting) {
  return text_in(sighting, "type") == "sighting" && text_in(sighting, "created_by_ref").empty() &&
         lists(sighting, "labels", "anonymous");
}

bool is_own(const api::Call& call, const policy::Holding& holding) {
  return holding.source.kind != policy::Source::Kind::feed &&
         holding.source.id == call.caller->organisation.uuid;
}

Result<std::vector<Testimony>> testimonies_of(const Look& look, std::vector<model::ObjectId> indicators) {
  store::Query query;
  query.types = {"sighting", "opinion"};
  query.refers_to = std::move(indicators);
  std::vector<Testimony> all;
  Tellers tellers(look.store.records());
  const auto holdings = TRY(all_of(look, query));
  for (const auto& holding : holdings) add_testimonies(holding.look(), tellers, all);
  const auto lineage = TRY(derivations(look, all));
  for (auto& one : all)
    if (const auto from = lineage.find(one.id); from != lineage.end()) one.of = from->second;
  return all;
}

Result<std::vector<Testimony>> testimonies_of(const api::Call& call,
                                              std::vector<model::ObjectId> indicators) {
  return testimonies_of(look_of(call), std::move(indicators));
}

Result<std::set<model::ObjectId>> corrected(const Look& look) {
  store::Query query;
  query.types = {"opinion"};
  std::set<model::ObjectId> indicators;
  Tellers tellers(look.store.records());
  TRY(each(look, query, [&](policy::Released<policy::Holding>&& holding) -> Done {
    std::vector<Testimony> of_one;
    add_testimonies(holding.look(), tellers, of_one);
    for (auto& one : of_one) indicators.insert(std::move(one.indicator));
    return {};
  }));
  return indicators;
}

Result<model::ObjectId> indicator_named(const api::Call& call) {
  const auto text = call.target.parameter("indicator");
  if (!text) return fail(ErrorCode::invalid, "name the indicator: ?indicator=indicator--...");
  return model::ObjectId::parse(*text);
}

}  // namespace shieldwall::library
