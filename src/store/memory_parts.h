#pragma once
// What the parts of a store in memory share. Only memory*.cpp include this.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/store.h"

namespace shieldwall::store {

struct MemoryBase {
  MemoryBase(std::function<Done(std::string_view)> injected, Clock& the_clock)
      : inject(std::move(injected)), clock(&the_clock) {}

  std::mutex mutex;  // one at a time; each public function holds it
  std::function<Done(std::string_view step)> inject;
  Clock* clock;
  std::vector<LogEntry> log;
  std::map<std::pair<Table, std::string>, Record> records;
  std::uint64_t revision = 0;
  std::map<std::string, Timestamp, std::less<>> noted;  // reasons of Scope::everything

  Done step(std::string_view name) { return inject ? inject(name) : Done{}; }
  /// All writes or none. errors: conflict
  Done write(std::span<const Write> batch);
  void append(std::span<const Bytes> entries);
  /// Writes the reason of a Scope::everything to the audit log.
  Done note_everything(const policy::Scope& scope);
};

/// How often the same reason of Scope::everything is written again: paging through a whole store is one
/// event.
inline constexpr Duration note_again_after = minutes(1);
Bytes everything_entry(std::string_view reason);

std::unique_ptr<Records> make_memory_records(MemoryBase& base);
std::unique_ptr<Blobs> make_memory_blobs(MemoryBase& base);
std::unique_ptr<Settings> make_memory_settings(MemoryBase& base);
std::unique_ptr<Log> make_memory_log(MemoryBase& base);

}  // namespace shieldwall::store
