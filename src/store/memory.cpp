// The store in memory: simple and plainly right, so that other implementations can be compared with it. Every
// question looks at every row.

#include <map>
#include <mutex>
#include <set>

#include "store/amend.h"
#include "store/family.h"
#include "store/judge.h"
#include "store/meeting.h"
#include "store/memory_parts.h"
#include "store/row.h"
#include "store/words.h"

namespace shieldwall::store {

namespace {

struct Kept {
  Row row;
  model::Object object;            // empty bytes once it is gone
  std::vector<std::string> words;  // sorted
};

class MemoryObjects final : public Objects, public Steps {
  auto sees(const policy::Scope& scope) const {
    return [this, &scope](policy::LabelId id, const policy::LabelColumns& columns, Timestamp at) {
      auto label = labels_.at(id);
      if (columns.persons != nullptr) label.persons = *columns.persons;
      label.embargo = columns.embargo;
      label.end = columns.end;
      return scope.sees(label, at);
    };
  }

  /// The id by which the reader knows the holding's object.
  model::ObjectId shown_id(const Row& row, const Redaction& redaction) const {
    return redaction.another_id ? model::ObjectId{row.id.type, row.alias} : row.id;
  }

 public:
  MemoryObjects(Seams seams, MemoryBase& base) : seams_(std::move(seams)), base_(base) {}

  Result<std::vector<PutOutcome>> put(std::span<const NewHolding> batch, Deadline deadline) override {
    return put_along(batch, {}, deadline);
  }

  Result<std::vector<PutOutcome>> put_along(std::span<const NewHolding> batch,
                                            const Alongside& alongside,
                                            Deadline deadline) override {
    const std::lock_guard lock(base_.mutex);
    if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before the put began");
    TRY(base_.step("put"));
    std::vector<PutOutcome> outcomes;
    const auto now = seams_.clock.now();
    const auto first = rows_.size();
    for (const auto& item : batch) outcomes.push_back(put_one(item, now));
    for (auto i = first; i < rows_.size(); ++i) judge_references(rows_[i], now);
    if (auto done = batch.empty() ? Done{} : write_along(alongside, outcomes); !done) {
      undo_until(first);
      return fail(std::move(done).error());
    }
    return outcomes;
  }

  Result<Page> find(const policy::Scope& scope,
                    const Query& query,
                    std::optional<Place> from,
                    int limit,
                    std::size_t bytes_max,
                    Deadline deadline) override {
    return find_met(scope, {}, query, from, limit, bytes_max, deadline);
  }

  Result<Page> find_met(const policy::Scope& scope,
                        const PastRights& pasts,
                        const Query& query,
                        std::optional<Place> from,
                        int limit,
                        std::size_t bytes_max,
                        Deadline deadline) override {
    const std::lock_guard lock(base_.mutex);
    if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before the search began");
    TRY(base_.note_everything(scope));
    Page page;
    std::size_t bytes = 0;
    for (const auto& given : all_given(scope, query, pasts)) {
      const auto place = place_of(given);
      const auto after = from ? std::pair(from->added, from->sequence) : place;
      if (from && (query.newest_first ? place >= after : place <= after)) continue;
      const bool full = page.holdings.size() >= static_cast<std::size_t>(limit) || bytes >= bytes_max;
      if (full && !page.holdings.empty()) {
        page.next = last_place_;
        break;
      }
      bytes += given.best->bytes->size();
      page.holdings.push_back(holding_of(*given.best, label_of(*given.best, labels_), given.met));
      last_place_ = {place.first, place.second};
    }
    return page;
  }

  Result<policy::Holding> get(const policy::Scope& scope, const model::ObjectId& id) override {
    Query query;
    query.ids = {id};
    auto page = TRY(find(scope, query, {}, 1, SIZE_MAX, Deadline::none()));
    if (page.holdings.empty()) return fail(ErrorCode::not_found, "no object {}", id.text());
    return std::move(page.holdings.front());
  }

  Result<std::vector<VersionEntry>> versions(const policy::Scope& scope,
                                             const model::ObjectId& id,
                                             std::optional<CircleId> collection) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.note_everything(scope));
    Query query;
    if (collection) query.collections = {*collection};
    std::vector<Member> members;
    const auto now = seams_.clock.now();
    for (const auto& kept : rows_) {
      if (kept.row.id.type != id.type || !is_member(kept, scope, query, now)) continue;
      if (shown_id(kept.row, redaction_of(kept.row, labels_, scope, now)) == id)
        members.push_back({&kept.row, true, kept.row.at});
    }
    return entries_of(members);
  }

  Result<std::size_t> count(const policy::Scope& scope, const Query& query, std::size_t most) override {
    return count_until(scope, query, most, Deadline::none());
  }

  Result<std::size_t> count_until(const policy::Scope& scope,
                                  const Query& query,
                                  std::size_t most,
                                  Deadline deadline) override {
    const std::lock_guard lock(base_.mutex);
    if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before the search began");
    TRY(base_.note_everything(scope));
    return std::min(most, all_given(scope, query).size());
  }

  Result<std::size_t> remove(const policy::Scope& scope, const Query& query) override {
    return remove_until(scope, query, Deadline::none());
  }

  Result<std::size_t> remove_until(const policy::Scope& scope,
                                   const Query& query,
                                   Deadline deadline) override {
    const std::lock_guard lock(base_.mutex);
    if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before deleting began");
    TRY(base_.note_everything(scope));
    TRY(base_.step("remove"));
    std::set<Sequence> arrivals;
    const auto now = seams_.clock.now();
    for (const auto& given : all_given(scope, query))
      for (const auto& kept : rows_)
        if (is_removed_with(kept, given, scope, query, now)) arrivals.insert(kept.row.arrival);
    for (const auto arrival : arrivals) forget(arrival, now);
    return arrivals.size();
  }

  Result<Changes> changes(const policy::Scope& scope, Sequence after, int limit) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.note_everything(scope));
    Changes result{.changes = {}, .last = after};
    const auto now = seams_.clock.now();
    for (const auto& kept : rows_) {
      if (kept.row.sequence <= after) continue;
      if (limit-- <= 0) break;
      result.last = kept.row.sequence;
      if (!tells(kept.row, sees(scope), now)) continue;
      result.changes.push_back({.sequence = kept.row.sequence,
                                .kind = kept.row.kind,
                                .at = kept.row.at,
                                .holding = holding_of(kept.row, label_of(kept.row, labels_), kept.row.at)});
    }
    return result;
  }

  Done amend(std::span<const Amendment> batch) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("amend"));
    std::set<Sequence> arrivals;
    std::vector<std::pair<const Amendment*, Sequence>> found;
    for (const auto& amendment : batch) {
      bool as_before = false;
      bool again = false;
      for (const auto sequence : by_id_[amendment.id]) {
        const auto& row = rows_[sequence - 1].row;
        if (!is_amended_by(row, amendment)) continue;
        as_before = as_before || label_of(row, labels_) == amendment.before;
        again = !arrivals.insert(sequence).second;
        found.emplace_back(&amendment, sequence);
      }
      if (!as_before || again)
        return fail(
            ErrorCode::not_found, "{}: no holding of that version under that label", amendment.id.text());
    }
    for (const auto& [amendment, arrival] : found) amend_one(*amendment, arrival);
    return {};
  }

  Result<Timestamp> claim_instant() override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("instant"));
    return last_ = next_instant(last_, seams_.clock.now(), seams_.random);
  }

  Sequence newest() const override {
    const std::lock_guard lock(base_.mutex);
    return rows_.size();
  }

  Result<Timestamp> advance(Timestamp now) override {
    const std::lock_guard lock(base_.mutex);
    TRY(base_.step("advance"));
    const auto due = due_.upper_bound({now, SIZE_MAX});
    for (auto event = due_.begin(); event != due; ++event) happen(event->second, now);
    due_.erase(due_.begin(), due);
    return due_.empty() ? Timestamp::never() : due_.begin()->first;
  }

  std::size_t text_lag() const override { return 0; }
  Result<bool> tend(Duration) override { return false; }

 private:
  // ---- taking in

  PutOutcome put_one(const NewHolding& item, Timestamp now) {
    const auto& object = item.object;
    Row row{.id = object.id,
            .version = object.version,
            .spec_version = object.spec_version,
            .source = item.source,
            .collection = item.collection,
            .parts = item.parts};
    row.label = labels_.intern(policy::shared_part(item.label));
    row.persons = item.label.persons;
    row.embargo = item.label.embargo;
    row.end = item.label.end;
    for (const auto sequence : by_id_[object.id]) {
      const auto& other = rows_[sequence - 1].row;
      const bool same_version = other.version == row.version && other.spec_version == row.spec_version &&
                                other.source == row.source;
      if (!same_version || other.kind != ChangeKind::added || other.gone) continue;
      if (!same_content(*other.bytes, *object.bytes)) return {PutStatus::conflict, other.at};
      if (other.collection == row.collection && is_known_under(other, row))
        return {PutStatus::duplicate, other.at};
    }
    row.held_back = row.embargo > now;
    row.has_text = !item.text.empty();
    row.bytes = object.bytes;
    row.arrival = rows_.size() + 1;
    append({.row = row, .object = object, .words = words_of(item.text)}, ChangeKind::added, now);
    expect(rows_.back().row, now);
    return {PutStatus::stored, rows_.back().row.at};
  }

  Done write_along(const Alongside& alongside, std::span<const PutOutcome> outcomes) {
    if (!alongside) return {};
    const auto along = TRY(alongside(outcomes));
    TRY(base_.write(along.writes));
    base_.append(along.audit);
    return {};
  }

  /// As if nothing had been put since there were so many rows.
  void undo_until(std::size_t count) {
    std::erase_if(due_, [&](const auto& due) { return due.second > count; });
    for (; rows_.size() > count; rows_.pop_back()) by_id_[rows_.back().row.id].pop_back();
  }

  void append(Kept kept, ChangeKind kind, Timestamp now) {
    last_ = next_instant(last_, now, seams_.random);
    kept.row.at = last_;
    kept.row.kind = kind;
    kept.row.sequence = rows_.size() + 1;
    by_id_[kept.row.id].push_back(kept.row.sequence);
    rows_.push_back(std::move(kept));
  }

  /// Decision 0002: targets held only under labels narrower than the holding's own.
  void judge_references(Kept& kept, Timestamp now) {
    std::vector<model::ObjectId> hidden;
    const auto own = label_of(kept.row, labels_);
    for (const auto& reference : kept.object.references) {
      bool held = false;
      bool admitted = false;
      for (const auto& other : rows_) {
        if (other.row.id != reference.target || other.row.kind != ChangeKind::added || other.row.gone)
          continue;
        held = true;
        admitted = admitted || may_name(own, holding_of(other.row, label_of(other.row, labels_), now), now);
      }
      if (held && !admitted) hidden.push_back(reference.target);
    }
    kept.row.removed = pointers_to(*kept.row.bytes, hidden);
    if (kept.row.is_redactable()) kept.row.alias = Uuid::random(seams_.random);
  }

  // ---- looking up

  bool is_member(const Kept& kept, const policy::Scope& scope, const Query& query, Timestamp now) const {
    const bool meets = kept.row.kind == ChangeKind::added || kept.row.kind == ChangeKind::opened;
    return meets && in_universe(query, kept.row) && tells(kept.row, sees(scope), now);
  }

  static bool content_fits(const Kept& kept, const Query& query, const Redaction& redaction) {
    const auto words = words_of(query.words);
    if (!asks_for_content(query) && words.empty()) return true;
    if (redaction.parts) return false;
    if (!std::ranges::includes(kept.words, words)) return false;
    const auto hidden =
        redaction.some ? targets_at(*kept.row.bytes, kept.row.removed) : std::vector<model::ObjectId>{};
    return content_matches(query, kept.object, hidden);
  }

  static std::pair<Timestamp, Sequence> place_of(const Given& given) {
    return {given.met, given.first->sequence};
  }

  Timestamp met(const Row& row, const policy::Scope& scope, const PastRights& pasts, Timestamp now) const {
    return met_at(row, pasts, [&](const Rights& past, const Row&) {
      return showed(row, sees(past.scope), now) && (!redaction_of(row, labels_, past.scope, now).parts ||
                                                    redaction_of(row, labels_, scope, now).parts);
    });
  }

  std::vector<Given> all_given(const policy::Scope& scope,
                               const Query& query,
                               const PastRights& pasts = {}) const {
    const auto now = seams_.clock.now();
    std::map<model::ObjectId, std::vector<Member>> families;
    for (const auto& kept : rows_) {
      const auto& row = kept.row;
      if (!query.types.empty() && std::ranges::find(query.types, row.id.type) == query.types.end()) continue;
      // Whatever the reader knows it by: judging every row for each single look-up would be quadratic.
      const auto is_it = [&](const model::ObjectId& id) {
        return id == row.id || id == model::ObjectId{row.id.type, row.alias};
      };
      if (!query.ids.empty() && std::ranges::none_of(query.ids, is_it)) continue;
      if (!is_member(kept, scope, query, now)) continue;
      const auto redaction = redaction_of(row, labels_, scope, now);
      const auto id = shown_id(row, redaction);
      if (!query.ids.empty() && std::ranges::find(query.ids, id) == query.ids.end()) continue;
      families[id].push_back({&row, content_fits(kept, query, redaction), met(row, scope, pasts, now)});
    }
    std::vector<Given> all;
    for (const auto& [id, members] : families)
      for (const auto& given : family_of(members, query, scope))
        if (!query.added_after || given.met > *query.added_after) all.push_back(given);
    std::ranges::sort(all, {}, place_of);
    if (query.newest_first) std::ranges::reverse(all);
    return all;
  }

  // ---- visibility and deletion

  /// Every holding of a selected version that the query itself selects goes, not only the one shown.
  bool is_removed_with(const Kept& kept,
                       const Given& given,
                       const policy::Scope& scope,
                       const Query& query,
                       Timestamp now) const {
    if (kept.row.id.type != given.best->id.type || kept.row.version != given.best->version) return false;
    if (!is_member(kept, scope, query, now)) return false;
    const auto redaction = redaction_of(kept.row, labels_, scope, now);
    return shown_id(kept.row, redaction) ==
               shown_id(*given.best, redaction_of(*given.best, labels_, scope, now)) &&
           content_fits(kept, query, redaction);
  }

  void forget(Sequence arrival, Timestamp now) {
    for (auto& kept : rows_) {
      if (kept.row.arrival != arrival) continue;
      kept.row.gone = true;
      kept.row.bytes = nullptr;
      kept.object = {};
      kept.words.clear();
    }
    auto tombstone = rows_[arrival - 1];
    tombstone.row.pasts.clear();
    tombstone.row.held_back = tombstone.row.held_back && !opened_.contains(arrival);
    append(std::move(tombstone), ChangeKind::deleted, now);
  }

  // ---- amendments

  void amend_one(const Amendment& amendment, Sequence arrival) {
    const auto before = label_of(rows_[arrival - 1].row, labels_);
    const auto to = NewLabel::of(before, amendment.label, labels_);
    if (!to.changes) return;
    const auto now = seams_.clock.now();
    const auto at = std::max(now, last_);
    std::vector<Sequence> met;  // the rows at which readers meet it
    for (const auto sequence : by_id_[amendment.id])
      if (rows_[sequence - 1].row.arrival == arrival && rows_[sequence - 1].row.kind <= ChangeKind::opened)
        met.push_back(sequence);
    const auto last = rows_[met.back() - 1];
    for (const auto sequence : met) {
      auto change = rows_[sequence - 1];
      due_.erase({change.row.embargo, sequence});
      due_.erase({change.row.end, sequence});
      rows_[sequence - 1].row = kept_under(change.row, amendment, to, at);
      if (!to.withdraws && to.opens) continue;
      change.row = withdrawn_from(change.row, amendment, to, at);
      append(std::move(change), ChangeKind::withdrawn, now);
    }
    auto newest = met.back();
    if (to.opens) {
      append({.row = opened_to(last.row, amendment, to, at), .object = last.object, .words = last.words},
             ChangeKind::opened,
             now);
      judge_references(rows_.back(), now);
      newest = rows_.size();
    }
    opened_.erase(arrival);
    withdrawn_.erase(arrival);
    expect(rows_[newest - 1].row, at);
  }

  // ---- embargoes and ends

  /// What is to come for the holding is told in the words of this row.
  void expect(const Row& row, Timestamp now) {
    if (row.held_back) due_.insert({row.embargo, row.sequence});
    if (row.end != Timestamp::never() && row.end > now) due_.insert({row.end, row.sequence});
  }

  /// Embargo passed or end came for the holding.
  void happen(Sequence sequence, Timestamp now) {
    auto change = rows_[sequence - 1];
    const auto arrival = change.row.arrival;
    if (change.row.gone) return;
    change.row.pasts.clear();
    if (change.row.end <= now) {
      if (!withdrawn_.insert(arrival).second) return;
      if (change.row.held_back && !opened_.contains(arrival)) return;  // nobody had met it
      change.row.bytes = nullptr;
      append(std::move(change), ChangeKind::withdrawn, now);
    } else if (opened_.insert(arrival).second) {
      append(std::move(change), ChangeKind::opened, now);
    }
  }

  Seams seams_;
  MemoryBase& base_;
  policy::LabelTable labels_;
  std::vector<Kept> rows_;  // by sequence - 1
  std::map<model::ObjectId, std::vector<Sequence>> by_id_;
  std::set<std::pair<Timestamp, Sequence>> due_;
  std::set<Sequence> opened_;
  std::set<Sequence> withdrawn_;
  Timestamp last_ = Timestamp{0};
  Place last_place_;
};

class MemoryStore final : public Store {
 public:
  MemoryStore(const Seams& seams, std::function<Done(std::string_view)> inject)
      : base_(std::move(inject), seams.clock),
        objects_(seams, base_),
        records_(make_memory_records(base_)),
        blobs_(make_memory_blobs(base_)),
        settings_(make_memory_settings(base_)),
        audit_(make_memory_log(base_)) {}

  Objects& objects() override { return objects_; }
  Records& records() override { return *records_; }
  Blobs& blobs() override { return *blobs_; }
  Settings& settings() override { return *settings_; }
  Log& audit() override { return *audit_; }
  Done backup(const std::string&) override {
    return fail(ErrorCode::denied, "a store in memory has no file to copy");
  }
  Result<std::vector<std::string>> check() override { return std::vector<std::string>{}; }

 private:
  MemoryBase base_;
  MemoryObjects objects_;
  std::unique_ptr<Records> records_;
  std::unique_ptr<Blobs> blobs_;
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<Log> audit_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_memory(Seams seams, std::function<Done(std::string_view step)> inject) {
  return std::make_unique<MemoryStore>(seams, std::move(inject));
}

}  // namespace shieldwall::store
