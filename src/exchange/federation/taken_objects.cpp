#include "exchange/federation/taken_objects.h"

#include <algorithm>

#include "exchange/federation/own_targets.h"
#include "exchange/federation/versions_held.h"
#include "ledger/subject.h"
#include "wire/stix_label.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::Statement;

std::string foretold_key(const Statement& statement) {
  return fmt::format("foretold/{}/{}", statement.origin.text(), statement.release.text());
}

store::Query all_versions(const OrganisationId& origin, const model::ObjectId& object) {
  store::Query query;
  query.ids = {object};
  query.select = store::VersionSelect::all;
  query.sources = {{policy::Source::Kind::member, origin.uuid}};
  return query;
}

Result<store::Amendment> amendment_of(const policy::Holding& held,
                                      const policy::Label& label,
                                      const OrganisationId& origin) {
  const auto document = TRY(model::JsonDocument::parse(*held.bytes));
  const auto object = model::read_object(document.root());
  if (!object) return fail(ErrorCode::corrupt, "{} cannot be read any more", held.id.text());
  auto parts = TRY(wire::parts_of(*object, label, wire::source_under(label, origin), {}));
  return store::Amendment{.id = held.id,
                          .version = held.version,
                          .spec_version = held.spec_version,
                          .source = held.source,
                          .collection = held.collection,
                          .before = held.label,
                          .label = label,
                          .parts = std::move(parts)};
}

}  // namespace

void TakenObjects::add(const Statement& statement, store::NewHolding holding) {
  const auto& object = holding.object.id;
  if (!statement.object || statement.object->id != object) foretell(statement, object);
  holdings_.push_back(std::move(holding));
}

/// Which object is about to come, where its statement does not say it in clear.
void TakenObjects::foretell(const Statement& statement, const model::ObjectId& object) {
  const auto key = foretold_key(statement);
  foretold_.push_back(
      {.table = ledger::statement_table, .key = key, .value = object.text(), .expected = std::nullopt});
  taking_.writes.push_back(
      {.table = ledger::statement_table, .key = key, .value = std::nullopt, .expected = std::nullopt});
}

Done TakenObjects::put() {
  if (holdings_.empty()) return {};
  if (!foretold_.empty()) TRY(taking_.records.write(foretold_));
  foretold_.clear();
  const auto outcomes = TRY(objects_.put(holdings_, Deadline::none()));
  stored_ += static_cast<std::size_t>(
      std::ranges::count(outcomes, store::PutStatus::stored, &store::PutOutcome::status));
  holdings_.clear();
  return {};
}

Done TakenObjects::relabel(const Statement& last, const store::NewHolding& holding) {
  auto before = holding;
  before.label = last.label;
  TRY(narrow_to_own_targets(objects_, taking_.home, before));
  std::vector<store::Amendment> amendments;
  for (const auto& one : TRY(held_of(taking_.home, last.origin, holding.object.id))) {
    if (one.label != before.label || one.collection != holding.collection) continue;
    auto amendment = TRY(amendment_of(one, holding.label, last.origin));
    amendments.push_back(std::move(amendment));
  }
  const auto done = amendments.empty() ? Done{} : objects_.amend(amendments);
  if (!done && done.error().code != ErrorCode::not_found) return done;  // else: removed here meanwhile
  return {};
}

Done TakenObjects::remove_where(const OrganisationId& origin,
                                const model::ObjectId& object,
                                const std::function<Result<bool>(const policy::Holding&)>& goes) {
  auto query = all_versions(origin, object);
  const auto subject = TRY(ledger::subject_of(taking_.records, origin));
  for (const auto& reader : {subject, taking_.home}) {
    bool is_here = false;
    query.versions.clear();
    for (const auto& one : TRY(held_of(reader, origin, object))) {
      if (!TRY(goes(one))) continue;
      is_here = true;
      if (const auto* const version = std::get_if<Timestamp>(&one.version))
        query.versions.push_back(*version);
    }
    if (is_here) TRY(objects_.remove(policy::Scope::of(reader), query));
  }
  return {};
}

Done TakenObjects::remove(const OrganisationId& origin, const model::ObjectId& object) {
  // The origin sees all that is its own, whatever the label's time; what others own too, this node does.
  const auto subject = TRY(ledger::subject_of(taking_.records, origin));
  for (const auto& reader : {subject, taking_.home})
    TRY(objects_.remove(policy::Scope::of(reader), all_versions(origin, object)));
  return {};
}

Result<std::vector<policy::Holding>> TakenObjects::held_of(const policy::Subject& subject,
                                                           const OrganisationId& origin,
                                                           const model::ObjectId& object) {
  return versions_held(
      objects_, policy::Scope::of(subject), object, {policy::Source::Kind::member, origin.uuid});
}

Result<std::optional<model::ObjectId>> TakenObjects::object_of(
    const Statement& statement, const std::optional<TakenStatement>& before) const {
  if (before && before->object) return before->object;
  if (statement.object) return std::optional(statement.object->id);
  const auto row = taking_.records.read(ledger::statement_table, foretold_key(statement));
  if (!row && row.error().code == ErrorCode::not_found) return std::optional<model::ObjectId>();
  if (!row) return fail(row.error());
  auto object = TRY(model::ObjectId::parse(row->value));
  return std::optional(std::move(object));
}

}  // namespace shieldwall::exchange::federation
