#include "ledger/ceiling.h"

#include "model/json.h"

namespace shieldwall::ledger {

namespace {

bool names_as_creator(const policy::Holding& holding, const model::ObjectId& identity) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return false;
  const auto creator = document->root().find("created_by_ref");
  return creator && creator->is(model::JsonKind::string) && creator->string() == identity.text();
}

}  // namespace

policy::Source import_source(const OrganisationId& organisation) {
  return {.kind = policy::Source::Kind::feed, .id = Uuid::named(organisation.uuid, "import")};
}

Result<std::optional<policy::Label>> ceiling_of(store::Objects& objects,
                                                const policy::Scope& scope,
                                                const model::ObjectId& identity,
                                                const model::ObjectId& id) {
  const auto& subject = scope.subject();
  // Others are met in circles and alliances; who is in none holds nothing but its own.
  if (subject.own.circles.empty() && subject.own.alliances.empty() && subject.patrons.empty())
    return std::nullopt;
  const auto held = objects.get(scope, id);  // the subject's own before others
  if (!held && held.error().code == ErrorCode::not_found) return std::nullopt;
  if (!held) return fail(held.error());
  const bool own =
      held->source.kind != policy::Source::Kind::feed && held->source.id == subject.own.organisation.uuid;
  if (own || names_as_creator(*held, identity)) return std::nullopt;
  return held->label;
}

}  // namespace shieldwall::ledger
