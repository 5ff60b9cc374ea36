#include "exchange/federation/intake.h"

#include <algorithm>

#include "exchange/federation/carrying.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/evidence.h"
#include "exchange/federation/judge.h"
#include "exchange/federation/kept_receipt.h"
#include "exchange/federation/listed_keys.h"
#include "exchange/federation/own_targets.h"
#include "exchange/federation/page_answer.h"
#include "exchange/federation/taken_book.h"
#include "exchange/federation/taken_objects.h"
#include "exchange/federation/vouched_sighting.h"
#include "ledger/audit.h"
#include "ledger/subject.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Statement;
using policy::StatementKind;

/// The page must go on exactly where this node stands; what it repeats must be what it was.
Done check_chain(const Page& page, const Stand& stand, const OrganisationId& peer) {
  if (page.deliveries.empty()) return {};
  const auto first = page.deliveries.front().number;
  if (first > stand.last + 1)
    return fail(
        ErrorCode::invalid, "deliveries {} to {} of {} are missing", stand.last + 1, first - 1, peer.text());
  auto chain = page.chain;
  for (const auto& delivery : page.deliveries) {
    if (delivery.number == stand.last + 1) break;
    chain = chain_after(chain, delivery);
  }
  const bool reaches = page.deliveries.back().number >= stand.last;
  if (reaches && chain != stand.chain)
    return fail(ErrorCode::invalid, "{} tells another history of its deliveries than before", peer.text());
  return {};
}

/// Every node settles rosters before deliveries, so whoever hands one over has each roster that its origin
/// had. If this node then lacks none of theirs, a version that it does not know is nobody's.
bool is_ahead(const std::vector<RosterStand>& theirs, const Known& known) {
  return std::ranges::any_of(known.stands(), [&](const RosterStand& mine) {
    const auto found = std::ranges::find(theirs, mine.alliance, &RosterStand::alliance);
    return found != theirs.end() && found->version > mine.version;
  });
}

/// One page: what each of its deliveries is, and what is done with it.
class Intake {
 public:
  Intake(api::Services& services,
         const Known& known,
         const ledger::NodeKeys& keys,
         const OrganisationId& peer,
         const policy::Subject& home)
      : taking_{.services = services, .known = known, .keys = keys, .peer = peer, .home = home},
        known_(known),
        epochs_(taking_.records, services.sealer),
        evidence_(taking_.records, peer),
        own_(sealing_ids(keys)),
        bench_{.known = known, .home = home, .now = taking_.now},
        answer_(taking_),
        book_(taking_),
        objects_(taking_) {}

  Result<TakenPage> run(const Page& page, ReadAhead& ahead) {
    const auto row = taking_.records.read(ledger::peer_table, in_key(taking_.peer));
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (row) stand_ = TRY(decode_stand(row->value));
    TRY(check_chain(page, stand_, taking_.peer));
    peer_is_ahead_ = is_ahead(page.rosters, known_);
    if (!page.deliveries.empty()) TRY(answer_.repeat(page.deliveries.front().number, stand_.last));
    ahead.resize(page.deliveries.size());
    for (std::size_t i = 0; i < page.deliveries.size() && !wants_rosters_; ++i) {
      const auto& delivery = page.deliveries[i];
      if (delivery.number <= stand_.last) continue;
      TRY(take(delivery, std::exchange(ahead[i], std::nullopt)));
      if (!wants_rosters_) stand_ = {delivery.number, chain_after(stand_.chain, delivery)};
    }
    return finish(row ? row->revision : 0);
  }

 private:
  Result<TakenPage> finish(std::uint64_t stand_revision) {
    auto& writes = taking_.writes;
    TRY(objects_.put());
    for (const auto& [what, counted] : taking_.counts) writes.push_back(counted.write());
    auto carried = taking_.outbox.take();
    std::ranges::move(carried, std::back_inserter(writes));
    TRY(book_.finish());
    writes.push_back({.table = ledger::peer_table,
                      .key = in_key(taking_.peer),
                      .value = encode(stand_),
                      .expected = stand_revision});
    if (auto counted = evidence_.take()) writes.push_back(std::move(*counted));
    auto ack = answer_.finish(stand_);
    TRY(taking_.records.write(writes));
    return TakenPage{.ack = std::move(ack),
                     .objects = objects_.stored(),
                     .refused = answer_.refused(),
                     .recalled = answer_.recalled(),
                     .carried_to = taking_.outbox.peers(),
                     .wants_rosters = wants_rosters_};
  }

  Done take(const Delivery& delivery, std::optional<ReadEnvelope> read) {
    const bool is_for_this_node = own_.contains(delivery.to);
    if (!is_for_this_node) {
      if (const auto why = TRY(carry(taking_, delivery))) answer_.refuse(delivery, *why);
      return {};
    }
    const auto* const self = known_.member(known_.home);
    const bool is_object = delivery.kind == ItemKind::envelope || delivery.kind == ItemKind::epoch_key;
    if (is_object && self != nullptr && ledger::is_hub(*self)) {
      answer_.refuse(delivery, "this node only carries: nothing is for itself");
      return {};
    }
    switch (delivery.kind) {
      case ItemKind::withdrawn:
        return {};
      case ItemKind::epoch_key:
        return take_epoch(delivery);
      case ItemKind::envelope:
        return take_envelope(delivery, std::move(read));
      case ItemKind::receipt:
        if (const auto why = TRY(keep_receipt(taking_, delivery))) answer_.refuse(delivery, *why);
        return {};
      case ItemKind::anonymous:
        answer_.refuse(delivery, "what is anonymous comes by a relay, or its bringer would be known");
        return {};
    }
    return {};
  }

  Done take_epoch(const Delivery& delivery) {
    const auto opened = open_grant(delivery.item, taking_.keys);
    if (!opened) {
      answer_.refuse(delivery, opened.error().message);
      return {};
    }
    const auto& grant = opened->grant;
    const auto listed = known_.keys(known_.node_of(grant.origin), policy::KeyUse::statement);
    const bool by_origin = is_by_one_of(
        listed, [&](const VerifyKey& key) { return verifies(key, opened->text, opened->signature); });
    if (!by_origin) {
      answer_.refuse(delivery, "an epoch key that its origin did not sign");
      return {};
    }
    epochs_.add(grant);
    std::ranges::move(writes_of(taking_.services.sealer, grant), std::back_inserter(taking_.writes));
    return {};
  }

  Done take_envelope(const Delivery& delivery, std::optional<ReadEnvelope> read) {
    if (read) return judge(delivery, *read);
    auto opened = read_envelope(delivery.item, epochs_);
    if (opened) return judge(delivery, *opened);
    // Of its origin, perhaps, and not of the relay that brought it: the next ones count.
    answer_.refuse(delivery, opened.error().message);
    return {};
  }

  Done judge(const Delivery& delivery, ReadEnvelope& opened) {
    const auto& statement = opened.statement;
    const auto before = TRY(book_.before(statement));
    std::optional<Statement> last;
    if (before && before->fate != Fate::refused)
      last = TRY(policy::decode_statement(before->statement.statement));
    if (last && policy::statement_digest(before->statement.statement) == opened.digest)
      return {};  // by another route
    if (before && before->fate == Fate::recalled && statement.kind != StatementKind::recall)
      return refuse(delivery, opened, "its origin recalled this release");
    const auto takes_away = judge_statement(bench_, opened.contents.statement, statement, last);
    if (!takes_away && takes_away.error().code == ErrorCode::not_found && peer_is_ahead_) {
      wants_rosters_ = true;
      return {};
    }
    if (!takes_away) return refuse(delivery, opened, takes_away.error().message);
    if (statement.kind == StatementKind::recall) return recall(delivery, opened, before);
    if (is_vouched_for(statement)) return keep(delivery, opened, vouched_sighting(taking_, opened), {});
    if (*takes_away) return lose(delivery, opened, before, last);
    auto holding =
        opened.holding
            ? std::move(*opened.holding)
            : judge_object(statement, opened.contents, ledger::circle_of(statement.alliance, known_.home));
    return keep(
        delivery, opened, std::move(holding), statement.kind == StatementKind::amend ? last : std::nullopt);
  }

  ///   amended  the statement whose label an amendment replaces for what is held already
  Done keep(const Delivery& delivery,
            const ReadEnvelope& opened,
            Result<store::NewHolding> holding,
            const std::optional<Statement>& amended) {
    if (!holding) return refuse(delivery, opened, holding.error().message);
    TRY(narrow_to_own_targets(taking_.services.store.objects(), taking_.home, *holding));
    if (amended) {
      TRY(objects_.put());
      TRY(objects_.relabel(*amended, *holding));
    }
    book_.note(delivery, opened, Fate::taken, {}, holding->object.id);
    objects_.add(opened.statement, std::move(*holding));
    return {};
  }

  /// The key and the payload are forgotten with this; what was signed stays.
  Done refuse(const Delivery& delivery, const ReadEnvelope& opened, std::string_view reason) {
    TRY(answer_.tell_origin(bench_, delivery, opened, Fate::refused, reason));
    const auto room = TRY(evidence_.count(taking_.now));
    if (room == EvidenceQuota::Answer::over) return {};
    if (room == EvidenceQuota::Answer::first_over)
      return audit("federation.refused_only_counted",
                   {{"from", taking_.peer.text()}, {"kept", evidence_of_member_max}});
    book_.note(delivery, opened, Fate::refused, reason, std::nullopt);
    return audit("federation.refused",
                 {{"from", taking_.peer.text()},
                  {"origin", opened.statement.origin.text()},
                  {"statement", opened.digest.hex()},
                  {"why", reason}});
  }

  /// An amended label keeps this node out: what it held under the label before goes as if it were recalled,
  /// and what it holds of the object by another release stays.
  Done lose(const Delivery& delivery,
            const ReadEnvelope& opened,
            const std::optional<TakenStatement>& before,
            const std::optional<Statement>& last) {
    TRY(objects_.put());
    const auto object = TRY(objects_.object_of(opened.statement, before));
    if (object && last) TRY(remove_held_by(*last, *object));
    if (object && !last) TRY(remove_without_row(opened.statement, *object));
    return note_recalled(delivery, opened, before);
  }

  Done remove_held_by(const Statement& last, const model::ObjectId& object) {
    return objects_.remove_where(last.origin, object, [&](const policy::Holding& one) -> Result<bool> {
      return one.label == last.label;
    });
  }

  /// The power went between the object and its row, and its delivery was withdrawn before it came again: what
  /// no row tells of goes.
  Done remove_without_row(const Statement& statement, const model::ObjectId& object) {
    const auto& origin = statement.origin;
    return objects_.remove_where(origin, object, [&](const policy::Holding& one) -> Result<bool> {
      if (statement.object && one.version != model::Version(statement.object->version)) return false;
      return !TRY(book_.has_row(origin, one));
    });
  }

  /// Only when the object is gone from here is that confirmed.
  Done recall(const Delivery& delivery,
              const ReadEnvelope& opened,
              const std::optional<TakenStatement>& before) {
    TRY(objects_.put());
    const bool is_gone = before && before->fate == Fate::recalled;  // lost by an amendment before
    const auto object = TRY(objects_.object_of(opened.statement, before));
    if (object && !is_gone) TRY(objects_.remove(opened.statement.origin, *object));
    return note_recalled(delivery, opened, before);
  }

  Done note_recalled(const Delivery& delivery,
                     const ReadEnvelope& opened,
                     const std::optional<TakenStatement>& before) {
    TRY(answer_.tell_origin(bench_, delivery, opened, Fate::recalled, ""));
    book_.note(delivery, opened, Fate::recalled, {}, before ? before->object : std::nullopt);
    return audit("federation.recalled",
                 {{"origin", opened.statement.origin.text()}, {"statement", opened.digest.hex()}});
  }

  Done audit(std::string_view event, std::initializer_list<log::Fact> facts) {
    return ledger::audit_node(taking_.services.store, known_.home, event, facts);
  }

  Taking taking_;
  const Known& known_;
  EpochKeys epochs_;
  EvidenceQuota evidence_;
  const std::set<Digest> own_;  // key ids that name this node
  Bench bench_;
  PageAnswer answer_;
  TakenBook book_;
  TakenObjects objects_;
  Stand stand_{};
  bool peer_is_ahead_ = false;
  bool wants_rosters_ = false;
};

}  // namespace

Result<TakenPage> take_page(api::Services& services,
                            const Known& known,
                            const ledger::NodeKeys& keys,
                            const OrganisationId& peer,
                            const Page& page,
                            ReadAhead& ahead) {
  const auto home = TRY(ledger::subject_of(services.store.records(), known.home));
  return Intake(services, known, keys, peer, home).run(page, ahead);
}

}  // namespace shieldwall::exchange::federation
