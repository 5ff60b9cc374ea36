// Segments of the index: written, merged, and made to forget.

#include <algorithm>
#include <bit>
#include <queue>

#include "store/sqlite_core.h"
#include "store/sqlite_sql.h"

namespace shieldwall::store {

// ---- writing

SegmentSink::SegmentSink(Core& core) : core_(core), segment_(std::make_shared<Segment>()) {
  segment_->number = core.next_segment++;
}

Done SegmentSink::add(const Posting& posting) {
  page_.add(posting);
  ++segment_->postings;
  if (kind_of(posting.key) == KeyKind::id) ids_.push_back(posting.key);
  return page_.full() ? take_page() : Done{};
}

Done SegmentSink::add(const Group& group) {
  if (page_.has_room_for(group)) {
    page_.add(group);
    segment_->postings += group.count;
    if (kind_of(group.key) == KeyKind::id) ids_.push_back(group.key);
    return {};
  }
  // A list that does not fit whole is divided where the page ends.
  PostingReader postings(group);
  while (const auto posting = postings.next()) TRY(add(*posting));
  return {};
}

Done SegmentSink::take_page() {
  if (segment_->fences.size() + 1 >= segment_pages_max)
    return fail(
        ErrorCode::exhausted, "an index segment has {} pages, the most there may be", segment_pages_max);
  segment_->fences.push_back(page_.first());
  waiting_.push_back(page_.take());
  return waiting_.size() >= pages_per_commit ? flush() : Done{};
}

Done SegmentSink::flush() {
  const auto before = segment_->fences.size() - waiting_.size();
  const auto work = [&](Transaction& transaction) -> Done {
    transaction.writing = true;
    auto* const insert = TRY(core_.writer->statement(sql::insert_page));
    for (std::size_t i = 0; i < waiting_.size(); ++i)
      TRY(insert->bind(page_row(segment_->number, before + i), waiting_[i]).run());
    return {};
  };
  TRY(core_.writer->run(work, Deadline::none()));
  waiting_.clear();
  return {};
}

Result<std::shared_ptr<const Segment>> SegmentSink::finish(Sequence first, Sequence last) {
  if (!page_.empty()) TRY(take_page());
  if (!waiting_.empty()) TRY(flush());
  segment_->first = first;
  segment_->last = last;
  segment_->ids = KeyFilter(ids_.size());
  for (const auto key : ids_) segment_->ids.add(key);
  core_.watch(*segment_);
  return std::shared_ptr<const Segment>(std::move(segment_));
}

Done list_segment(Transaction& transaction, const Segment& segment, Family family) {
  transaction.writing = true;
  auto* const insert = TRY(transaction.core.writer->statement(sql::insert_segment));
  return insert
      ->bind(segment.number,
             static_cast<int>(family),
             segment.first,
             segment.last,
             segment.postings,
             encode_tail(segment.fences),
             segment.ids.bytes())
      .run();
}

// ---- forgetting

namespace {

Done forget_in_page(Transaction& transaction, const Segment& segment, const Posting& posting) {
  if (segment.fences.empty() || segment.first > posting.sequence || segment.last < posting.sequence)
    return {};
  const auto after = std::ranges::upper_bound(segment.fences, posting);
  if (after == segment.fences.begin()) return {};
  const auto number = page_row(segment.number, static_cast<std::size_t>(after - segment.fences.begin()) - 1);
  auto* const read = TRY(transaction.core.writer->statement(sql::read_page));
  read->bind(number);
  if (!TRY(read->step())) return fail(ErrorCode::corrupt, "page {} of the index is missing", number);
  auto postings = read_page(read->bytes(0));
  read->reset();
  if (!postings) return fail(std::move(postings).error());
  if (std::erase(*postings, posting) == 0) return {};
  PageWriter rest;
  for (const auto& left : *postings) rest.add(left);
  auto* const update = TRY(transaction.core.writer->statement(sql::update_page));
  return update->bind(number, rest.take()).run();
}

Done forget_in_tail(Transaction& transaction, Sequence sequence) {
  auto* const read = TRY(transaction.core.writer->statement(sql::tail_of));
  read->bind(sequence);
  if (!TRY(read->step())) return {};
  const auto row = read->sequence(0);
  const bool inside = read->sequence(1) >= sequence;
  auto postings = decode_tail(read->bytes(2));
  read->reset();
  if (!postings) return fail(std::move(postings).error());
  if (!inside) return {};
  std::erase_if(*postings, [&](const Posting& posting) { return posting.sequence == sequence; });
  auto* const update = TRY(transaction.core.writer->statement(sql::update_tail));
  return update->bind(row, encode_tail(*postings)).run();
}

}  // namespace

Done forget_postings(Transaction& transaction, Sequence sequence, const std::vector<Key>& keys) {
  transaction.writing = true;
  transaction.forgotten.insert(sequence);
  TRY(forget_in_tail(transaction, sequence));
  for (const auto family : {Family::facts, Family::words})
    for (const auto& segment : transaction.state->part(family).segments)
      for (const auto key : keys) TRY(forget_in_page(transaction, *segment, {key, sequence}));
  return {};
}

// ---- merging

namespace {

/// The groups of one segment, page after page.
class SegmentReader {
 public:
  SegmentReader(Reader& reader, const Segment& segment) : reader_(&reader), segment_(&segment) {}

  /// False at the end.
  Result<bool> next() {
    while (!TRY(page_.next(group_))) {
      if (pages_read_ >= segment_->fences.size()) return false;
      bytes_ = TRY(reader_->read_page(segment_->number, pages_read_++));
      page_ = PageReader(bytes_);
    }
    return true;
  }
  Group& group() { return group_; }

 private:
  Reader* reader_;
  const Segment* segment_;
  std::size_t pages_read_ = 0;
  std::string bytes_;
  PageReader page_;
  Group group_;
};

using Segments = std::vector<std::shared_ptr<const Segment>>;

/// Size class of a segment: segments of one class differ by less than the merge width.
int tier_of(const Segment& segment, std::size_t width) {
  int tier = 0;
  for (auto size = segment.postings; size >= width; size /= width) ++tier;
  return tier;
}

/// The newest neighbours that are worth merging: as many as the width, none of a higher class.
Segments worth_merging(const Segments& segments, std::size_t width) {
  int highest = 0;
  for (const auto& segment : segments) highest = std::max(highest, tier_of(*segment, width));
  for (int tier = 0; tier <= highest; ++tier) {
    auto first = segments.end();
    while (first != segments.begin() && tier_of(**std::prev(first), width) <= tier) --first;
    if (static_cast<std::size_t>(segments.end() - first) >= width) return {first, segments.end()};
  }
  return {};
}

Result<std::shared_ptr<const Segment>> merged(Core& core, const Segments& old) {
  const auto reader = TRY(core.readers.take());
  std::vector<std::unique_ptr<SegmentReader>> inputs;
  for (const auto& segment : old) inputs.push_back(std::make_unique<SegmentReader>(*reader, *segment));
  using Head = std::pair<Key, std::size_t>;  // groups of one key in the order of the segments
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (TRY(inputs[i]->next())) heads.emplace(inputs[i]->group().key, i);
  SegmentSink sink(core);
  Group joined;
  while (!heads.empty()) {
    const auto i = heads.top().second;
    heads.pop();
    auto& group = inputs[i]->group();
    if (joined.count > 0 && (joined.key != group.key || joined.bytes.size() >= posting_page_bytes)) {
      TRY(sink.add(joined));
      joined.count = 0;
    }
    if (joined.count == 0) {
      std::swap(joined, group);
    } else {
      joined.append(group);
    }
    if (TRY(inputs[i]->next())) heads.emplace(inputs[i]->group().key, i);
  }
  if (joined.count > 0) TRY(sink.add(joined));
  return sink.finish(old.front()->first, old.back()->last);
}

}  // namespace

Result<bool> merge_segments(Core& core, Family family) {
  const auto purges = core.purges.load();
  const auto old = worth_merging(core.state()->part(family).segments, core.options.merge_width);
  if (old.empty()) return false;
  const auto segment = TRY(merged(core, old));
  bool stale = false;
  const auto work = [&](Transaction& transaction) -> Done {
    stale = core.purges != purges;  // something was forgotten meanwhile that the new pages may still hold
    if (stale) return {};
    TRY(list_segment(transaction, *segment, family));
    auto* const drop = TRY(core.writer->statement(sql::delete_segment));
    for (const auto& each : old) TRY(drop->bind(each->number).run());
    transaction.edit_state = [&](State& state) {
      auto& segments = family == Family::facts ? state.facts.segments : state.words.segments;
      const auto place = std::ranges::find(segments, old.front());
      const auto after = segments.erase(place, place + static_cast<std::ptrdiff_t>(old.size()));
      segments.insert(after, segment);
    };
    return {};
  };
  TRY(core.writer->run(work, Deadline::none(), true));
  return true;
}

Result<bool> delete_dropped(Core& core) {
  constexpr int pages_at_once = 2048;
  const auto number = core.dropped_segments.with([](auto& dropped) -> std::optional<std::uint32_t> {
    if (dropped.empty()) return std::nullopt;
    return dropped.back();
  });
  if (!number) return false;
  int deleted = 0;
  const auto work = [&](Transaction& transaction) -> Done {
    transaction.writing = true;
    auto* const drop = TRY(core.writer->statement(sql::delete_pages));
    TRY(drop->bind(page_row(*number, 0), page_row(*number + 1, 0), pages_at_once).run());
    deleted = core.writer->db().changed();
    return {};
  };
  TRY(core.writer->run(work, Deadline::none()));
  if (deleted < pages_at_once)
    core.dropped_segments.with([&](auto& dropped) { std::erase(dropped, *number); });
  return true;
}

}  // namespace shieldwall::store
