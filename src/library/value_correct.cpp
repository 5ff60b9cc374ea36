// POST /api/v1/value/corrections: an opinion that goes where the indicator came from.

#include "api/fields.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "library/intake.h"
#include "library/sighting.h"
#include "library/value_evidence.h"

namespace shieldwall::library {

namespace {

using model::JsonWriter;
using Kind = Testimony::Kind;

constexpr std::size_t correction_bytes_max = 64 << 10;
constexpr std::size_t explanation_bytes_max = 10'000;

struct Correction {
  model::ObjectId indicator{};
  Kind kind = Kind::false_positive;
  std::string explanation{};
};

Result<Correction> read_correction(const model::Json& body) {
  auto fields = TRY(api::Fields::of(body));
  Correction correction;
  const auto indicator = TRY(fields.text("indicator"));
  const auto because = TRY(fields.text("because"));
  correction.explanation = TRY(fields.optional_text("explanation")).value_or("");
  TRY(fields.finish());
  correction.indicator = TRY(model::ObjectId::parse(indicator));
  if (because != "false-positive" && because != "expired")
    return fail(ErrorCode::invalid, "because: false-positive or expired");
  if (because == "expired") correction.kind = Kind::expired;
  if (correction.explanation.size() > explanation_bytes_max)
    return fail(ErrorCode::invalid, "explanation: longer than {} bytes", explanation_bytes_max);
  return correction;
}

/// STIX 2.1 section 4.13. The same correction in the same circle has the same id.
std::string opinion_text(const Correction& correction,
                         const CircleId& circle,
                         const model::ObjectId& author,
                         Timestamp now) {
  const bool expired = correction.kind == Kind::expired;
  const auto name = fmt::format("{} {} {}", author.text(), correction.indicator.text(), expired);
  JsonWriter out;
  out.begin_object();
  out.member("type", "opinion");
  out.member("spec_version", "2.1");
  out.member("id", model::ObjectId{"opinion", Uuid::named(circle.uuid, name)}.text());
  out.member("created_by_ref", author.text());
  out.member("created", to_text_ms(now));
  out.member("modified", to_text_ms(now));
  if (!correction.explanation.empty()) out.member("explanation", correction.explanation);
  out.member("opinion", expired ? "disagree" : "strongly-disagree");
  out.key("labels");
  out.begin_array();
  out.value(expired ? "expired" : "false-positive");
  out.end_array();
  out.key("object_refs");
  out.begin_array();
  out.value(correction.indicator.text());
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

struct Told {
  std::vector<std::string> circles{};  // titles of those it went into now
  std::size_t unchanged = 0;           // where it stood already
};

/// Tells it where the indicator came from, to nobody who could not see the indicator.
Done tell(api::Call& call, const Correction& correction, const policy::Holding& indicator, Told& told) {
  if (!indicator.collection || is_own(call, indicator)) return {};
  auto& records = call.services.store.records();
  const auto circle = TRY(ledger::read_circle(records, *indicator.collection));
  auto label = TRY(sighting_label(records, indicator, circle.value, call.caller->organisation, call.now));
  const auto author = TRY(ledger::read_organisation(records, call.caller->organisation));
  auto judged = judge(opinion_text(correction, circle.value.id, author.value.identity, call.now), false);
  if (!judged) return fail(ErrorCode::internal, "an opinion of ours is no STIX");
  if (call.services.store.objects().get(call.scope(), judged->object.id)) {
    ++told.unchanged;
    return {};
  }
  const auto source = TRY(source_of(records, call.caller->organisation));
  const store::NewHolding holdings[] = {{.object = std::move(judged->object),
                                         .text = std::move(judged->text),
                                         .source = source,
                                         .collection = circle.value.id,
                                         .label = std::move(label),
                                         .parts = {}}};
  TRY(call.services.store.objects().put(holdings, call.deadline));
  told.circles.push_back(circle.value.title);
  return {};
}

Bytes told_text(const Told& told) {
  JsonWriter out;
  out.begin_object();
  out.key("circles");
  out.begin_array();
  for (const auto& circle : told.circles) out.value(circle);
  out.end_array();
  out.member("unchanged", told.unchanged);
  out.end_object();
  return std::move(out).text();
}

}  // namespace

Result<api::Response> correct_indicator(api::Call& call) {
  auto text = TRY(api::body_of(call, correction_bytes_max));
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  const auto correction = TRY(read_correction(document.root()));
  if (TRY(is_stopped(call.services.store.settings(), call.caller->organisation)))
    return fail(ErrorCode::denied, "nothing returns for this organisation; an operator may let it go on");
  store::Query query;
  query.ids = {correction.indicator};
  const auto holdings = TRY(all_of(call, query));
  if (holdings.empty()) return fail(ErrorCode::not_found, "no such object");
  TRY(ledger::audit(
      call.services.store, *call.caller, "indicator.correct", {{"indicator", correction.indicator.text()}}));
  Told told;
  for (const auto& holding : holdings) TRY(tell(call, correction, holding.look(), told));
  return answer_own(call, std::move(told), told_text);
}

}  // namespace shieldwall::library
