#include "exchange/federation/judge.h"

#include <algorithm>

#include "policy/membership.h"
#include "wire/stix_label.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Statement;
using policy::StatementKind;

/// Also what others carry for it. A recall is heard: it only takes away.
Done check_standing(const Bench& bench, const Statement& statement) {
  if (statement.kind == StatementKind::recall || !bench.known.is_suspended(statement.origin)) return {};
  return fail(ErrorCode::denied, "{}", suspended_reason);
}

/// The roster's version that the label names: when the statement was made.
std::uint32_t version_of(const Statement& statement) {
  std::uint32_t version = 0;
  for (const auto& clause : statement.label.audience)
    if (const auto* const alliance = std::get_if<policy::AllianceAudience>(&clause.inside))
      if (alliance->alliance == statement.alliance) version = std::max(version, alliance->roster_version);
  return version;
}

/// Whether the audience, which must be the one that the label names, names this node too.
Result<bool> is_named(Bench& bench, const Statement& statement) {
  if (!bench.audience || bench.audience->label != statement.label) {
    const auto named = TRY(policy::audience_of(statement.label, bench.known.all, {}));
    bench.audience = LabelAudience{.label = statement.label,
                                   .digest = policy::audience_digest(named),
                                   .names_home = std::ranges::binary_search(named, bench.known.home)};
  }
  if (bench.audience->digest != statement.audience)
    return fail(ErrorCode::invalid, "the audience set is not the one its label names");
  return bench.audience->names_home;
}

constexpr Duration clocks_differ_max = hours(2);  // of two members, each within an hour of the right time

/// A recall is heard also where the label's time is over. Where this node's clock is behind its origin's, an
/// embargo that the origin saw end is kept until it ends here too: nobody sees it before. One that no clock
/// can have seen end was wrongly sent.
bool is_admitted(const Bench& bench, const Statement& statement) {
  return statement.kind == StatementKind::recall ||
         policy::may_see(bench.home,
                         statement.label,
                         std::clamp(statement.label.embargo, bench.now, bench.now + clocks_differ_max));
}

/// Who lost it by an amendment hears so, and of its recall, and nothing else comes to those whom the label
/// keeps out.
Result<bool> takes_away(Bench& bench, const Statement& statement, bool was_told) {
  const bool named = TRY(is_named(bench, statement));
  if (statement.kind == StatementKind::recall && was_told) return false;
  const bool admitted = is_admitted(bench, statement);
  if (named && admitted) return false;
  if (statement.kind == StatementKind::amend) return true;
  if (!named) return fail(ErrorCode::denied, "not for this organisation: its audience does not name it");
  return fail(ErrorCode::denied, "its label lets nobody of this organisation see it now");
}

/// Who joins later hears the newest of a release first, and what was recalled before it was fetched is left
/// out: a number may jump ahead, and never goes back or comes twice.
Done check_place(const Statement& statement, const std::optional<Statement>& before) {
  if (!before || statement.number > before->number + 1) return {};
  if (statement.number <= before->number)
    return fail(ErrorCode::invalid,
                "number {} of its release was taken before, with other contents",
                statement.number);
  return policy::check_successor(*before, statement);
}

Done check_authorship(const Statement& statement) {
  if (statement.kind == StatementKind::sighting || statement.kind == StatementKind::import ||
      statement.kind == StatementKind::recall)
    return {};
  const bool own = std::ranges::all_of(statement.label.audience, [&](const policy::Clause& clause) {
    return clause.owner == statement.origin;
  });
  if (own) return {};
  return fail(ErrorCode::denied, "published under a label that another organisation owns");
}

}  // namespace

Done check_signature(Bench& bench,
                     const policy::SignedStatement& signed_statement,
                     const Statement& statement) {
  const Verified batch{.root = signed_statement.root(),
                       .key = statement.key,
                       .origin = statement.origin,
                       .alliance = statement.alliance,
                       .version = version_of(statement)};
  if (bench.verified.contains(batch)) return {};
  const auto signer = bench.known.node_of(statement.origin);
  auto keys = bench.known.keys(signer, policy::KeyUse::statement);
  auto found = std::ranges::find(keys, statement.key, policy::key_id);
  if (found == keys.end()) {
    keys = bench.known.retired_keys(statement.alliance, signer, batch.version);
    found = std::ranges::find(keys, statement.key, policy::key_id);
  }
  if (found == keys.end())
    return fail(ErrorCode::invalid, "signed by no key that the roster lists for its origin");
  const auto key = TRY(VerifyKey::from(found->key));
  const auto signature = TRY(Signature::from(signed_statement.signature));
  if (!verifies(key, policy::batch_text(batch.root), signature))
    return fail(ErrorCode::invalid, "the signature does not verify");
  bench.verified.insert(batch);
  return {};
}

Result<bool> judge_statement(Bench& bench,
                             const policy::SignedStatement& signed_statement,
                             const Statement& statement,
                             const std::optional<Statement>& before) {
  TRY(check_signature(bench, signed_statement, statement));
  TRY(check_standing(bench, statement));
  const bool takes = TRY(takes_away(bench, statement, before.has_value()));
  TRY(check_place(statement, before));
  TRY(check_authorship(statement));
  return takes;
}

Result<store::NewHolding> judge_object(const Statement& statement,
                                       const Contents& contents,
                                       const CircleId& into) {
  const auto commitment = policy::commitment_to(contents.object, policy::commitment_salt(contents.secret));
  if (commitment != statement.commitment)
    return fail(ErrorCode::invalid, "the bytes are not those that the statement commits to");
  const auto document = TRY(model::JsonDocument::parse(contents.object));
  const auto tree = TRY(policy::FieldTree::of(document.root(), contents.secret));
  if (tree.root() != statement.field_root)
    return fail(ErrorCode::invalid, "the fields are not those that the statement commits to");
  auto object = model::read_object(document.root());
  if (!object) return fail(ErrorCode::invalid, "the object is no STIX that this node keeps");
  const auto* const version = std::get_if<Timestamp>(&object->version);
  if (statement.object &&
      (statement.object->id != object->id || version == nullptr || *version != statement.object->version))
    return fail(ErrorCode::invalid, "the object is not the one that the statement names");
  const bool observed = statement.kind == StatementKind::sighting;
  if (object->id.type == "sighting" ? !observed : observed && object->id.type != "opinion")
    return fail(ErrorCode::invalid,
                "a sighting, or an opinion of another's object, and nothing else, comes by that kind");
  store::NewHolding holding{.object = std::move(*object),
                            .text = model::searchable_text(document.root()),
                            .source = {policy::Source::Kind::member, statement.origin.uuid},
                            .collection = into,
                            .label = statement.label,
                            .parts = {}};
  const auto source = wire::source_under(statement.label, statement.origin);
  holding.parts = TRY(wire::parts_of(holding.object, holding.label, source, {}));
  return holding;
}

}  // namespace shieldwall::exchange::federation
