#include "exchange/federation/amending.h"

#include <algorithm>

#include "exchange/federation/epochs.h"
#include "exchange/federation/outgoing_label.h"
#include "exchange/federation/own_releases.h"
#include "policy/membership.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Label;
using policy::Statement;
using policy::StatementKind;

/// Whoever left has no key to seal to, and must not keep the others from hearing of it.
bool can_be_told(const Known& known, const Recipient& recipient) {
  return known.member(known.node_of(recipient.organisation)) != nullptr;
}

Done recall(Drafts& drafts, OwnRelease before) {
  Draft draft{.object = before.object, .collection = before.collection};
  draft.statement = TRY(policy::decode_statement(before.statement.statement));
  if (drafts.going_on.contains(own_key(before.object, draft.statement.release))) return {};
  draft.statement.kind = StatementKind::recall;
  for (const auto& one : before.recipients)
    if (can_be_told(drafts.known, one)) draft.recipients.push_back(one.organisation);
  return drafts.go_on(std::move(draft), std::move(before));
}

/// The label of the release joined with what is wanted now; nothing: nobody may have it any more.
Result<std::optional<Label>> narrowed(const Drafts& drafts, const Statement& last, const Label& wanted) {
  const auto& known = drafts.known;
  const auto roster =
      std::ranges::find(known.newest, last.alliance, [](const auto& one) { return one.roster.alliance; });
  if (roster == known.newest.end()) return std::optional<Label>();
  const auto outgoing = TRY(outgoing_label(drafts.records, roster->roster, wanted));
  if (!outgoing) return std::optional<Label>();
  auto joined = policy::join(last.label, *outgoing);
  if (!joined) return std::optional<Label>();
  const auto before = TRY(policy::audience_of(last.label, known.all, {}));
  const auto after = TRY(policy::audience_of(*joined, known.all, {}));
  if (before == after) joined->audience = last.label.audience;  // the same people, by another version
  return std::optional(policy::canonical(std::move(*joined)));
}

/// Who keeps it under the label, and who loses it.
Done part(Drafts& drafts, const OwnRelease& before, const Label& label, Draft& draft) {
  const auto audience = TRY(policy::audience_of(label, drafts.known.all, {}));
  const auto now = drafts.has_passed(label.embargo).passed ? std::max(drafts.now, label.embargo) : drafts.now;
  for (const auto& one : before.recipients) {
    if (!can_be_told(drafts.known, one)) continue;
    const auto subject = TRY(drafts.subjects.of(one.organisation));
    const bool keeps = !one.has_lost && std::ranges::binary_search(audience, one.organisation) &&
                       policy::may_see(subject, label, now);
    if (keeps)
      draft.recipients.push_back(one.organisation);
    else if (!one.has_lost)
      draft.losers.push_back(one.organisation);
  }
  return {};
}

/// As it was sealed for others: an amendment leaves bytes and commitment as they are.
Result<Contents> contents_of(const Drafts& drafts, const OwnRelease& release) {
  const auto item = TRY(drafts.records.read(ledger::outbox_table, item_key(release.item, release.item_at)));
  const auto envelope = TRY(decode_envelope(item.value));
  const auto grant = TRY(epoch_made(drafts.records, drafts.services.sealer, envelope.header.epoch));
  return open(envelope, grant.key);
}

/// Brings a release under what its object's label has become, for those who were told of it.
Done narrow(Drafts& drafts, OwnRelease before, std::span<const policy::Holding> holdings) {
  if (before.recalled) return {};
  const auto last = TRY(policy::decode_statement(before.statement.statement));
  const auto holding = std::ranges::find_if(holdings, [&](const policy::Holding& one) {
    return one.collection == before.collection &&
           (!last.object || one.version == model::Version(last.object->version));
  });
  if (holding == holdings.end()) return {};  // gone meanwhile: its recall tells of it
  const auto label = TRY(narrowed(drafts, last, holding->label));
  if (!label) return recall(drafts, std::move(before));
  Draft draft{.object = before.object, .collection = before.collection, .version = holding->version};
  TRY(part(drafts, before, *label, draft));
  if (draft.losers.empty() && *label == last.label) return {};
  const auto contents = contents_of(drafts, before);
  const bool is_own = last.kind != StatementKind::sighting && last.kind != StatementKind::import;
  if (draft.recipients.empty() || !contents || !is_own) return recall(drafts, std::move(before));
  draft.bytes = std::make_shared<const std::string>(contents->object);
  draft.content = before.content;
  draft.secret = contents->secret;
  draft.statement = last;
  draft.statement.kind = StatementKind::amend;
  draft.statement.label = *label;
  const auto audience = TRY(policy::audience_of(*label, drafts.known.all, {}));
  draft.statement.audience = policy::audience_digest(audience);
  return drafts.go_on(std::move(draft), std::move(before));
}

}  // namespace

Done draft_amendments(Drafts& drafts,
                      const model::ObjectId& object,
                      std::span<const policy::Holding> holdings) {
  for (auto& before : TRY(own_releases(drafts.records, object)))
    TRY(narrow(drafts, std::move(before), holdings));
  return {};
}

Done draft_recalls(Drafts& drafts, const policy::Holding& gone) {
  for (auto& before : TRY(own_releases(drafts.records, gone.id))) {
    if (before.recalled || before.collection != gone.collection) continue;
    TRY(recall(drafts, std::move(before)));
  }
  return {};
}

}  // namespace shieldwall::exchange::federation
