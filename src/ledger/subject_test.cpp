// Subjects as the node's rows make them.

#include <doctest/doctest.h>

#include "base/clock.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "ledger/subjects.h"
#include "policy/scope.h"

namespace shieldwall::ledger {

namespace {

struct World {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{9};
  std::unique_ptr<store::Store> store =
      *store::open_memory({.clock = clock, .random = random, .fs = system_fs()});
  store::Records& records = store->records();

  OrganisationId organisation(const std::string& name, std::vector<OrganisationId> patrons = {}) {
    const auto id = OrganisationId::random(random);
    const Organisation made{
        .id = id, .name = name, .hosted = true, .identity = identity_of(id), .patrons = std::move(patrons)};
    const store::Write writes[] = {*write_of(made, 0)};
    REQUIRE(records.write(writes));
    return id;
  }
  Circle circle(const std::vector<OrganisationId>& members) {
    Circle made{
        .id = CircleId::random(random), .owner = members.front(), .title = "T", .created = clock.now()};
    for (const auto& member : members) enter(made, member);
    REQUIRE(records.write(*writes_of(records, made, nullptr)));
    return made;
  }
  bool sees(const OrganisationId& who, const policy::Label& label) {
    const auto subject = subject_of(records, who);
    REQUIRE_MESSAGE(subject, subject.error().message);
    return policy::may_see(*subject, label, clock.now());
  }
};

policy::Roster roster_of(const AllianceId& alliance, const std::vector<OrganisationId>& members) {
  policy::Roster roster;
  roster.alliance = alliance;
  roster.name = "alliance";
  for (const auto& member : members) {
    auto& entry = roster.members.emplace_back();
    entry.organisation = member;
    entry.name = "member";
    entry.nation = *policy::Nation::parse("AAA");
  }
  roster.founders = {members.front()};
  return policy::canonical(std::move(roster));
}

policy::Label for_nation(const OrganisationId& owner, const AllianceId& alliance, std::uint32_t version) {
  policy::Label label;
  label.tlp = policy::Tlp::amber;
  label.audience = {
      {owner, policy::AllianceAudience{alliance, version, {*policy::Nation::parse("AAA")}, {}}}};
  return label;
}

}  // namespace

TEST_CASE("a subject is inside of its circles, and as a client of its patrons' up to TLP:AMBER") {
  World world;
  const auto owner = world.organisation("owner");
  const auto patron = world.organisation("patron");
  const auto client = world.organisation("client", {patron});
  const auto stranger = world.organisation("stranger");
  const auto circle = world.circle({owner, patron});
  auto label = label_for(circle, owner);
  label.tlp = policy::Tlp::amber;
  CHECK(world.sees(patron, label));
  CHECK(world.sees(client, label));
  CHECK_FALSE(world.sees(stranger, label));
  label.tlp = policy::Tlp::amber_strict;
  CHECK(world.sees(patron, label));
  CHECK_FALSE(world.sees(client, label));
}

TEST_CASE("a subject knows its circle's newest membership, and is inside at none beyond it") {
  World world;
  const auto owner = world.organisation("owner");
  const auto member = world.organisation("member");
  const auto circle = world.circle({owner, member});
  auto label = label_for(circle, owner);
  CHECK(world.sees(member, label));
  std::get<policy::CircleAudience>(label.audience[0].inside).membership_version += 1;
  CHECK_FALSE(world.sees(member, label));
  CHECK(subject_of(world.records, member)->own.circles.front().known_version == circle.membership_version);
}

TEST_CASE("subjects of many at once are what each is alone, with a roster and without one") {
  World world;
  const auto owner = world.organisation("owner");
  const auto patron = world.organisation("patron");
  const auto client = world.organisation("client", {patron});
  const auto stranger = world.organisation("stranger");
  world.circle({owner, patron});
  world.circle({owner, stranger});
  world.circle({stranger});
  const auto alliance = AllianceId::random(world.random);
  for (const bool with_roster : {false, true}) {
    if (with_roster) REQUIRE(keep_roster(world.records, roster_of(alliance, {owner, patron})));
    Subjects subjects(world.records);
    for (const auto& who : {client, owner, stranger, patron, client})
      CHECK(policy::Scope::of(*subjects.of(who)).fingerprint() ==
            policy::Scope::of(*subject_of(world.records, who)).fingerprint());
    CHECK(subjects.of(client)->patrons.empty() == with_roster);  // then the rosters alone say whose client
    CHECK(subjects.of(stranger)->own.circles.size() == 2);
    CHECK(subjects.of(owner)->own.alliances.size() == (with_roster ? 1 : 0));
    CHECK(subjects.of(OrganisationId::random(world.random)).error().code == ErrorCode::not_found);
  }
}

TEST_CASE("an organisation that is not known has no subject") {
  World world;
  CHECK(subject_of(world.records, OrganisationId::random(world.random)).error().code == ErrorCode::not_found);
}

TEST_CASE("rosters that were kept decide who is inside an alliance, and at which version") {
  World world;
  const auto founder = world.organisation("founder");
  const auto early = world.organisation("early");
  const auto late = world.organisation("late");
  const auto alliance = AllianceId::random(world.random);
  CHECK_FALSE(world.sees(early, for_nation(founder, alliance, 1)));
  const auto first = roster_of(alliance, {founder, early});
  REQUIRE(keep_roster(world.records, first));
  REQUIRE(keep_roster(world.records, first));  // the same again changes nothing
  auto second = roster_of(alliance, {founder, early, late});
  second.version = 2;
  second.predecessor = policy::digest_of(first);
  REQUIRE(keep_roster(world.records, second));
  CHECK(newest_roster(world.records, alliance)->version == 2);
  CHECK(world.sees(early, for_nation(founder, alliance, 1)));
  CHECK(world.sees(early, for_nation(founder, alliance, 2)));
  CHECK_FALSE(world.sees(late, for_nation(founder, alliance, 1)));
  CHECK(world.sees(late, for_nation(founder, alliance, 2)));
  CHECK_FALSE(world.sees(late, for_nation(founder, alliance, 3)));
}

TEST_CASE("a roster that breaks a rule, forks or leaves its chain is not kept") {
  World world;
  const auto founder = world.organisation("founder");
  const auto alliance = AllianceId::random(world.random);
  const auto first = roster_of(alliance, {founder});
  REQUIRE(keep_roster(world.records, first));
  auto fork = first;
  fork.name = "another";
  CHECK(keep_roster(world.records, fork).error().code == ErrorCode::conflict);
  auto stray = first;
  stray.version = 2;
  stray.predecessor = sha256("another");
  CHECK(keep_roster(world.records, stray).error().code == ErrorCode::invalid);
  auto broken = first;
  broken.founders.clear();
  CHECK(keep_roster(world.records, broken).error().code == ErrorCode::invalid);
  CHECK(newest_roster(world.records, alliance) == first);
  CHECK(newest_roster(world.records, AllianceId::random(world.random)).error().code == ErrorCode::not_found);
}

}  // namespace shieldwall::ledger
