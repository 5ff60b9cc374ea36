// What a durable entry of the log costs, beside the disk's own floor in the same run: log_bench [SECONDS
// [FOLDER]]
//
//   batches   one thread appends batches of 2,000 commitments, each durable before the next; a checkpoint is
//             signed every 250 ms, as the node does. Floor: the same bytes written and synced, nothing else
//   doors     32 threads append one entry at a time with an opening of 5 KB, as doors do: p50 and p99 of the
//             wait. Floor: a write of 5 KB and its sync, one after the other

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "ledger/log/node_log.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::ledger;

constexpr std::size_t batch_entries = 2'000;
constexpr std::size_t entry_bytes = 33;
constexpr std::size_t opening_bytes = 5'000;

double now_s() {
  return static_cast<double>(system_clock().steady().us) / 1e6;
}

template <typename T>
T need(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "log_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

/// Times a second that `bytes` are written behind each other and synced.
double floor_per_s(const std::string& folder, std::size_t bytes, double seconds) {
  const auto file = need(system_fs().open(folder + "/floor", OpenMode::write));
  const Bytes written(bytes, 'x');
  const auto begun = now_s();
  std::uint64_t count = 0;
  for (; now_s() - begun < seconds; ++count)
    if (!file->write_at(count * bytes, written) || !file->sync()) std::exit(1);
  return static_cast<double>(count) / (now_s() - begun);
}

std::unique_ptr<NodeLog> a_log(const std::string& folder) {
  const auto key = need(SigningKey::from_seed(std::string(SigningKey::seed_bytes, 'k')));
  return need(NodeLog::open(
      {.folder = folder, .signers = need(signers_of("bench.example/log", NoteKeyType::ed25519, key))},
      system_fs()));
}

/// Signs as the node's scheduler does, until it goes.
std::jthread publisher(NodeLog& log) {
  return std::jthread([&log](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!log.publish()) std::exit(1);
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
    }
  });
}

void batches(const std::string& folder, double seconds) {
  const auto log = a_log(folder + "/batches");
  const auto publishing = publisher(*log);
  std::vector<NewEntry> entries(batch_entries);
  for (auto& entry : entries) entry.entry = system_random().bytes(entry_bytes);
  const auto begun = now_s();
  std::uint64_t count = 0;
  for (; now_s() - begun < seconds; count += batch_entries)
    if (!log->append(entries)) std::exit(1);
  const auto rate = static_cast<double>(count) / (now_s() - begun);
  const auto floor = batch_entries * floor_per_s(folder, batch_entries * (entry_bytes + 8), seconds / 2);
  fmt::print("batches of {}: {:.0f} durable entries/s; floor {:.0f}/s, {:.0f} %\n",
             batch_entries,
             rate,
             floor,
             100 * rate / floor);
}

void doors(const std::string& folder, double seconds) {
  const auto log = a_log(folder + "/doors");
  const auto publishing = publisher(*log);
  std::vector<std::vector<double>> waits(32);
  {
    std::vector<std::jthread> threads;
    const auto end = now_s() + seconds;
    for (auto& own : waits)
      threads.emplace_back([&] {
        const NewEntry entry{.entry = Bytes(entry_bytes, 'e'), .opening = Bytes(opening_bytes, 'o')};
        while (now_s() < end) {
          const auto begun = now_s();
          if (!log->append({&entry, 1})) std::exit(1);
          own.push_back(now_s() - begun);
        }
      });
  }
  std::vector<double> all;
  for (const auto& own : waits) all.insert(all.end(), own.begin(), own.end());
  std::ranges::sort(all);
  const auto floor = floor_per_s(folder, opening_bytes, seconds / 2);
  fmt::print(
      "32 doors: {:.0f} entries/s, wait p50 {:.2f} ms, p99 {:.2f} ms; floor {:.0f}/s, {:.2f} ms each\n",
      static_cast<double>(all.size()) / seconds,
      all[all.size() / 2] * 1e3,
      all[all.size() * 99 / 100] * 1e3,
      floor,
      1e3 / floor);
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 4;
  const std::string folder = count > 2 ? arguments[2] : "log-bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  batches(folder, seconds);
  doors(folder, seconds);
  std::filesystem::remove_all(folder);
  return 0;
}
