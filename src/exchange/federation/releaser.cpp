#include "exchange/federation/releaser.h"

#include <algorithm>
#include <charconv>

#include "api/shelf.h"
#include "exchange/federation/anonymous.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/impact.h"
#include "exchange/federation/sets.h"
#include "exchange/federation/versions_held.h"
#include "ledger/amending.h"
#include "ledger/audit.h"
#include "ledger/circle.h"
#include "ledger/delegated.h"
#include "ledger/delivery.h"
#include "ledger/member_times.h"
#include "ledger/rows.h"
#include "ledger/subjects.h"
#include "policy/membership.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Label;
using policy::Statement;
using policy::StatementKind;

constexpr int changes_at_once = 256;  // of one signature; 32 MiB objects stay one at a time in memory
constexpr int amended_at_once = 64;   // objects of one round
constexpr std::size_t releases_of_object_max = 10'000;
constexpr std::string_view cursor_key = "federation/changes";
constexpr std::size_t missed_max = 1'000'000;
constexpr std::string_view missed_prefix = "missed/";  // objects that opened while somebody was suspended
constexpr std::string_view later_prefix = "later/";    // then the instant, so that rows stand in its order

bool is_own(const policy::Holding& holding, const OrganisationId& home) {
  return holding.source.kind == policy::Source::Kind::own && holding.source.id == home.uuid;
}

/// Every member of the roster that was inside the circle then; all of them are named in short.
policy::AllianceAudience audience_of(const ledger::Circle& circle,
                                     std::uint32_t version,
                                     const policy::Roster& roster) {
  policy::AllianceAudience audience;
  audience.alliance = roster.alliance;
  audience.roster_version = roster.version;
  const auto inside = [&](const policy::RosterMember& member) {
    const auto* const found = ledger::member_of(circle, member.organisation);
    return found != nullptr && std::ranges::any_of(found->stays, [&](const policy::Stay& stay) {
             return stay.from <= version && version < stay.to;
           });
  };
  const bool all = std::ranges::all_of(roster.members, inside);
  for (const auto& member : roster.members) {
    if (!inside(member)) continue;
    if (all && member.nation != policy::Nation{})
      audience.nations.push_back(member.nation);
    else
      audience.organisations.push_back(member.organisation);
  }
  return audience;
}

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

/// One statement to be: for whom, of what bytes.
struct Draft {
  Statement statement{};
  std::optional<OwnRelease> before{};  // the release that it goes on with
  model::ObjectId object{};
  std::optional<CircleId> collection{};
  std::shared_ptr<const std::string> bytes{};  // nothing: a recall
  Digest content{};                            // of those
  policy::VersionSecret secret{};
  std::vector<OrganisationId> recipients{};  // sorted
  std::vector<OrganisationId> losers{};      // of an amendment, who are told without the object; sorted
  model::Version version{};
};

/// Whether one label tells the same people the same as another; that both name the same people is known.
bool says_the_same(Label told, const Label& wanted) {
  told.audience = wanted.audience;
  return told == wanted;
}

class Releaser {
 public:
  Releaser(api::Services& services,
           const Known& known,
           const ledger::NodeKeys& keys,
           std::optional<OrganisationId> only = {})
      : services_(services),
        records_(services.store.records()),
        known_(known),
        keys_(keys),
        only_(only),
        outbox_(records_),
        subjects_(records_),
        now_(services.clock.now()) {}

  Result<ReleaseRound> run(std::optional<store::Sequence> from, bool missed = false) {
    const auto cursor = TRY(Cursor::read(records_));
    const auto after = from.value_or(cursor.at);
    store::Changes changes{.changes = {}, .last = after};
    // Most looks find nothing; who this node is would be put together from every roster.
    if (services_.store.objects().newest() > after) {
      const auto* const home = TRY(scope_of(known_.home));
      changes = TRY(services_.store.objects().changes(*home, after, changes_at_once));
    }
    reached_ = changes.last;
    ReleaseRound round{.more = changes.last > after};
    if (!from) TRY(draft_what_was_amended());
    if (!from) TRY(draft_what_is_due());
    if (!from) TRY(draft_what_is_mixed());
    if (missed) TRY(draft_what_was_missed());
    if (!round.more && writes_.empty() && drafts_.empty()) return round;
    reached_ = TRY(follow_all(changes));
    TRY(sign_and_queue());
    TRY(note_deliveries());
    round.statements = drafts_.size();
    auto writes = outbox_.take();
    std::ranges::move(writes_, std::back_inserter(writes));
    auto sets = TRY(set_.take(records_, now_, services_.random));
    std::ranges::move(sets, std::back_inserter(writes));
    if (!from && round.more) writes.push_back(cursor.moved_to(reached_));
    if (!writes.empty()) TRY(records_.write(writes));
    round.peers = outbox_.peers();
    return round;
  }
  store::Sequence reached() const { return reached_; }

 private:
  /// Up to a second change of one object: its statement goes on behind that of the first, which has to be
  /// kept before. Gives the change looked at last.
  Result<store::Sequence> follow_all(const store::Changes& changes) {
    for (const auto& change : changes.changes) {
      if (!is_own(change.holding, known_.home)) continue;
      if (!followed_.insert(change.holding.id).second) return change.sequence - 1;
      TRY(follow(change));
    }
    return changes.last;
  }

  Done follow(const store::Change& change) {
    if (change.kind == store::ChangeKind::deleted) return draft_recall(change.holding);
    if (change.kind == store::ChangeKind::withdrawn || !change.holding.bytes) return {};
    return draft(change.holding);
  }

  Done draft(const policy::Holding& holding) {
    // The owner sees it all the time, so no change tells it when the embargo is over.
    if (holding.label.embargo != Timestamp::always()) {
      const auto passed = has_passed(holding.label.embargo);
      if (!passed.passed) {
        remind(holding);
        return {};
      }
      TRY(ledger::audit_node(
          services_.store, known_.home, "embargo.over", {{"object", holding.id.text()}, {"by", passed.by}}));
    }
    std::set<OrganisationId> told;
    for (const auto& one : known_.newest) TRY(draft_for(one.roster, holding, told));
    return {};
  }

  /// By the own clock and members', as far as they are known: moving one clock opens nothing.
  ledger::Passed has_passed(Timestamp instant) const {
    if (services_.shelf == nullptr) return {instant <= now_, "the own clock"};
    return services_.shelf->of<ledger::MemberTimes>().has_passed(instant, now_, services_.clock.steady());
  }

  void remind(const policy::Holding& holding) {
    writes_.push_back(
        {.table = ledger::peer_table,
         .key = fmt::format("{}{:020}/{}", later_prefix, holding.label.embargo.us, holding.id.text()),
         .value = holding.id.text(),
         .expected = std::nullopt});
  }

  /// Whose embargo is over by now.
  Done draft_what_is_due() {
    for (const auto& row : TRY(records_.scan(ledger::peer_table, later_prefix, "", changes_at_once))) {
      Timestamp instant;
      const auto digits = std::string_view(row.key).substr(later_prefix.size(), 20);
      std::from_chars(digits.data(), digits.data() + digits.size(), instant.us);
      if (!has_passed(instant).passed) break;
      TRY(draft_all_of(row.value));
      tick_off(row);
    }
    return {};
  }
  /// Who is suspended meanwhile hears of it when it comes back.
  void tick_off(const store::Record& row) {
    writes_.push_back(
        {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
    if (!known_.suspended.empty())
      writes_.push_back({.table = ledger::peer_table,
                         .key = std::string(missed_prefix) + row.value,
                         .value = row.value,
                         .expected = std::nullopt});
  }
  /// What was brought without a name goes on together, at an instant that nobody can foretell.
  Done draft_what_is_mixed() {
    const auto rows = TRY(records_.scan(ledger::peer_table, mix_prefix, "", changes_at_once));
    if (rows.empty()) return {};
    const auto due = records_.read(ledger::peer_table, mix_due_key);
    if (!due && due.error().code != ErrorCode::not_found) return fail(due.error());
    store::Write next{.table = ledger::peer_table,
                      .key = std::string(mix_due_key),
                      .value = std::nullopt,
                      .expected = due ? due->revision : 0};
    if (!due) {
      const auto wait = services_.random.below(static_cast<std::uint64_t>(mix_spread.us));
      next.value = std::to_string((now_ + mix_min).us + static_cast<std::int64_t>(wait));
      writes_.push_back(std::move(next));
      return {};
    }
    std::int64_t instant = 0;
    std::from_chars(due->value.data(), due->value.data() + due->value.size(), instant);
    if (now_.us < instant) return {};
    writes_.push_back(std::move(next));
    for (const auto& row : rows) {
      TRY(vouch(row));
      writes_.push_back(
          {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
    }
    return {};
  }

  /// Signs sealed bytes for somebody whom nobody knows any more. Whoever they are for may have left.
  Done vouch(const store::Record& row) {
    auto mixed = TRY(decode_mixed(row.value));
    const auto found = known_.sealing.find(mixed.to);
    if (found == known_.sealing.end()) return {};
    const auto& owner = found->second;
    for (const auto& one : known_.newest) {
      if (policy::find_member(one.roster, owner) == nullptr) continue;
      Draft draft{.object = {"sighting", Uuid::random(services_.random)},
                  .bytes = std::make_shared<const std::string>(std::move(mixed.box)),
                  .recipients = {owner}};
      draft.content = sha256(*draft.bytes);
      services_.random.fill(draft.secret.bytes);
      auto& statement = draft.statement;
      statement.alliance = one.roster.alliance;
      statement.origin = known_.home;
      statement.release = policy::ReleaseId::random(services_.random);
      statement.commitment = policy::commitment_to(*draft.bytes, policy::commitment_salt(draft.secret));
      statement.label = label_for_one(one.roster, owner);
      const auto audience = TRY(policy::audience_of(statement.label, known_.all, {}));
      statement.audience = policy::audience_digest(audience);
      statement.kind = StatementKind::delegate;
      statement.key = policy::key_id(keys_.public_statement());
      drafts_.push_back(std::move(draft));
      return {};
    }
    return {};
  }
  Label label_for_one(const policy::Roster& roster, const OrganisationId& who) const {
    auto label = policy::owner_only(known_.home);
    label.audience.front().inside = policy::AllianceAudience{
        .alliance = roster.alliance, .roster_version = roster.version, .nations = {}, .organisations = {who}};
    return label;
  }

  Done draft_what_was_missed() {
    for (const auto& row : TRY(ledger::scan_rows(
             records_, ledger::peer_table, missed_prefix, model::ObjectId::parse, missed_max)))
      TRY(draft_all_of(row.value.text()));
    return {};
  }
  Done draft_all_of(const std::string& object) {
    const auto id = TRY(model::ObjectId::parse(object));
    for (const auto& holding : TRY(own_holdings(id))) TRY(draft(holding));
    followed_.insert(id);
    return {};
  }
  Result<std::vector<policy::Holding>> own_holdings(const model::ObjectId& id) {
    const auto* const home = TRY(scope_of(known_.home));
    return versions_held(
        services_.store.objects(), *home, id, {policy::Source::Kind::own, known_.home.uuid}, changes_at_once);
  }

  /// What an amended label takes is taken within the release by which it was given; whom it gives something
  /// gets it by a new release.
  Done draft_what_was_amended() {
    for (const auto& row :
         TRY(records_.scan(ledger::peer_table, ledger::amended_prefix, "", amended_at_once))) {
      const auto id = TRY(model::ObjectId::parse(row.value));
      const auto holdings = TRY(own_holdings(id));
      for (auto& before : TRY(releases_of(id))) TRY(narrow(std::move(before), holdings));
      for (const auto& holding : holdings) TRY(draft(holding));
      followed_.insert(id);
      tick_off(row);
    }
    return {};
  }

  /// Brings a release under what its object's label has become, for those who were told of it.
  Done narrow(OwnRelease before, std::span<const policy::Holding> holdings) {
    if (before.recalled) return {};
    const auto last = TRY(policy::decode_statement(before.statement.statement));
    const auto holding = std::ranges::find_if(holdings, [&](const policy::Holding& one) {
      return one.collection == before.collection &&
             (!last.object || one.version == model::Version(last.object->version));
    });
    if (holding == holdings.end()) return {};  // gone meanwhile: its recall tells of it
    const auto label = TRY(narrowed(last, holding->label));
    if (!label) return recall(std::move(before));
    Draft draft{.object = before.object, .collection = before.collection, .version = holding->version};
    TRY(part(before, *label, draft));
    if (draft.losers.empty() && *label == last.label) return {};
    const auto contents = contents_of(before);
    const bool is_own = last.kind != StatementKind::sighting && last.kind != StatementKind::import;
    if (draft.recipients.empty() || !contents || !is_own) return recall(std::move(before));
    draft.bytes = std::make_shared<const std::string>(contents->object);
    draft.content = before.content;
    draft.secret = contents->secret;
    draft.statement = last;
    draft.statement.kind = StatementKind::amend;
    draft.statement.label = *label;
    const auto audience = TRY(policy::audience_of(*label, known_.all, {}));
    draft.statement.audience = policy::audience_digest(audience);
    return go_on(std::move(draft), std::move(before));
  }

  /// The label of the release joined with what is wanted now; nothing: nobody may have it any more.
  Result<std::optional<Label>> narrowed(const Statement& last, const Label& wanted) {
    const auto roster =
        std::ranges::find(known_.newest, last.alliance, [](const auto& one) { return one.roster.alliance; });
    if (roster == known_.newest.end()) return std::optional<Label>();
    const auto outgoing = TRY(outgoing_label(records_, roster->roster, wanted));
    if (!outgoing) return std::optional<Label>();
    auto joined = policy::join(last.label, *outgoing);
    if (!joined) return std::optional<Label>();
    const auto before = TRY(policy::audience_of(last.label, known_.all, {}));
    const auto after = TRY(policy::audience_of(*joined, known_.all, {}));
    if (before == after) joined->audience = last.label.audience;  // the same people, by another version
    return std::optional(policy::canonical(std::move(*joined)));
  }

  /// Who keeps it under the label, and who loses it. Whoever left has no key to seal to.
  Done part(const OwnRelease& before, const Label& label, Draft& draft) {
    const auto audience = TRY(policy::audience_of(label, known_.all, {}));
    const auto now = has_passed(label.embargo).passed ? std::max(now_, label.embargo) : now_;
    for (const auto& one : before.recipients) {
      if (known_.member(known_.node_of(one.organisation)) == nullptr) continue;
      const auto subject = TRY(subjects_.of(one.organisation));
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
  Result<Contents> contents_of(const OwnRelease& release) {
    const auto item = TRY(records_.read(ledger::outbox_table, item_key(release.item, release.item_at)));
    const auto envelope = TRY(decode_envelope(item.value));
    const auto grant = TRY(epoch_made(records_, services_.sealer, envelope.header.epoch));
    return open(envelope, grant.key);
  }

  /// As the next statement of its release.
  Done go_on(Draft draft, OwnRelease before) {
    const auto last = TRY(policy::decode_statement(before.statement.statement));
    draft.statement.number = last.number + 1;
    draft.statement.predecessor = policy::statement_digest(before.statement.statement);
    draft.statement.key = policy::key_id(keys_.public_statement());
    draft.statement.source = std::nullopt;
    going_on_.insert_or_assign(own_key(before.object, last.release), drafts_.size());
    draft.before = std::move(before);
    drafts_.push_back(std::move(draft));
    return {};
  }

  /// One draft for each form in which the members of this alliance may have the object.
  Done draft_for(const policy::Roster& roster,
                 const policy::Holding& holding,
                 std::set<OrganisationId>& told) {
    const auto& [inside, label, audience] = *TRY(named_by(roster, holding.label));
    if (!label) return {};
    std::map<Bytes, std::pair<policy::Holding, std::vector<OrganisationId>>> views;
    for (const auto& one : audience) {
      if (one == known_.home || (is_suspended(one) && only_ != one)) continue;
      const auto* const entry = policy::find_member(roster, one);
      if (entry == nullptr || ledger::is_hub(*entry) || (only_ && *only_ != one)) continue;
      if (!told.insert(one).second) continue;
      // Asked of the label as it is kept here: what this member may have of it, if anything.
      const auto* const scope = TRY(scope_of(one));
      const auto released = policy::release(*scope, holding, std::max(now_, holding.label.embargo));
      if (!released || !released->look().bytes) continue;
      auto& view = views[*released->look().bytes];
      view.first = released->look();
      view.second.push_back(one);
    }
    for (auto& [bytes, view] : views)
      TRY(draft_view(roster, *label, audience, view.first, std::move(view.second)));
    return {};
  }

  /// A label as the members of one alliance read it, and whom it names.
  struct Named {
    Label inside{};
    std::optional<Label> outgoing{};
    std::vector<OrganisationId> audience{};
  };
  /// Neighbours mostly share their label: the last one of each alliance is kept.
  Result<const Named*> named_by(const policy::Roster& roster, const Label& label) {
    auto& kept = named_[roster.alliance];
    if (kept && kept->inside == label) return &*kept;
    Named named{.inside = label};
    named.outgoing = TRY(outgoing_label(records_, roster, label));
    if (named.outgoing) named.audience = TRY(policy::audience_of(*named.outgoing, known_.all, {}));
    return &kept.emplace(std::move(named));
  }

  bool is_suspended(const OrganisationId& one) const {
    return known_.is_suspended(one) || known_.is_suspended(known_.node_of(one));
  }

  Result<const policy::Scope*> scope_of(const OrganisationId& organisation) {
    if (const auto found = scopes_.find(organisation); found != scopes_.end()) return &found->second;
    auto subject = TRY(subjects_.of(organisation));
    return &scopes_.emplace(organisation, policy::Scope::of(std::move(subject))).first->second;
  }

  Result<StatementKind> kind_of(const policy::Holding& holding, const Label& label) {
    if (holding.id.type == "sighting") return StatementKind::sighting;
    const bool own = std::ranges::all_of(
        label.audience, [&](const policy::Clause& clause) { return clause.owner == known_.home; });
    if (own && !delegated_) delegated_ = TRY(ledger::delegated_objects(records_));
    if (own) return delegated_->contains(holding.id) ? StatementKind::delegate : StatementKind::publish;
    // An opinion of another's object is the observer's own word under that one's label, as a sighting is.
    return holding.id.type == "opinion" ? StatementKind::sighting : StatementKind::import;
  }

  Done draft_view(const policy::Roster& roster,
                  const Label& label,
                  const std::vector<OrganisationId>& audience,
                  const policy::Holding& holding,
                  std::vector<OrganisationId> recipients) {
    Draft draft{.object = holding.id,
                .collection = holding.collection,
                .bytes = holding.bytes,
                .content = sha256(*holding.bytes),
                .recipients = std::move(recipients),
                .version = holding.version};
    services_.random.fill(draft.secret.bytes);
    auto& statement = draft.statement;
    statement.alliance = roster.alliance;
    statement.origin = known_.home;
    if (const auto* const version = std::get_if<Timestamp>(&holding.version))
      statement.object = policy::StatedObject{holding.id, *version};
    statement.commitment = policy::commitment_to(*holding.bytes, policy::commitment_salt(draft.secret));
    const auto tree = TRY(policy::FieldTree::of(*holding.bytes, draft.secret));
    statement.field_root = tree.root();
    statement.label = policy::canonical(label);
    statement.audience = policy::audience_digest(audience);
    statement.kind = TRY(kind_of(holding, label));
    if (statement.kind == StatementKind::import)
      for (const auto& clause : label.audience)
        if (clause.owner != known_.home)
          statement.source = policy::Source{policy::Source::Kind::member, clause.owner.uuid};
    return place(std::move(draft));
  }

  /// As the next statement of the release that it goes on with, or the first of a new one. Nothing new:
  /// nothing.
  Done place(Draft draft) {
    auto& statement = draft.statement;
    statement.key = policy::key_id(keys_.public_statement());
    for (auto& before : TRY(releases_of(draft.object))) {
      const auto last = TRY(policy::decode_statement(before.statement.statement));
      if (const auto found = going_on_.find(own_key(before.object, last.release)); found != going_on_.end()) {
        if (is_told_by(drafts_[found->second], draft)) return {};
        continue;
      }
      if (before.recalled || last.alliance != statement.alliance || !same_recipients(before, draft)) continue;
      const bool same_label = last.label == statement.label || (last.kind == StatementKind::amend &&
                                                                says_the_same(last.label, statement.label));
      if (last.object == statement.object && same_label && before.content == draft.content) return {};
      auto next = statement;
      next.release = last.release;
      next.number = last.number + 1;
      next.predecessor = policy::statement_digest(before.statement.statement);
      if (!policy::check_successor(last, next)) continue;
      statement = next;
      draft.before = std::move(before);
      break;
    }
    if (!draft.before) statement.release = new_release();
    drafts_.push_back(std::move(draft));
    return {};
  }

  /// The time in front, as RFC 9562 section 5.7 has it, so that rows of what was released together stand
  /// together on every disk; the rest random, and the version 4 that readers ask for. It tells its readers
  /// when they could have it first, as the delivery did.
  policy::ReleaseId new_release() {
    auto release = policy::ReleaseId::random(services_.random);
    const auto ms = static_cast<std::uint64_t>(now_.us / 1000);
    for (std::size_t i = 0; i < 6; ++i) release.uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    return release;
  }

  static bool same_recipients(const OwnRelease& before, const Draft& draft) {
    return std::ranges::equal(before.recipients, draft.recipients, {}, &Recipient::organisation) &&
           std::ranges::none_of(before.recipients, &Recipient::has_lost);
  }
  /// By an amendment of the same round.
  static bool is_told_by(const Draft& amended, const Draft& draft) {
    return amended.statement.kind == StatementKind::amend && amended.recipients == draft.recipients &&
           amended.statement.alliance == draft.statement.alliance &&
           amended.statement.object == draft.statement.object && amended.content == draft.content &&
           says_the_same(amended.statement.label, draft.statement.label);
  }

  /// Those kept, and what this round goes on with.
  Result<std::vector<OwnRelease>> releases_of(const model::ObjectId& object) {
    std::vector<OwnRelease> releases;
    for (auto& row : TRY(ledger::scan_rows(records_,
                                           ledger::statement_table,
                                           own_prefix(object),
                                           decode_own_release,
                                           releases_of_object_max)))
      releases.push_back(std::move(row.value));
    return releases;
  }

  /// What is gone here is recalled wherever it was sent, unless it is still shared some other way.
  Done draft_recall(const policy::Holding& holding) {
    for (auto& before : TRY(releases_of(holding.id))) {
      if (before.recalled || before.collection != holding.collection) continue;
      TRY(recall(std::move(before)));
    }
    return {};
  }

  Done recall(OwnRelease before) {
    Draft draft{.object = before.object, .collection = before.collection};
    draft.statement = TRY(policy::decode_statement(before.statement.statement));
    if (going_on_.contains(own_key(before.object, draft.statement.release))) return {};
    draft.statement.kind = StatementKind::recall;
    // Whoever left has no key to seal to, and must not keep the others from hearing of it.
    for (const auto& one : before.recipients)
      if (known_.member(known_.node_of(one.organisation)) != nullptr)
        draft.recipients.push_back(one.organisation);
    return go_on(std::move(draft), std::move(before));
  }

  Done sign_and_queue() {
    for (std::size_t from = 0; from < drafts_.size(); from += policy::batch_leaves)
      TRY(sign_and_queue(
          std::span(drafts_).subspan(from, std::min(policy::batch_leaves, drafts_.size() - from))));
    return {};
  }

  Done sign_and_queue(std::span<const Draft> drafts) {
    std::vector<Bytes> statements;
    std::vector<Digest> leaves;
    for (const auto& draft : drafts) {
      TRY(policy::check(draft.statement));
      statements.push_back(policy::encode(draft.statement));
      leaves.push_back(policy::statement_digest(statements.back()));
    }
    const auto batch = TRY(policy::make_batch(leaves, services_.random));
    const Bytes signature(keys_.statement.sign(policy::batch_text(batch.root)).view());
    for (std::size_t i = 0; i < drafts.size(); ++i)
      TRY(queue(drafts[i],
                {.statement = std::move(statements[i]), .path = batch.paths[i], .signature = signature},
                leaves[i]));
    return {};
  }

  Done queue(const Draft& draft, policy::SignedStatement signed_statement, const Digest& digest) {
    OwnRelease kept{.object = draft.object,
                    .collection = draft.collection,
                    .content = draft.content,
                    .statement = std::move(signed_statement),
                    .at = now_,
                    .item_at = now_,
                    .recalled = !draft.bytes};
    kept.item = TRY(send(draft, draft.recipients, draft.bytes != nullptr, digest, kept));
    if (draft.bytes) {
      const auto label = TRY(ledger::noted_label(services_, draft.statement.label));
      for (const auto& one : draft.recipients)
        told_[one].push_back({.id = draft.object, .version = draft.version, .label = label});
    }
    if (!draft.losers.empty()) {
      kept.lost_item = TRY(send(draft, draft.losers, false, digest, kept));
      for (auto& one : kept.recipients)
        one.has_lost = std::ranges::binary_search(draft.losers, one.organisation);
    }
    std::ranges::sort(kept.recipients);
    std::vector<OrganisationId> group;
    for (const auto& one : kept.recipients) group.push_back(one.organisation);
    set_.add(std::move(group), element_of(draft.statement.release, digest));
    if (draft.before) {
      forget_item(*draft.before, kept);
      TRY(take_from_set(*draft.before));
    } else {
      writes_.push_back(write_of_release(draft.statement.release, draft.object));
    }
    writes_.push_back({.table = ledger::statement_table,
                       .key = own_key(draft.object, draft.statement.release),
                       .value = encode(kept),
                       .expected = std::nullopt});
    return {};
  }

  /// Sealed for those, with the object or without; gives the item's digest.
  Result<Digest> send(const Draft& draft,
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
    const auto envelope = TRY(seal(header, contents, epoch.key, services_.random));
    const auto item = encode(envelope);
    for (const auto& one : to) {
      const auto number = TRY(queue_for(one,
                                        draft.statement.alliance,
                                        {.at = now_, .object = draft.object.text(), .statement = digest},
                                        item));
      kept.recipients.push_back({one, number});
    }
    return sha256(item);
  }

  /// A recalled version, or one that somebody lost, is not carried any more to who did not fetch it yet.
  void forget_item(const OwnRelease& before, const OwnRelease& now) {
    if (now.recalled || now.lost_item != Digest{})
      writes_.push_back({.table = ledger::outbox_table,
                         .key = item_key(before.item, before.item_at),
                         .value = std::nullopt,
                         .expected = std::nullopt});
  }

  Done take_from_set(const OwnRelease& before) {
    const auto last = TRY(policy::decode_statement(before.statement.statement));
    std::vector<OrganisationId> group;
    for (const auto& one : before.recipients) group.push_back(one.organisation);
    set_.add(std::move(group), element_of(last, before.statement.statement), -1);
    return {};
  }

  /// The delivery goes to the node on which the recipient lives.
  Result<std::uint64_t> queue_for(const OrganisationId& recipient,
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
  Result<EpochGrant> epoch_of(const AllianceId& alliance, const std::vector<OrganisationId>& recipients) {
    auto& made = epochs_[{alliance, recipients}];
    if (made) return *made;
    made = TRY(epoch_told(services_, known_, keys_, alliance, recipients, outbox_, writes_));
    return *made;
  }

  /// As every door does: what left to whom, one entry for each member in this round, before it can leave. A
  /// round that then fails is tried again and noted again: the log says too much rather than too little.
  Done note_deliveries() {
    std::vector<ledger::Delivery> deliveries;
    for (auto& [member, versions] : told_) {
      const auto* const entry = known_.member(member);
      deliveries.push_back({.organisation = member,
                            .name = entry == nullptr ? "" : entry->name,
                            .door = "federation",
                            .first = now_,
                            .last = now_,
                            .root = ledger::root_of(versions),
                            .versions = versions});
    }
    if (auto* const log = services_.shelf ? services_.shelf->of<ledger::LogOnShelf>().log : nullptr)
      return ledger::log_deliveries(*log, deliveries, services_.random);
    for (const auto& delivery : deliveries)
      writes_.push_back(
          {.table = store::Table::delivery,
           .key = fmt::format(
               "{}/{}/federation/{}", delivery.organisation.text(), AccountId{}.text(), delivery.root.hex()),
           .value = ledger::encode(delivery),
           .expected = std::nullopt});
    return {};
  }

  api::Services& services_;
  store::Records& records_;
  const Known& known_;
  const ledger::NodeKeys& keys_;
  std::optional<OrganisationId> only_;
  OutboxBatch outbox_;
  ledger::Subjects subjects_;
  Timestamp now_;
  store::Sequence reached_ = 0;
  std::vector<Draft> drafts_;
  std::optional<std::set<model::ObjectId>> delegated_;  // published for somebody else; read when first asked
  std::set<model::ObjectId> followed_;
  std::map<std::string, std::size_t> going_on_;  // releases that a draft of this round recalls or amends
  std::map<OrganisationId, policy::Scope> scopes_;
  std::map<AllianceId, std::optional<Named>> named_;
  std::map<std::pair<AllianceId, std::vector<OrganisationId>>, std::optional<EpochGrant>> epochs_;
  std::map<OrganisationId, std::vector<ledger::DeliveredVersion>> told_;
  SetBatch set_{SetKind::sent};
  std::vector<store::Write> writes_;
};

}  // namespace

Result<std::optional<Label>> outgoing_label(store::Records& records,
                                            const policy::Roster& roster,
                                            const Label& label) {
  Label outgoing = label;
  for (auto& clause : outgoing.audience) {
    if (std::holds_alternative<std::monostate>(clause.inside)) return std::nullopt;
    if (const auto* const alliance = std::get_if<policy::AllianceAudience>(&clause.inside)) {
      if (alliance->alliance != roster.alliance) return std::nullopt;
      continue;
    }
    const auto& named = std::get<policy::CircleAudience>(clause.inside);
    const auto circle = ledger::read_circle(records, named.circle);
    if (!circle && circle.error().code == ErrorCode::not_found) return std::nullopt;
    if (!circle) return fail(circle.error());
    clause.inside = audience_of(circle->value, named.membership_version, roster);
  }
  return policy::canonical(std::move(outgoing));
}

Result<ReleaseRound> release_changes(api::Services& services,
                                     const Known& known,
                                     const ledger::NodeKeys& keys) {
  return Releaser(services, known, keys).run(std::nullopt);
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
    auto round = releaser.run(from, first);
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
