#include "library/amend.h"

#include <algorithm>

#include "ledger/amending.h"
#include "ledger/audit.h"
#include "library/intake.h"
#include "library/objects.h"
#include "library/search.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

constexpr int versions_max = 1'000;  // of one object; ATT&CK's longest history has some 30

/// The organisation's own holdings of the object there.
Result<std::vector<policy::Holding>> holdings_of(const api::Call& call,
                                                 const model::ObjectId& id,
                                                 const std::optional<CircleId>& circle) {
  const auto& me = call.caller->organisation;
  store::Query query;
  query.ids = {id};
  query.select = store::VersionSelect::all;
  query.sources = {{policy::Source::Kind::own, me.uuid}, {policy::Source::Kind::member, me.uuid}};
  if (circle) query.collections = {*circle};
  if (const auto text = call.target.parameter("version")) {
    const auto time = parse_time(*text);
    if (!time) return fail(ErrorCode::invalid, "version: '{}' is not a time", *text);
    query.versions = {time->at};
  }
  auto page = TRY(call.services.store.objects().find(
      call.scope(), query, std::nullopt, versions_max, page_bytes_max, call.deadline));
  if (page.next) return fail(ErrorCode::invalid, "too many versions at once; name one");
  std::erase_if(page.holdings, [&](const policy::Holding& holding) {
    return !is_own(holding, me) || holding.collection != circle;
  });
  return std::move(page.holdings);
}

/// Those to whom it was released before, and not those who came since.
void keep_audience(std::vector<policy::Clause>& wanted, const std::vector<policy::Clause>& before) {
  for (auto& clause : wanted) {
    const auto* const circle = std::get_if<policy::CircleAudience>(&clause.inside);
    if (circle == nullptr) continue;
    for (const auto& old : before) {
      const auto* const known = std::get_if<policy::CircleAudience>(&old.inside);
      if (old.owner == clause.owner && known != nullptr && known->circle == circle->circle) clause = old;
    }
  }
}

Result<store::Amendment> amendment_of(const api::Call& call, Terms terms, const policy::Holding& holding) {
  keep_audience(terms.label.ceiling.audience, holding.label.audience);
  keep_audience(terms.label.unmarked.audience, holding.label.audience);
  Definitions definitions(call.services.store.objects(), call.scope(), terms.source);
  Labeller labeller(terms, definitions);
  auto judged = judge(*holding.bytes, false);
  if (!judged) return fail(ErrorCode::corrupt, "{} cannot be read any more", holding.id.text());
  auto anew = TRY(labeller.label(std::move(*judged)));
  return store::Amendment{.id = holding.id,
                          .version = holding.version,
                          .spec_version = holding.spec_version,
                          .source = holding.source,
                          .collection = holding.collection,
                          .before = holding.label,
                          .label = std::move(anew.label),
                          .parts = std::move(anew.parts)};
}

/// Widening is a release: a circle that wants a second person's consent wants it for this too.
Done check_consent(const api::Call& call,
                   const LabelRequest& request,
                   const std::vector<store::Amendment>& amendments) {
  const bool widens = std::ranges::any_of(amendments, [](const store::Amendment& amendment) {
    return !policy::at_least_as_wide(amendment.before, amendment.label);
  });
  if (!widens) return {};
  TRY(terms_of(call.services.store.records(), *call.caller, request, Consent::none));
  return {};
}

Bytes write_count(const std::size_t& amended) {
  model::JsonWriter out;
  out.begin_object();
  out.member("amended", amended);
  out.end_object();
  return std::move(out).text();
}

constexpr api::Field amended_fields[] = {
    {"amended", "integer", "versions that came under the label"},
};

}  // namespace

const api::Type amend_answer{"ObjectAmended", amended_fields};

Result<api::Response> amend_label(api::Call& call) {
  TRY(only_known(call.target, amend_parameters));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  const auto request = TRY(read_label_request(call.target.query));
  const auto terms = TRY(terms_of(call.services.store.records(), *call.caller, request, Consent::given));
  const auto held = TRY(holdings_of(call, id, terms.collection));
  if (held.empty())
    return fail(ErrorCode::not_found, "the organisation put no {} of its own there", id.text());
  std::vector<store::Amendment> amendments;
  for (const auto& holding : held) amendments.push_back(TRY(amendment_of(call, terms, holding)));
  TRY(check_consent(call, request, amendments));
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "object.amend",
                    {{"object", id.text()},
                     {"versions", amendments.size()},
                     {"circle", terms.collection ? terms.collection->text() : "none"}}));
  auto& records = call.services.store.records();
  TRY(ledger::note_amending(records, id));
  TRY(call.services.store.objects().amend(amendments));
  TRY(ledger::note_amended(records, id));
  return api::Response(200, policy::Release::fact(amendments.size()).render(write_count));
}

}  // namespace shieldwall::library
