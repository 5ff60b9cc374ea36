// Changes of what is held: deletion, embargoes and ends, and the feed that tells of them.

#include <set>

#include "store/sqlite_objects.h"
#include "store/sqlite_sql.h"
#include "store/sqlite_walk.h"

namespace shieldwall::store {

namespace {

constexpr int due_at_once = 1000;  // visibility changes in one commit

/// All keys under which a holding can be found, words included; its alias aside, which each row has of its
/// own.
std::vector<Key> every_key(Core& core, const Row& row) {
  std::vector<Key> keys;
  if (const auto object = object_of(row)) keys = keys_of(*core.keys, *object, row.collection);
  if (row.has_text)
    for (const auto key : word_keys(*core.keys, text_of(row))) keys.push_back(key);
  return keys;
}

class Removal {
 public:
  Removal(Core& core, const policy::Scope& scope, const Query& query, Deadline deadline)
      : core_(core), scope_(scope), query_(query), deadline_(deadline) {}

  Done work(Transaction& transaction) {
    auto sight = TRY(Sight::open(core_, scope_));
    auto walk = TRY(Walk::begin(sight, query_, {}));
    std::set<Sequence> arrivals;
    for (;;) {
      const auto found = TRY(walk.next(deadline_));
      if (!found) break;
      const auto all = TRY(walk.all_of(*found));
      for (const auto& row : all) arrivals.insert(row->arrival);
    }
    const auto now = core_.seams.clock.now();
    for (const auto arrival : arrivals) {
      if (deadline_.passed()) return fail(ErrorCode::unavailable, "the deadline passed while deleting");
      TRY(forget(transaction, arrival, now));
    }
    removed_ = arrivals.size();
    return {};
  }

  std::size_t removed() const { return removed_; }

 private:
  Done forget(Transaction& transaction, Sequence arrival, Timestamp now) {
    const auto row = TRY(transaction.row(arrival));
    const auto keys = every_key(core_, *row);
    const auto key = core_.keys->of(row->id);
    bool bytes_needed = false;
    const auto same_id = TRY(transaction.under(key));
    for (const auto sequence : same_id) {
      const auto other = TRY(transaction.row(sequence));
      if (other->arrival == arrival) {
        TRY(mark_gone(transaction, *other));
        auto own = keys;
        if (other->is_redactable() && other->is_observable())
          own.push_back(core_.keys->of({other->id.type, other->alias}));
        TRY(forget_postings(transaction, sequence, own));
      } else if (!other->gone && other->content == row->content) {
        bytes_needed = true;
      }
    }
    if (!bytes_needed) {
      auto* const content = TRY(core_.writer->statement(sql::delete_content));
      TRY(content->bind(row->content).run());
    }
    return append_tombstone(transaction, *row, now);
  }

  static Done mark_gone(Transaction& transaction, const Row& row) {
    auto gone = std::make_shared<Row>(row);
    gone->gone = true;
    gone->content = 0;
    gone->bytes = nullptr;
    gone->digest = {};
    return transaction.update(gone);
  }

  static Done append_tombstone(Transaction& transaction, const Row& row, Timestamp now) {
    auto tombstone = std::make_shared<Row>(row);
    tombstone->kind = ChangeKind::deleted;
    tombstone->gone = true;
    tombstone->pasts.clear();
    tombstone->held_back = row.held_back && !row.opened;
    tombstone->content = 0;
    tombstone->bytes = nullptr;
    tombstone->digest = {};
    transaction.number(tombstone, now);
    return transaction.append(tombstone, {});
  }

  Core& core_;
  const policy::Scope& scope_;
  const Query& query_;
  const Deadline deadline_;
  std::size_t removed_ = 0;
};

struct Due {
  Timestamp at;
  Sequence arrival;
  int event;
};

class Advance {
 public:
  Advance(Core& core, Timestamp now) : core_(core), now_(now) {}

  Done work(Transaction& transaction) {
    std::vector<Due> all;
    auto* const read = TRY(core_.writer->statement(sql::read_due));
    read->bind(now_, due_at_once);
    while (TRY(read->step()))
      all.push_back(
          {.at = read->time(0), .arrival = read->sequence(1), .event = static_cast<int>(read->integer(2))});
    more_ = all.size() == due_at_once;
    for (const auto& due : all) {
      const auto row = TRY(transaction.row(due.arrival));
      if (!row->gone) TRY(happen(transaction, *row, due.event));
      transaction.writing = true;
      auto* const drop = TRY(core_.writer->statement(sql::delete_due));
      TRY(drop->bind(due.at, due.arrival, due.event).run());
    }
    auto* const next = TRY(core_.writer->statement(sql::next_due));
    next_ = TRY(next->step()) ? next->time(0) : Timestamp::never();
    next->reset();
    return {};
  }

  bool more() const { return more_; }
  Timestamp next() const { return next_; }

 private:
  Done happen(Transaction& transaction, const Row& row, int event) {
    if (event == due_opens) return row.end <= now_ ? Done{} : open(transaction, row);
    if (row.held_back && !row.opened) return {};  // nobody had met it
    auto change = std::make_shared<Row>(row);
    change->kind = ChangeKind::withdrawn;
    change->pasts.clear();
    change->content = 0;
    change->bytes = nullptr;
    change->digest = {};
    transaction.number(change, now_);
    return transaction.append(change, {});
  }

  Done open(Transaction& transaction, const Row& row) {
    const auto object = object_of(row);
    if (!object) return fail(ErrorCode::corrupt, "the bytes of {} are no object", row.id.text());
    auto change = std::make_shared<Row>(row);
    change->kind = ChangeKind::opened;
    change->pasts.clear();
    transaction.number(change, now_);
    auto keys = keys_of(*core_.keys, *object, row.collection);
    if (row.is_redactable() && row.is_observable()) keys.push_back(core_.keys->of({row.id.type, row.alias}));
    TRY(transaction.append(change, keys));
    if (row.has_text) transaction.texts.emplace_back(change->sequence, text_of(row));
    TRY(mark_opened(transaction, row.sequence));
    return row.arrival == row.sequence ? Done{} : mark_opened(transaction, row.arrival);
  }

  static Done mark_opened(Transaction& transaction, Sequence sequence) {
    const auto row = TRY(transaction.row(sequence));
    auto opened = std::make_shared<Row>(*row);
    opened->opened = true;
    return transaction.update(opened);
  }

  Core& core_;
  Timestamp now_;
  bool more_ = false;
  Timestamp next_;
};

}  // namespace

Result<std::size_t> SqliteObjects::remove_until(const policy::Scope& scope,
                                                const Query& query,
                                                Deadline deadline) {
  TRY(core_.note_everything(scope));
  Removal removal(core_, scope, query, deadline);
  TRY(core_.writer->run([&](Transaction& transaction) { return removal.work(transaction); }, deadline, true));
  return removal.removed();
}

Result<Timestamp> SqliteObjects::claim_instant() {
  Timestamp claimed;
  const auto work = [&](Transaction& transaction) -> Done {
    transaction.writing = true;
    claimed = transaction.last_at =
        next_instant(transaction.last_at, core_.seams.clock.now(), core_.seams.random);
    auto* const keep = TRY(core_.writer->statement(sql::write_node));
    return keep->bind(std::string_view("instant"), std::to_string(claimed.us)).run();
  };
  TRY(core_.writer->run(work, Deadline::none()));
  return claimed;
}

Result<Changes> SqliteObjects::changes(const policy::Scope& scope, Sequence after, int limit) {
  TRY(core_.note_everything(scope));
  auto sight = TRY(Sight::open(core_, scope));
  Changes result{.changes = {}, .last = after};
  const auto last = sight.state().last;
  for (; limit > 0 && result.last < last; --limit) {
    const auto row = TRY(sight.row(++result.last, true));
    if (!sight.tells(*row)) continue;
    result.changes.push_back({.sequence = row->sequence,
                              .kind = row->kind,
                              .at = row->at,
                              .holding = sight.holding(*row, row->at)});
  }
  return result;
}

Result<Timestamp> SqliteObjects::advance(Timestamp now) {
  for (;;) {
    Advance step(core_, now);
    TRY(core_.writer->run([&](Transaction& transaction) { return step.work(transaction); },
                          Deadline::none()));
    if (!step.more()) return step.next();
  }
}

}  // namespace shieldwall::store
