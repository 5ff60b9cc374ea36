#include "exchange/federation/vouched_sighting.h"

#include "exchange/federation/anonymous.h"

namespace shieldwall::exchange::federation {

namespace {

Done check_own_indicator(const Taking& taking, const model::ObjectId& indicator) {
  store::Query query;
  query.ids = {indicator};
  query.sources = {{policy::Source::Kind::own, taking.known.home.uuid}};
  const auto own = TRY(taking.services.store.objects().count(policy::Scope::of(taking.home), query, 1));
  if (own == 0) return fail(ErrorCode::denied, "a sighting of what is not this organisation's own");
  return {};
}

}  // namespace

bool is_vouched_for(const policy::Statement& statement) {
  return statement.kind == policy::StatementKind::delegate && !statement.field_root;
}

Result<store::NewHolding> vouched_sighting(const Taking& taking, const ReadEnvelope& opened) {
  const auto& statement = opened.statement;
  const auto* const relay = taking.known.member(statement.origin);
  if (relay == nullptr || !is_relay(*relay))
    return fail(ErrorCode::denied, "only a relay vouches for what is anonymous");
  const auto salt = policy::commitment_salt(opened.contents.secret);
  if (policy::commitment_to(opened.contents.object, salt) != statement.commitment)
    return fail(ErrorCode::invalid, "the bytes are not those that the statement commits to");
  const auto sighting = TRY(open_anonymous(opened.contents.object, taking.keys));
  if (sighting.to != taking.known.home || sighting.alliance != statement.alliance)
    return fail(ErrorCode::invalid, "an anonymous sighting for another member");
  TRY(check_own_indicator(taking, sighting.indicator));
  const auto id = Uuid::named(statement.release.uuid, "sighting");
  const auto text = sighting_text(sighting, id, sighting.from + sighting.length);
  const auto document = TRY(model::JsonDocument::parse(text));
  auto object = model::read_object(document.root());
  if (!object) return fail(ErrorCode::internal, "an anonymous sighting of ours is no STIX");
  return store::NewHolding{.object = std::move(*object),
                           .text = {},
                           .source = {policy::Source::Kind::member, statement.origin.uuid},
                           .collection = ledger::circle_of(statement.alliance, taking.known.home),
                           .label = statement.label,
                           .parts = {}};
}

}  // namespace shieldwall::exchange::federation
