#include "store/sqlite_walk.h"

#include <algorithm>

#include "store/words.h"

namespace shieldwall::store {

namespace {

constexpr std::size_t families_max = 100'000;  // of one answer, before they are judged again
constexpr Sequence neighbours_read = 32;       // rows fetched together in a walk without filters
constexpr int looks_per_deadline_check = 64;

template <typename T>
bool empty_or_holds(const std::vector<T>& list, const T& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

}  // namespace

// ---- Sight

Sight::Sight(Core& core, const policy::Scope& scope, ReaderPool::Lease lease)
    : core_(&core),
      scope_(&scope),
      state_(core.state()),
      decider_(core.decider(scope)),
      now_(core.seams.clock.now()),
      lease_(std::move(lease)),
      pages_(std::make_unique<PageSource>(
          [reader = lease_.get()](std::uint32_t segment, std::size_t page) -> Result<std::string_view> {
            return reader->read_page(segment, page);
          })) {}

Result<Sight> Sight::open(Core& core, const policy::Scope& scope) {
  auto lease = TRY(core.readers.take());
  return Sight(core, scope, std::move(lease));
}

Result<std::shared_ptr<const Row>> Sight::row(Sequence sequence, bool neighbours) {
  if (auto cached = core_->cache.get(sequence)) return cached;
  auto& events = lease_->events;
  const auto last = neighbours ? std::min(state_->last, sequence + neighbours_read - 1) : sequence;
  events.bind(sequence, last);
  std::shared_ptr<const Row> wanted;
  while (TRY(events.step())) {
    auto row = TRY(read_row(events));
    core_->cache.put(row, state_->commit);
    if (row->sequence == sequence) wanted = std::move(row);
  }
  if (!wanted) return fail(ErrorCode::corrupt, "change {} is missing", sequence);
  return wanted;
}

bool Sight::tells(const Row& row) const {
  return store::tells(
      row,
      [&](policy::LabelId label, const policy::LabelColumns& columns, Timestamp at) {
        return decider_->may_see(label, columns, at);
      },
      now_);
}

Result<std::vector<std::shared_ptr<const Row>>> Sight::family(const model::ObjectId& id) {
  std::vector<std::shared_ptr<const Row>> rows;
  const auto sequences = TRY(all_under(state_->facts, *pages_, core_->keys->of(id)));
  for (const auto sequence : sequences) {
    auto row = TRY(this->row(sequence));
    if (row->id.type != id.type || !tells(*row)) continue;
    const auto known_by = redaction(*row).another_id ? row->alias : row->id.uuid;
    if (known_by == id.uuid) rows.push_back(std::move(row));
  }
  return rows;
}

Result<Sequence> Sight::first_after(Timestamp at) {
  Sequence low = 1;
  Sequence high = state_->last + 1;  // the answer is in low..high
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    auto& instant = lease_->instant;
    instant.bind(middle);
    if (!TRY(instant.step())) return fail(ErrorCode::corrupt, "change {} is missing", middle);
    const auto found = instant.time(0);
    instant.reset();
    if (found > at) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// ---- Filter

Filter::Filter(const IndexPart& part, const PageSource& pages, const std::vector<Key>& keys) {
  cursors_.reserve(keys.size());
  for (const auto key : keys) cursors_.emplace_back(part, pages, key);
}

Result<std::optional<Sequence>> Filter::next(Sequence at, bool backwards) {
  std::optional<Sequence> best;
  for (auto& cursor : cursors_) {
    const auto found = backwards ? TRY(cursor.at_or_before(at)) : TRY(cursor.at_or_after(at));
    if (found && (!best || (backwards ? *found > *best : *found < *best))) best = found;
    if (best == at) break;
  }
  return best;
}

// ---- Walk

Result<Walk> Walk::begin(Sight& sight, const Query& query, std::optional<Place> from) {
  Stretch stretch{.first = 1, .last = sight.state().last};
  if (query.added_after) stretch.first = TRY(sight.first_after(*query.added_after));
  if (from && query.newest_first) stretch.last = std::min(stretch.last, from->sequence - 1);
  if (from && !query.newest_first) stretch.first = std::max(stretch.first, from->sequence + 1);
  return through(sight, query, stretch, nullptr);
}

Walk Walk::through(Sight& sight, const Query& query, const Stretch& stretch, const Meeting* meeting) {
  Walk walk(sight, query);
  walk.add_filters();
  walk.stretch_ = stretch;
  walk.meeting_ = meeting;
  walk.at_ = query.newest_first ? stretch.last : stretch.first;
  walk.ended_ = stretch.last < stretch.first;
  return walk;
}

bool Walk::is_in_stretch(const Row& row) const {
  return meeting_ == nullptr || meeting_->of(row) == stretch_.opened.value_or(row.at);
}

void Walk::add_filters() {
  const auto& keys = *sight_->core().keys;
  const auto add = [&](const auto& asked, auto&& key_of) {
    if (asked.empty()) return;
    std::vector<Key> wanted;
    for (const auto& one : asked) wanted.push_back(key_of(one));
    filters_.emplace_back(sight_->state().facts, sight_->pages(), wanted);
  };
  // The narrowest first: the others are asked about what it gives.
  add(query_->ids, [&](const model::ObjectId& id) { return keys.of(id); });
  add(query_->values, [&](const model::CanonicalValue& value) { return keys.of(value); });
  add(query_->external_references,
      [&](const auto& asked) { return keys.of(KeyKind::external, asked.second); });
  add(query_->refers_to, [&](const model::ObjectId& id) { return keys.of_reference(id); });
  add(query_->created_by, [&](const model::ObjectId& id) { return keys.of_creator(id); });
  add(query_->labels, [&](const std::string& label) { return keys.of(KeyKind::label, label); });
  add(query_->collections, [&](const CircleId& circle) { return keys.of(circle); });
  add(query_->types, [&](const std::string& type) { return keys.of(KeyKind::type, type); });
  for (const auto& word : words_of(query_->words))
    words_.emplace_back(
        sight_->state().words, sight_->pages(), std::vector<Key>{keys.of(KeyKind::word, word)});
}

/// The next change that all filters lead to: each is asked in turn for the first one not before what the
/// others answered, until all agree.
Result<std::optional<Sequence>> Walk::candidate() {
  const bool backwards = query_->newest_first;
  auto at = at_;
  std::size_t agreed = 0;
  const auto parts = filters_.size() + words_.size();
  for (std::size_t i = 0; agreed < parts; i = (i + 1) % parts) {
    auto& filter = i < filters_.size() ? filters_[i] : words_[i - filters_.size()];
    const auto found = TRY(filter.next(at, backwards));
    if (!found) return std::optional<Sequence>{};
    agreed = *found == at ? agreed + 1 : 1;
    at = *found;
  }
  if (backwards ? at < stretch_.first : at > stretch_.last) return std::optional<Sequence>{};
  return std::optional(at);
}

Result<bool> Walk::content_fits(const Row& row, const Redaction& redaction) {
  if (!asks_for_content(*query_) && words_.empty()) return true;
  if (redaction.parts) return false;
  for (auto& word : words_)
    if (TRY(word.next(row.sequence, false)) != row.sequence) return false;
  if (!asks_for_content(*query_)) return true;
  const auto object = object_of(row);
  if (!object) return fail(ErrorCode::corrupt, "the bytes of {} are no object", row.id.text());
  return content_matches(
      *query_,
      *object,
      redaction.some ? targets_at(*row.bytes, row.removed) : std::vector<model::ObjectId>{});
}

Result<Walk::Family> Walk::family_with(const Rows& rows) {
  Family family{.rows = rows, .given = {}};
  std::vector<Member> members;
  for (const auto& row : rows) {
    if (!in_universe(*query_, *row)) continue;
    const bool fits = TRY(content_fits(*row, sight_->redaction(*row)));
    members.push_back({row.get(), fits, met(*row)});
  }
  family.given = family_of(members, *query_, sight_->scope());
  return family;
}

/// What the reader gets at this change, if it is where a selected version is met first.
Result<std::optional<Walk::Found>> Walk::judged(const std::shared_ptr<const Row>& row) {
  const auto redaction = sight_->redaction(*row);
  const auto id = redaction.another_id ? model::ObjectId{row->id.type, row->alias} : row->id;
  if (!empty_or_holds(query_->ids, id)) return std::optional<Found>{};
  const auto pick = [&](const Family& family) -> std::optional<Found> {
    for (const auto& given : family.given) {
      if (given.first->sequence != row->sequence) continue;
      for (const auto& best : family.rows)
        if (best.get() == given.best) return Found{.best = best, .first = row, .met = given.met};
    }
    return std::nullopt;
  };
  if (!row->has_siblings || redaction.another_id) return pick(TRY(family_with({row})));
  auto known = families_.find(id);
  if (known == families_.end()) {
    if (families_.size() >= families_max) families_.clear();
    const auto rows = TRY(sight_->family(id));
    known = families_.emplace(id, TRY(family_with(rows))).first;
  }
  return pick(known->second);
}

Result<std::optional<Walk::Found>> Walk::next(const Deadline& deadline) {
  const bool everything = filters_.empty() && words_.empty();
  for (int looks = 0; !ended_; ++looks) {
    if (looks % looks_per_deadline_check == 0 && deadline.passed())
      return fail(ErrorCode::unavailable, "the deadline passed while searching");
    const auto sequence = TRY(candidate());
    if (!sequence) break;
    ended_ = query_->newest_first && *sequence == 1;
    at_ = query_->newest_first ? *sequence - 1 : *sequence + 1;
    const auto row = TRY(sight_->row(*sequence, everything && !query_->newest_first));
    const bool meets = row->kind == ChangeKind::added || row->kind == ChangeKind::opened;
    if (!meets || !sight_->tells(*row) || !in_universe(*query_, *row) ||
        !empty_or_holds(query_->types, row->id.type) || !is_in_stretch(*row))
      continue;
    auto found = TRY(judged(row));
    if (found) return found;
  }
  ended_ = true;
  return std::optional<Found>{};
}

Result<Walk::Rows> Walk::all_of(const Found& found) {
  const auto own = sight_->redaction(*found.best);
  const auto id = own.another_id ? model::ObjectId{found.best->id.type, found.best->alias} : found.best->id;
  Rows all;
  const auto family = TRY(sight_->family(id));
  for (const auto& row : family) {
    if (row->version != found.best->version || !in_universe(*query_, *row)) continue;
    if (TRY(content_fits(*row, sight_->redaction(*row)))) all.push_back(row);
  }
  return all;
}

}  // namespace shieldwall::store
