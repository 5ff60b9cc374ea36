#pragma once
// What takes longer than a request may: its state is a record, so that any process of the node can tell it,
// and so that it survives the process that works on it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "store/store.h"

namespace shieldwall::library {

enum class JobState : std::uint8_t { running, done, failed, cancelled, lost };
std::string_view name_of(JobState state);

struct Job {
  JobId id{};
  OrganisationId organisation{};
  AccountId account{};
  std::string kind{};  // "import"
  JobState state = JobState::running;
  Timestamp started{};
  Timestamp updated{};
  std::string error{};    // why it failed
  Bytes progress = "{}";  // a JSON object, the kind's own
};

inline constexpr Duration job_kept = days(7);
inline constexpr Duration job_told_every = seconds(1);  // how old a running job's progress may be
inline constexpr Duration job_lost_after = minutes(2);  // without news: the process that worked on it ended

/// Writes a new job. errors: conflict: the id is taken
Done begin_job(store::Records& records, const Job& job);
/// Replaces what is told of it.
Done update_job(store::Records& records, const Job& job);
/// As it stands at `now`: a running one without news is lost. errors: not_found
Result<Job> read_job(store::Records& records,
                     const OrganisationId& organisation,
                     const JobId& id,
                     Timestamp now);
/// Asks whoever works on it to stop; it does within job_told_every.
Done ask_to_cancel(store::Records& records, const Job& job);
bool is_cancel_asked(store::Records& records, const Job& job);

/// GET /api/v1/jobs, newest first
Result<api::Response> list_jobs(api::Call& call);
/// GET /api/v1/jobs/{id}
Result<api::Response> get_job(api::Call& call);
/// DELETE /api/v1/jobs/{id}: cancels it
Result<api::Response> cancel_job(api::Call& call);

Result<api::Response> answer_job(const api::Call& call, int status, Job job);

extern const api::Type job_answer;
extern const api::Type jobs_answer;

}  // namespace shieldwall::library
