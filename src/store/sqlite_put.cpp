// Taking objects in: what can be worked out beforehand is, on the caller's thread; the writer then judges
// each against what is held and writes.

#include "store/amend.h"
#include "store/judge.h"
#include "store/sqlite_objects.h"
#include "store/sqlite_sql.h"

namespace shieldwall::store {

namespace {

/// An object ready to be judged.
struct Prepared {
  std::shared_ptr<Row> row;  // without number, instant and siblings
  std::vector<Key> keys;
  Key id = 0;
  std::vector<Key> targets;  // key of kind id of each of its references
};

Prepared prepared(Core& core, const NewHolding& item, policy::LabelId label) {
  const auto& object = item.object;
  auto row = std::make_shared<Row>();
  row->id = object.id;
  row->version = object.version;
  row->spec_version = object.spec_version;
  row->source = item.source;
  row->collection = item.collection;
  row->label = label;
  row->persons = item.label.persons;
  row->embargo = item.label.embargo;
  row->end = item.label.end;
  row->parts = item.parts;
  row->has_text = !item.text.empty();
  row->bytes = object.bytes;
  row->digest = sha256(*object.bytes);
  Prepared ready{.row = std::move(row),
                 .keys = keys_of(*core.keys, object, item.collection),
                 .id = core.keys->of(object.id),
                 .targets = {}};
  for (const auto& reference : object.references) ready.targets.push_back(core.keys->of(reference.target));
  return ready;
}

class Put {
 public:
  Put(Core& core, std::span<const NewHolding> batch, const Alongside& alongside)
      : core_(core), batch_(batch), alongside_(alongside) {
    prepared_.reserve(batch.size());
    const policy::Label* before = nullptr;  // neighbours mostly share their label
    policy::LabelId label = 0;
    for (const auto& item : batch) {
      if (before == nullptr || item.label != *before)
        label = core.labels.intern(policy::shared_part(item.label));
      before = &item.label;
      prepared_.push_back(prepared(core, item, label));
    }
  }

  Done work(Transaction& transaction) {
    const auto now = core_.seams.clock.now();
    before_ = transaction.last;
    for (auto& item : prepared_) outcomes_.push_back(TRY(judge(transaction, item, now)));
    for (std::size_t i = 0; i < prepared_.size(); ++i)
      if (outcomes_[i].status == PutStatus::stored)
        TRY(judge_references(
            transaction, *prepared_[i].row, batch_[i].object.references, prepared_[i].targets, now));
    for (std::size_t i = 0; i < prepared_.size(); ++i)
      if (outcomes_[i].status == PutStatus::stored) TRY(write(transaction, i, now));
    for (const auto& row : siblings_) TRY(transaction.update(row));
    return alongside_ ? write_along(transaction, now) : Done{};
  }

  std::vector<PutOutcome> outcomes() && { return std::move(outcomes_); }

 private:
  Result<PutOutcome> judge(Transaction& transaction, Prepared& item, Timestamp now) {
    auto& row = *item.row;
    const auto others = TRY(standing(transaction, item.id, row.id));
    for (const auto& other : others) {
      if (other->kind != ChangeKind::added) continue;
      const bool same_bytes = other->digest == row.digest;
      if (same_bytes) row.content = other->content;
      if (other->version != row.version || other->spec_version != row.spec_version ||
          other->source != row.source)
        continue;
      if (!same_bytes && !same_content(*other->bytes, *row.bytes))
        return PutOutcome{PutStatus::conflict, other->at};
      if (other->collection == row.collection && is_known_under(*other, row))
        return PutOutcome{PutStatus::duplicate, other->at};
    }
    row.has_siblings = !others.empty();
    row.held_back = row.embargo > now;
    transaction.number(item.row, now);
    row.arrival = row.sequence;
    if (row.content == 0) row.content = row.sequence;
    transaction.added_ids.emplace(item.id, row.sequence);
    for (const auto& other : others) mark_sibling(transaction, *other);
    return PutOutcome{PutStatus::stored, row.at};
  }

  void mark_sibling(Transaction& transaction, const Row& other) {
    if (other.has_siblings) return;
    if (other.sequence > transaction.state->last) {  // of this very transaction
      transaction.added[other.sequence - transaction.state->last - 1]->has_siblings = true;
      if (other.sequence > before_) return;  // of this put: not written yet
      siblings_.push_back(transaction.added[other.sequence - transaction.state->last - 1]);
      return;
    }
    auto marked = std::make_shared<Row>(other);
    marked->has_siblings = true;
    transaction.changed[marked->sequence] = marked;
    siblings_.push_back(std::move(marked));
  }

  Done write(Transaction& transaction, std::size_t i, Timestamp now) {
    auto& item = prepared_[i];
    const auto& row = *item.row;
    if (row.is_redactable() && row.is_observable())
      item.keys.push_back(core_.keys->of({row.id.type, row.alias}));
    TRY(transaction.append(item.row, item.keys));
    if (row.held_back) TRY(write_due(transaction, row.embargo, row, due_opens));
    if (row.end != Timestamp::never() && row.end > now)
      TRY(write_due(transaction, row.end, row, due_withdraws));
    if (row.has_text) transaction.texts.emplace_back(row.sequence, batch_[i].text);
    return {};
  }

  Done write_due(Transaction&, Timestamp at, const Row& row, int event) {
    auto* const insert = TRY(core_.writer->statement(sql::insert_due));
    return insert->bind(at, row.arrival, event).run();
  }

  Done write_along(Transaction& transaction, Timestamp now) {
    along_ = TRY(alongside_(outcomes_));
    transaction.writing = true;
    writing_.emplace(core_.records, along_.writes);
    if (!along_.writes.empty()) TRY(write_records(transaction, along_.writes));
    if (!along_.audit.empty()) TRY(append_log(transaction, along_.audit, now));
    return {};
  }

  Core& core_;
  std::span<const NewHolding> batch_;
  const Alongside& alongside_;
  Along along_;
  std::optional<RecordCache::Writing> writing_;  // until the step is over
  std::vector<Prepared> prepared_;
  std::vector<PutOutcome> outcomes_;
  Sequence before_ = 0;                         // the last change before this put
  std::vector<std::shared_ptr<Row>> siblings_;  // rows of before that are no longer alone
};

}  // namespace

Result<std::vector<PutOutcome>> SqliteObjects::put_along(std::span<const NewHolding> batch,
                                                         const Alongside& alongside,
                                                         Deadline deadline) {
  if (deadline.passed()) return fail(ErrorCode::unavailable, "the deadline passed before the put began");
  if (batch.empty()) return std::vector<PutOutcome>{};
  Put put(core_, batch, alongside);
  auto done = core_.writer->run([&](Transaction& transaction) { return put.work(transaction); }, deadline);
  if (!done && !core_.options.acknowledge_early) return fail(std::move(done).error());
  relieve(core_);
  return std::move(put).outcomes();
}

}  // namespace shieldwall::store
