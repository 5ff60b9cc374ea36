// Joining segments of one period into one.
#include <algorithm>
#include <bit>
#include <map>
#include <queue>

#include "detect/past/journal.h"
#include "detect/past/past.h"
#include "detect/past/segment_writer.h"

namespace shieldwall::detect::past {

namespace {

/// Walks through the entries of a segment in order.
class Walk {
 public:
  Walk(const Segment& segment, std::vector<std::uint32_t> sources)
      : segment_(&segment), sources_(std::move(sources)) {}

  /// False at the end. errors: corrupt
  Result<bool> step() {
    while (++at_ >= entries_.size()) {
      if (block_ == segment_->header().blocks) return false;
      entries_ = TRY(segment_->block(block_++));
      at_ = static_cast<std::size_t>(-1);
    }
    auto& entry = entries_[at_];
    if (entry.source >= sources_.size()) return fail(ErrorCode::corrupt, "damaged: a row without its log");
    entry.source = sources_[entry.source];
    return true;
  }
  const Entry& now() const { return entries_[at_]; }

 private:
  const Segment* segment_;
  std::vector<std::uint32_t> sources_;  // their numbers in the joined segment
  std::vector<Entry> entries_;
  std::uint64_t block_ = 0;
  std::size_t at_ = static_cast<std::size_t>(-1);
};

using Group = std::vector<const Segments::Named*>;

/// Rows of several logs may change their order with their numbers; those of one hash and day are few.
Done write_sorted(SegmentWriter& writer, std::vector<Entry>& rows) {
  std::ranges::sort(rows, {}, &Entry::place);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto entry = rows[i];
    while (i + 1 < rows.size() && rows[i + 1].place() == entry.place()) join(entry, rows[++i]);
    TRY(writer.add(entry));
  }
  rows.clear();
  return {};
}

Done join_walks(std::vector<Walk>& walks, SegmentWriter& writer) {
  const auto later = [&](std::size_t a, std::size_t b) {
    const auto &x = walks[a].now(), &y = walks[b].now();
    return std::tie(x.hash, x.slice) > std::tie(y.hash, y.slice);
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next(later);
  for (std::size_t i = 0; i < walks.size(); ++i)
    if (TRY(walks[i].step())) next.push(i);
  std::vector<Entry> rows;
  while (!next.empty()) {
    const auto i = next.top();
    next.pop();
    const auto entry = walks[i].now();
    if (!rows.empty() && (rows.back().hash != entry.hash || rows.back().slice != entry.slice))
      TRY(write_sorted(writer, rows));
    rows.push_back(entry);
    if (TRY(walks[i].step())) next.push(i);
  }
  return write_sorted(writer, rows);
}

Done merge_group(Fs& fs, const PastFolder& folder, const Group& group, Random& random, Timestamp now) {
  SegmentPlan plan{.period = group.front()->segment.header().period,
                   .id = new_id(random),
                   .key_check = folder.key_check(),
                   .raw_bytes = 0,
                   .written = now,
                   .replaces = {}};
  std::vector<Source> sources;
  std::vector<Walk> walks;
  for (const auto* one : group) {
    std::vector<std::uint32_t> numbers;
    for (auto& source : TRY(one->segment.sources())) {
      numbers.push_back(static_cast<std::uint32_t>(sources.size()));
      sources.push_back(std::move(source));
    }
    walks.emplace_back(one->segment, std::move(numbers));
    plan.raw_bytes += one->segment.header().raw_bytes;
    plan.replaces.push_back(one->segment.header().id);
    for (const auto& id : one->segment.replaces())  // a journal that was not removed yet
      if (TRY(fs.exists(journal_path(folder, id)))) plan.replaces.push_back(id);
  }
  auto writer = TRY(SegmentWriter::begin(fs, folder.path(), std::move(plan)));
  TRY(join_walks(walks, writer));
  TRY(writer.finish(sources));
  for (const auto* one : group) {
    TRY(fs.remove(folder.path() + "/" + one->name + ".hot"));
    TRY(fs.remove(folder.path() + "/" + one->name + ".cold"));
  }
  return fs.sync_directory(folder.path());
}

/// What a crash left: files that never got their names, rows without hashes, segments that others replaced.
/// Only while nobody writes segments: who does has a journal.
Done tidy(Fs& fs, const PastFolder& folder) {
  const auto names = TRY(fs.list(folder.path()));
  if (std::ranges::any_of(names, [](const std::string& name) { return name.ends_with(".journal"); }))
    return {};
  const auto loaded = TRY(load_segments(fs, folder));
  for (const auto& name : names) {
    const auto stem = name.substr(0, name.rfind('.'));
    const bool is_unfinished = name.ends_with(".new");
    const bool is_orphan = name.ends_with(".cold") && !std::ranges::binary_search(names, stem + ".hot");
    const bool is_replaced =
        name.ends_with(".hot") && std::ranges::any_of(loaded.replaced, [&](const SegmentId& id) {
          return stem.ends_with(to_hex({reinterpret_cast<const char*>(id.data()), id.size()}));
        });
    if (is_unfinished || is_orphan || is_replaced) TRY(fs.remove(folder.path() + "/" + name));
  }
  return {};
}

unsigned tier_of(const Segment& segment) {
  return static_cast<unsigned>(std::bit_width(segment.header().entries >> 14)) / 3;
}

}  // namespace

Result<std::size_t> merge_segments(Fs& fs, const PastFolder& folder, Random& random, Timestamp now) {
  const auto lock = fs.open_exclusively(folder.path() + "/merge.lock");
  if (!lock)
    return lock.error().code == ErrorCode::conflict ? Result<std::size_t>(0) : fail(Error(lock.error()));
  TRY(tidy(fs, folder));
  std::size_t joined = 0;
  for (bool again = true; again;) {  // what was joined may be one of eight in turn
    again = false;
    const auto loaded = TRY(load_segments(fs, folder));
    std::map<std::pair<std::uint32_t, unsigned>, Group> groups;
    for (const auto& one : loaded.all)
      groups[{one.segment.header().period, tier_of(one.segment)}].push_back(&one);
    for (const auto& [place, group] : groups) {
      if (group.size() < merged_at_once) continue;
      const auto merged = merge_group(fs, folder, group, random, now);
      if (!merged && merged.error().code != ErrorCode::corrupt) return fail(Error(merged.error()));
      if (!merged) continue;  // hunts name the damaged one; the others stay as they are
      joined += group.size();
      again = true;
    }
  }
  return joined;
}

}  // namespace shieldwall::detect::past
