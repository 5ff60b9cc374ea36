#include "exchange/federation/sending.h"

#include <algorithm>

#include "api/shelf.h"
#include "exchange/federation/epochs.h"

namespace shieldwall::exchange::federation {

namespace {

std::vector<OrganisationId> group_of(const OwnRelease& release) {
  std::vector<OrganisationId> group;
  for (const auto& one : release.recipients) group.push_back(one.organisation);
  return group;
}

}  // namespace

Sending::Sending(const Drafts& drafts)
    : drafts_(drafts), services_(drafts.services), known_(drafts.known), outbox_(drafts.records) {}

Result<std::vector<store::Write>> Sending::send() {
  const std::span all(drafts_.all);
  for (std::size_t from = 0; from < all.size(); from += policy::batch_leaves)
    TRY(sign_and_queue(all.subspan(from, std::min(policy::batch_leaves, all.size() - from))));
  TRY(note_deliveries());
  auto writes = outbox_.take();
  std::ranges::move(writes_, std::back_inserter(writes));
  auto sets = TRY(set_.take(drafts_.records, drafts_.now, services_.random));
  std::ranges::move(sets, std::back_inserter(writes));
  return writes;
}

Done Sending::sign_and_queue(std::span<const Draft> drafts) {
  std::vector<Bytes> statements;
  std::vector<Digest> leaves;
  for (const auto& draft : drafts) {
    TRY(policy::check(draft.statement));
    statements.push_back(policy::encode(draft.statement));
    leaves.push_back(policy::statement_digest(statements.back()));
  }
  const auto batch = TRY(policy::make_batch(leaves, services_.random));
  const Bytes signature(drafts_.keys.statement.sign(policy::batch_text(batch.root)).view());
  for (std::size_t i = 0; i < drafts.size(); ++i)
    TRY(queue(drafts[i],
              {.statement = std::move(statements[i]), .path = batch.paths[i], .signature = signature},
              leaves[i]));
  return {};
}

Done Sending::queue(const Draft& draft, policy::SignedStatement signed_statement, const Digest& digest) {
  OwnRelease kept{.object = draft.object,
                  .collection = draft.collection,
                  .content = draft.content,
                  .statement = std::move(signed_statement),
                  .at = drafts_.now,
                  .item_at = drafts_.now,
                  .recalled = !draft.bytes};
  kept.item = TRY(seal_for(draft, draft.recipients, draft.bytes != nullptr, digest, kept));
  if (draft.bytes) TRY(note_told(draft));
  if (!draft.losers.empty()) {
    kept.lost_item = TRY(seal_for(draft, draft.losers, false, digest, kept));
    for (auto& one : kept.recipients)
      one.has_lost = std::ranges::binary_search(draft.losers, one.organisation);
  }
  std::ranges::sort(kept.recipients);
  set_.add(group_of(kept), element_of(draft.statement.release, digest));
  if (draft.before)
    TRY(replace(*draft.before, kept));
  else
    writes_.push_back(write_of_release(draft.statement.release, draft.object));
  writes_.push_back({.table = ledger::statement_table,
                     .key = own_key(draft.object, draft.statement.release),
                     .value = encode(kept),
                     .expected = std::nullopt});
  return {};
}

/// Sealed for those, with the object or without; gives the item's digest.
Result<Digest> Sending::seal_for(const Draft& draft,
                                 const std::vector<OrganisationId>& to,
                                 bool with_object,
                                 const Digest& digest,
                                 OwnRelease& kept) {
  const auto epoch = TRY(epoch_of(draft.statement.alliance, to));
  Contents contents{.statement = kept.statement};
  if (with_object) {
    contents.secret = draft.secret;
    contents.object = *draft.bytes;
  }
  const EnvelopeHeader header{.epoch = epoch.epoch,
                              .commitment = draft.statement.commitment,
                              .expires = with_object ? draft.statement.label.end : Timestamp::never(),
                              .realm = draft.statement.label.realm};
  const auto item = TRY(seal(header, contents, epoch.key, services_.random));
  for (const auto& one : to) {
    const auto number = TRY(queue_for(one,
                                      draft.statement.alliance,
                                      {.at = drafts_.now, .object = draft.object.text(), .statement = digest},
                                      item));
    kept.recipients.push_back({one, number});
  }
  return sha256(item);
}

/// The delivery goes to the node on which the recipient lives.
Result<std::uint64_t> Sending::queue_for(const OrganisationId& recipient,
                                         const AllianceId& alliance,
                                         Queued queued,
                                         std::string_view item) {
  const auto node = known_.node_of(recipient);
  const auto keys = known_.keys(node, policy::KeyUse::sealing);
  if (keys.empty()) return fail(ErrorCode::invalid, "{} has no key to seal to", recipient.text());
  queued.delivery.to = policy::key_id(keys.front());
  return outbox_.add(known_.next_hop(node, alliance), std::move(queued), item);
}

/// The epoch key to wrap with; a new one is sent before what it opens.
Result<EpochGrant> Sending::epoch_of(const AllianceId& alliance,
                                     const std::vector<OrganisationId>& recipients) {
  auto& made = epochs_[{alliance, recipients}];
  if (made) return *made;
  made = TRY(epoch_told(services_, known_, drafts_.keys, alliance, recipients, outbox_, writes_));
  return *made;
}

/// What the release said before is not in the set any more. A recalled version, or one that somebody lost, is
/// not carried any more to who did not fetch it yet.
Done Sending::replace(const OwnRelease& before, const OwnRelease& now) {
  if (now.recalled || now.lost_item != Digest{})
    writes_.push_back({.table = ledger::outbox_table,
                       .key = item_key(before.item, before.item_at),
                       .value = std::nullopt,
                       .expected = std::nullopt});
  const auto last = TRY(policy::decode_statement(before.statement.statement));
  set_.add(group_of(before), element_of(last, before.statement.statement), -1);
  return {};
}

Done Sending::note_told(const Draft& draft) {
  const auto label = TRY(ledger::noted_label(services_, draft.statement.label));
  for (const auto& one : draft.recipients)
    told_[one].push_back({.id = draft.object, .version = draft.version, .label = label});
  return {};
}

/// One entry for each member in this round.
Done Sending::note_deliveries() {
  std::vector<ledger::Delivery> deliveries;
  for (auto& [member, versions] : told_) {
    const auto* const entry = known_.member(member);
    deliveries.push_back({.organisation = member,
                          .name = entry == nullptr ? "" : entry->name,
                          .door = "federation",
                          .first = drafts_.now,
                          .last = drafts_.now,
                          .root = ledger::root_of(versions),
                          .versions = versions});
  }
  if (auto* const log = services_.shelf ? services_.shelf->of<ledger::LogOnShelf>().log : nullptr)
    return ledger::log_deliveries(*log, deliveries, services_.random);
  for (const auto& delivery : deliveries) writes_.push_back(ledger::write_of(delivery));
  return {};
}

}  // namespace shieldwall::exchange::federation
