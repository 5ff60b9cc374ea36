#include "exchange/federation/intake.h"

#include <algorithm>
#include <functional>

#include "base/log.h"
#include "base/text.h"
#include "exchange/federation/again.h"
#include "exchange/federation/anonymous.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/evidence.h"
#include "exchange/federation/judge.h"
#include "exchange/federation/own_targets.h"
#include "exchange/federation/relaying.h"
#include "exchange/federation/sets.h"
#include "exchange/federation/versions_held.h"
#include "ledger/audit.h"
#include "ledger/day_count.h"
#include "ledger/subject.h"
#include "policy/membership.h"
#include "wire/stix_label.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Statement;
using policy::StatementKind;

constexpr std::size_t warned_of_page_max = 8;  // refusals of one page that the log tells one by one
constexpr int rows_at_once = 256;              // of one reading

std::string told_key(const OrganisationId& peer) {
  return "told/" + peer.text();
}

/// The last acknowledgement with receipts that was made for that peer; number 0 before any.
Result<Ack> told_last(store::Records& records, const OrganisationId& peer) {
  const auto row = records.read(ledger::peer_table, told_key(peer));
  if (!row && row.error().code == ErrorCode::not_found) return Ack{};
  if (!row) return fail(row.error());
  return decode_ack(row->value);
}

/// Pages may be on their way to being acknowledged when the line breaks.
bool is_told_again(const Receipt& receipt, std::uint64_t last) {
  return receipt.number + 2 * page_deliveries_max > last;
}

class Intake {
 public:
  Intake(api::Services& services,
         const Known& known,
         const ledger::NodeKeys& keys,
         const OrganisationId& peer,
         const policy::Subject& home)
      : services_(services),
        records_(services.store.records()),
        known_(known),
        keys_(keys),
        peer_(peer),
        outbox_(records_),
        epochs_(records_, services.sealer),
        evidence_(records_, peer),
        own_(sealing_ids(keys)),
        bench_{.known = known, .home = home, .now = services.clock.now()} {
    taken_.ack = {.from = peer, .by = known.home, .at = bench_.now};
  }

  Result<TakenPage> run(const Page& page, ReadAhead& ahead) {
    ahead.resize(page.deliveries.size());
    const auto row = records_.read(ledger::peer_table, in_key(peer_));
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (row) stand_ = TRY(decode_stand(row->value));
    TRY(check_chain(page));
    peer_is_ahead_ = is_ahead(page.rosters);
    if (!page.deliveries.empty()) TRY(repeat_receipts(page.deliveries.front().number));
    for (std::size_t i = 0; i < page.deliveries.size(); ++i) {
      const auto& delivery = page.deliveries[i];
      if (delivery.number <= stand_.last) continue;
      TRY(take(delivery, std::exchange(ahead[i], std::nullopt)));
      if (taken_.wants_rosters) break;
      stand_ = {delivery.number, chain_after(stand_.chain, delivery)};
    }
    TRY(store_holdings());
    for (const auto& [what, counted] : counts_) writes_.push_back(counted.write());
    auto carried = outbox_.take();
    std::ranges::move(carried, std::back_inserter(writes_));
    auto sets = TRY(set_.take(records_, bench_.now, services_.random));
    std::ranges::move(sets, std::back_inserter(writes_));
    taken_.carried_to = outbox_.peers();
    writes_.push_back({.table = ledger::peer_table,
                       .key = in_key(peer_),
                       .value = encode(stand_),
                       .expected = row ? row->revision : 0});
    if (auto counted = evidence_.take()) writes_.push_back(std::move(*counted));
    taken_.ack.last = stand_.last;
    taken_.ack.chain = stand_.chain;
    sign(taken_.ack, keys_.statement);
    if (!taken_.ack.receipts.empty())
      writes_.push_back({.table = ledger::peer_table,
                         .key = told_key(peer_),
                         .value = encode(with_those_before(taken_.ack)),
                         .expected = std::nullopt});
    TRY(records_.write(writes_));
    return std::move(taken_);
  }

 private:
  /// The page must go on exactly where this node stands; what it repeats must be what it was.
  Done check_chain(const Page& page) const {
    if (page.deliveries.empty()) return {};
    const auto first = page.deliveries.front().number;
    if (first > stand_.last + 1)
      return fail(ErrorCode::invalid,
                  "deliveries {} to {} of {} are missing",
                  stand_.last + 1,
                  first - 1,
                  peer_.text());
    auto chain = page.chain;
    for (const auto& delivery : page.deliveries) {
      if (delivery.number == stand_.last + 1) break;
      chain = chain_after(chain, delivery);
    }
    const bool reaches = page.deliveries.back().number >= stand_.last;
    if (reaches && chain != stand_.chain)
      return fail(ErrorCode::invalid, "{} tells another history of its deliveries than before", peer_.text());
    return {};
  }

  /// Every node settles rosters before deliveries, so whoever hands one over has each roster that its origin
  /// had. If this node then lacks none of theirs, a version that it does not know is nobody's.
  bool is_ahead(const std::vector<RosterStand>& theirs) const {
    return std::ranges::any_of(known_.stands(), [&](const RosterStand& mine) {
      const auto found = std::ranges::find(theirs, mine.alliance, &RosterStand::alliance);
      return found != theirs.end() && found->version > mine.version;
    });
  }

  /// The sender asks again for what it was told: the answer before was lost.
  Done repeat_receipts(std::uint64_t from) {
    told_ = TRY(told_last(records_, peer_));
    for (const auto& receipt : told_.receipts)
      if (receipt.number >= from && receipt.number <= stand_.last) taken_.ack.receipts.push_back(receipt);
    return {};
  }

  /// Of the pages before, nobody knows yet whether the peer heard what became of them.
  Ack with_those_before(Ack ack) {
    std::vector<Receipt> before;
    for (auto& receipt : told_.receipts)
      if (receipt.number < ack.receipts.front().number && is_told_again(receipt, ack.last))
        before.push_back(std::move(receipt));
    const auto room = page_deliveries_max - std::min(page_deliveries_max, ack.receipts.size());
    const auto kept = static_cast<std::ptrdiff_t>(std::min(room, before.size()));
    ack.receipts.insert(ack.receipts.begin(), before.end() - kept, before.end());
    return ack;
  }

  Done take(const Delivery& delivery, std::optional<ReadEnvelope> read) {
    if (!is_for_this_node(delivery))
      return delivery.kind == ItemKind::anonymous ? mix(delivery) : relay(delivery);
    const auto* const self = known_.member(known_.home);
    const bool is_object = delivery.kind == ItemKind::envelope || delivery.kind == ItemKind::epoch_key;
    if (is_object && self != nullptr && ledger::is_hub(*self)) {
      tell(delivery, Fate::refused, {}, "this node only carries: nothing is for itself");
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
        return take_receipt(delivery);
      case ItemKind::anonymous:
        tell(
            delivery, Fate::refused, {}, "what is anonymous comes by a relay, or its bringer would be known");
        return {};
    }
    return {};
  }

  bool is_for_this_node(const Delivery& delivery) const { return own_.contains(delivery.to); }

  /// Carried on to the member whose key it names; nothing of it can be read here.
  Done relay(const Delivery& delivery) {
    if (const auto why = why_not_carried(known_, delivery, bench_.now)) {
      tell(delivery, Fate::refused, {}, *why);
      return {};
    }
    if (delivery.kind == ItemKind::withdrawn) return {};
    Queued queued{.delivery = delivery, .at = bench_.now, .carried = true};
    queued.delivery.item.clear();
    TRY(outbox_.add(known_.sealing.at(delivery.to), std::move(queued), delivery.item));
    return {};
  }

  /// Who brought it is forgotten with this: it waits among others under a random name.
  Done mix(const Delivery& delivery) {
    auto why = why_not_carried(known_, delivery, bench_.now);
    if (!why && !TRY(is_within(anonymous_count(peer_), anonymous_per_day)))
      why = "more than a relay takes of one member in a day";
    if (why)
      tell(delivery, Fate::refused, {}, *why);
    else
      writes_.push_back(mixed(delivery, services_.random));
    return {};
  }
  /// Counts one more of that day.
  Result<bool> is_within(const std::string& what, std::uint64_t most) {
    auto found = counts_.find(what);
    if (found == counts_.end()) {
      auto counted = TRY(ledger::DayCount::read(records_, what, bench_.now));
      found = counts_.emplace(what, std::move(counted)).first;
    }
    return found->second.take(1, most);
  }

  /// What became of a statement, for its origin: with the acknowledgement where the origin brought it, else
  /// sealed past the relay, which learns nothing more than that it was taken. What the origin did not sign is
  /// the bringer's: nobody has others written to in a third member's name.
  Done tell_origin(const Delivery& delivery,
                   const ReadEnvelope& opened,
                   Fate fate,
                   const Digest& statement,
                   std::string_view reason) {
    const auto& origin = opened.statement.origin;
    const auto node = known_.node_of(origin);
    if (node == peer_ || !check_signature(bench_, opened.contents.statement, opened.statement)) {
      tell(delivery, fate, statement, reason);
      return {};
    }
    ++(fate == Fate::refused ? taken_.refused : taken_.recalled);
    const auto keys = known_.keys(node, policy::KeyUse::sealing);
    if (keys.empty() || known_.is_suspended(node)) return {};
    const RelayedReceipt receipt{.by = known_.home,
                                 .to = origin,
                                 .statement = statement,
                                 .fate = fate,
                                 .at = bench_.now,
                                 .reason = excerpt(reason, reason_bytes_max)};
    const auto item = TRY(seal(signed_receipt(receipt, keys_.statement), keys.front()));
    Queued queued{.delivery = {.kind = ItemKind::receipt, .to = policy::key_id(keys.front())},
                  .at = bench_.now};
    TRY(outbox_.add(known_.next_hop(node, opened.statement.alliance), std::move(queued), item));
    return {};
  }

  /// Kept as who took the statement signed it.
  Done take_receipt(const Delivery& delivery) {
    const auto opened = open_receipt(delivery.item, keys_);
    if (!opened || !is_genuine(known_, *opened)) {
      tell(delivery, Fate::refused, {}, opened ? "a receipt that nobody signed" : opened.error().message);
      return {};
    }
    const auto& receipt = opened->receipt;
    if (receipt.fate == Fate::again) {
      if (auto asked = asked_again(receipt)) writes_.push_back(std::move(*asked));
      return {};
    }
    if (!TRY(is_within(relayed_receipt_count(receipt.by), relayed_receipts_per_day))) {
      tell(delivery, Fate::refused, {}, "more receipts of one member than are kept of a day");
      return {};
    }
    writes_.push_back({.table = ledger::outbox_table,
                       .key = relayed_receipt_key(receipt.statement, receipt.by),
                       .value = encode(*opened),
                       .expected = std::nullopt});
    if (receipt.fate != Fate::refused) return {};
    return ledger::audit_node(
        services_.store,
        known_.home,
        "federation.refused_by",
        {{"member", receipt.by.text()}, {"statement", receipt.statement.hex()}, {"why", receipt.reason}});
  }

  void tell(const Delivery& delivery, Fate fate, const Digest& statement, std::string_view reason) {
    ++(fate == Fate::refused ? taken_.refused : taken_.recalled);
    taken_.ack.receipts.push_back({.number = delivery.number,
                                   .fate = fate,
                                   .statement = statement,
                                   .reason = excerpt(reason, reason_bytes_max)});
    if (fate == Fate::refused && taken_.refused <= warned_of_page_max)
      log::warn("a delivery was refused",
                {{"from", peer_.text()}, {"number", delivery.number}, {"why", reason}});
  }

  Done take_epoch(const Delivery& delivery) {
    const auto opened = open_grant(delivery.item, keys_);
    if (!opened) {
      tell(delivery, Fate::refused, {}, opened.error().message);
      return {};
    }
    const auto& grant = opened->grant;
    const auto listed = known_.keys(known_.node_of(grant.origin), policy::KeyUse::statement);
    const bool signed_by_origin = std::ranges::any_of(listed, [&](const policy::MemberKey& key) {
      const auto verify_key = VerifyKey::from(key.key);
      return verify_key && verifies(*verify_key, opened->text, opened->signature);
    });
    if (!signed_by_origin) {
      tell(delivery, Fate::refused, {}, "an epoch key that its origin did not sign");
      return {};
    }
    epochs_.add(grant);
    std::ranges::move(writes_of(services_.sealer, grant), std::back_inserter(writes_));
    return {};
  }

  Done take_envelope(const Delivery& delivery, std::optional<ReadEnvelope> read) {
    if (read) return judge(delivery, *read);
    auto opened = read_envelope(delivery.item, epochs_);
    if (opened) return judge(delivery, *opened);
    // Of its origin, perhaps, and not of the relay that brought it: the next ones count.
    tell(delivery, Fate::refused, {}, opened.error().message);
    return {};
  }

  Done judge(const Delivery& delivery, ReadEnvelope& opened) {
    const auto before = TRY(taken_before(opened.statement));
    std::optional<Statement> last;
    if (before && before->fate != Fate::refused)
      last = TRY(policy::decode_statement(before->statement.statement));
    const auto& digest = opened.digest;
    if (last && policy::statement_digest(before->statement.statement) == digest)
      return {};  // by another route
    if (before && before->fate == Fate::recalled && opened.statement.kind != StatementKind::recall)
      return refuse(delivery, opened, digest, "its origin recalled this release");
    const auto takes_away = judge_statement(bench_, opened.contents.statement, opened.statement, last);
    if (!takes_away && takes_away.error().code == ErrorCode::not_found && peer_is_ahead_) {
      taken_.wants_rosters = true;
      return {};
    }
    if (!takes_away) return refuse(delivery, opened, digest, takes_away.error().message);
    if (opened.statement.kind == StatementKind::recall) return recall(delivery, opened, before, digest);
    if (opened.statement.kind == StatementKind::delegate && !opened.statement.field_root)
      return take_anonymous(delivery, opened, digest);
    if (*takes_away) return lose(delivery, opened, before, last, digest);
    auto holding = opened.holding ? std::move(*opened.holding)
                                  : judge_object(opened.statement,
                                                 opened.contents,
                                                 ledger::circle_of(opened.statement.alliance, known_.home));
    if (!holding) return refuse(delivery, opened, digest, holding.error().message);
    TRY(narrow_to_own_targets(services_.store.objects(), bench_.home, *holding));
    if (last && opened.statement.kind == StatementKind::amend) TRY(relabel(*last, *holding));
    note(delivery, opened, Fate::taken, {}, holding->object.id);
    if (!opened.statement.object) foretell(opened.statement, holding->object.id);
    holdings_.push_back(std::move(*holding));
    return {};
  }

  /// Kept as vouched for by the relay, under the label of the indicator that it is of.
  Done take_anonymous(const Delivery& delivery, const ReadEnvelope& opened, const Digest& digest) {
    auto holding = vouched(opened);
    if (!holding) return refuse(delivery, opened, digest, holding.error().message);
    TRY(narrow_to_own_targets(services_.store.objects(), bench_.home, *holding));
    note(delivery, opened, Fate::taken, {}, holding->object.id);
    foretell(opened.statement, holding->object.id);
    holdings_.push_back(std::move(*holding));
    return {};
  }

  Result<store::NewHolding> vouched(const ReadEnvelope& opened) {
    const auto& statement = opened.statement;
    const auto* const relay = known_.member(statement.origin);
    if (relay == nullptr || !is_relay(*relay))
      return fail(ErrorCode::denied, "only a relay vouches for what is anonymous");
    const auto salt = policy::commitment_salt(opened.contents.secret);
    if (policy::commitment_to(opened.contents.object, salt) != statement.commitment)
      return fail(ErrorCode::invalid, "the bytes are not those that the statement commits to");
    const auto sighting = TRY(open_anonymous(opened.contents.object, keys_));
    if (sighting.to != known_.home || sighting.alliance != statement.alliance)
      return fail(ErrorCode::invalid, "an anonymous sighting for another member");
    store::Query query;
    query.ids = {sighting.indicator};
    query.sources = {{policy::Source::Kind::own, known_.home.uuid}};
    const auto own = TRY(services_.store.objects().count(policy::Scope::of(bench_.home), query, 1));
    if (own == 0) return fail(ErrorCode::denied, "a sighting of what is not this organisation's own");
    const auto id = Uuid::named(statement.release.uuid, "sighting");
    const auto text = sighting_text(sighting, id, sighting.from + sighting.length);
    const auto document = TRY(model::JsonDocument::parse(text));
    auto object = model::read_object(document.root());
    if (!object) return fail(ErrorCode::internal, "an anonymous sighting of ours is no STIX");
    return store::NewHolding{.object = std::move(*object),
                             .text = {},
                             .source = {policy::Source::Kind::member, statement.origin.uuid},
                             .collection = ledger::circle_of(statement.alliance, known_.home),
                             .label = statement.label,
                             .parts = {}};
  }

  /// The key and the payload are forgotten with this; what was signed stays.
  Done refuse(const Delivery& delivery,
              const ReadEnvelope& opened,
              const Digest& digest,
              std::string_view reason) {
    TRY(tell_origin(delivery, opened, Fate::refused, digest, reason));
    const auto room = TRY(evidence_.count(bench_.now));
    if (room == EvidenceQuota::Answer::over) return {};
    if (room == EvidenceQuota::Answer::first_over)
      return ledger::audit_node(services_.store,
                                known_.home,
                                "federation.refused_only_counted",
                                {{"from", peer_.text()}, {"kept", evidence_of_member_max}});
    note(delivery, opened, Fate::refused, reason, std::nullopt);
    return ledger::audit_node(services_.store,
                              known_.home,
                              "federation.refused",
                              {{"from", peer_.text()},
                               {"origin", opened.statement.origin.text()},
                               {"statement", digest.hex()},
                               {"why", reason}});
  }

  /// What is held under the label before comes under the new one where it stands: nobody who keeps it is
  /// told.
  Done relabel(const Statement& last, const store::NewHolding& holding) {
    TRY(store_holdings());
    auto before = holding;
    before.label = last.label;
    TRY(narrow_to_own_targets(services_.store.objects(), bench_.home, before));
    std::vector<store::Amendment> amendments;
    for (const auto& one : TRY(held_of_origin(bench_.home, last.origin, holding.object.id))) {
      if (one.label != before.label || one.collection != holding.collection) continue;
      const auto document = TRY(model::JsonDocument::parse(*one.bytes));
      const auto object = model::read_object(document.root());
      if (!object) return fail(ErrorCode::corrupt, "{} cannot be read any more", one.id.text());
      const auto source = wire::source_under(holding.label, last.origin);
      auto parts = TRY(wire::parts_of(*object, holding.label, source, {}));
      amendments.push_back({.id = one.id,
                            .version = one.version,
                            .spec_version = one.spec_version,
                            .source = one.source,
                            .collection = one.collection,
                            .before = one.label,
                            .label = holding.label,
                            .parts = std::move(parts)});
    }
    const auto done = amendments.empty() ? Done{} : services_.store.objects().amend(amendments);
    if (!done && done.error().code != ErrorCode::not_found) return done;  // else: removed here meanwhile
    return {};
  }

  Result<std::vector<policy::Holding>> held_of_origin(const policy::Subject& subject,
                                                      const OrganisationId& origin,
                                                      const model::ObjectId& object) {
    return versions_held(services_.store.objects(),
                         policy::Scope::of(subject),
                         object,
                         {policy::Source::Kind::member, origin.uuid});
  }

  /// An amended label keeps this node out: what it held under the label before goes as if it were recalled,
  /// and what it holds of the object by another release stays.
  Done lose(const Delivery& delivery,
            const ReadEnvelope& opened,
            const std::optional<TakenStatement>& before,
            const std::optional<Statement>& last,
            const Digest& digest) {
    TRY(store_holdings());
    const auto object = TRY(object_of(opened.statement, before));
    if (object && last) TRY(remove_under(last->label, opened.statement.origin, *object));
    if (object && !last) TRY(remove_without_row(opened.statement, *object));
    return note_recalled(delivery, opened, before, digest);
  }

  Done remove_under(const policy::Label& label, const OrganisationId& origin, const model::ObjectId& object) {
    return remove_where(
        origin, object, [&](const policy::Holding& one) -> Result<bool> { return one.label == label; });
  }

  /// The power went between the object and its row, and its delivery was withdrawn before it came again: what
  /// no row tells of goes.
  Done remove_without_row(const Statement& statement, const model::ObjectId& object) {
    const auto& origin = statement.origin;
    return remove_where(origin, object, [&](const policy::Holding& one) -> Result<bool> {
      if (statement.object && one.version != model::Version(statement.object->version)) return false;
      return !TRY(has_row(origin, one));
    });
  }

  /// Whether a release that was taken of that origin may be the one by which this came.
  Result<bool> has_row(const OrganisationId& origin, const policy::Holding& held) {
    const auto is_of = [&](const TakenStatement& taken) -> Result<bool> {
      if (taken.fate != Fate::taken || taken.object != held.id) return false;
      const auto statement = TRY(policy::decode_statement(taken.statement.statement));
      return !statement.object || held.version == model::Version(statement.object->version);
    };
    for (const auto& [key, taken] : noted_)
      if (key.starts_with(taken_prefix(origin)) && TRY(is_of(taken))) return true;
    for (std::string after;;) {
      const auto rows =
          TRY(records_.scan(ledger::statement_table, taken_prefix(origin), after, rows_at_once));
      for (const auto& row : rows) {
        const auto taken = TRY(decode_taken(row.value));
        if (!noted_.contains(row.key) && TRY(is_of(taken))) return true;
      }
      if (std::ssize(rows) < rows_at_once) return false;
      after = rows.back().key;
    }
  }

  Done remove_where(const OrganisationId& origin,
                    const model::ObjectId& object,
                    const std::function<Result<bool>(const policy::Holding&)>& goes) {
    store::Query query;
    query.ids = {object};
    query.select = store::VersionSelect::all;
    query.sources = {{policy::Source::Kind::member, origin.uuid}};
    const auto subject = TRY(ledger::subject_of(records_, origin));
    for (const auto& reader : {subject, bench_.home}) {
      bool is_here = false;
      query.versions.clear();
      for (const auto& one : TRY(held_of_origin(reader, origin, object))) {
        if (!TRY(goes(one))) continue;
        is_here = true;
        if (const auto* const version = std::get_if<Timestamp>(&one.version))
          query.versions.push_back(*version);
      }
      if (is_here) TRY(services_.store.objects().remove(policy::Scope::of(reader), query));
    }
    return {};
  }

  /// Gone from here with its tombstone, indexes and full text; only then is it confirmed.
  Done recall(const Delivery& delivery,
              const ReadEnvelope& opened,
              const std::optional<TakenStatement>& before,
              const Digest& digest) {
    TRY(store_holdings());
    const bool is_gone = before && before->fate == Fate::recalled;  // lost by an amendment before
    const auto object = TRY(object_of(opened.statement, before));
    if (object && !is_gone) {
      store::Query query;
      query.ids = {*object};
      query.select = store::VersionSelect::all;
      query.sources = {{policy::Source::Kind::member, opened.statement.origin.uuid}};
      // The origin sees all that is its own, whatever the label's time; what others own too, this node does.
      auto origin = TRY(ledger::subject_of(records_, opened.statement.origin));
      for (const auto& subject : {origin, bench_.home})
        TRY(services_.store.objects().remove(policy::Scope::of(subject), query));
    }
    return note_recalled(delivery, opened, before, digest);
  }

  Done note_recalled(const Delivery& delivery,
                     const ReadEnvelope& opened,
                     const std::optional<TakenStatement>& before,
                     const Digest& digest) {
    TRY(tell_origin(delivery, opened, Fate::recalled, digest, ""));
    note(delivery, opened, Fate::recalled, {}, before ? before->object : std::nullopt);
    return ledger::audit_node(services_.store,
                              known_.home,
                              "federation.recalled",
                              {{"origin", opened.statement.origin.text()}, {"statement", digest.hex()}});
  }

  /// What a recall names. The object may be here and its row not: the power went in between, and its delivery
  /// was withdrawn before it came again.
  Result<std::optional<model::ObjectId>> object_of(const Statement& statement,
                                                   const std::optional<TakenStatement>& before) {
    if (before && before->object) return before->object;
    if (statement.object) return std::optional(statement.object->id);
    const auto row = records_.read(ledger::statement_table, foretold_key(statement));
    if (!row && row.error().code == ErrorCode::not_found) return std::optional<model::ObjectId>();
    if (!row) return fail(row.error());
    auto object = TRY(model::ObjectId::parse(row->value));
    return std::optional(std::move(object));
  }

  /// Which object is about to come, where its statement does not say it in clear.
  void foretell(const Statement& statement, const model::ObjectId& object) {
    const auto key = foretold_key(statement);
    foretold_.push_back(
        {.table = ledger::statement_table, .key = key, .value = object.text(), .expected = std::nullopt});
    writes_.push_back(
        {.table = ledger::statement_table, .key = key, .value = std::nullopt, .expected = std::nullopt});
  }
  static std::string foretold_key(const Statement& statement) {
    return fmt::format("foretold/{}/{}", statement.origin.text(), statement.release.text());
  }

  Result<std::optional<TakenStatement>> taken_before(const Statement& statement) {
    const auto key = taken_key(statement.origin, statement.release);
    if (const auto found = noted_.find(key); found != noted_.end()) return std::optional(found->second);
    auto& nothing_from = nothing_from_[statement.origin];
    if (!nothing_from.empty() && key >= nothing_from) return std::optional<TakenStatement>();
    const auto row = TRY(first_from(statement.origin, key));
    if (!row) nothing_from = key;
    if (!row || row->key != key) return std::optional<TakenStatement>();
    auto taken = TRY(decode_taken(row->value));
    last_[key] = element_of(statement.release, policy::statement_digest(taken.statement.statement));
    return std::optional(std::move(taken));
  }

  /// The first row of that origin's at the key or behind it. Releases stand in the order of their time, so
  /// that of a page of new ones one question is answered for all.
  Result<std::optional<store::Record>> first_from(const OrganisationId& origin, const std::string& key) {
    auto before = key;
    --before.back();  // of hexadecimal digits: nothing stands between
    auto rows = TRY(records_.scan(ledger::statement_table, taken_prefix(origin), before, 1));
    if (rows.empty()) return std::optional<store::Record>();
    return std::optional(std::move(rows.front()));
  }

  /// A refused one never takes the place of what was taken: it is evidence under its own name.
  void note(const Delivery& delivery,
            const ReadEnvelope& opened,
            Fate fate,
            std::string_view reason,
            const std::optional<model::ObjectId>& object) {
    TakenStatement taken{
        .from = peer_,
        .number = delivery.number,
        .at = bench_.now,
        .fate = fate,
        .reason = excerpt(reason, reason_bytes_max),
        .object = object,
        .header = opened.header,
        .statement = opened.contents.statement,
        .secret = fate == Fate::taken ? std::optional(opened.contents.secret) : std::nullopt};
    auto value = encode(taken);
    auto key = taken_key(opened.statement.origin, opened.statement.release);
    if (fate == Fate::refused) {
      key = fmt::format("refused/{}/{}", peer_.text(), delivery.digest.hex());
    } else {
      note_in_set(opened, key);
      noted_.insert_or_assign(key, std::move(taken));
    }
    writes_.push_back({.table = ledger::statement_table,
                       .key = std::move(key),
                       .value = std::move(value),
                       .expected = std::nullopt});
  }

  void note_in_set(const ReadEnvelope& opened, const std::string& key) {
    const std::vector<OrganisationId> origin{opened.statement.origin};
    const auto element = element_of(opened.statement.release, opened.digest);
    auto& stands = last_[key];
    if (stands) set_.add(origin, *stands, -1);
    set_.add(origin, element);
    stands = element;
  }

  /// Before the rows that say they were taken: what is taken twice after a crash is a duplicate.
  Done store_holdings() {
    if (holdings_.empty()) return {};
    if (!foretold_.empty()) TRY(records_.write(foretold_));
    foretold_.clear();
    const auto outcomes = TRY(services_.store.objects().put(holdings_, Deadline::none()));
    taken_.objects += static_cast<std::size_t>(
        std::ranges::count(outcomes, store::PutStatus::stored, &store::PutOutcome::status));
    holdings_.clear();
    return {};
  }

  api::Services& services_;
  store::Records& records_;
  const Known& known_;
  const ledger::NodeKeys& keys_;
  OrganisationId peer_;
  OutboxBatch outbox_;
  EpochKeys epochs_;
  EvidenceQuota evidence_;
  std::set<Digest> own_;  // key ids that name this node
  Bench bench_;
  Stand stand_{};
  Ack told_{};  // the last one with receipts, and those before it that are told again
  TakenPage taken_{};
  bool peer_is_ahead_ = false;
  std::map<std::string, TakenStatement> noted_;
  std::map<OrganisationId, std::string> nothing_from_;  // no row of that origin's stands there or behind
  std::map<std::string, std::optional<reconcile::Element>> last_;  // what stands in the set for a release
  SetBatch set_{SetKind::taken};
  std::map<std::string, ledger::DayCount> counts_;  // of what one member may give on a day
  std::vector<store::NewHolding> holdings_;
  std::vector<store::Write> foretold_;
  std::vector<store::Write> writes_;
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

Result<Ack> ack_for(api::Services& services,
                    const Known& known,
                    const ledger::NodeKeys& keys,
                    const OrganisationId& peer) {
  const auto stand = TRY(in_stand(services.store.records(), peer));
  Ack ack{
      .from = peer, .by = known.home, .last = stand.last, .chain = stand.chain, .at = services.clock.now()};
  // Nobody knows whether it was heard.
  auto told = TRY(told_last(services.store.records(), peer));
  std::ranges::copy_if(told.receipts, std::back_inserter(ack.receipts), [&](const Receipt& receipt) {
    return is_told_again(receipt, stand.last);
  });
  sign(ack, keys.statement);
  return ack;
}

}  // namespace shieldwall::exchange::federation
