#include "server/arrivals.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "detect/past/arrivals.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"

namespace shieldwall::server {

namespace {

constexpr std::chrono::seconds pause(1);

/// True while there is more to ask.
Result<bool> step(store::Store& store, Fs& fs, const Clock& clock, const std::string& folder) {
  const auto home = TRY(ledger::home_organisation(store.settings()));
  auto subject = TRY(ledger::subject_of(store.records(), home));
  const auto scope = policy::Scope::of(std::move(subject));
  return detect::past::hunt_arrivals(store, fs, clock, scope, folder);
}

void work(
    const std::stop_token& stop, store::Store& store, Fs& fs, const Clock& clock, const std::string& folder) {
  std::mutex mutex;
  std::condition_variable_any woken;
  bool failed_before = false;
  while (!stop.stop_requested()) {
    const auto more = step(store, fs, clock, folder);
    if (!more && !failed_before)  // once, not every second
      log::error("the past cannot be asked about what arrives", {{"why", more.error().message}});
    failed_before = !more;
    if (more && *more) continue;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace

ArrivalHunter::ArrivalHunter(store::Store& store, Fs& fs, const Clock& clock, std::string folder)
    : thread_([&store, &fs, &clock, folder = std::move(folder)](const std::stop_token& stop) {
        work(stop, store, fs, clock, folder);
      }) {}

}  // namespace shieldwall::server
