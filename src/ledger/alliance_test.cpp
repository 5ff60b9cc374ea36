#include "ledger/alliance.h"

#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "ledger/keys.h"
#include "ledger/organisation.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

/// Some organisations with keys, and a node in memory of the first.
struct World {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{11};
  std::unique_ptr<store::Store> store =
      *store::open_memory({.clock = clock, .random = random, .fs = system_fs()});
  std::map<OrganisationId, NodeKeys> keys{};

  OrganisationId organisation(const std::string& name) {
    const OrganisationId id{Uuid::named(Uuid{}, name)};
    keys.emplace(id, NodeKeys::make(random));
    return id;
  }
  policy::RosterMember member(const OrganisationId& id) {
    return {.organisation = id,
            .name = "Member " + id.text().substr(0, 4),
            .kind = policy::MemberKind::non_nation,
            .keys = keys.at(id).public_keys()};
  }
  policy::Roster first(const std::vector<OrganisationId>& founders, std::uint32_t needed) {
    policy::Roster roster{.alliance = AllianceId{Uuid::named(Uuid{}, "alliance")},
                          .name = "Northern Shield",
                          .founders = founders,
                          .founders_needed = needed};
    for (const auto& one : founders) roster.members.push_back(member(one));
    return policy::canonical(roster);
  }
  static policy::Roster next(const policy::Roster& before) {
    auto roster = before;
    ++roster.version;
    roster.predecessor = policy::digest_of(before);
    return roster;
  }
  SignedRoster signed_by(policy::Roster roster, const std::vector<OrganisationId>& who) {
    SignedRoster signed_roster{.roster = policy::canonical(std::move(roster))};
    for (const auto& one : who) sign(signed_roster, one, keys.at(one).root);
    return signed_roster;
  }
};

}  // namespace

TEST_CASE("a roster changes when as many founders sign as the version before asks, and not with fewer") {
  World world;
  const auto a = world.organisation("a");
  const auto b = world.organisation("b");
  const auto c = world.organisation("c");
  const auto first = world.first({a, b}, 2);
  CHECK(verify(world.signed_by(first, {a, b}), nullptr));
  CHECK_FALSE(verify(world.signed_by(first, {a}), nullptr));
  auto second = World::next(first);
  second.members.push_back(world.member(c));
  CHECK(verify(world.signed_by(second, {a, b}), &first));
  CHECK_FALSE(verify(world.signed_by(second, {a}), &first));
  CHECK_FALSE(verify(world.signed_by(second, {a, c}), &first));
  auto forged = world.signed_by(second, {a, b});
  forged.roster.members.back().name = "Somebody else";
  CHECK_FALSE(verify(forged, &first));
  auto easier = World::next(first);  // the rule that counts is the one before the change
  easier.founders_needed = 1;
  CHECK_FALSE(verify(world.signed_by(easier, {a}), &first));
}

TEST_CASE("a member rolls its own keys over with one founder, and nobody else's") {
  World world;
  const auto a = world.organisation("a");
  const auto b = world.organisation("b");
  const auto c = world.organisation("c");
  auto first = world.first({a, b}, 2);
  first.members.push_back(world.member(c));
  first = policy::canonical(first);
  const auto entry_of = [](policy::Roster& roster, const OrganisationId& id) -> policy::RosterMember& {
    return *std::ranges::find(roster.members, id, &policy::RosterMember::organisation);
  };
  const auto root = world.keys.at(c).public_root();
  REQUIRE(roll_over(world.keys.at(c), world.random));
  auto rolled = World::next(first);
  entry_of(rolled, c).keys = world.keys.at(c).public_keys();
  CHECK(verify(world.signed_by(rolled, {a, c}), &first));
  CHECK_FALSE(verify(world.signed_by(rolled, {c}), &first));
  CHECK_FALSE(verify(world.signed_by(rolled, {a}), &first));
  auto other = World::next(first);
  entry_of(other, b).keys = world.keys.at(c).public_keys();
  CHECK_FALSE(verify(world.signed_by(other, {a, c}), &first));
  auto new_root = World::next(first);
  world.keys.at(c).root = SigningKey::make(world.random);
  entry_of(new_root, c).keys = world.keys.at(c).public_keys();
  CHECK_FALSE(verify(world.signed_by(new_root, {a, c}), &first));
  auto left = World::next(first);
  std::erase(left.members, entry_of(left, c));
  SignedRoster leaving{.roster = left};
  sign(leaving, a, world.keys.at(a).root);
  CHECK_FALSE(verify(leaving, &first));
  static_cast<void>(root);
}

TEST_CASE("a signed roster comes back from its bytes, and no cut or altered ones are taken for it") {
  World world;
  const auto a = world.organisation("a");
  const auto signed_roster = world.signed_by(world.first({a}, 1), {a});
  const auto bytes = encode(signed_roster);
  CHECK(decode_signed_roster(bytes) == signed_roster);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_signed_roster(std::string_view(bytes).substr(0, size)));
  CHECK_FALSE(decode_signed_roster(bytes + "x"));
}

TEST_CASE(
    "a kept roster makes its members known and fills the alliance's circle, in order and never forked") {
  World world;
  const auto a = world.organisation("a");
  const auto b = world.organisation("b");
  const auto first = world.signed_by(world.first({a}, 1), {a});
  auto grown = World::next(first.roster);
  grown.members.push_back(world.member(b));
  const auto second = world.signed_by(grown, {a});
  auto& records = world.store->records();
  REQUIRE(keep_signed_roster(*world.store, a, first, world.clock.now()));
  CHECK(keep_signed_roster(*world.store, a, first, world.clock.now()));
  REQUIRE(keep_signed_roster(*world.store, a, second, world.clock.now()));
  const auto circle = circle_by_name(records, a, "northern-shield");
  REQUIRE(circle);
  CHECK(is_inside(circle->value, b));
  CHECK(read_organisation(records, b)->value.name == world.member(b).name);
  auto fork = grown;  // one that does not go before the kept one; the other way: exchange/federation
  for (int i = 0; fork == grown || policy::digest_of(fork) < policy::digest_of(grown); ++i)
    fork.name = fmt::format("Southern Shield {}", i);
  CHECK(keep_signed_roster(*world.store, a, world.signed_by(fork, {a}), world.clock.now()).error().code ==
        ErrorCode::conflict);
  auto unsigned_copy = second;  // what is kept keeps its signatures
  unsigned_copy.signatures.clear();
  CHECK(keep_signed_roster(*world.store, a, unsigned_copy, world.clock.now()));
  CHECK(alliance_named(records, "northern shield")->signatures.size() == 1);
  auto shrunk = World::next(grown);
  std::erase_if(shrunk.members, [&](const policy::RosterMember& one) { return one.organisation == b; });
  REQUIRE(keep_signed_roster(*world.store, a, world.signed_by(shrunk, {a}), world.clock.now()));
  CHECK_FALSE(is_inside(circle_by_name(records, a, "northern-shield")->value, b));
  CHECK(alliance_named(records, "northern shield")->roster.version == 3);
}
