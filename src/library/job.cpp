#include "library/job.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "library/search.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

using model::JsonWriter;

constexpr int jobs_listed_max = 1'000;
constexpr std::array<std::string_view, 5> states = {"running", "done", "failed", "cancelled", "lost"};

std::string key_of(const OrganisationId& organisation, const JobId& id) {
  return "job/" + organisation.text() + "/" + id.text();
}

std::string cancel_key_of(const Job& job) {
  return "cancel/" + job.organisation.text() + "/" + job.id.text();
}

void write_job(JsonWriter& out, const Job& job) {
  out.begin_object();
  out.member("id", job.id.text());
  out.member("kind", job.kind);
  out.member("state", name_of(job.state));
  out.member("account", job.account.text());
  out.member("started", to_text(job.started));
  out.member("updated", to_text(job.updated));
  if (!job.error.empty()) out.member("error", job.error);
  out.key("progress");
  out.raw(job.progress);
  out.end_object();
}

Bytes encode(const Job& job) {
  JsonWriter out;
  write_job(out, job);
  return std::move(out).text();
}

Result<std::string> text_at(const model::Json& object, std::string_view name) {
  const auto found = object.find(name);
  if (!found || !found->is(model::JsonKind::string))
    return fail(ErrorCode::corrupt, "a job's row has no {}", name);
  return std::string(found->string());
}

Result<Job> decode(const OrganisationId& organisation, Bytes row) {
  const auto document = TRY(model::JsonDocument::parse(std::move(row)));
  const auto root = document.root();
  Job job;
  job.organisation = organisation;
  const auto id = TRY(text_at(root, "id"));
  const auto account = TRY(text_at(root, "account"));
  const auto started = TRY(text_at(root, "started"));
  const auto updated = TRY(text_at(root, "updated"));
  job.id = TRY(JobId::parse(id));
  job.account = TRY(AccountId::parse(account));
  job.kind = TRY(text_at(root, "kind"));
  const auto state = TRY(text_at(root, "state"));
  const auto found = std::ranges::find(states, state);
  if (found == states.end()) return fail(ErrorCode::corrupt, "a job's row is in no state: '{}'", state);
  job.state = static_cast<JobState>(found - states.begin());
  job.started = TRY(parse_time(started)).at;
  job.updated = TRY(parse_time(updated)).at;
  if (root.find("error")) job.error = TRY(text_at(root, "error"));
  if (const auto progress = root.find("progress")) job.progress = progress->raw();
  return job;
}

Job at(Job job, Timestamp now) {
  if (job.state == JobState::running && now - job.updated > job_lost_after) job.state = JobState::lost;
  return job;
}

Bytes write_one(const Job& job) {
  return encode(job);
}

Bytes write_list(const std::vector<Job>& jobs) {
  JsonWriter out;
  out.begin_object();
  out.key("jobs");
  out.begin_array();
  for (const auto& job : jobs) write_job(out, job);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<Job> job_in_path(const api::Call& call) {
  const auto id = JobId::parse(call.part("id"));
  if (!id) return fail(ErrorCode::not_found, "no such job");
  return read_job(call.services.store.records(), call.caller->organisation, *id, call.now);
}

constexpr api::Field job_fields[] = {
    {"id", "string", "UUID"},
    {"kind", "string", "import"},
    {"state", "string", "running, done, failed, cancelled, or lost: whoever worked on it ended"},
    {"account", "string", "who began it"},
    {"started", "timestamp", "when it began"},
    {"updated", "timestamp", "when this was told"},
    {"error", "string", "why it failed", false},
    {"progress", "object", "bytes, objects, stored, duplicate, conflict, refused, findings ... of an import"},
};
constexpr api::Field jobs_fields[] = {{"jobs", "[]Job", "of the caller's organisation, newest first"}};

}  // namespace

const api::Type job_answer{"Job", job_fields};
const api::Type jobs_answer{"Jobs", jobs_fields};

std::string_view name_of(JobState state) {
  return states.at(static_cast<std::size_t>(state));
}

Done begin_job(store::Records& records, const Job& job) {
  const store::Write write{.table = store::Table::job,
                           .key = key_of(job.organisation, job.id),
                           .value = encode(job),
                           .expected = 0,
                           .expires = job.started + job_kept};
  return records.write({&write, 1});
}

Done update_job(store::Records& records, const Job& job) {
  const store::Write write{.table = store::Table::job,
                           .key = key_of(job.organisation, job.id),
                           .value = encode(job),
                           .expected = std::nullopt,
                           .expires = job.started + job_kept};
  return records.write({&write, 1});
}

Result<Job> read_job(store::Records& records,
                     const OrganisationId& organisation,
                     const JobId& id,
                     Timestamp now) {
  auto row = records.read(store::Table::job, key_of(organisation, id));
  if (!row && row.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "no such job");
  auto record = TRY(std::move(row));
  auto job = TRY(decode(organisation, std::move(record.value)));
  return at(std::move(job), now);
}

Done ask_to_cancel(store::Records& records, const Job& job) {
  const store::Write write{.table = store::Table::job,
                           .key = cancel_key_of(job),
                           .value = Bytes("1"),
                           .expected = std::nullopt,
                           .expires = job.started + job_kept};
  return records.write({&write, 1});
}

bool is_cancel_asked(store::Records& records, const Job& job) {
  return records.read(store::Table::job, cancel_key_of(job)).has_value();
}

Result<api::Response> answer_job(const api::Call& call, int status, Job job) {
  const auto organisation = job.organisation;
  const auto released =
      TRY(policy::Release::of(call.scope(), policy::Owned<Job>{organisation, std::move(job)}));
  return api::Response(status, released.render(write_one));
}

Result<api::Response> list_jobs(api::Call& call) {
  TRY(only_known(call.target, {}));
  const auto& organisation = call.caller->organisation;
  const auto rows = TRY(call.services.store.records().scan(
      store::Table::job, "job/" + organisation.text() + "/", "", jobs_listed_max));
  std::vector<Job> jobs;
  for (const auto& row : rows) {
    auto job = TRY(decode(organisation, row.value));
    jobs.push_back(at(std::move(job), call.now));
  }
  std::ranges::sort(jobs, [](const Job& a, const Job& b) { return a.started > b.started; });
  const auto released =
      TRY(policy::Release::of(call.scope(), policy::Owned<std::vector<Job>>{organisation, std::move(jobs)}));
  return api::Response(200, released.render(write_list));
}

Result<api::Response> get_job(api::Call& call) {
  TRY(only_known(call.target, {}));
  auto job = TRY(job_in_path(call));
  return answer_job(call, 200, std::move(job));
}

Result<api::Response> cancel_job(api::Call& call) {
  TRY(only_known(call.target, {}));
  auto job = TRY(job_in_path(call));
  if (job.account != call.caller->account && !call.caller->has(api::Right::operate))
    return fail(ErrorCode::denied, "only who began the job, or an operator, may cancel it");
  if (job.state == JobState::running) TRY(ask_to_cancel(call.services.store.records(), job));
  return answer_job(call, 202, std::move(job));
}

}  // namespace shieldwall::library
