#include "exchange/federation/mixing.h"

#include <charconv>

#include "exchange/federation/anonymous.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr int mixed_at_once = 256;  // of one signature

policy::Label label_for_one(const OrganisationId& home,
                            const policy::Roster& roster,
                            const OrganisationId& who) {
  auto label = policy::owner_only(home);
  label.audience.front().inside = policy::AllianceAudience{
      .alliance = roster.alliance, .roster_version = roster.version, .nations = {}, .organisations = {who}};
  return label;
}

/// Bytes that this node signs without knowing what they are.
Result<Draft> vouched_for(const Drafts& drafts,
                          const policy::Roster& roster,
                          const OrganisationId& owner,
                          Bytes box) {
  auto& random = drafts.services.random;
  Draft draft{.object = {"sighting", Uuid::random(random)},
              .bytes = std::make_shared<const std::string>(std::move(box)),
              .recipients = {owner}};
  draft.content = sha256(*draft.bytes);
  random.fill(draft.secret.bytes);
  auto& statement = draft.statement;
  statement.alliance = roster.alliance;
  statement.origin = drafts.known.home;
  statement.release = policy::ReleaseId::random(random);
  statement.commitment = policy::commitment_to(*draft.bytes, policy::commitment_salt(draft.secret));
  statement.label = label_for_one(drafts.known.home, roster, owner);
  const auto audience = TRY(policy::audience_of(statement.label, drafts.known.all, {}));
  statement.audience = policy::audience_digest(audience);
  statement.kind = policy::StatementKind::delegate;
  statement.key = policy::key_id(drafts.keys.public_statement());
  return draft;
}

/// Whoever it is for may have left.
Done vouch(Drafts& drafts, const store::Record& row) {
  auto mixed = TRY(decode_mixed(row.value));
  const auto owner = drafts.known.sealing.find(mixed.to);
  if (owner == drafts.known.sealing.end()) return {};
  for (const auto& one : drafts.known.newest) {
    if (policy::find_member(one.roster, owner->second) == nullptr) continue;
    auto draft = TRY(vouched_for(drafts, one.roster, owner->second, std::move(mixed.box)));
    drafts.all.push_back(std::move(draft));
    return {};
  }
  return {};
}

Timestamp draw_instant(const Drafts& drafts) {
  const auto wait = drafts.services.random.below(static_cast<std::uint64_t>(mix_spread.us));
  return Timestamp{(drafts.now + mix_min).us + static_cast<std::int64_t>(wait)};
}

}  // namespace

Done draft_what_is_mixed(Drafts& drafts) {
  const auto rows = TRY(drafts.records.scan(ledger::peer_table, mix_prefix, "", mixed_at_once));
  if (rows.empty()) return {};
  const auto due = drafts.records.read(ledger::peer_table, mix_due_key);
  if (!due && due.error().code != ErrorCode::not_found) return fail(due.error());
  store::Write next{.table = ledger::peer_table,
                    .key = std::string(mix_due_key),
                    .value = std::nullopt,
                    .expected = due ? due->revision : 0};
  if (!due) {
    next.value = std::to_string(draw_instant(drafts).us);
    drafts.writes.push_back(std::move(next));
    return {};
  }
  Timestamp instant;
  std::from_chars(due->value.data(), due->value.data() + due->value.size(), instant.us);
  if (drafts.now < instant) return {};
  drafts.writes.push_back(std::move(next));
  for (const auto& row : rows) {
    TRY(vouch(drafts, row));
    drafts.writes.push_back(
        {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
  }
  return {};
}

}  // namespace shieldwall::exchange::federation
