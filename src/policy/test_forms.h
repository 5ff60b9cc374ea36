#pragma once
// Random rosters and statements of a small world, for properties. For tests.

#include <string>

#include "policy/batch.h"
#include "policy/membership.h"
#include "policy/statement.h"
#include "policy/test_labels.h"

namespace shieldwall::policy::tests {

class DrawForms : public Draw {
 public:
  explicit DrawForms(std::uint64_t seed) : Draw(seed), bytes_(seed + 1) {}

  Digest digest() {
    Digest digest;
    bytes_.fill(digest.bytes);
    return digest;
  }
  Random& random() { return bytes_; }
  std::string word(const char* what) { return fmt::format("{} {}", what, below(1'000)); }

  MemberKey key(KeyUse use) {
    const Algorithm algorithm = use == KeyUse::sealing   ? Algorithm::x25519
                                : use == KeyUse::look_up ? Algorithm::ristretto255
                                                         : Algorithm::ed25519;
    return {.use = use, .algorithm = algorithm, .key = Bytes(digest().view())};
  }

  RosterMember member(OrganisationId organisation) {
    RosterMember member;
    member.organisation = organisation;
    member.name = word("M\xc3\xa9mbre");
    member.kind = static_cast<MemberKind>(1 + below(3));
    if (member.kind != MemberKind::non_nation && (member.kind == MemberKind::national || one_in(2)))
      member.nation = nation(one_in(2) ? "AAA" : "BBB");
    for (auto clients = below(3); clients > 0; --clients)
      member.clients.push_back(an_id<OrganisationId>(500 + static_cast<int>(below(50))));
    for (const KeyUse use :
         {KeyUse::root, KeyUse::statement, KeyUse::sealing, KeyUse::witness, KeyUse::look_up})
      if (!one_in(3)) member.keys.push_back(key(use));
    for (auto pins = below(3); pins > 0; --pins) member.pins.push_back(digest());
    for (auto contacts = below(3); contacts > 0; --contacts)
      member.contacts.push_back({.name = word("duty"),
                                 .address = fmt::format("tel:+32-2-{}", below(1'000)),
                                 .around_the_clock = one_in(2)});
    for (auto fields = below(3); fields > 0; --fields) member.expertise.push_back(word("field"));
    for (auto terms = below(2); terms > 0; --terms)
      member.terms.push_back(
          {.document = digest(), .accepted = {static_cast<std::int64_t>(below(1u << 30))}});
    return member;
  }

  Roster roster() {
    Roster roster;
    roster.alliance = alliance_x;
    roster.name = word("alliance");
    roster.version = 1 + static_cast<std::uint32_t>(below(4));
    if (roster.version > 1) roster.predecessor = digest();
    for (char letter = 'A'; letter <= 'H'; ++letter)
      if (letter == 'A' || !one_in(4)) roster.members.push_back(member(organisation(letter)));
    for (std::size_t i = 0; i < roster.members.size(); ++i) {
      if (i == 0 || one_in(3)) roster.founders.push_back(roster.members[i].organisation);
      if (i > 0 && one_in(5)) roster.members[i].host = roster.members[0].organisation;
    }
    roster.founders_needed = 1 + static_cast<std::uint32_t>(below(roster.founders.size()));
    if (one_in(2)) roster.delegations.push_back({.nation = nation("AAA"), .to = organisation('A')});
    if (one_in(2)) roster.equivalences.push_back({.held = {1, 2}, .reached = {2, 1}});
    return canonical(std::move(roster));
  }

  Statement statement() {
    Statement statement;
    statement.alliance = alliance_x;
    statement.origin = organisation('A');
    statement.release = ReleaseId::random(bytes_);
    statement.number = 1 + static_cast<std::uint32_t>(below(3));
    if (statement.number > 1) statement.predecessor = digest();
    statement.kind =
        statement.predecessor ? static_cast<StatementKind>(1 + below(8)) : StatementKind::publish;
    if (!one_in(3))
      statement.object = StatedObject{.id = {"indicator", Uuid::random(bytes_)},
                                      .version = {static_cast<std::int64_t>(below(1u << 30))}};
    statement.commitment = digest();
    if (statement.kind != StatementKind::delegate || one_in(2)) statement.field_root = digest();
    do statement.label = label();
    while (statement.label.audience.empty());
    statement.audience = digest();
    if (statement.kind == StatementKind::import)
      statement.source = Source{.kind = static_cast<Source::Kind>(1 + below(3)), .id = Uuid::random(bytes_)};
    statement.key = digest();
    return statement;
  }

  SignedStatement signed_statement() {
    SignedStatement made;
    made.statement = encode(statement());
    const Digest leaf = statement_digest(made.statement);
    made.path = make_batch({&leaf, 1}, bytes_)->paths.front();
    made.signature = bytes_.bytes(64);
    return made;
  }

 private:
  SeededRandom bytes_;
};

/// Calls `look` with each text that differs from `bytes` in one bit, and each that is cut short or one byte
/// longer.
template <typename Look>
void each_damaged(const Bytes& bytes, Look&& look) {
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    look(changed);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) look(bytes.substr(0, size));
  look(bytes + '\0');
}

}  // namespace shieldwall::policy::tests
