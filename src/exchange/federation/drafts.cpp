#include "exchange/federation/drafts.h"

#include "api/shelf.h"

namespace shieldwall::exchange::federation {

policy::ReleaseId Drafts::new_release() const {
  auto release = policy::ReleaseId::random(services.random);
  const auto ms = static_cast<std::uint64_t>(now.us / 1000);
  for (std::size_t i = 0; i < 6; ++i) release.uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  return release;
}

Done Drafts::go_on(Draft draft, OwnRelease before) {
  const auto last = TRY(policy::decode_statement(before.statement.statement));
  draft.statement.number = last.number + 1;
  draft.statement.predecessor = policy::statement_digest(before.statement.statement);
  draft.statement.key = policy::key_id(keys.public_statement());
  draft.statement.source = std::nullopt;
  going_on.insert_or_assign(own_key(before.object, last.release), all.size());
  draft.before = std::move(before);
  all.push_back(std::move(draft));
  return {};
}

Result<const policy::Scope*> Drafts::scope_of(const OrganisationId& organisation) {
  if (const auto found = scopes.find(organisation); found != scopes.end()) return &found->second;
  auto subject = TRY(subjects.of(organisation));
  return &scopes.emplace(organisation, policy::Scope::of(std::move(subject))).first->second;
}

ledger::Passed Drafts::has_passed(Timestamp instant) const {
  if (services.shelf == nullptr) return {instant <= now, "the own clock"};
  return services.shelf->of<ledger::MemberTimes>().has_passed(instant, now, services.clock.steady());
}

}  // namespace shieldwall::exchange::federation
