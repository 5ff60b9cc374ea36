#include "exchange/federation/again.h"

#include <algorithm>
#include <set>

#include "exchange/federation/epochs.h"
#include "exchange/federation/judge.h"
#include "exchange/federation/sets.h"
#include "ledger/rows.h"
#include "ledger/subject.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::size_t at_once = 256;  // deliveries of one durable step
constexpr int tries_max = 20;         // beside the thread that releases, which adds to the same queue

class Again {
 public:
  Again(api::Services& services, const Known& known, const ledger::NodeKeys& keys, const OrganisationId& peer)
      : services_(services),
        records_(services.store.records()),
        known_(known),
        keys_(keys),
        peer_(peer),
        outbox_(records_),
        now_(services.clock.now()) {}

  Result<ToldAgain> run(std::span<const reconcile::Element> elements) {
    const auto ack = TRY(kept_ack(records_, peer_));
    acknowledged_ = ack.last;
    for (const auto& element : elements) TRY(tell(element));
    auto writes = outbox_.take();
    std::ranges::move(writes_, std::back_inserter(writes));
    if (!writes.empty()) TRY(records_.write(writes));
    return told_;
  }

 private:
  Done tell(const reconcile::Element& element) {
    const auto release = release_of(element);
    const auto object = object_of_release(records_, release);
    if (!object && object.error().code == ErrorCode::not_found) return {};
    if (!object) return fail(object.error());
    const auto row = TRY(records_.read(ledger::statement_table, own_key(*object, release)));
    auto own = TRY(decode_own_release(row.value));
    const auto statement = TRY(policy::decode_statement(own.statement.statement));
    if (element_of(statement, own.statement.statement) != element) return {};
    auto* const recipient = recipient_at_peer(own);
    if (recipient == nullptr) return {};
    if (known_.next_hop(peer_, statement.alliance) == peer_ && recipient->number > acknowledged_) {
      ++told_.waiting;
      return {};
    }
    if (!recipient->has_lost && !TRY(may_have(recipient->organisation, statement))) {
      ++told_.withheld;
      return {};
    }
    return queue(own, *recipient, row.revision);
  }

  Recipient* recipient_at_peer(OwnRelease& own) const {
    const auto found = std::ranges::find_if(
        own.recipients, [&](const Recipient& one) { return known_.node_of(one.organisation) == peer_; });
    return found == own.recipients.end() ? nullptr : &*found;
  }

  /// Labels end and memberships change: what was right to tell then is asked anew. A recall is always told.
  Result<bool> may_have(const OrganisationId& organisation, const policy::Statement& statement) {
    if (statement.kind == policy::StatementKind::recall) return true;
    const auto subject = TRY(ledger::subject_of(records_, organisation));
    return policy::may_see(subject, statement.label, now_);
  }

  Done queue(OwnRelease& own, Recipient& recipient, std::uint64_t revision) {
    const auto& digest = recipient.has_lost ? own.lost_item : own.item;
    const auto item = records_.read(ledger::outbox_table, item_key(digest, own.item_at));
    if (!item && item.error().code == ErrorCode::not_found) return {};
    if (!item) return fail(item.error());
    const auto keys = known_.keys(peer_, policy::KeyUse::sealing);
    if (keys.empty()) return {};
    const auto header = TRY(header_of(item->value));
    const auto statement = TRY(policy::decode_statement(own.statement.statement));
    const auto hop = known_.next_hop(peer_, statement.alliance);
    TRY(grant(header.epoch, keys, hop));
    Queued queued{.delivery = {.kind = ItemKind::envelope, .to = policy::key_id(keys.front())},
                  .at = now_,
                  .object = own.object.text(),
                  .statement = policy::statement_digest(own.statement.statement),
                  .item_at = own.item_at};
    recipient.number = TRY(outbox_.add(hop, std::move(queued), item->value));
    told_.hops.insert(hop);
    writes_.push_back({.table = ledger::statement_table,
                       .key = own_key(own.object, statement.release),
                       .value = encode(own),
                       .expected = revision});
    ++told_.queued;
    return {};
  }

  /// A member that lost what it was told may have lost the key to it too.
  Done grant(const EpochId& epoch, const std::vector<policy::MemberKey>& keys, const OrganisationId& hop) {
    if (!granted_.insert(epoch).second) return {};
    const auto made = epoch_made(records_, services_.sealer, epoch);
    if (!made && made.error().code == ErrorCode::not_found) return {};
    if (!made) return fail(made.error());
    for (const auto& key : keys) {
      const auto item = TRY(seal(*made, keys_.statement, key));
      Queued queued{.delivery = {.kind = ItemKind::epoch_key, .to = policy::key_id(key)}, .at = now_};
      TRY(outbox_.add(hop, std::move(queued), item));
    }
    return {};
  }

  api::Services& services_;
  store::Records& records_;
  const Known& known_;
  const ledger::NodeKeys& keys_;
  OrganisationId peer_;
  OutboxBatch outbox_;
  Timestamp now_;
  std::uint64_t acknowledged_ = 0;
  std::set<EpochId> granted_;
  std::vector<store::Write> writes_;
  ToldAgain told_;
};

constexpr std::string_view asked_prefix = "tell-again/";  // of peer_table; then who asks, and the statement
constexpr std::size_t refused_max = 1'000'000;
constexpr int asked_at_once = 256;

}  // namespace

Result<std::vector<OrganisationId>> ask_again(api::Services& services,
                                              const Known& known,
                                              const ledger::NodeKeys& keys,
                                              const OrganisationId& origin) {
  auto& records = services.store.records();
  const auto node = known.node_of(origin);
  const auto sealing = known.keys(node, policy::KeyUse::sealing);
  if (sealing.empty()) return std::vector<OrganisationId>();
  OutboxBatch outbox(records);
  for (const auto& row :
       TRY(ledger::scan_rows(records, ledger::statement_table, "refused/", decode_taken, refused_max))) {
    const auto& refused = row.value;
    if (refused.reason != suspended_reason) continue;
    const auto statement = TRY(policy::decode_statement(refused.statement.statement));
    if (statement.origin != origin) continue;
    const RelayedReceipt receipt{.by = known.home,
                                 .to = origin,
                                 .statement = policy::statement_digest(refused.statement.statement),
                                 .fate = Fate::again,
                                 .at = services.clock.now(),
                                 .reason = statement.release.text()};
    const auto item = TRY(seal(signed_receipt(receipt, keys.statement), sealing.front()));
    Queued queued{.delivery = {.kind = ItemKind::receipt, .to = policy::key_id(sealing.front())},
                  .at = services.clock.now()};
    TRY(outbox.add(known.next_hop(node, statement.alliance), std::move(queued), item));
  }
  const auto writes = outbox.take();
  if (!writes.empty()) TRY(records.write(writes));
  return outbox.peers();
}

std::optional<store::Write> asked_again(const RelayedReceipt& receipt) {
  if (!policy::ReleaseId::parse(receipt.reason)) return std::nullopt;
  return store::Write{.table = ledger::peer_table,
                      .key = fmt::format("{}{}/{}", asked_prefix, receipt.by.text(), receipt.statement.hex()),
                      .value = encode(SignedReceipt{.receipt = receipt}),
                      .expected = std::nullopt};
}

Result<std::vector<OrganisationId>> tell_what_was_asked(api::Services& services,
                                                        const Known& known,
                                                        const ledger::NodeKeys& keys) {
  auto& records = services.store.records();
  std::set<OrganisationId> hops;
  std::vector<store::Write> done;
  for (const auto& row : TRY(records.scan(ledger::peer_table, asked_prefix, "", asked_at_once))) {
    const auto asked = TRY(decode_signed_receipt(row.value));
    const auto& receipt = asked.receipt;
    const auto release = TRY(policy::ReleaseId::parse(receipt.reason));
    if (known.is_suspended(receipt.by)) continue;
    const auto element = element_of(release, receipt.statement);
    const auto told = TRY(tell_again(services, known, keys, known.node_of(receipt.by), {&element, 1}));
    hops.insert(told.hops.begin(), told.hops.end());
    done.push_back(
        {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
  }
  if (!done.empty()) TRY(records.write(done));
  return std::vector(hops.begin(), hops.end());
}

Result<ToldAgain> tell_again(api::Services& services,
                             const Known& known,
                             const ledger::NodeKeys& keys,
                             const OrganisationId& peer,
                             std::span<const reconcile::Element> elements) {
  ToldAgain sum;
  int tries = 0;
  for (std::size_t from = 0; from < elements.size();) {
    const auto some = elements.subspan(from, std::min(at_once, elements.size() - from));
    const auto told = Again(services, known, keys, peer).run(some);
    if (!told && told.error().code == ErrorCode::conflict && ++tries < tries_max) continue;
    if (!told) return fail(told.error());
    sum.queued += told->queued;
    sum.waiting += told->waiting;
    sum.withheld += told->withheld;
    sum.hops.insert(told->hops.begin(), told->hops.end());
    from += some.size();
  }
  return sum;
}

}  // namespace shieldwall::exchange::federation
