#include "exchange/federation/take_back.h"

#include <algorithm>

#include "base/log.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/judge.h"
#include "exchange/federation/sets.h"
#include "exchange/federation/versions_held.h"
#include "ledger/audit.h"
#include "ledger/subject.h"
#include "policy/membership.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Statement;
using policy::StatementKind;

constexpr int tries_max = 20;  // of one statement, beside the thread that releases and others who give back

Result<std::vector<policy::Holding>> holdings_of(api::Services& services,
                                                 const OrganisationId& home,
                                                 const model::ObjectId& id,
                                                 const policy::Source& source) {
  auto subject = TRY(ledger::subject_of(services.store.records(), home));
  return versions_held(services.store.objects(), policy::Scope::of(std::move(subject)), id, source);
}

Result<std::optional<HeldStatement>> held_one(api::Services& services,
                                              const Known& known,
                                              const OrganisationId& origin,
                                              const reconcile::Element& element) {
  const auto row =
      services.store.records().read(ledger::statement_table, taken_key(origin, release_of(element)));
  if (!row && row.error().code == ErrorCode::not_found) return std::optional<HeldStatement>();
  if (!row) return fail(row.error());
  const auto taken = TRY(decode_taken(row->value));
  const auto statement = TRY(policy::decode_statement(taken.statement.statement));
  if (element_of(statement, taken.statement.statement) != element) return std::optional<HeldStatement>();
  HeldStatement held{.statement = taken.statement};
  if (taken.fate != Fate::taken || !taken.secret || !taken.object) return std::optional(std::move(held));
  const auto salt = policy::commitment_salt(*taken.secret);
  for (const auto& holding :
       TRY(holdings_of(services, known.home, *taken.object, {policy::Source::Kind::member, origin.uuid})))
    if (holding.bytes && policy::commitment_to(*holding.bytes, salt) == statement.commitment) {
      held.object = *holding.bytes;
      held.secret = taken.secret;
      break;
    }
  return std::optional(std::move(held));
}

/// One statement that comes back.
class Regain {
 public:
  Regain(api::Services& services,
         const Known& known,
         const ledger::NodeKeys& keys,
         const policy::Subject& home)
      : services_(services),
        records_(services.store.records()),
        known_(known),
        keys_(keys),
        outbox_(records_),
        bench_{.known = known, .home = home, .now = services.clock.now()} {}

  Result<TakenBack> run(const HeldStatement& held) {
    statement_ = TRY(policy::decode_statement(held.statement.statement));
    if (known_.node_of(statement_.origin) != known_.home)
      return fail(ErrorCode::invalid, "a statement came back that is not of this node");
    TRY(check_signature(bench_, held.statement, statement_));
    TRY(read_before());
    if (before_ && last_.number >= statement_.number) {
      if (last_.number == statement_.number && before_->statement.statement != held.statement.statement)
        log::error("two statements of this node's own stand in one place of a release",
                   {{"release", statement_.release.text()}, {"number", statement_.number}});
      return TakenBack{};
    }
    TRY(adopt(held));
    return back_;
  }

 private:
  Done read_before() {
    const auto object = object_of_release(records_, statement_.release);
    if (!object && object.error().code == ErrorCode::not_found) return {};
    if (!object) return fail(object.error());
    const auto row = TRY(records_.read(ledger::statement_table, own_key(*object, statement_.release)));
    before_ = TRY(decode_own_release(row.value));
    revision_ = row.revision;
    last_ = TRY(policy::decode_statement(before_->statement.statement));
    return {};
  }

  Done adopt(const HeldStatement& held) {
    const bool recall = statement_.kind == StatementKind::recall;
    std::optional<store::NewHolding> holding;
    if (!recall && !held.object.empty() && held.secret) holding = TRY(opened(held));
    const auto object = object_meant(holding);
    if (!object) return {};  // a recall of a cyber-observable of which nothing is known here
    OwnRelease own{.object = *object,
                   .collection = before_ ? before_->collection
                                         : std::optional(ledger::circle_of(statement_.alliance, known_.home)),
                   .content = holding   ? sha256(held.object)
                              : before_ ? before_->content
                                        : Digest{},
                   .statement = held.statement,
                   .at = bench_.now,
                   .item_at = bench_.now,
                   .recalled = recall};
    own.recipients = TRY(recipients());
    if (holding) own.item = TRY(sealed(held));
    // The object first, or a crash in between would leave a statement without it; a recall the other way
    // round, or the object's end would be recalled a second time.
    if (holding) TRY(put_back(std::move(*holding)));
    TRY(write(own));
    if (recall) TRY(forget(*object));
    return {};
  }

  /// Held to the commitment: a peer that alters what comes back is found out.
  Result<store::NewHolding> opened(const HeldStatement& held) {
    const Contents contents{.statement = held.statement, .secret = *held.secret, .object = held.object};
    auto holding =
        TRY(judge_object(statement_, contents, ledger::circle_of(statement_.alliance, known_.home)));
    holding.source = {policy::Source::Kind::own, statement_.origin.uuid};
    return holding;
  }

  std::optional<model::ObjectId> object_meant(const std::optional<store::NewHolding>& holding) const {
    if (before_) return before_->object;
    if (statement_.object) return statement_.object->id;
    if (holding) return holding->object.id;
    return std::nullopt;
  }

  Result<std::vector<Recipient>> recipients() {
    if (before_) return before_->recipients;
    const auto audience = TRY(policy::audience_of(statement_.label, known_.all, {}));
    std::vector<Recipient> all;
    for (const auto& one : audience)
      if (known_.node_of(one) != known_.home && known_.member(one) != nullptr) all.push_back({one, 0});
    return all;
  }

  /// For those of the audience whom it did not reach before.
  Result<Digest> sealed(const HeldStatement& held) {
    std::vector<OrganisationId> names;
    for (const auto& one : TRY(recipients())) names.push_back(one.organisation);
    const auto epoch =
        TRY(epoch_told(services_, known_, keys_, statement_.alliance, names, outbox_, writes_));
    const EnvelopeHeader header{.epoch = epoch.epoch,
                                .commitment = statement_.commitment,
                                .expires = statement_.label.end,
                                .realm = statement_.label.realm};
    auto item = TRY(seal(header,
                         {.statement = held.statement, .secret = *held.secret, .object = held.object},
                         epoch.key,
                         services_.random));
    const auto digest = sha256(item);
    writes_.push_back({.table = ledger::outbox_table,
                       .key = item_key(digest, bench_.now),
                       .value = std::move(item),
                       .expected = std::nullopt});
    return digest;
  }

  Done write(const OwnRelease& own) {
    SetBatch set(SetKind::sent);
    std::vector<OrganisationId> group;
    for (const auto& one : own.recipients) group.push_back(one.organisation);
    set.add(group, element_of(statement_, own.statement.statement));
    if (before_) set.add(group, element_of(last_, before_->statement.statement), -1);
    auto writes = outbox_.take();
    std::ranges::move(writes_, std::back_inserter(writes));
    auto sets = TRY(set.take(records_, bench_.now, services_.random));
    std::ranges::move(sets, std::back_inserter(writes));
    writes.push_back(write_of_release(statement_.release, own.object));
    if (own.recalled && before_)
      writes.push_back({.table = ledger::outbox_table,
                        .key = item_key(before_->item, before_->item_at),
                        .value = std::nullopt,
                        .expected = std::nullopt});
    writes.push_back({.table = ledger::statement_table,
                      .key = own_key(own.object, statement_.release),
                      .value = encode(own),
                      .expected = revision_});
    TRY(records_.write(writes));
    ++back_.statements;
    return {};
  }

  /// What was recalled after the backup is here again: it goes once more.
  Done forget(const model::ObjectId& object) {
    store::Query query;
    query.ids = {object};
    query.select = store::VersionSelect::all;
    query.sources = {{policy::Source::Kind::own, statement_.origin.uuid}};
    auto subject = TRY(ledger::subject_of(records_, statement_.origin));
    const auto removed = TRY(services_.store.objects().remove(policy::Scope::of(std::move(subject)), query));
    if (removed > 0) ++back_.recalls;
    return {};
  }

  Done put_back(store::NewHolding holding) {
    for (const auto& one : TRY(holdings_of(services_, known_.home, holding.object.id, holding.source)))
      if (one.version == holding.object.version)
        return statement_.kind == StatementKind::amend ? narrow(one, holding) : Done{};
    TRY(services_.store.objects().put({&holding, 1}, Deadline::none()));
    ++back_.objects;
    return {};
  }

  /// What was narrowed after the backup stands under the label of before: it is narrowed once more.
  Done narrow(const policy::Holding& held, const store::NewHolding& amended) {
    auto label = TRY(policy::join(held.label, statement_.label));
    if (label == held.label) return {};
    const store::Amendment amendment{.id = held.id,
                                     .version = held.version,
                                     .spec_version = held.spec_version,
                                     .source = held.source,
                                     .collection = held.collection,
                                     .before = held.label,
                                     .label = std::move(label),
                                     .parts = amended.parts};
    return services_.store.objects().amend({&amendment, 1});
  }

  api::Services& services_;
  store::Records& records_;
  const Known& known_;
  const ledger::NodeKeys& keys_;
  OutboxBatch outbox_;
  Bench bench_;
  Statement statement_{};
  Statement last_{};
  std::optional<OwnRelease> before_;
  std::uint64_t revision_ = 0;
  std::vector<store::Write> writes_;
  TakenBack back_;
};

}  // namespace

Result<std::vector<HeldStatement>> held_of(api::Services& services,
                                           const Known& known,
                                           const OrganisationId& peer,
                                           std::span<const reconcile::Element> elements) {
  std::vector<HeldStatement> all;
  std::size_t bytes = 0;
  for (const auto& element : elements) {
    if (bytes >= held_bytes_about) break;
    for (const auto& origin : known.others()) {
      if (known.node_of(origin) != peer) continue;
      auto held = TRY(held_one(services, known, origin, element));
      if (!held) continue;
      bytes += held->object.size() + held->statement.statement.size() + 512;
      all.push_back(std::move(*held));
      break;
    }
  }
  return all;
}

Result<TakenBack> take_back(api::Services& services,
                            const Known& known,
                            const ledger::NodeKeys& keys,
                            const OrganisationId& peer,
                            std::span<const HeldStatement> held) {
  const auto home = TRY(ledger::subject_of(services.store.records(), known.home));
  TakenBack sum;
  int tries = 0;
  for (std::size_t i = 0; i < held.size();) {
    const auto back = Regain(services, known, keys, home).run(held[i]);
    if (!back && back.error().code == ErrorCode::conflict && ++tries < tries_max) continue;
    if (!back) return fail(back.error());
    sum.statements += back->statements;
    sum.objects += back->objects;
    sum.recalls += back->recalls;
    ++i;
    tries = 0;
  }
  if (sum.statements > 0)
    TRY(ledger::audit_node(services.store,
                           known.home,
                           "federation.taken_back",
                           {{"from", peer.text()},
                            {"statements", sum.statements},
                            {"objects", sum.objects},
                            {"recalls", sum.recalls}}));
  return sum;
}

}  // namespace shieldwall::exchange::federation
