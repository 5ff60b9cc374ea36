// Labels of holdings, amended: a change of visibility is a change.

#include <set>

#include "store/amend.h"
#include "store/sqlite_objects.h"
#include "store/sqlite_sql.h"

namespace shieldwall::store {

namespace {

using Rows = std::vector<std::shared_ptr<const Row>>;

class Amend {
 public:
  Amend(Core& core, std::span<const Amendment> batch) : core_(core), batch_(batch) {}

  Done work(Transaction& transaction) {
    // All are found before the first is written: an error then leaves nothing behind.
    std::vector<std::pair<const Amendment*, Rows>> holdings;
    std::set<Sequence> arrivals;
    for (const auto& amendment : batch_) {
      auto found = TRY(holdings_of(transaction, amendment));
      for (auto& rows : found) {
        if (!arrivals.insert(rows.front()->arrival).second)
          return fail(ErrorCode::not_found, "{} stands in the batch twice", amendment.id.text());
        holdings.emplace_back(&amendment, std::move(rows));
      }
    }
    for (const auto& [amendment, rows] : holdings) TRY(apply(transaction, *amendment, rows));
    return {};
  }

 private:
  /// Of each holding the rows at which it is met, oldest first.
  Result<std::vector<Rows>> holdings_of(Transaction& transaction, const Amendment& amendment) {
    const auto all = TRY(standing(transaction, core_.keys->of(amendment.id), amendment.id));
    std::vector<Rows> holdings;
    bool as_before = false;
    for (const auto& row : all) {
      if (!is_amended_by(*row, amendment)) continue;
      as_before = as_before || label_of(*row, core_.labels) == amendment.before;
      Rows rows;
      for (const auto& other : all)
        if (other->arrival == row->arrival) rows.push_back(other);
      holdings.push_back(std::move(rows));
    }
    if (as_before) return holdings;
    return fail(ErrorCode::not_found, "{}: no holding of that version under that label", amendment.id.text());
  }

  Done apply(Transaction& transaction, const Amendment& amendment, const Rows& rows) {
    const auto& last = *rows.back();
    const auto to = NewLabel::of(label_of(last, core_.labels), amendment.label, core_.labels);
    if (!to.changes) return {};
    const auto now = core_.seams.clock.now();
    const auto at = std::max(now, transaction.last_at);
    for (const auto& row : rows) {
      TRY(forget_due(*row));
      TRY(transaction.relabel(std::make_shared<Row>(kept_under(*row, amendment, to, at))));
      // Also where it tells nobody: whoever keeps answers by the newest change sees that one is old.
      if (!to.withdraws && to.opens) continue;
      auto change = std::make_shared<Row>(withdrawn_from(*row, amendment, to, at));
      transaction.number(change, now);
      TRY(transaction.append(change, {}));
    }
    if (to.opens) return open(transaction, opened_to(last, amendment, to, at), now, at);
    const auto kept = TRY(transaction.row(last.sequence));
    return write_due(*kept, at);
  }

  Done open(Transaction& transaction, Row opened, Timestamp now, Timestamp at) {
    const auto object = object_of(opened);
    if (!object) return fail(ErrorCode::corrupt, "the bytes of {} are no object", opened.id.text());
    std::vector<Key> targets;
    for (const auto& reference : object->references) targets.push_back(core_.keys->of(reference.target));
    auto change = std::make_shared<Row>(std::move(opened));
    TRY(judge_references(transaction, *change, object->references, targets, now));
    transaction.number(change, now);
    auto keys = keys_of(*core_.keys, *object, change->collection);
    if (change->is_redactable() && change->is_observable())
      keys.push_back(core_.keys->of({change->id.type, change->alias}));
    TRY(transaction.append(change, keys));
    transaction.added_ids.emplace(core_.keys->of(change->id), change->sequence);
    if (change->has_text) transaction.texts.emplace_back(change->sequence, text_of(*change));
    return write_due(*change, at);
  }

  Done forget_due(const Row& row) {
    auto* const drop = TRY(core_.writer->statement(sql::delete_due));
    TRY(drop->bind(row.embargo, row.sequence, due_opens).run());
    return drop->bind(row.end, row.sequence, due_withdraws).run();
  }

  /// What is to come is told in the words of the newest row: its references were judged under this label.
  Done write_due(const Row& row, Timestamp at) {
    auto* const insert = TRY(core_.writer->statement(sql::insert_due));
    if (row.held_back) TRY(insert->bind(row.embargo, row.sequence, due_opens).run());
    if (row.end != Timestamp::never() && row.end > at)
      TRY(insert->bind(row.end, row.sequence, due_withdraws).run());
    return {};
  }

  Core& core_;
  std::span<const Amendment> batch_;
};

}  // namespace

Done SqliteObjects::amend(std::span<const Amendment> batch) {
  if (batch.empty()) return {};
  Amend amend(core_, batch);
  TRY(core_.writer->run(
      [&](Transaction& transaction) { return amend.work(transaction); }, Deadline::none(), true));
  relieve(core_);
  return {};
}

}  // namespace shieldwall::store
