#include <algorithm>
#include <map>

#include "api/fields.h"
#include "api/shelf.h"
#include "exchange/ask/ask.h"
#include "exchange/ask/quota.h"
#include "exchange/ask/request.h"
#include "exchange/ask/set.h"
#include "ledger/audit.h"
#include "ledger/delivery.h"
#include "ledger/organisation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange {

namespace {

using namespace ask;
using api::Call;
using api::Response;
using policy::Owned;
using policy::Release;

// ---------------------------------------------------------------- what all of them do

Result<model::JsonDocument> json_of(const Call& call) {
  auto text = TRY(api::body_of(call, body_bytes_max));
  return model::JsonDocument::parse(std::move(text));
}

template <typename T>
Result<Response> told(const Call& call, int status, T value, Bytes (*writer)(const T&)) {
  const auto row = TRY(Release::of(call.scope(), Owned<T>{call.caller->organisation, std::move(value)}));
  return Response(status, row.render(writer));
}

/// 429, with when to return (RFC 6585 section 4).
Response too_many(const Call& call, const Allowance& allowance, std::uint64_t wanted) {
  const auto wait = std::max<std::int64_t>(1, (allowance.again.us - call.now.us) / seconds(1).us + 1);
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "about:blank");
  out.member("title", net::reason_of(429));
  out.member("status", 429);
  out.member("detail",
             fmt::format("{} questions asked, {} of today's {} left; the next {} can be asked from {} on",
                         wanted,
                         allowance.left,
                         questions_per_day,
                         questions_per_day,
                         to_text_ms(allowance.again)));
  out.end_object();
  Response response(429, policy::Public::of(std::move(out).text()), "application/problem+json");
  response.header("Retry-After", policy::Public::of(std::to_string(wait)));
  return response;
}

/// Nothing where they are granted, else the answer.
Result<std::optional<Response>> charge(const Call& call, std::uint64_t questions) {
  const auto allowance =
      TRY(take_questions(records_of(call), call.caller->organisation, questions, call.now));
  if (allowance.granted) return std::optional<Response>();
  return std::optional(too_many(call, allowance, questions));
}

Result<Epoch> epoch_named(Call& call, std::int64_t number) {
  auto epoch = epoch_kept(call.services, call.now);
  const bool none = !epoch && epoch.error().code == ErrorCode::not_found;
  if (none || (epoch && epoch->number != number))
    return fail(ErrorCode::conflict, "epoch {} is over; fetch the set of tags anew", number);
  return epoch;
}

// ---------------------------------------------------------------- POST /api/v1/ask/filter

Result<Response> give_filter(Call& call) {
  const auto epoch = TRY(epoch_now(call.services, call.now));
  auto filter = TRY(filter_for(call, epoch));
  if (auto refused = TRY(charge(call, filter_costs))) return std::move(*refused);
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "ask.filter",
                    {{"epoch", epoch.number}, {"bytes", filter.look()->size()}}));
  return Response(200, std::move(filter), filter_type);
}

// ---------------------------------------------------------------- POST /api/v1/ask/evaluations

struct Questions {
  std::int64_t epoch = 0;
  std::vector<Bytes> elements{};
};

Result<Questions> read_questions(const model::Json& body) {
  auto fields = TRY(api::Fields::of(body));
  Questions questions;
  questions.epoch = TRY(fields.number("epoch"));
  const auto texts = TRY(fields.texts("elements"));
  TRY(fields.finish());
  if (texts.empty() || texts.size() > batch_max)
    return fail(
        ErrorCode::invalid, "elements: {} of them; one request takes 1 to {}", texts.size(), batch_max);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto bytes = from_base64(texts[i]);
    if (!bytes) return fail(std::move(bytes).error().within(fmt::format("elements[{}]", i)));
    questions.elements.push_back(std::move(*bytes));
  }
  return questions;
}

Bytes evaluation_text(const voprf::Evaluation& evaluation) {
  model::JsonWriter out;
  out.begin_object();
  out.key("elements");
  out.begin_array();
  for (const auto& element : evaluation.elements) out.value(to_base64(element.view()));
  out.end_array();
  out.member("proof",
             to_base64(Bytes(evaluation.proof.challenge.view()) + Bytes(evaluation.proof.response.view())));
  out.end_object();
  return std::move(out).text();
}

Result<Response> answer_questions(Call& call) {
  const auto document = TRY(json_of(call));
  const auto questions = TRY(read_questions(document.root()));
  const auto epoch = TRY(epoch_named(call, questions.epoch));
  if (auto refused = TRY(charge(call, questions.elements.size()))) return std::move(*refused);
  auto evaluation =
      TRY(voprf::evaluate_received(voprf::Mode::voprf, epoch.key, questions.elements, call.services.random));
  return told(call, 200, std::move(evaluation), evaluation_text);
}

// ---------------------------------------------------------------- requests

/// The objects that hold the value and that the caller may ask for, by owner.
using Owners = std::map<OrganisationId, std::vector<policy::Holding>>;

Result<Owners> owners_of(const Call& call, const std::string& value) {
  const auto colon = value.find(':');
  const auto kind = model::value_kind_named(value.substr(0, colon));
  if (!kind) return fail(ErrorCode::internal, "a tag of no value");
  store::Query query;
  query.values = {{*kind, value.substr(colon + 1)}};
  constexpr int objects_max = 1'000;
  auto page = TRY(call.services.store.objects().find(
      call.scope(), query, std::nullopt, objects_max, 8u << 20, call.deadline));
  Owners owners;
  for (const auto& holding : page.holdings)
    if (may_be_asked(call.scope(), holding, call.now) && may_be_requested(holding.label))
      for (const auto& clause : holding.label.audience) owners[clause.owner].push_back(holding);
  if (owners.empty()) return fail(ErrorCode::not_found, "no such reference in this epoch");
  return owners;
}

struct Passed {
  std::vector<std::string> owners{};
};

Bytes passed_text(const Passed& passed) {
  model::JsonWriter out;
  out.begin_object();
  out.key("owners");
  out.begin_array();
  for (const auto& owner : passed.owners) out.value(owner);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<std::string> value_behind(Call& call, const Epoch& epoch, const std::string& reference) {
  if (call.services.shelf == nullptr) return fail(ErrorCode::unavailable, "no node is running here");
  auto& tags = call.services.shelf->of<Tags>();
  auto value = tags.value_of(epoch, reference);
  if (value) return value;
  TRY(filter_for(call, epoch));  // a node that was started anew remembers no tags until it made them
  return tags.value_of(epoch, reference);
}

Result<Response> take_request(Call& call) {
  const auto document = TRY(json_of(call));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto number = TRY(fields.number("epoch"));
  const auto written = TRY(fields.text("reference"));
  TRY(fields.finish());
  const auto reference = from_base64(written);
  if (!reference || reference->size() != reference_bytes)
    return fail(ErrorCode::invalid, "reference: not {} bytes in base64", reference_bytes);
  const auto epoch = TRY(epoch_named(call, number));
  if (auto refused = TRY(charge(call, 1))) return std::move(*refused);
  const auto value = TRY(value_behind(call, epoch, *reference));
  const auto owners = TRY(owners_of(call, value));
  Passed passed;
  for (const auto& [owner, holdings] : owners) {
    Request request{
        .by = call.caller->organisation, .name = call.caller->name, .value = value, .at = call.now};
    for (const auto& holding : holdings) request.objects.push_back(holding.id.text());
    TRY(keep_request(call.services, owner, request));
    const auto row = ledger::read_organisation(records_of(call), owner);
    passed.owners.push_back(row ? row->value.name : owner.text());
  }
  TRY(ledger::audit(call.services.store, *call.caller, "ask.request", {{"owners", owners.size()}}));
  return told(call, 202, std::move(passed), passed_text);
}

Bytes requests_text(const std::vector<Request>& requests) {
  model::JsonWriter out;
  out.begin_object();
  out.key("requests");
  out.begin_array();
  for (const auto& request : requests) out.raw(encode(request));
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<Response> list_requests(Call& call) {
  auto requests = TRY(requests_to(records_of(call), call.caller->organisation));
  return told(call, 200, std::move(requests), requests_text);
}

// ---------------------------------------------------------------- GET /api/v1/ask/keys

Bytes keys_text(const std::vector<OpenKey>& keys) {
  model::JsonWriter out;
  out.begin_object();
  out.member("suite", "ristretto255-SHA512");
  out.member("questions_per_day", questions_per_day);
  out.key("keys");
  out.begin_array();
  for (const auto& key : keys) {
    out.begin_object();
    out.member("epoch", key.epoch);
    out.member("key", to_hex(key.key.view()));
    out.member("until", to_text_ms(end_of_epoch(key.epoch)));
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<Response> list_keys(Call& call) {
  auto keys = TRY(open_keys(records_of(call)));
  return told(call, 200, std::move(keys), keys_text);
}

constexpr api::Field questions_fields[] = {
    {"epoch", "integer", "of the set of tags that the answers will be compared with"},
    {"elements", "[]string", "blinded values: up to 1,000 elements of ristretto255, base64"},
};
constexpr api::Type questions_type{"AskQuestions", questions_fields};
constexpr api::Field answers_fields[] = {
    {"elements", "[]string", "the evaluated elements, in the order of the question, base64"},
    {"proof", "string", "that all were evaluated with the epoch's key: 64 bytes, base64"},
};
constexpr api::Type answers_type{"AskAnswers", answers_fields};
constexpr api::Field request_fields[] = {
    {"epoch", "integer", "in which the value was asked"},
    {"reference", "string", "16 bytes of the value's tag, base64"},
};
constexpr api::Type request_type{"AskRequest", request_fields};
constexpr api::Field passed_fields[] = {
    {"owners", "[]string", "names of the organisations that the request was passed to"},
};
constexpr api::Type passed_type{"AskRequestPassed", passed_fields};
constexpr api::Field requests_fields[] = {
    {"requests", "[]object", "by (organisation), name (of its account), value, objects (STIX ids), at"},
};
constexpr api::Type requests_type{"AskRequests", requests_fields};
constexpr api::Field keys_fields[] = {
    {"suite", "string", "of RFC 9497, in its verifiable mode"},
    {"questions_per_day", "integer", "that one organisation may ask"},
    {"keys", "[]object", "epoch, key (hexadecimal), until: of every epoch so far"},
};
constexpr api::Type keys_type{"AskKeys", keys_fields};

constexpr api::Route rows[] = {
    {.method = net::Method::post,
     .path = "/api/v1/ask/filter",
     .right = api::Right::read,
     .handler = give_filter,
     .summary = "the set of tags that the caller may compare with in this epoch, as one filter "
                "(application/vnd.shieldwall.tags)"},
    {.method = net::Method::post,
     .path = "/api/v1/ask/evaluations",
     .right = api::Right::read,
     .handler = answer_questions,
     .summary = "evaluates blinded values, with a proof for the batch; 429 when the day's questions are used",
     .body = &questions_type,
     .answer = &answers_type},
    {.method = net::Method::post,
     .path = "/api/v1/ask/requests",
     .right = api::Right::read,
     .handler = take_request,
     .summary = "asks the owners for what holds a value that was found",
     .body = &request_type,
     .answer = &passed_type},
    {.method = net::Method::get,
     .path = "/api/v1/ask/requests",
     .right = api::Right::publish,
     .handler = list_requests,
     .summary = "what others asked the caller's organisation for",
     .answer = &requests_type},
    {.method = net::Method::get,
     .path = "/api/v1/ask/keys",
     .right = api::Right::read,
     .handler = list_keys,
     .summary = "the keys that questions were answered with, to compare with other askers",
     .answer = &keys_type},
};

}  // namespace

std::span<const api::Route> ask_routes() {
  return rows;
}

}  // namespace shieldwall::exchange
