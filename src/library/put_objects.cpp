#include <algorithm>

#include "api/in_time.h"
#include "ledger/audit_entry.h"
#include "library/held_already.h"
#include "library/intake.h"
#include "library/objects.h"
#include "library/outcome.h"
#include "library/search.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t request_bytes_max = 32u << 20;  // one JSON document of a door; imports take more

struct Taken {
  std::vector<Outcome> outcomes;
  std::vector<Judged> judged;
  std::vector<std::size_t> places;  // of judged among outcomes
};

/// Each object of the text, judged on its own.
Result<Taken> take_apart(const api::Call& call, std::string_view body, bool strict) {
  std::vector<std::string> texts;
  model::ObjectSplitter splitter(request_bytes_max);
  TRY(splitter.push(body, texts));
  TRY(splitter.finish());
  Taken taken;
  taken.outcomes.resize(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    TRY(api::still_in_time(call));
    auto& outcome = taken.outcomes[i];
    outcome.index = i;
    auto judged = judge(std::move(texts[i]), strict);
    if (!judged) {
      outcome.id = std::move(judged.error().id);
      outcome.findings = std::move(judged.error().findings);
      continue;
    }
    outcome.id = judged->object.id.text();
    outcome.findings = judged->object.warnings;
    taken.judged.push_back(std::move(*judged));
    taken.places.push_back(i);
  }
  return taken;
}

/// For whoever meant to release it as their own.
model::Finding import_notice() {
  return {.severity = model::Severity::warning,
          .section = "import",
          .pointer = "",
          .message = "another source released this object to you: it is kept under that label and this one"};
}

Done store_all(const api::Call& call, const Terms& terms, Taken& taken) {
  Definitions definitions(call.services.store.objects(), call.scope(), terms.source);
  for (const auto& judged : taken.judged)
    if (judged.object.id.type == "marking-definition") definitions.offer(judged.object);
  Labeller labeller(terms, definitions);
  std::vector<store::NewHolding> batch;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < taken.judged.size(); ++i) {
    TRY(api::still_in_time(call));
    auto& outcome = taken.outcomes[taken.places[i]];
    outcome.version = text_of(taken.judged[i].object.version);
    auto holding = labeller.label(std::move(taken.judged[i]));
    if (!holding) {
      outcome.findings.push_back(finding_of(holding.error(), "label"));
      continue;
    }
    if (is_import(*holding)) outcome.findings.push_back(import_notice());
    batch.push_back(std::move(*holding));
    places.push_back(taken.places[i]);
  }
  if (batch.empty()) return {};
  const auto audited = [&](std::span<const store::PutOutcome> results) -> Result<store::Along> {
    store::Along along;
    along.audit = ledger::put_entry(*call.caller, terms.collection, batch, results);
    return along;
  };
  const auto results = TRY(store::put(call.services.store.objects(), batch, audited, call.deadline));
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto& outcome = taken.outcomes[places[i]];
    outcome.status = status_of(results[i].status);
    if (outcome.status == Status::conflict) outcome.findings.push_back(conflict_finding());
  }
  return {};
}

/// 200 when something is held now; otherwise why nothing is.
int http_status(const Tally& tally) {
  if (tally.stored + tally.duplicate > 0 || tally.objects() == 0) return 200;
  return tally.conflict > 0 ? 409 : 422;
}

/// A body that unpacks to more than a request may hold is the caller's to cut, not a passing shortage of
/// ours.
Result<Bytes> body_within(const api::Call& call, std::optional<api::Response>& refusal) {
  auto body = api::body_of(call, request_bytes_max);
  if (!body && body.error().code == ErrorCode::exhausted) {
    auto told = body.error();
    told.message += "; use POST /api/v1/imports for more";
    refusal = api::Response(413, policy::Public::of(problem_text(413, told.message)), problem_media_type);
  }
  return body;
}

}  // namespace

Result<api::Response> put_objects(api::Call& call) {
  TRY(only_known(call.target, put_parameters));
  const auto request = TRY(read_label_request(call.target.query));
  auto terms = TRY(terms_of(call.services.store.records(), *call.caller, request));
  terms.strict = call.target.parameter("strict") == "true";
  std::optional<api::Response> refusal;
  auto body = body_within(call, refusal);
  if (refusal) return std::move(*refusal);
  const auto text = TRY(std::move(body));
  auto taken = TRY(take_apart(call, text, terms.strict));
  if (call.target.parameter("unless_held") == "true")
    keep_what_is_held(call.services.store.objects(), call.scope(), terms.source, call.now, taken.judged);
  TRY(store_all(call, terms, taken));
  const auto tally = tally_of(taken.outcomes);
  auto answer = TRY(policy::Release::of(
      call.scope(),
      policy::Owned<std::vector<Outcome>>{call.caller->organisation, std::move(taken.outcomes)}));
  return api::Response(http_status(tally), answer.render(write_outcomes));
}

}  // namespace shieldwall::library
