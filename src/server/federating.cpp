#include "server/federating.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "base/executor.h"
#include "base/log.h"

namespace shieldwall::server {

namespace {

using exchange::federation::Federation;

constexpr Duration look_pause =
    milliseconds(20);  // between two looks for changes: a part of the push's second
constexpr Duration plan_pause = milliseconds(500);  // between two looks at whom to call
constexpr Duration poll_wait = seconds(2);  // how long a node may hold our question; also how long we end
constexpr Duration first_pause = milliseconds(500);  // after a failure, then twice as long each time
constexpr Duration longest_pause = seconds(15);
constexpr std::size_t called_max = 256;  // threads; a larger alliance calls its relays

constexpr int taking_threads = 2;  // one store takes what they bring

using Stop = std::atomic<bool>;

void sleep(Duration length) {
  std::this_thread::sleep_for(std::chrono::microseconds(length.us));
}

/// Sleeps in short pieces, so that ending does not wait for it.
void rest(const Stop& stop, Duration length) {
  for (std::int64_t slept = 0; slept < length.us && !stop; slept += look_pause.us) sleep(look_pause);
}

/// Does it again and again, with longer pauses while it fails. `step` gives true when there is more at once.
void repeat(const Stop& stop,
            const OrganisationId& peer,
            Duration pause,
            const std::function<Result<bool>()>& step) {
  Duration failing{0};
  while (!stop) {
    const auto more = step();
    if (more) {
      if (failing.us > 0) log::info("member reached again", {{"member", peer.text()}});
      failing = {0};
      if (!*more) rest(stop, pause);
      continue;
    }
    if (failing.us == 0)
      log::warn("member cannot be reached", {{"member", peer.text()}, {"why", more.error().message}});
    failing = failing.us == 0 ? first_pause : std::min(longest_pause, Duration{failing.us * 2});
    rest(stop, failing);
  }
}

/// What runs for one node that is called.
class Line {
 public:
  Line(Federation& federation, const OrganisationId& peer) {
    fetching_ = std::thread([this, &federation, peer] {
      repeat(stop_, peer, milliseconds(0), [&]() -> Result<bool> {
        const auto asked = system_clock().steady();
        const auto came = TRY(federation.fetch_from(peer, poll_wait));
        // It answered at once and said nothing: about rosters on which the two do not agree yet.
        if (!came && system_clock().steady().us - asked.us < poll_wait.us / 4) rest(stop_, first_pause);
        return came;
      });
    });
    if (!federation.brings()) return;
    bringing_ = std::thread([this, &federation, peer] {
      repeat(stop_, peer, look_pause, [&] { return federation.bring_to(peer); });
    });
  }
  void stop() { stop_ = true; }
  ~Line() {
    stop_ = true;
    fetching_.join();
    if (bringing_.joinable()) bringing_.join();
  }

 private:
  Stop stop_{false};
  std::thread fetching_;
  std::thread bringing_;
};

}  // namespace

struct Federating::State {
  State(Federation& given, std::function<void()> wake) : federation(given) {
    federation.on_news(std::move(wake));
    federation.work_beside(&beside);
    releasing = std::thread([this] { release(); });
    planning = std::thread([this] { plan(); });
  }
  ~State() {
    stop = true;
    releasing.join();
    planning.join();
    for (auto& [peer, line] : lines) line->stop();
    lines.clear();
    federation.work_beside(nullptr);
    federation.on_news({});
  }

  void release() {
    bool failed = false;
    while (!stop) {
      const auto more = federation.release();
      if (!more && !failed) log::error("releases do not reach the alliance", {{"why", more.error().message}});
      failed = !more;
      if (const auto tended = federation.tend(); !tended && tended.error().code != ErrorCode::unavailable)
        log::warn("this node's entry in a roster is not up to date", {{"why", tended.error().message}});
      if (!more || !*more) rest(stop, failed ? seconds(1) : look_pause);
    }
  }

  void plan() {
    while (!stop) {
      auto wanted = federation.to_call();
      if (wanted.size() > called_max) wanted.resize(called_max);
      std::erase_if(lines,
                    [&](const auto& line) { return std::ranges::find(wanted, line.first) == wanted.end(); });
      for (const auto& peer : wanted)
        if (!lines.contains(peer)) lines.emplace(peer, std::make_unique<Line>(federation, peer));
      rest(stop, plan_pause);
    }
  }

  Federation& federation;
  Stop stop{false};
  ThreadPool beside{taking_threads, called_max};  // pages are taken while the next ones are on their way
  std::map<OrganisationId, std::unique_ptr<Line>> lines;  // of the planning thread while it runs
  std::thread releasing;
  std::thread planning;
};

Federating::Federating(Federation& federation, std::function<void()> wake)
    : state_(std::make_unique<State>(federation, std::move(wake))) {}

Federating::~Federating() = default;

}  // namespace shieldwall::server
