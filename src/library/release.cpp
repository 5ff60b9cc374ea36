#include "library/release.h"

#include <algorithm>

#include "api/fields.h"
#include "ledger/audit.h"
#include "ledger/circle.h"
#include "library/intake.h"
#include "library/objects.h"
#include "library/outcome.h"
#include "library/search.h"

namespace shieldwall::library {

namespace {

using model::JsonWriter;

constexpr std::size_t objects_max = 1'000;  // a list that its author still reads
constexpr std::size_t body_bytes_max = 1u << 20;
constexpr int waiting_max = 1'000;
constexpr Duration waiting_kept = days(30);

/// A list that waits for consent.
struct Waiting {
  JobId id{};
  AccountId account{};  // who asked
  Timestamp asked{};
  std::string query{};  // the label request, as it was asked
  std::vector<model::ObjectId> objects{};
};

std::string prefix_of(const OrganisationId& organisation) {
  return "release/" + organisation.text() + "/";
}

void write_waiting(JsonWriter& out, const Waiting& waiting) {
  out.begin_object();
  out.member("id", waiting.id.text());
  out.member("account", waiting.account.text());
  out.member("asked", to_text(waiting.asked));
  out.member("label", waiting.query);
  out.key("objects");
  out.begin_array();
  for (const auto& id : waiting.objects) out.value(id.text());
  out.end_array();
  out.end_object();
}

Bytes write_one(const Waiting& waiting) {
  JsonWriter out;
  write_waiting(out, waiting);
  return std::move(out).text();
}

Bytes write_all(const std::vector<Waiting>& all) {
  JsonWriter out;
  out.begin_object();
  out.key("releases");
  out.begin_array();
  for (const auto& waiting : all) write_waiting(out, waiting);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<std::vector<model::ObjectId>> ids_of(const std::vector<std::string>& texts) {
  std::vector<model::ObjectId> ids;
  for (const auto& text : texts) ids.push_back(TRY(model::ObjectId::parse(text)));
  std::ranges::sort(ids);
  const auto [first, last] = std::ranges::unique(ids);
  ids.erase(first, last);
  return ids;
}

Result<Waiting> decode(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "a waiting release"));
  Waiting waiting;
  const auto id = TRY(fields.text("id"));
  const auto account = TRY(fields.text("account"));
  const auto asked = TRY(fields.optional_time("asked"));
  waiting.query = TRY(fields.text("label"));
  const auto objects = TRY(fields.texts("objects"));
  waiting.id = TRY(JobId::parse(id));
  waiting.account = TRY(AccountId::parse(account));
  waiting.asked = asked.value_or(Timestamp{});
  waiting.objects = TRY(ids_of(objects));
  return waiting;
}

Result<std::vector<model::ObjectId>> list_in_body(const api::Call& call) {
  auto text = TRY(api::body_of(call, body_bytes_max));
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  auto fields = TRY(api::Fields::of(document.root()));
  const auto objects = TRY(fields.texts("objects"));
  TRY(fields.finish());
  if (objects.empty() || objects.size() > objects_max)
    return fail(ErrorCode::invalid, "objects: list 1 to {} ids", objects_max);
  return ids_of(objects);
}

/// The last version that the organisation itself holds and decides about.
Result<std::optional<policy::Holding>> own_holding(const api::Call& call, const model::ObjectId& id) {
  const auto& me = call.caller->organisation;
  store::Query query;
  query.ids = {id};
  query.sources = {{policy::Source::Kind::own, me.uuid}, {policy::Source::Kind::member, me.uuid}};
  auto page = TRY(call.services.store.objects().find(
      call.scope(), query, std::nullopt, 1, page_bytes_max, call.deadline));
  if (page.holdings.empty() || !is_own(page.holdings.front(), me)) return std::nullopt;
  return std::move(page.holdings.front());
}

/// Puts the whole list or nothing of it, on those terms.
Result<std::vector<Outcome>> release_list(const api::Call& call,
                                          const Terms& terms,
                                          const std::vector<model::ObjectId>& ids) {
  Definitions definitions(call.services.store.objects(), call.scope(), terms.source);
  Labeller labeller(terms, definitions);
  std::vector<Outcome> outcomes;
  std::vector<store::NewHolding> batch;
  for (const auto& id : ids) {
    const auto held = TRY(own_holding(call, id));
    if (!held) return fail(ErrorCode::not_found, "the organisation holds no {} of its own", id.text());
    auto judged = judge(*held->bytes, false);
    if (!judged) return fail(ErrorCode::corrupt, "{} cannot be read any more", id.text());
    outcomes.push_back({.index = outcomes.size(), .id = id.text(), .version = text_of(held->version)});
    batch.push_back(TRY(labeller.label(std::move(*judged))));
  }
  const auto results = TRY(call.services.store.objects().put(batch, call.deadline));
  for (std::size_t i = 0; i < results.size(); ++i) outcomes[i].status = status_of(results[i].status);
  return outcomes;
}

Result<api::Response> released(const api::Call& call, const Terms& terms, const Waiting& waiting) {
  auto outcomes = TRY(release_list(call, terms, waiting.objects));
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "object.release",
                    {{"circle", terms.collection->text()},
                     {"objects", waiting.objects.size()},
                     {"asked_by", waiting.account.text()}}));
  const auto answer = TRY(policy::Release::of(
      call.scope(), policy::Owned<std::vector<Outcome>>{call.caller->organisation, std::move(outcomes)}));
  return api::Response(200, answer.render(write_outcomes));
}

Result<api::Response> wait_for_consent(const api::Call& call, Waiting waiting) {
  const auto& organisation = call.caller->organisation;
  const store::Write write{.table = store::Table::job,
                           .key = prefix_of(organisation) + waiting.id.text(),
                           .value = write_one(waiting),
                           .expected = 0,
                           .expires = call.now + waiting_kept};
  TRY(ledger::change(call.services.store,
                     *call.caller,
                     "object.release.ask",
                     {{"release", waiting.id.text()}, {"objects", waiting.objects.size()}},
                     {&write, 1}));
  const auto answer =
      TRY(policy::Release::of(call.scope(), policy::Owned<Waiting>{organisation, std::move(waiting)}));
  return api::Response(202, answer.render(write_one));
}

Result<std::pair<Waiting, store::Record>> waiting_in_path(const api::Call& call) {
  const auto id = JobId::parse(call.part("id"));
  if (!id) return fail(ErrorCode::not_found, "no such release");
  auto row = call.services.store.records().read(store::Table::job,
                                                prefix_of(call.caller->organisation) + id->text());
  if (!row && row.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "no such release");
  auto record = TRY(std::move(row));
  auto waiting = TRY(decode(record.value));
  return std::pair{std::move(waiting), std::move(record)};
}

/// Only once: whoever takes the row away may act on it.
Done take_away(const api::Call& call, const store::Record& record, std::string_view event) {
  const store::Write write{
      .table = store::Table::job, .key = record.key, .value = std::nullopt, .expected = record.revision};
  return ledger::change(
      call.services.store, *call.caller, event, {{"release", call.part("id")}}, {&write, 1});
}

std::string label_query_of(const api::Call& call) {
  std::string query;
  for (const auto& [name, value] : call.target.query)
    query += (query.empty() ? "" : "&") + name + "=" + net::percent_encode(value);
  return query;
}

constexpr api::Field request_fields[] = {{"objects", "[]string", "ids of objects of the organisation's own"}};
constexpr api::Field releases_fields[] = {
    {"releases",
     "[]object",
     "id, account (who asked), asked, label (as it was asked for) and objects of each"}};

}  // namespace

const api::Type release_request{"ReleaseRequest", request_fields};
const api::Type releases_answer{"WaitingReleases", releases_fields};

Result<api::Response> release_objects(api::Call& call) {
  TRY(only_known(call.target, label_parameters));
  const auto request = TRY(read_label_request(call.target.query));
  if (request.circle.empty())
    return fail(ErrorCode::invalid, "circle is missing: into which circle is this released?");
  auto objects = TRY(list_in_body(call));
  Waiting waiting{.id = JobId::random(call.services.random),
                  .account = call.caller->account,
                  .asked = call.now,
                  .query = label_query_of(call),
                  .objects = std::move(objects)};
  auto& records = call.services.store.records();
  const auto circle = TRY(ledger::circle_by_name(records, call.caller->organisation, request.circle));
  const auto terms = TRY(terms_of(records, *call.caller, request, Consent::given));
  if (!circle.value.second_person) return released(call, terms, waiting);
  for (const auto& id : waiting.objects)
    if (!TRY(own_holding(call, id)))
      return fail(ErrorCode::not_found, "the organisation holds no {} of its own", id.text());
  return wait_for_consent(call, std::move(waiting));
}

Result<api::Response> list_releases(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto& organisation = call.caller->organisation;
  const auto rows =
      TRY(call.services.store.records().scan(store::Table::job, prefix_of(organisation), "", waiting_max));
  std::vector<Waiting> all;
  for (const auto& row : rows) all.push_back(TRY(decode(row.value)));
  const auto answer = TRY(
      policy::Release::of(call.scope(), policy::Owned<std::vector<Waiting>>{organisation, std::move(all)}));
  return api::Response(200, answer.render(write_all));
}

Result<api::Response> consent_to_release(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto [waiting, record] = TRY(waiting_in_path(call));
  if (waiting.account == call.caller->account)
    return fail(ErrorCode::denied, "who asked for a release cannot consent to it; ask a colleague");
  const auto target = TRY(net::parse_target("/?" + waiting.query));
  const auto request = TRY(read_label_request(target.query));
  const auto terms = TRY(terms_of(call.services.store.records(), *call.caller, request, Consent::given));
  TRY(take_away(call, record, "object.release.consent"));
  return released(call, terms, waiting);
}

Result<api::Response> withdraw_release(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto found = TRY(waiting_in_path(call));
  TRY(take_away(call, found.second, "object.release.withdraw"));
  return api::Response::nothing();
}

}  // namespace shieldwall::library
