#include "exchange/ask/client.h"

#include <algorithm>
#include <span>

#include "api/fields.h"
#include "base/text.h"
#include "exchange/ask/ask.h"
#include "exchange/taxii/remote.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::ask {

namespace {

constexpr Duration timeout = seconds(120);  // of one exchange: a node that is busy with a set of tags

ErrorCode code_of(int status) {
  if (status == 401 || status == 403) return ErrorCode::denied;
  if (status == 404) return ErrorCode::not_found;
  if (status == 409) return ErrorCode::conflict;
  if (status == 429) return ErrorCode::exhausted;
  return status >= 400 && status < 500 ? ErrorCode::invalid : ErrorCode::unavailable;
}

Error error_of(const std::string& origin, const net::Response& response) {
  auto why = taxii::read_error(Bytes(response.bytes()));
  if (const auto wait = response.headers.get("Retry-After"); wait && response.status == 429)
    why += fmt::format("; ask again in {} s", *wait);
  return {code_of(response.status), fmt::format("{} answers {}: {}", origin, response.status, why)};
}

Result<model::JsonDocument> json_in(const net::Response& response) {
  return model::JsonDocument::parse(Bytes(response.bytes()));
}

}  // namespace

Result<voprf::Evaluation> read_evaluation(std::string text) {
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  auto fields = TRY(api::Fields::of(document.root(), "the answer"));
  const auto texts = TRY(fields.texts("elements"));
  const auto written = TRY(fields.text("proof"));
  if (texts.size() > batch_max) return fail(ErrorCode::invalid, "more answers than questions");
  voprf::Evaluation evaluation;
  for (const auto& one : texts) {
    const auto bytes = TRY(from_base64(one));
    evaluation.elements.push_back(TRY(voprf::Element::from(bytes)));
  }
  const auto proof = TRY(from_base64(written));
  if (proof.size() != 2 * voprf::scalar_bytes) return fail(ErrorCode::invalid, "the proof has no 64 bytes");
  evaluation.proof.challenge =
      TRY(voprf::Scalar::from(std::string_view(proof).substr(0, voprf::scalar_bytes)));
  evaluation.proof.response = TRY(voprf::Scalar::from(std::string_view(proof).substr(voprf::scalar_bytes)));
  return evaluation;
}

Result<net::Response> Client::send(net::Method method, std::string_view path, Bytes body) {
  auto url = settings_.node;
  url.target = fmt::format("/api/v1/ask/{}", path);
  net::Request request{.method = method, .target = url.target};
  request.headers.set("Accept", "application/json");
  request.headers.set("User-Agent", "shieldwall");
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  if (!settings_.authorization.empty()) request.headers.set("Authorization", settings_.authorization);
  request.body = std::move(body);
  return net_.send(
      url, std::move(request), {.deadline = Deadline::in(timeout, clock_), .peer = settings_.trust});
}

Result<std::optional<Filter>> Client::filter() {
  auto response = TRY(send(net::Method::post, "filter", {}));
  if (response.status == 503) return std::optional<Filter>();
  if (response.status != 200) return fail(error_of(settings_.node.origin(), response));
  return std::optional(TRY(Filter::parse(Bytes(response.bytes()))));
}

Result<voprf::Evaluation> Client::evaluate(std::uint32_t epoch, const std::vector<voprf::Blinded>& blinded) {
  model::JsonWriter out;
  out.begin_object();
  out.member("epoch", epoch);
  out.key("elements");
  out.begin_array();
  for (const auto& one : blinded) out.value(to_base64(one.element.view()));
  out.end_array();
  out.end_object();
  auto response = TRY(send(net::Method::post, "evaluations", std::move(out).text()));
  if (response.status != 200) return fail(error_of(settings_.node.origin(), response));
  return read_evaluation(Bytes(response.bytes()));
}

Result<std::vector<voprf::Tag>> Client::tags(const Filter& filter,
                                             const std::vector<std::string>& values,
                                             Random& random) {
  std::vector<voprf::Tag> tags;
  std::span<const std::string> rest(values);
  while (!rest.empty()) {
    const auto batch = rest.first(std::min(rest.size(), batch_max));
    rest = rest.subspan(batch.size());
    std::vector<voprf::Blinded> blinded;
    for (const auto& value : batch) blinded.push_back(TRY(voprf::blind(voprf::Mode::voprf, value, random)));
    const auto evaluation = TRY(evaluate(filter.epoch(), blinded));
    const std::vector<std::string_view> views(batch.begin(), batch.end());
    const auto some = TRY(voprf::finalize(voprf::Mode::voprf, filter.key(), views, blinded, evaluation));
    tags.insert(tags.end(), some.begin(), some.end());
  }
  return tags;
}

Result<std::vector<std::string>> Client::request(const Filter& filter, const voprf::Tag& tag) {
  model::JsonWriter out;
  out.begin_object();
  out.member("epoch", filter.epoch());
  out.member("reference", to_base64(reference_of(tag)));
  out.end_object();
  auto response = TRY(send(net::Method::post, "requests", std::move(out).text()));
  if (response.status != 202) return fail(error_of(settings_.node.origin(), response));
  const auto document = TRY(json_in(response));
  auto fields = TRY(api::Fields::of(document.root(), "the answer"));
  return fields.texts("owners");
}

Result<std::vector<OpenKey>> Client::keys() {
  auto response = TRY(send(net::Method::get, "keys", {}));
  if (response.status != 200) return fail(error_of(settings_.node.origin(), response));
  const auto document = TRY(json_in(response));
  auto fields = TRY(api::Fields::of(document.root(), "the answer"));
  std::vector<OpenKey> keys;
  for (const auto& element : TRY(fields.elements("keys"))) {
    auto row = TRY(api::Fields::of(element, "a key"));
    OpenKey open;
    open.epoch = static_cast<std::uint32_t>(TRY(row.number("epoch")));
    const auto written = TRY(row.text("key"));
    const auto bytes = TRY(from_hex(written));
    open.key = TRY(voprf::Element::from(bytes));
    keys.push_back(open);
  }
  return keys;
}

}  // namespace shieldwall::exchange::ask
