#include "exchange/federation/offering.h"

#include <algorithm>

#include "exchange/federation/outgoing_label.h"
#include "exchange/federation/own_releases.h"
#include "exchange/federation/waiting.h"
#include "ledger/audit.h"
#include "ledger/delegated.h"
#include "policy/membership.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Label;
using policy::Statement;
using policy::StatementKind;

/// Whether one label tells the same people the same as another; that both name the same people is known.
bool says_the_same(Label told, const Label& wanted) {
  told.audience = wanted.audience;
  return told == wanted;
}

bool same_recipients(const OwnRelease& before, const Draft& draft) {
  return std::ranges::equal(before.recipients, draft.recipients, {}, &Recipient::organisation) &&
         std::ranges::none_of(before.recipients, &Recipient::has_lost);
}

/// By an amendment of the same round.
bool is_told_by(const Draft& amended, const Draft& draft) {
  return amended.statement.kind == StatementKind::amend && amended.recipients == draft.recipients &&
         amended.statement.alliance == draft.statement.alliance &&
         amended.statement.object == draft.statement.object && amended.content == draft.content &&
         says_the_same(amended.statement.label, draft.statement.label);
}

/// By the statement that its recipients were given last.
bool is_told_by(const Statement& last, const OwnRelease& before, const Draft& draft) {
  const bool same_label =
      last.label == draft.statement.label ||
      (last.kind == StatementKind::amend && says_the_same(last.label, draft.statement.label));
  return last.object == draft.statement.object && same_label && before.content == draft.content;
}

}  // namespace

Done Offering::offer(const policy::Holding& holding) {
  // The owner sees it all the time, so no change tells it when the embargo is over.
  if (holding.label.embargo != Timestamp::always()) {
    const auto passed = drafts_.has_passed(holding.label.embargo);
    if (!passed.passed) {
      drafts_.writes.push_back(reminder_of(holding));
      return {};
    }
    TRY(ledger::audit_node(drafts_.services.store,
                           known_.home,
                           "embargo.over",
                           {{"object", holding.id.text()}, {"by", passed.by}}));
  }
  std::set<OrganisationId> told;
  for (const auto& one : known_.newest) TRY(offer_to(one.roster, holding, told));
  return {};
}

/// Neighbours mostly share their label: the last one of each alliance is kept.
Result<const Offering::Named*> Offering::named_by(const policy::Roster& roster, const Label& label) {
  auto& kept = named_[roster.alliance];
  if (kept && kept->inside == label) return &*kept;
  Named named{.inside = label};
  named.outgoing = TRY(outgoing_label(drafts_.records, roster, label));
  if (named.outgoing) named.audience = TRY(policy::audience_of(*named.outgoing, known_.all, {}));
  return &kept.emplace(std::move(named));
}

/// One draft for each form in which the members of this alliance may have the object.
Done Offering::offer_to(const policy::Roster& roster,
                        const policy::Holding& holding,
                        std::set<OrganisationId>& told) {
  const auto& named = *TRY(named_by(roster, holding.label));
  if (!named.outgoing) return {};
  std::map<Bytes, std::pair<policy::Holding, std::vector<OrganisationId>>> views;
  for (const auto& one : named.audience) {
    if (!is_offered(roster, one) || !told.insert(one).second) continue;
    // Asked of the label as it is kept here: what this member may have of it, if anything.
    const auto* const scope = TRY(drafts_.scope_of(one));
    const auto released = policy::release(*scope, holding, std::max(drafts_.now, holding.label.embargo));
    if (!released || !released->look().bytes) continue;
    auto& view = views[*released->look().bytes];
    view.first = released->look();
    view.second.push_back(one);
  }
  for (auto& [bytes, view] : views) TRY(draft_view(roster, named, view.first, std::move(view.second)));
  return {};
}

bool Offering::is_suspended(const OrganisationId& one) const {
  return known_.is_suspended(one) || known_.is_suspended(known_.node_of(one));
}

/// To the one member that a round is for, suspended or not; to every other that takes anything itself.
bool Offering::is_offered(const policy::Roster& roster, const OrganisationId& one) const {
  if (one == known_.home || (drafts_.only ? *drafts_.only != one : is_suspended(one))) return false;
  const auto* const entry = policy::find_member(roster, one);
  return entry != nullptr && !ledger::is_hub(*entry);
}

Result<StatementKind> Offering::kind_of(const policy::Holding& holding, const Label& label) {
  if (holding.id.type == "sighting") return StatementKind::sighting;
  const bool own = std::ranges::all_of(
      label.audience, [&](const policy::Clause& clause) { return clause.owner == known_.home; });
  if (own && !delegated_) delegated_ = TRY(ledger::delegated_objects(drafts_.records));
  if (own) return delegated_->contains(holding.id) ? StatementKind::delegate : StatementKind::publish;
  // An opinion of another's object is the observer's own word under that one's label, as a sighting is.
  return holding.id.type == "opinion" ? StatementKind::sighting : StatementKind::import;
}

Done Offering::draft_view(const policy::Roster& roster,
                          const Named& named,
                          const policy::Holding& view,
                          std::vector<OrganisationId> recipients) {
  const auto& label = *named.outgoing;
  Draft draft{.object = view.id,
              .collection = view.collection,
              .bytes = view.bytes,
              .content = sha256(*view.bytes),
              .recipients = std::move(recipients),
              .version = view.version};
  drafts_.services.random.fill(draft.secret.bytes);
  auto& statement = draft.statement;
  statement.alliance = roster.alliance;
  statement.origin = known_.home;
  if (const auto* const version = std::get_if<Timestamp>(&view.version))
    statement.object = policy::StatedObject{view.id, *version};
  statement.commitment = policy::commitment_to(*view.bytes, policy::commitment_salt(draft.secret));
  const auto tree = TRY(policy::FieldTree::of(*view.bytes, draft.secret));
  statement.field_root = tree.root();
  statement.label = policy::canonical(label);
  statement.audience = policy::audience_digest(named.audience);
  statement.kind = TRY(kind_of(view, label));
  if (statement.kind == StatementKind::import)
    for (const auto& clause : label.audience)
      if (clause.owner != known_.home)
        statement.source = policy::Source{policy::Source::Kind::member, clause.owner.uuid};
  return place(std::move(draft));
}

/// As the next statement of the release that it goes on with, or the first of a new one. Nothing new:
/// nothing.
Done Offering::place(Draft draft) {
  auto& statement = draft.statement;
  statement.key = policy::key_id(drafts_.keys.public_statement());
  for (auto& before : TRY(own_releases(drafts_.records, draft.object))) {
    const auto last = TRY(policy::decode_statement(before.statement.statement));
    const auto going_on = drafts_.going_on.find(own_key(before.object, last.release));
    if (going_on != drafts_.going_on.end()) {
      if (is_told_by(drafts_.all[going_on->second], draft)) return {};
      continue;
    }
    if (before.recalled || last.alliance != statement.alliance || !same_recipients(before, draft)) continue;
    if (is_told_by(last, before, draft)) return {};
    auto next = statement;
    next.release = last.release;
    next.number = last.number + 1;
    next.predecessor = policy::statement_digest(before.statement.statement);
    if (!policy::check_successor(last, next)) continue;
    statement = next;
    draft.before = std::move(before);
    break;
  }
  if (!draft.before) statement.release = drafts_.new_release();
  drafts_.all.push_back(std::move(draft));
  return {};
}

}  // namespace shieldwall::exchange::federation
