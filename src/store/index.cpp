#include "store/index.h"

#include <algorithm>
#include <queue>

namespace shieldwall::store {

namespace {

constexpr std::size_t block_bytes = 64;
constexpr std::size_t bits_per_key = 12;  // with six probes about one key in a hundred is looked for in vain
constexpr int probes = 6;

auto lower(const std::vector<Posting>& postings, Key key, Sequence at) {
  return std::ranges::lower_bound(postings, Posting{key, at});
}

std::optional<Sequence> first_in(const Run& run, Key key, Sequence at) {
  const auto found = lower(run.postings, key, at);
  if (found == run.postings.end() || found->key != key) return std::nullopt;
  return found->sequence;
}

std::optional<Sequence> last_in(const Run& run, Key key, Sequence at) {
  const auto after = std::ranges::upper_bound(run.postings, Posting{key, at});
  if (after == run.postings.begin() || std::prev(after)->key != key) return std::nullopt;
  return std::prev(after)->sequence;
}

/// Whether the segment's filter rules the key out.
bool surely_lacks(const Segment& segment, Key key) {
  return kind_of(key) == KeyKind::id && !segment.ids.may_have(key);
}

/// The page in which (key, at) would stand.
std::size_t page_of(const Segment& segment, Key key, Sequence at) {
  const auto after = std::ranges::upper_bound(segment.fences, Posting{key, at});
  return after == segment.fences.begin() ? 0 : static_cast<std::size_t>(after - segment.fences.begin()) - 1;
}

}  // namespace

KeyFilter::KeyFilter(std::size_t keys)
    : bits_((keys * bits_per_key / 8 / block_bytes + 1) * block_bytes, '\0') {}

KeyFilter KeyFilter::of_bytes(std::string bytes) {
  KeyFilter filter;
  if (bytes.size() % block_bytes == 0) filter.bits_ = std::move(bytes);
  return filter;
}

void KeyFilter::add(Key key) {
  const auto block = (key >> 16) % (bits_.size() / block_bytes) * block_bytes;
  auto hash = key * 0x9e3779b97f4a7c15;
  for (int i = 0; i < probes; ++i, hash = hash << 9 | hash >> 55)
    bits_[block + (hash >> 58)] |= static_cast<char>(1u << (hash >> 55 & 7));
}

bool KeyFilter::may_have(Key key) const {
  if (bits_.empty()) return true;
  const auto block = (key >> 16) % (bits_.size() / block_bytes) * block_bytes;
  auto hash = key * 0x9e3779b97f4a7c15;
  for (int i = 0; i < probes; ++i, hash = hash << 9 | hash >> 55)
    if ((bits_[block + (hash >> 58)] & static_cast<char>(1u << (hash >> 55 & 7))) == 0) return false;
  return true;
}

std::vector<Posting> merged(const std::vector<const std::vector<Posting>*>& lists) {
  std::size_t size = 0;
  for (const auto* const list : lists) size += list->size();
  std::vector<Posting> result;
  result.reserve(size);
  if (lists.size() == 2) {
    std::ranges::merge(*lists[0], *lists[1], std::back_inserter(result));
    return result;
  }
  struct Head {
    const Posting* at;
    const Posting* end;
    bool operator>(const Head& other) const { return *at > *other.at; }
  };
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (const auto* const list : lists)
    if (!list->empty()) heads.push({list->data(), list->data() + list->size()});
  while (!heads.empty()) {
    auto head = heads.top();
    heads.pop();
    result.push_back(*head.at);
    if (++head.at != head.end) heads.push(head);
  }
  return result;
}

void add_run(std::vector<std::shared_ptr<const Run>>& runs, std::shared_ptr<const Run> run) {
  runs.push_back(std::move(run));
  while (runs.size() >= 2 && runs[runs.size() - 2]->postings.size() <= 2 * runs.back()->postings.size()) {
    const auto newer = std::move(runs.back());
    runs.pop_back();
    const auto older = std::move(runs.back());
    runs.pop_back();
    auto both = std::make_shared<Run>();
    both->first = older->first;
    both->last = newer->last;
    both->postings = merged({&older->postings, &newer->postings});
    runs.push_back(std::move(both));
  }
}

const std::vector<Sequence>* KeyCursor::load(const Segment& segment, std::size_t page, Result<void>& done) {
  if (loaded_segment_ == &segment && loaded_page_ == page) return &loaded_;
  const auto bytes = (*pages_)(segment.number, page);
  if (!bytes) {
    done = fail(bytes.error());
    return nullptr;
  }
  auto sequences = read_page(*bytes, key_);
  if (!sequences) {
    done = fail(std::move(sequences).error());
    return nullptr;
  }
  loaded_ = std::move(*sequences);
  loaded_segment_ = &segment;
  loaded_page_ = page;
  return &loaded_;
}

Result<std::optional<Sequence>> KeyCursor::at_or_after(Sequence at) {
  Result<void> done;
  for (const auto& segment : part_->segments) {
    if (segment->last < at || surely_lacks(*segment, key_)) continue;
    for (auto page = page_of(*segment, key_, at); page < segment->fences.size(); ++page) {
      if (segment->fences[page].key > key_) break;
      const auto* const sequences = load(*segment, page, done);
      TRY(std::move(done));
      const auto found = std::ranges::lower_bound(*sequences, at);
      if (found != sequences->end()) return std::optional(*found);
    }
  }
  for (const auto& run : part_->runs) {
    if (run->last < at) continue;
    if (const auto found = first_in(*run, key_, at)) return found;
  }
  return std::optional<Sequence>{};
}

Result<std::optional<Sequence>> KeyCursor::at_or_before(Sequence at) {
  for (auto run = part_->runs.rbegin(); run != part_->runs.rend(); ++run) {
    if ((*run)->first > at) continue;
    if (const auto found = last_in(**run, key_, at)) return found;
  }
  Result<void> done;
  for (auto place = part_->segments.rbegin(); place != part_->segments.rend(); ++place) {
    const auto& segment = **place;
    if (segment.first > at || segment.fences.empty() || surely_lacks(segment, key_)) continue;
    for (auto page = page_of(segment, key_, at) + 1; page-- > 0;) {
      const auto* const sequences = load(segment, page, done);
      TRY(std::move(done));
      const auto after = std::ranges::upper_bound(*sequences, at);
      if (after != sequences->begin()) return std::optional(*std::prev(after));
      if (segment.fences[page].key < key_) break;
    }
  }
  return std::optional<Sequence>{};
}

bool may_have_id(const IndexPart& part, Key key) {
  return std::ranges::any_of(part.segments,
                             [&](const auto& segment) { return !surely_lacks(*segment, key); }) ||
         std::ranges::any_of(part.runs, [&](const auto& run) { return first_in(*run, key, 0).has_value(); });
}

Result<std::vector<Sequence>> all_under(const IndexPart& part, const PageSource& pages, Key key) {
  std::vector<Sequence> all;
  for (const auto& segment : part.segments) {
    if (surely_lacks(*segment, key)) continue;
    for (auto page = page_of(*segment, key, 0); page < segment->fences.size(); ++page) {
      if (segment->fences[page].key > key) break;
      const auto bytes = TRY(pages(segment->number, page));
      const auto found = TRY(read_page(bytes, key));
      all.insert(all.end(), found.begin(), found.end());
    }
  }
  for (const auto& run : part.runs)
    for (auto found = lower(run->postings, key, 0); found != run->postings.end() && found->key == key;
         ++found)
      all.push_back(found->sequence);
  return all;
}

}  // namespace shieldwall::store
