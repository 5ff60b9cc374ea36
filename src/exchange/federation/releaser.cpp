#include "exchange/federation/releaser.h"

#include <algorithm>
#include <charconv>

#include "exchange/federation/amending.h"
#include "exchange/federation/drafts.h"
#include "exchange/federation/impact.h"
#include "exchange/federation/mixing.h"
#include "exchange/federation/offering.h"
#include "exchange/federation/sending.h"
#include "exchange/federation/versions_held.h"
#include "exchange/federation/waiting.h"
#include "ledger/amending.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int changes_at_once = 256;  // of one signature; 32 MiB objects stay one at a time in memory
constexpr int amended_at_once = 64;   // objects of one round
constexpr int versions_at_once = 256;
constexpr std::string_view cursor_key = "federation/changes";

/// The cursor, and the write that moves it.
struct Cursor {
  store::Sequence at = 0;
  std::uint64_t revision = 0;

  static Result<Cursor> read(store::Records& records) {
    Cursor cursor;
    const auto row = records.read(store::Table::cursor, cursor_key);
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (!row) return cursor;
    std::from_chars(row->value.data(), row->value.data() + row->value.size(), cursor.at);
    cursor.revision = row->revision;
    return cursor;
  }
  store::Write moved_to(store::Sequence sequence) const {
    return {.table = store::Table::cursor,
            .key = std::string(cursor_key),
            .value = std::to_string(sequence),
            .expected = revision};
  }
};

bool is_own(const policy::Holding& holding, const OrganisationId& home) {
  return holding.source.kind == policy::Source::Kind::own && holding.source.id == home.uuid;
}

/// One round: drafts what changed and what waited for its time, sends it, and writes both at once.
class Releaser {
 public:
  Releaser(api::Services& services,
           const Known& known,
           const ledger::NodeKeys& keys,
           const std::optional<OrganisationId>& only = {})
      : drafts_{.services = services, .known = known, .keys = keys, .only = only},
        objects_(services.store.objects()),
        records_(drafts_.records),
        offering_(drafts_) {}

  /// What is new behind the kept cursor, which then moves, and all that waits for its time.
  Result<ReleaseRound> run() {
    const auto cursor = TRY(Cursor::read(records_));
    const auto changes = TRY(changes_after(cursor.at));
    TRY(draft_what_was_amended());
    TRY(draft_what_is_due());
    TRY(draft_what_is_mixed(drafts_));
    return finish(changes, cursor.at, &cursor);
  }

  /// For the one member: what it missed, once, and what follows `from`.
  Result<ReleaseRound> run_again(store::Sequence from, bool missed) {
    const auto changes = TRY(changes_after(from));
    if (missed)
      for (const auto& object : TRY(missed_objects(records_))) TRY(offer_all_of(object));
    return finish(changes, from, nullptr);
  }
  /// The change that a round ended with: the next one goes on from there.
  store::Sequence reached() const { return reached_; }

 private:
  Result<store::Changes> changes_after(store::Sequence after) {
    // Most looks find nothing; who this node is would be put together from every roster.
    if (objects_.newest() <= after) return store::Changes{.changes = {}, .last = after};
    const auto* const home = TRY(drafts_.scope_of(drafts_.known.home));
    return objects_.changes(*home, after, changes_at_once);
  }

  ///   cursor  to be moved to what was reached; nothing: it stays
  Result<ReleaseRound> finish(const store::Changes& changes, store::Sequence after, const Cursor* cursor) {
    reached_ = changes.last;
    ReleaseRound round{.more = changes.last > after};
    if (!round.more && drafts_.writes.empty() && drafts_.all.empty()) return round;
    reached_ = TRY(follow_all(changes));
    Sending sending(drafts_);
    auto writes = TRY(sending.send());
    std::ranges::move(drafts_.writes, std::back_inserter(writes));
    if (cursor != nullptr && round.more) writes.push_back(cursor->moved_to(reached_));
    if (!writes.empty()) TRY(records_.write(writes));
    round.statements = drafts_.all.size();
    round.peers = sending.peers();
    return round;
  }

  /// Up to a second change of one object: its statement goes on behind that of the first, which has to be
  /// kept before. Gives the change looked at last.
  Result<store::Sequence> follow_all(const store::Changes& changes) {
    for (const auto& change : changes.changes) {
      if (!is_own(change.holding, drafts_.known.home)) continue;
      if (!followed_.insert(change.holding.id).second) return change.sequence - 1;
      TRY(follow(change));
    }
    return changes.last;
  }

  Done follow(const store::Change& change) {
    if (change.kind == store::ChangeKind::deleted) return draft_recalls(drafts_, change.holding);
    if (change.kind == store::ChangeKind::withdrawn || !change.holding.bytes) return {};
    return offering_.offer(change.holding);
  }

  Done draft_what_was_amended() {
    for (const auto& row :
         TRY(records_.scan(ledger::peer_table, ledger::amended_prefix, "", amended_at_once))) {
      const auto object = TRY(model::ObjectId::parse(row.value));
      const auto holdings = TRY(own_holdings(object));
      TRY(draft_amendments(drafts_, object, holdings));
      for (const auto& holding : holdings) TRY(offering_.offer(holding));
      followed_.insert(object);
      tick_off(drafts_, row);
    }
    return {};
  }

  Done draft_what_is_due() {
    for (const auto& row : TRY(due_reminders(drafts_))) {
      const auto object = TRY(model::ObjectId::parse(row.value));
      TRY(offer_all_of(object));
      tick_off(drafts_, row);
    }
    return {};
  }

  Done offer_all_of(const model::ObjectId& object) {
    for (const auto& holding : TRY(own_holdings(object))) TRY(offering_.offer(holding));
    followed_.insert(object);
    return {};
  }

  Result<std::vector<policy::Holding>> own_holdings(const model::ObjectId& object) {
    const auto& home = drafts_.known.home;
    const auto* const scope = TRY(drafts_.scope_of(home));
    return versions_held(objects_, *scope, object, {policy::Source::Kind::own, home.uuid}, versions_at_once);
  }

  Drafts drafts_;
  store::Objects& objects_;
  store::Records& records_;
  Offering offering_;
  std::set<model::ObjectId> followed_;
  store::Sequence reached_ = 0;
};

}  // namespace

Result<ReleaseRound> release_changes(api::Services& services,
                                     const Known& known,
                                     const ledger::NodeKeys& keys) {
  return Releaser(services, known, keys).run();
}

Result<ReleaseRound> release_again(api::Services& services,
                                   const Known& known,
                                   const ledger::NodeKeys& keys,
                                   const OrganisationId& member,
                                   store::Sequence from) {
  ReleaseRound all;
  bool first = true;
  for (;;) {
    Releaser releaser(services, known, keys, member);
    auto round = releaser.run_again(from, first);
    if (!round && round.error().code != ErrorCode::conflict) return fail(std::move(round).error());
    if (!round) continue;  // beside the node's own releases
    first = false;
    all.statements += round->statements;
    std::ranges::move(round->peers, std::back_inserter(all.peers));
    if (!round->more) return all;
    from = releaser.reached();
  }
}

Result<store::Sequence> released_up_to(store::Records& records) {
  const auto cursor = TRY(Cursor::read(records));
  return cursor.at;
}

}  // namespace shieldwall::exchange::federation
