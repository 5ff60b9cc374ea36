#include "library/feed/false_positive.h"

#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "library/intake.h"
#include "library/label_request.h"
#include "library/search.h"
#include "library/sighting.h"
#include "model/json_writer.h"

namespace shieldwall::library::feed {

namespace {

std::string opinion_text(const api::Call& call,
                         const model::ObjectId& indicator,
                         const model::ObjectId& author) {
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "opinion");
  out.member("spec_version", "2.1");
  out.member("id", model::ObjectId{"opinion", Uuid::random(call.services.random)}.text());
  out.member("created_by_ref", author.text());
  out.member("created", to_text_ms(call.now));
  out.member("modified", to_text_ms(call.now));
  out.member("explanation", "False positive: not blocked here.");
  out.member("opinion", "strongly-disagree");
  out.key("object_refs");
  out.begin_array();
  out.value(indicator.text());
  out.end_array();
  out.key("labels");
  out.begin_array();
  out.value("false-positive");
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<store::NewHolding> opinion_of(api::Call& call,
                                     const policy::Holding& holding,
                                     const model::ObjectId& author) {
  if (!holding.collection) return fail(ErrorCode::denied, "it came by no circle");
  auto& records = records_of(call);
  const auto circle = TRY(ledger::read_circle(records, *holding.collection));
  auto label = TRY(sighting_label(records, holding, circle.value, call.caller->organisation, call.now));
  auto judged = judge(opinion_text(call, holding.id, author), false);
  if (!judged) return fail(ErrorCode::internal, "an opinion of ours is no STIX");
  const auto source = TRY(source_of(records, call.caller->organisation));
  return store::NewHolding{.object = std::move(judged->object),
                           .text = {},
                           .source = source,
                           .collection = holding.collection,
                           .label = std::move(label),
                           .parts = {}};
}

}  // namespace

Result<Told> tell_originators(api::Call& call, const model::CanonicalValue& value) {
  constexpr int indicators_max = 1'000;
  store::Query query;
  query.types = {"indicator"};
  query.values = {value};
  const auto page = TRY(find_seen(call, query, std::nullopt, indicators_max));
  const auto author =
      TRY(ledger::read_organisation(records_of(call), call.caller->organisation)).value.identity;
  std::vector<store::NewHolding> batch;
  Told told;
  for (const auto& released : page.holdings) {
    const auto& holding = released.look();
    if (holding.source.kind == policy::Source::Kind::own &&
        holding.source.id == call.caller->organisation.uuid)
      continue;
    auto opinion = opinion_of(call, holding, author);
    if (!opinion) {
      told.not_told.push_back(fmt::format("{}: {}", holding.id.text(), opinion.error().message));
      continue;
    }
    batch.push_back(std::move(*opinion));
  }
  if (!batch.empty()) TRY(call.services.store.objects().put(batch, call.deadline));
  told.told = batch.size();
  return told;
}

}  // namespace shieldwall::library::feed
