#include "detect/past/hunt.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>

#include "detect/past/journal.h"

namespace shieldwall::detect::past {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Hunt {
 public:
  Hunt(Fs& fs, const PastFolder& folder, const Matcher& matcher, const HuntOptions& options)
      : fs_(fs), folder_(folder), matcher_(matcher), options_(options), from_(slice_of(options.since)) {}

  Result<HuntResult> run() {
    const auto start = std::chrono::steady_clock::now();
    questions_ = questions_of(folder_, matcher_);
    result_.unused = std::move(questions_.unused);
    result_.totals.probes = questions_.probes.size();
    // Journals first: what becomes a segment meanwhile is asked twice and joined, not missed.
    for (const auto& one : TRY(journals(fs_, folder_))) ask_journal(one);
    auto segments = TRY(load_segments(fs_, folder_));
    for (const auto& error : segments.refused) result_.refused.push_back(error.message);
    for (const auto& id : segments.replaced) hits_of_journals_.erase(id);
    for (auto& [id, hits] : hits_of_journals_)
      for (auto& [entry, question] : hits) add(question, entry, entry.source);
    for (auto& one : segments.all)
      if (const auto asked = ask(one.segment); !asked)
        result_.refused.push_back(fmt::format("{}/{}: {}", folder_.path(), one.name, asked.error().message));
    result_.totals.ask_s = seconds_since(start);
    tell();
    return std::move(result_);
  }

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;  // indicator, slice, source

  struct Seen {
    Entry entry;
    bool is_wider = true;
  };

  /// The number of a log, one for all parts of it.
  std::uint32_t number_of(Source source) {
    const auto place = std::tuple(source.path, source.head_bytes, source.head_hash);
    const auto [found, is_new] = numbers_.emplace(place, sources_.size());
    if (is_new) {
      sources_.push_back(std::move(source));
    } else {
      auto& kept = sources_[found->second].checkpoints;
      kept.insert(kept.end(), source.checkpoints.begin(), source.checkpoints.end());
    }
    return static_cast<std::uint32_t>(found->second);
  }

  void add(const Question& question, const Entry& entry, std::uint32_t source) {
    const auto [found, is_new] =
        seen_.emplace(Key{question.indicator, entry.slice, source}, Seen{entry, question.is_wider});
    if (!is_new) join(found->second.entry, entry);
    found->second.is_wider = found->second.is_wider && question.is_wider;
  }

  Done ask(const Segment& segment) {
    const auto& header = segment.header();
    ++result_.totals.segments;
    result_.totals.entries += header.entries;
    result_.totals.hot_bytes += segment.hot_bytes();
    result_.totals.cold_bytes += segment.cold_bytes();
    result_.totals.raw_bytes += header.raw_bytes;
    std::vector<Found> found;
    TRY(segment.find(questions_.probes, from_, found));
    if (found.empty()) return {};
    auto sources = TRY(segment.sources());
    std::vector<std::optional<std::uint32_t>> numbers(sources.size());
    return segment.rows(found, [&](const Found& one, const Entry& entry) {
      if (entry.source >= numbers.size()) return;
      auto& number = numbers[entry.source];
      if (!number) number = number_of(std::move(sources[entry.source]));
      add(questions_.all[one.question], entry, *number);
    });
  }

  void ask_journal(const FoundJournal& one) {
    const auto bytes = read_file(fs_, one.path, journal_bytes_max);
    if (!bytes) return;  // it became a segment just now
    auto text = read_journal(*bytes, folder_.key_check());
    if (!text) {
      result_.refused.push_back(fmt::format("{}: {}", one.path, text.error().message));
      return;
    }
    auto& hits = hits_of_journals_[one.id];
    for (auto& batch : text->batches) {
      const auto number = number_of(std::move(batch.source));
      for (auto& entry : batch.entries) {
        entry.source = number;
        if (entry.slice < from_) continue;
        for (const auto& probe : std::ranges::equal_range(questions_.probes, entry.hash, {}, &Probe::hash))
          hits.push_back({entry, questions_.all[probe.question]});
      }
    }
  }

  void tell() {
    std::vector<std::pair<PastHit*, const Source*>> to_confirm;
    std::vector<bool> wider;
    result_.hits.reserve(seen_.size());
    for (const auto& [key, seen] : seen_) {
      const auto& [indicator, slice, source] = key;
      auto& hit = result_.hits.emplace_back();
      hit.indicator = indicator;
      hit.source = sources_[source].path;
      hit.first_seen = begin_of(slice) + seconds(seen.entry.first_s);
      hit.last_seen = begin_of(slice) + seconds(seen.entry.last_s);
      hit.count = seen.entry.count;
      hit.line = seen.entry.line;
      if (seen.is_wider) hit.why_not = "a network around it was seen";
      to_confirm.emplace_back(&hit, &sources_[source]);
    }
    if (options_.confirm) {
      const auto start = std::chrono::steady_clock::now();
      confirm(folder_, matcher_, options_, std::move(to_confirm), result_.totals);
      result_.totals.confirm_s = seconds_since(start);
      result_.totals.strays += std::erase_if(
          result_.hits, [](const PastHit& hit) { return hit.confirmed == false && hit.why_not.empty(); });
    }
    std::ranges::sort(result_.hits, [](const PastHit& a, const PastHit& b) {
      return std::tie(a.indicator, a.first_seen, a.source, a.line) <
             std::tie(b.indicator, b.first_seen, b.source, b.line);
    });
  }

  Fs& fs_;
  const PastFolder& folder_;
  const Matcher& matcher_;
  const HuntOptions& options_;
  std::uint32_t from_;
  Questions questions_;
  std::map<std::tuple<std::string, std::uint32_t, std::uint64_t>, std::size_t> numbers_;
  std::deque<Source> sources_;
  std::map<Key, Seen> seen_;
  std::map<SegmentId, std::vector<std::pair<Entry, Question>>> hits_of_journals_;
  HuntResult result_;
};

}  // namespace

Result<HuntResult> hunt(Fs& fs,
                        const PastFolder& folder,
                        const Matcher& matcher,
                        const HuntOptions& options) {
  return Hunt(fs, folder, matcher, options).run();
}

}  // namespace shieldwall::detect::past
