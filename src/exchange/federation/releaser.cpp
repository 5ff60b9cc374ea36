#include "exchange/federation/releaser.h"

#include <algorithm>
#include <charconv>

#include "api/shelf.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/impact.h"
#include "exchange/federation/sets.h"
#include "ledger/audit.h"
#include "ledger/circle.h"
#include "ledger/delivery.h"
#include "ledger/member_times.h"
#include "ledger/rows.h"
#include "ledger/subject.h"
#include "policy/membership.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Label;
using policy::Statement;
using policy::StatementKind;

constexpr int changes_at_once = 256;  // of one signature; 32 MiB objects stay one at a time in memory
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
  policy::VersionSecret secret{};
  std::vector<OrganisationId> recipients{};  // sorted
  model::Version version{};
};

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
    if (!from) TRY(draft_what_is_due());
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

  /// Whose embargo is over by now. Who is suspended meanwhile hears of it when it comes back.
  Done draft_what_is_due() {
    for (const auto& row : TRY(records_.scan(ledger::peer_table, later_prefix, "", changes_at_once))) {
      Timestamp instant;
      const auto digits = std::string_view(row.key).substr(later_prefix.size(), 20);
      std::from_chars(digits.data(), digits.data() + digits.size(), instant.us);
      if (!has_passed(instant).passed) break;
      TRY(draft_all_of(row.value));
      writes_.push_back(
          {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
      if (!known_.suspended.empty())
        writes_.push_back({.table = ledger::peer_table,
                           .key = std::string(missed_prefix) + row.value,
                           .value = row.value,
                           .expected = std::nullopt});
    }
    return {};
  }
  Done draft_what_was_missed() {
    for (const auto& row : TRY(ledger::scan_rows(
             records_, ledger::peer_table, missed_prefix, model::ObjectId::parse, missed_max)))
      TRY(draft_all_of(row.value.text()));
    return {};
  }
  Done draft_all_of(const std::string& object) {
    store::Query query;
    const auto id = TRY(model::ObjectId::parse(object));
    query.ids = {id};
    query.select = store::VersionSelect::all;
    query.sources = {{policy::Source::Kind::own, known_.home.uuid}};
    const auto* const home = TRY(scope_of(known_.home));
    const auto page = TRY(services_.store.objects().find(
        *home, query, std::nullopt, changes_at_once, page_bytes_about, Deadline::none()));
    for (const auto& holding : page.holdings) TRY(draft(holding));
    followed_.insert(id);
    return {};
  }

  /// One draft for each form in which the members of this alliance may have the object.
  Done draft_for(const policy::Roster& roster,
                 const policy::Holding& holding,
                 std::set<OrganisationId>& told) {
    const auto label = TRY(outgoing_label(records_, roster, holding.label));
    if (!label) return {};
    const auto audience = TRY(policy::audience_of(*label, known_.all, {}));
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

  bool is_suspended(const OrganisationId& one) const {
    return known_.is_suspended(one) || known_.is_suspended(known_.node_of(one));
  }

  Result<const policy::Scope*> scope_of(const OrganisationId& organisation) {
    if (const auto found = scopes_.find(organisation); found != scopes_.end()) return &found->second;
    auto subject = TRY(ledger::subject_of(records_, organisation));
    return &scopes_.emplace(organisation, policy::Scope::of(std::move(subject))).first->second;
  }

  StatementKind kind_of(const policy::Holding& holding, const Label& label) const {
    if (holding.id.type == "sighting") return StatementKind::sighting;
    const bool own = std::ranges::all_of(
        label.audience, [&](const policy::Clause& clause) { return clause.owner == known_.home; });
    if (own) return StatementKind::publish;
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
    statement.kind = kind_of(holding, label);
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
      if (before.recalled || last.alliance != statement.alliance || !same_recipients(before, draft)) continue;
      const bool same = last.object == statement.object && last.label == statement.label &&
                        before.content == sha256(*draft.bytes);
      if (same) return {};
      auto next = statement;
      next.release = last.release;
      next.number = last.number + 1;
      next.predecessor = policy::statement_digest(before.statement.statement);
      if (!policy::check_successor(last, next)) continue;
      statement = next;
      draft.before = std::move(before);
      break;
    }
    if (!draft.before) statement.release = policy::ReleaseId::random(services_.random);
    drafts_.push_back(std::move(draft));
    return {};
  }

  static bool same_recipients(const OwnRelease& before, const Draft& draft) {
    return std::ranges::equal(before.recipients, draft.recipients, {}, &Recipient::organisation);
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
      const auto release = TRY(release_id(before));
      if (!recalling_.insert(own_key(before.object, release)).second) continue;
      Draft draft{.object = before.object, .collection = before.collection};
      auto last = TRY(policy::decode_statement(before.statement.statement));
      draft.statement = last;
      draft.statement.kind = StatementKind::recall;
      draft.statement.source = std::nullopt;
      draft.statement.number = last.number + 1;
      draft.statement.predecessor = policy::statement_digest(before.statement.statement);
      draft.statement.key = policy::key_id(keys_.public_statement());
      // Whoever left has no key to seal to, and must not keep the others from hearing of it.
      for (const auto& one : before.recipients)
        if (known_.member(known_.node_of(one.organisation)) != nullptr)
          draft.recipients.push_back(one.organisation);
      draft.before = std::move(before);
      drafts_.push_back(std::move(draft));
    }
    return {};
  }

  static Result<policy::ReleaseId> release_id(const OwnRelease& release) {
    const auto statement = TRY(policy::decode_statement(release.statement.statement));
    return statement.release;
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
    const auto epoch = TRY(epoch_of(draft));
    const Contents contents{.statement = std::move(signed_statement),
                            .secret = draft.secret,
                            .object = draft.bytes ? *draft.bytes : Bytes()};
    const EnvelopeHeader header{.epoch = epoch.epoch,
                                .commitment = draft.statement.commitment,
                                .expires = draft.bytes ? draft.statement.label.end : Timestamp::never(),
                                .realm = draft.statement.label.realm};
    const auto envelope = TRY(seal(header, contents, epoch.key, services_.random));
    const auto item = encode(envelope);
    OwnRelease kept{.object = draft.object,
                    .collection = draft.collection,
                    .content = draft.bytes ? sha256(*draft.bytes) : Digest{},
                    .statement = contents.statement,
                    .item = sha256(item),
                    .at = now_,
                    .recalled = !draft.bytes};
    const auto label = TRY(ledger::noted_label(services_, draft.statement.label));
    for (const auto& one : draft.recipients) {
      const auto number = TRY(queue_for(one,
                                        draft.statement.alliance,
                                        {.at = now_, .object = draft.object.text(), .statement = digest},
                                        item));
      kept.recipients.push_back({one, number});
      if (draft.bytes) told_[one].push_back({.id = draft.object, .version = draft.version, .label = label});
    }
    set_.add(draft.recipients, element_of(draft.statement.release, digest));
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

  /// A recalled version, or one that a later one replaced, is not carried any more.
  void forget_item(const OwnRelease& before, const OwnRelease& now) {
    if (now.recalled)
      writes_.push_back({.table = ledger::outbox_table,
                         .key = item_key(before.item),
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
  Result<EpochGrant> epoch_of(const Draft& draft) {
    auto& made = epochs_[{draft.statement.alliance, draft.recipients}];
    if (made) return *made;
    made = TRY(
        epoch_told(services_, known_, keys_, draft.statement.alliance, draft.recipients, outbox_, writes_));
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
  Timestamp now_;
  store::Sequence reached_ = 0;
  std::vector<Draft> drafts_;
  std::set<model::ObjectId> followed_;
  std::set<std::string> recalling_;
  std::map<OrganisationId, policy::Scope> scopes_;
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
