#include "detect/past/past.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "detect/past/segment_writer.h"

namespace shieldwall::detect::past {

namespace {

constexpr std::size_t key_bytes = 16;

Result<HashKey> read_key(Fs& fs, const std::string& path) {
  const auto bytes = TRY(read_file(fs, path, 4096));
  if (bytes.size() != key_bytes) return fail(ErrorCode::corrupt, "{}: damaged: a key has 16 bytes", path);
  HashKey key;
  std::memcpy(&key, bytes.data(), key_bytes);
  return key;
}

bool is_segment(const std::string& name) {
  return name.ends_with(".hot");
}

/// Entries of equal place are joined; the rest stays, sorted.
void sort_and_join(std::vector<Entry>& entries) {
  std::ranges::sort(entries, {}, &Entry::place);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (kept > 0 && entries[kept - 1].place() == entries[i].place()) {
      join(entries[kept - 1], entries[i]);
    } else {
      entries[kept++] = entries[i];
    }
  entries.resize(kept);
}

/// Gives sources new numbers, only those that are used.
class SourceNumbers {
 public:
  explicit SourceNumbers(const std::vector<Source>& sources)
      : sources_(sources), numbers_(sources.size(), none) {}
  std::uint32_t of(std::uint32_t source) {
    auto& number = numbers_[source];
    if (number == none) {
      number = static_cast<std::uint32_t>(used_.size());
      used_.push_back(sources_[source]);
    }
    return number;
  }
  const std::vector<Source>& used() const { return used_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  const std::vector<Source>& sources_;
  std::vector<std::uint32_t> numbers_;
  std::vector<Source> used_;
};

Done write_period(Fs& fs,
                  const PastFolder& folder,
                  std::vector<Entry>& entries,
                  const std::vector<Source>& sources,
                  SegmentPlan plan) {
  SourceNumbers numbers(sources);
  for (auto& entry : entries) entry.source = numbers.of(entry.source);
  sort_and_join(entries);
  auto writer = TRY(SegmentWriter::begin(fs, folder.path(), std::move(plan)));
  for (const auto& entry : entries) TRY(writer.add(entry));
  return writer.finish(numbers.used());
}

}  // namespace

PastFolder::PastFolder(std::string path, const HashKey& key)
    : path_(std::move(path)),
      key_(key),
      key_check_(literal_hash(key, static_cast<LiteralKind>(255), "shieldwall past")) {}

Result<PastFolder> PastFolder::make(Fs& fs, Random& random, const std::string& path) {
  TRY(fs.make_directory(path));
  const bool there = TRY(fs.exists(path + "/key"));
  if (!there) TRY(write_file_durably(fs, path + "/key", random.bytes(key_bytes)));
  return open(fs, path);
}

Result<PastFolder> PastFolder::open(Fs& fs, const std::string& path) {
  auto key = read_key(fs, path + "/key");
  if (!key && key.error().code == ErrorCode::not_found)
    return fail(ErrorCode::not_found, "{}: no past is kept there (scan --remember makes one)", path);
  if (!key) return fail(std::move(key).error());
  return PastFolder(path, *key);
}

SegmentId new_id(Random& random) {
  SegmentId id;
  random.fill(id);
  return id;
}

Result<Segments> load_segments(Fs& fs, const PastFolder& folder) {
  Segments loaded;
  for (const auto& name : TRY(fs.list(folder.path()))) {
    if (!is_segment(name)) continue;
    const auto stem = name.substr(0, name.size() - 4);
    auto segment = Segment::open(folder.path() + "/" + stem, folder.key_check());
    if (segment) {
      for (const auto& id : segment->replaces()) loaded.replaced.push_back(id);
      loaded.all.push_back({stem, std::move(*segment)});
    } else if (segment.error().code != ErrorCode::not_found) {  // joined with others just now
      loaded.refused.push_back(std::move(segment).error());
    }
  }
  std::ranges::sort(loaded.replaced);
  std::erase_if(loaded.all, [&](const Segments::Named& one) {
    return std::ranges::binary_search(loaded.replaced, one.segment.header().id);
  });
  return loaded;
}

Done write_segments(Fs& fs,
                    const PastFolder& folder,
                    std::vector<Entry> entries,
                    const std::vector<Source>& sources,
                    const SegmentId& replaces,
                    const std::vector<std::uint32_t>& but,
                    Random& random,
                    Timestamp now) {
  std::map<std::uint32_t, std::vector<Entry>> periods;
  const auto total = std::max<std::size_t>(entries.size(), 1);
  for (const auto& entry : entries) periods[entry.slice / period_days].push_back(entry);
  entries = {};
  std::uint64_t raw = 0;
  for (const auto& source : sources) raw += source.bytes;
  for (auto& [period, some] : periods) {
    if (std::ranges::find(but, period) != but.end()) continue;
    const auto share = static_cast<double>(some.size()) / static_cast<double>(total);
    TRY(write_period(fs,
                     folder,
                     some,
                     sources,
                     {.period = period,
                      .id = new_id(random),
                      .key_check = folder.key_check(),
                      .raw_bytes = static_cast<std::uint64_t>(static_cast<double>(raw) * share),
                      .written = now,
                      .replaces = {replaces}}));
  }
  return {};
}

Result<std::size_t> apply(Fs& fs, const PastFolder& folder, const Retention& retention, Timestamp now) {
  const auto loaded = TRY(load_segments(fs, folder));
  std::uint64_t bytes = 0;
  for (const auto& one : loaded.all) bytes += one.segment.hot_bytes() + one.segment.cold_bytes();
  std::size_t removed = 0;
  for (const auto& one : loaded.all) {
    const auto end = begin_of(one.segment.header().last_slice + 1);
    const bool old = retention.days > 0 && end <= now - days(retention.days);
    const bool much = retention.bytes_max > 0 && bytes > retention.bytes_max;
    if (!old && !much) continue;
    const auto path = folder.path() + "/" + one.name;
    TRY(fs.remove(path + ".hot"));  // first: without it the cold file is nobody's
    TRY(fs.remove(path + ".cold"));
    bytes -= one.segment.hot_bytes() + one.segment.cold_bytes();
    ++removed;
  }
  if (removed > 0) TRY(fs.sync_directory(folder.path()));
  return removed;
}

}  // namespace shieldwall::detect::past
