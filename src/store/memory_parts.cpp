#include "store/memory_parts.h"

#include <algorithm>

#include "model/json.h"

namespace shieldwall::store {

namespace {

class MemoryRecords final : public Records {
 public:
  explicit MemoryRecords(MemoryBase& base) : base_(base) {}

  Done write(std::span<const Write> batch) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("records"));
    return base_.write(batch);
  }

  Result<Record> read(Table table, std::string_view key) override {
    const std::lock_guard lock(base_.mutex);
    const auto row = base_.records.find({table, std::string(key)});
    if (row == base_.records.end() || row->second.expires <= base_.clock->now())
      return fail(ErrorCode::not_found, "no record {}", key);
    return row->second;
  }

  Result<std::vector<Record>> scan(Table table,
                                   std::string_view prefix,
                                   std::string_view after,
                                   int limit) override {
    const std::lock_guard lock(base_.mutex);
    std::vector<Record> found;
    for (const auto& [key, row] : base_.records) {
      const bool wanted = key.first == table && key.second.starts_with(prefix) && key.second > after;
      if (!wanted || row.expires <= base_.clock->now()) continue;
      if (found.size() >= static_cast<std::size_t>(limit)) break;
      found.push_back(row);
    }
    return found;
  }

  Result<bool> expire(Timestamp now) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("expire"));
    std::erase_if(base_.records, [&](const auto& entry) { return entry.second.expires <= now; });
    return false;
  }

 private:
  MemoryBase& base_;
};

class MemoryBlobs final : public Blobs {
 public:
  explicit MemoryBlobs(MemoryBase& base) : base_(base) {}

  Result<Digest> put(std::string_view bytes) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("blob"));
    const auto digest = sha256(bytes);
    blobs_[digest] = bytes;
    return digest;
  }
  Result<Bytes> get(const Digest& digest) override {
    const std::lock_guard lock(base_.mutex);
    const auto blob = blobs_.find(digest);
    if (blob == blobs_.end()) return fail(ErrorCode::not_found, "no blob {}", digest.hex());
    return blob->second;
  }
  Done remove(const Digest& digest) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("blob"));
    blobs_.erase(digest);
    return {};
  }

 private:
  MemoryBase& base_;
  std::map<Digest, Bytes> blobs_;
};

class MemorySettings final : public Settings {
 public:
  explicit MemorySettings(MemoryBase& base) : base_(base) {}

  Result<std::optional<std::string>> get(std::string_view name) override {
    const std::lock_guard lock(base_.mutex);
    const auto setting = settings_.find(name);
    if (setting == settings_.end()) return std::optional<std::string>{};
    return std::optional(setting->second);
  }
  Done set(std::string_view name, std::string_view value) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("setting"));
    settings_[std::string(name)] = value;
    return {};
  }

 private:
  MemoryBase& base_;
  std::map<std::string, std::string, std::less<>> settings_;
};

class MemoryLog final : public Log {
 public:
  explicit MemoryLog(MemoryBase& base) : base_(base) {}

  Result<std::uint64_t> append(std::span<const Bytes> entries) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("log"));
    const std::uint64_t first = base_.log.size();
    base_.append(entries);
    return first;
  }
  Result<std::vector<LogEntry>> read(std::uint64_t from, int limit) override {
    const std::lock_guard lock(base_.mutex);
    std::vector<LogEntry> entries;
    for (auto i = from; i < base_.log.size() && entries.size() < static_cast<std::size_t>(limit); ++i)
      entries.push_back(base_.log[i]);
    return entries;
  }
  Result<std::uint64_t> size() override {
    const std::lock_guard lock(base_.mutex);
    return base_.log.size();
  }

 private:
  MemoryBase& base_;
};

}  // namespace

Bytes everything_entry(std::string_view reason) {
  Bytes entry = R"({"event":"read everything","reason":)";
  model::append_json_string(entry, reason);
  return entry + "}";
}

Done MemoryBase::write(std::span<const Write> batch) {
  auto rows = records;
  auto next = revision;
  for (const auto& write : batch) {
    const auto key = std::pair(write.table, write.key);
    const auto row = rows.find(key);
    const bool absent = row == rows.end() || row->second.expires <= clock->now();
    const auto current = absent ? 0 : row->second.revision;
    if (write.expected && *write.expected != current)
      return fail(ErrorCode::conflict, "{} has revision {}, not {}", write.key, current, *write.expected);
    ++next;
    rows.erase(key);
    if (write.value)
      rows[key] = {.key = write.key, .value = *write.value, .revision = next, .expires = write.expires};
  }
  records = std::move(rows);
  revision = next;
  return {};
}

void MemoryBase::append(std::span<const Bytes> entries) {
  for (const auto& entry : entries) log.push_back({.index = log.size(), .at = clock->now(), .entry = entry});
}

Done MemoryBase::note_everything(const policy::Scope& scope) {
  if (!scope.is_everything()) return {};
  const auto now = clock->now();
  const auto last = noted.find(scope.reason());
  if (last != noted.end() && now - last->second < note_again_after && now >= last->second) return {};
  TRY(step("log"));
  const Bytes entry = everything_entry(scope.reason());
  append({&entry, 1});
  noted.insert_or_assign(std::string(scope.reason()), now);
  return {};
}

std::unique_ptr<Records> make_memory_records(MemoryBase& base) {
  return std::make_unique<MemoryRecords>(base);
}
std::unique_ptr<Blobs> make_memory_blobs(MemoryBase& base) {
  return std::make_unique<MemoryBlobs>(base);
}
std::unique_ptr<Settings> make_memory_settings(MemoryBase& base) {
  return std::make_unique<MemorySettings>(base);
}
std::unique_ptr<Log> make_memory_log(MemoryBase& base) {
  return std::make_unique<MemoryLog>(base);
}

}  // namespace shieldwall::store
