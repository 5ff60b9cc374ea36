// Carried files over the API: what `shieldwall carry` and `alliance request|enrol` ask. Files stand in JSON
// as base64.

#include "api/fields.h"
#include "exchange/federation/carry.h"
#include "exchange/federation/operator_call.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

namespace {

using api::Call;
using api::Response;
using api::Right;
using model::JsonWriter;
using net::Method;

constexpr std::size_t request_bytes_max = 30u << 20;  // a file of 22 MB as base64; the listener takes 32 MiB

Result<Response> out(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call, request_bytes_max));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto name = TRY(fields.text("member"));
  const auto after = TRY(fields.optional_number("after"));
  const auto bytes = TRY(fields.optional_number("bytes"));
  TRY(fields.finish());
  if (after.value_or(0) < 0 || bytes.value_or(0) < 0)
    return fail(ErrorCode::invalid, "after, bytes: numbers from 0");
  const auto member = TRY(ledger::organisation_named(call.services.store.records(), name));
  std::optional<std::uint64_t> from;
  if (after) from = static_cast<std::uint64_t>(*after);
  const auto about = bytes ? static_cast<std::size_t>(*bytes) : page_bytes_about;
  const auto file = TRY(carry_out(*federation, member.value.id, from, about));
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "carry.out",
                    {{"member", member.value.id.text()}, {"first", file.first}, {"last", file.last}}));
  JsonWriter answer;
  answer.begin_object();
  answer.member("file", to_base64(file.bytes));
  answer.member("first", file.first);
  answer.member("last", file.last);
  answer.member("more", file.more);
  answer.end_object();
  return told(200, std::move(answer));
}

Result<Response> in(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto document = TRY(body_in(call, request_bytes_max));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto text = TRY(fields.text("file"));
  const auto phrase = TRY(fields.optional_text("phrase"));
  TRY(fields.finish());
  const auto bytes = TRY(from_base64(text));
  const auto taken = TRY(carry_in(*federation, bytes, phrase.value_or("")));
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "carry.in",
                    {{"from", taken.from.text()}, {"last", taken.taken.ack.last}}));
  JsonWriter answer;
  answer.begin_object();
  answer.member("from", taken.from.text());
  answer.member("last", taken.taken.ack.last);
  answer.member("objects", std::uint64_t{taken.taken.objects});
  answer.member("refused", std::uint64_t{taken.taken.refused});
  answer.member("recalled", std::uint64_t{taken.taken.recalled});
  answer.end_object();
  return told(200, std::move(answer));
}

Result<Response> request(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto file = TRY(enrolment_request(*federation));
  JsonWriter answer;
  answer.begin_object();
  answer.member("file", to_base64(file));
  answer.end_object();
  return told(200, std::move(answer));
}

Result<Response> enrol_member(Call& call) {
  auto* const federation = TRY(operated(call));
  const auto alliance = TRY(ledger::alliance_named(call.services.store.records(), call.part("alliance")));
  const auto document = TRY(body_in(call, request_bytes_max));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto text = TRY(fields.text("file"));
  TRY(fields.finish());
  const auto bytes = TRY(from_base64(text));
  const auto enrolled = TRY(enrol(*federation, alliance, bytes));
  JsonWriter answer;
  answer.begin_object();
  answer.member("member", enrolled.member.text());
  answer.member("phrase", enrolled.phrase);
  answer.member("waiting", !enrolled.effective);
  answer.end_object();
  return told(200, std::move(answer));
}

constexpr api::Field out_fields[] = {
    {"member", "string", "id or name of the member"},
    {"after", "integer", "deliveries after this number; absent: after the last carried", false},
    {"bytes", "integer", "about how large the file may be; absent: 4 MiB", false},
};
constexpr api::Type out_type{"CarryOut", out_fields};
constexpr api::Field file_fields[] = {
    {"file", "string", "base64"},
    {"first", "integer", "number of the first delivery in it; 0: rosters alone"},
    {"last", "integer", "number of the last"},
    {"more", "boolean", "another file follows"},
};
constexpr api::Type file_type{"CarriedFile", file_fields};
constexpr api::Field in_fields[] = {
    {"file", "string", "base64"},
    {"phrase", "string", "of a first file: the words that the other operator told", false},
};
constexpr api::Type in_type{"CarryIn", in_fields};
constexpr api::Field taken_fields[] = {
    {"from", "string", "id of the member"},
    {"last", "integer", "number of the last delivery taken"},
    {"objects", "integer", "new here"},
    {"refused", "integer", "that this node may not have, or that do not verify"},
    {"recalled", "integer", "that were taken away"},
};
constexpr api::Type taken_type{"CarriedIn", taken_fields};
constexpr api::Field request_fields[] = {{"file", "string", "base64: what this node says of itself, signed"}};
constexpr api::Type request_type{"EnrolmentRequest", request_fields};
constexpr api::Field enrolled_fields[] = {
    {"member", "string", "id of the organisation"},
    {"phrase", "string", "to be told to its operator by voice"},
    {"waiting", "boolean", "other founders have to sign first"},
};
constexpr api::Type enrolled_type{"Enrolled", enrolled_fields};

constexpr api::Route routes[] = {
    {.method = Method::post,
     .path = "/api/v1/carried/out",
     .right = Right::operate,
     .handler = out,
     .summary = "A file of deliveries for a member that no wire reaches",
     .body = &out_type,
     .answer = &file_type},
    {.method = Method::post,
     .path = "/api/v1/carried/in",
     .right = Right::operate,
     .handler = in,
     .summary = "Take a carried file",
     .body = &in_type,
     .answer = &taken_type},
    {.method = Method::post,
     .path = "/api/v1/carried/request",
     .right = Right::operate,
     .handler = request,
     .summary = "What a founder needs to enrol this node without a wire",
     .answer = &request_type},
    {.method = Method::post,
     .path = "/api/v1/alliances/{alliance}/members",
     .right = Right::operate,
     .handler = enrol_member,
     .summary = "Enrol a node by its request",
     .body = &request_type,
     .answer = &enrolled_type},
};

}  // namespace

std::span<const api::Route> carry_routes() {
  return routes;
}

}  // namespace shieldwall::exchange::federation
