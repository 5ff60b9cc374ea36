// The roster as a value, and what memberships follow from its versions.

#include <doctest/doctest.h>

#include "policy/roster_limits.h"
#include "policy/test_forms.h"
#include "test_size.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

RosterMember member_of(char letter, const char* of) {
  RosterMember member;
  member.organisation = organisation(letter);
  member.name = fmt::format("member {}", letter);
  if (of != nullptr) member.nation = nation(of);
  if (of == nullptr) member.kind = MemberKind::non_nation;
  return member;
}

Roster roster_of(std::vector<RosterMember> members, std::uint32_t version = 1) {
  Roster roster;
  roster.alliance = alliance_x;
  roster.name = "X";
  roster.version = version;
  if (version > 1) roster.predecessor = sha256("before");
  roster.members = std::move(members);
  roster.founders = {organisation('A')};
  return canonical(std::move(roster));
}

Roster followed_by(const Roster& before, std::vector<RosterMember> members) {
  Roster next = before;
  next.version = before.version + 1;
  next.predecessor = digest_of(before);
  next.members = std::move(members);
  return canonical(std::move(next));
}

const Roster plain = roster_of({member_of('A', "AAA"), member_of('B', "BBB"), member_of('E', nullptr)});

template <typename Change>
std::string refusal(Change&& change) {
  Roster roster = plain;
  change(roster);
  const auto done = check(roster);
  if (!decode_roster(encode(roster)) != !done) return "the reader disagrees with check";
  return done ? "" : done.error().message;
}

}  // namespace

TEST_CASE("a roster survives its binary form, and only canonical bytes are taken") {
  DrawForms draw(21);
  const auto count = shieldwall::tests::test_size("form_properties");
  for (std::int64_t i = 0; i < count; ++i) {
    const Roster roster = draw.roster();
    REQUIRE(check(roster));
    const Bytes bytes = encode(roster);
    const auto read = decode_roster(bytes);
    REQUIRE_MESSAGE(read, read.error().message);
    if (*read != roster) FAIL(to_hex(bytes));
    if (i % 50 != 0) continue;
    each_damaged(bytes, [&](const Bytes& damaged) {
      const auto taken = decode_roster(damaged);
      if (taken && (encode(*taken) != damaged || *taken == roster)) FAIL(to_hex(damaged));
    });
  }
}

TEST_CASE("a roster in another order has the same bytes, one out of order is refused") {
  Roster turned = plain;
  std::reverse(turned.members.begin(), turned.members.end());
  CHECK(turned != plain);
  CHECK(encode(turned) == encode(plain));
  CHECK_FALSE(check(turned));
  Bytes bytes = encode(plain);
  const auto b = bytes.find("member B");
  REQUIRE(b != Bytes::npos);
  // The ids of the members before and after it, exchanged.
  const std::size_t id_of_b = b - 20;
  const std::size_t id_of_a = bytes.find("member A") - 20;
  for (std::size_t i = 0; i < 16; ++i) std::swap(bytes[id_of_a + i], bytes[id_of_b + i]);
  CHECK_FALSE(decode_roster(bytes));
}

TEST_CASE("what a roster must say is refused where it does not say it") {
  CHECK(refusal([](Roster&) {}).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.alliance = {}; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.name = "two\nlines"; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.name.clear(); }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.name = "\xff"; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.version = 0; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.version = 2; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.predecessor = Digest{}; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.founders.clear(); }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.founders = {organisation('H')}; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.founders_needed = 2; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.founders_needed = 0; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.delegations = {{nation("AAA"), organisation('H')}}; }).empty());
  CHECK_FALSE(refusal([](Roster& r) { r.equivalences = {{{0, 0}, {1, 1}}}; }).empty());
  Roster twice = plain;  // encode would put it right
  twice.members.push_back(twice.members.back());
  CHECK(check(twice).error().message.find("twice") != std::string::npos);
}

TEST_CASE("what a member must say is refused where it does not say it, by its id") {
  const auto of_b = [](auto&& change) { return refusal([&](Roster& roster) { change(roster.members[1]); }); };
  CHECK(of_b([](RosterMember&) {}).empty());
  CHECK(of_b([](RosterMember& m) { m.name = ""; }).find(organisation('B').text()) != std::string::npos);
  CHECK_FALSE(of_b([](RosterMember& m) { m.nation = {}; }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.kind = MemberKind::non_nation; }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.host = organisation('B'); }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.host = organisation('H'); }).empty());
  CHECK(of_b([](RosterMember& m) { m.host = organisation('A'); }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.clients = {m.organisation}; }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.keys = {{KeyUse::root, Algorithm::ed25519, "short"}}; }).empty());
  CHECK_FALSE(
      of_b([](RosterMember& m) { m.keys = {{KeyUse::root, Algorithm::x25519, Bytes(32, 'k')}}; }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.contacts = {{"", "tel:1", true}}; }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.expertise = {"\t"}; }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.pins.resize(pins_max + 1); }).empty());
  CHECK_FALSE(of_b([](RosterMember& m) { m.terms = {{Digest{}, Timestamp::never()}}; }).empty());
}

TEST_CASE("a guest cannot host") {
  CHECK_FALSE(refusal([](Roster& roster) {
                roster.members[1].host = organisation('A');
                roster.members[2].host = organisation('B');
              }).empty());
}

TEST_CASE("a count that the bytes cannot hold takes no memory") {
  Bytes bytes = encode(plain);
  const std::size_t members_at = bytes.find("member A") - 28;  // count, length, id, length, name
  REQUIRE(bytes.substr(members_at, 4) == Bytes("\0\0\0\3", 4));
  bytes.replace(members_at, 4, "\xff\xff\xff\xff");
  CHECK_FALSE(decode_roster(bytes));
}

TEST_CASE("the digest of a roster tells each difference") {
  DrawForms draw(22);
  const Roster roster = draw.roster();
  CHECK(digest_of(roster) == digest_of(canonical(roster)));
  Roster other = roster;
  other.members.front().expertise.push_back("zzz");
  CHECK(digest_of(other) != digest_of(roster));
}

TEST_CASE("the difference of two versions names who came, went and changed") {
  RosterMember changed = member_of('B', "BBB");
  changed.pins = {sha256("pin")};
  const Roster after = followed_by(plain, {member_of('A', "AAA"), changed, member_of('C', "BBB")});
  const RosterDifference found = difference(plain, after);
  CHECK(found.added == std::vector{organisation('C')});
  CHECK(found.removed == std::vector{organisation('E')});
  CHECK(found.changed == std::vector{organisation('B')});
  CHECK_FALSE(found.rules);
  CHECK(difference(plain, plain).is_empty());
  Roster rules = after;
  rules.founders = {organisation('A'), organisation('B')};
  CHECK(difference(plain, rules).rules);
}

TEST_CASE("a successor names the version before it") {
  const Roster after = followed_by(plain, plain.members);
  CHECK(check_successor(plain, after));
  Roster other = after;
  other.predecessor = sha256("another");
  CHECK_FALSE(check_successor(plain, other));
  other = after;
  other.version = 3;
  CHECK_FALSE(check_successor(plain, other));
  other = after;
  other.alliance = alliance_y;
  CHECK_FALSE(check_successor(plain, other));
}

TEST_CASE("a delegate enrols its own nation's organisations and nothing else") {
  Roster before = roster_of({member_of('A', "AAA"), member_of('B', "BBB"), member_of('C', "BBB")});
  before.delegations = {{nation("BBB"), organisation('B')}};
  const auto changed = [&](auto&& change) {
    auto members = before.members;
    change(members);
    return followed_by(before, members);
  };
  using Members = std::vector<RosterMember>;
  const OrganisationId b = organisation('B');
  CHECK(is_delegated(before, changed([](Members& m) { m.push_back(member_of('G', "BBB")); }), b));
  CHECK(is_delegated(before, changed([](Members& m) { m.erase(m.begin() + 2); }), b));
  CHECK(is_delegated(before, changed([](Members& m) { m[2].name = "renamed"; }), b));
  CHECK_FALSE(is_delegated(
      before, changed([](Members& m) { m.push_back(member_of('G', "BBB")); }), organisation('C')));
  CHECK_FALSE(is_delegated(before, changed([](Members& m) { m.push_back(member_of('G', "AAA")); }), b));
  CHECK_FALSE(is_delegated(before, changed([](Members& m) { m.push_back(member_of('G', nullptr)); }), b));
  CHECK_FALSE(is_delegated(before, changed([](Members& m) { m[1].name = "itself"; }), b));
  CHECK_FALSE(is_delegated(before, changed([](Members& m) { m.erase(m.begin()); }), b));
  CHECK_FALSE(is_delegated(before, changed([](Members& m) { m[2].nation = nation("AAA"); }), b));
  Roster rules = changed([](Members&) {});
  rules.name = "renamed";
  CHECK_FALSE(is_delegated(before, rules, b));
}

// ---------------------------------------------------------------- memberships

namespace {

/// The small world's alliance X told as rosters, and its circles, must give the subjects that the world
/// gives.
Memberships told_by_rosters(const World& world) {
  Memberships known;
  for (const auto& [alliance, group] : world.alliances) {
    AllianceHistory history;
    std::uint32_t version = 0;
    for (const auto& inside : group.versions) {
      Roster roster;
      roster.alliance = alliance;
      roster.version = ++version;
      for (const Member member : inside) {
        RosterMember entry = member_of(static_cast<char>(member), nullptr);
        if (world.nations.contains(member)) entry.nation = world.nations.at(member);
        if (world.clients.contains(member))
          for (const Member client : world.clients.at(member)) entry.clients.push_back(organisation(client));
        roster.members.push_back(entry);
      }
      REQUIRE(follow(history, canonical(roster)));
    }
    known.alliances.push_back(history);
  }
  for (const auto& [circle, group] : world.circles) {
    CircleHistory history{
        .circle = circle, .version = static_cast<std::uint32_t>(group.versions.size()), .members = {}};
    for (Member member = 'A'; member <= 'H'; ++member)
      if (auto stays = stays_in(group, member); !stays.empty())
        history.members.push_back({.organisation = organisation(member), .stays = std::move(stays)});
    known.circles.push_back(history);
  }
  return known;
}

Label for_nation(const char* code, std::uint32_t version) {
  Label label;
  label.audience = {{organisation('A'), AllianceAudience{alliance_x, version, {nation(code)}, {}}}};
  return label;
}
Label for_organisation(char letter, std::uint32_t version) {
  Label label;
  label.audience = {{organisation('A'), AllianceAudience{alliance_x, version, {}, {organisation(letter)}}}};
  return label;
}

}  // namespace

TEST_CASE(
    "subjects made from rosters and circles see what the naive reading of their history lets them see") {
  World world = small_world();
  world.clients.erase('F');  // who left is nobody's patron: the newest roster does not list it
  const Memberships known = told_by_rosters(world);
  Draw draw(23);
  std::int64_t seen = 0;
  for (int i = 0; i < 6'000; ++i) {
    const Asker asker = draw.asker();
    Grants grants;
    grants.compartments.assign(asker.compartments.begin(), asker.compartments.end());
    for (const auto& [scheme, ordinal] : asker.clearances)
      grants.clearances.push_back({static_cast<std::uint16_t>(scheme), static_cast<std::uint8_t>(ordinal)});
    grants.exercises.assign(asker.exercises.begin(), asker.exercises.end());
    const Subject subject = subject_of(known, organisation(asker.who), asker.person, grants);
    const Label label = draw.label(draw.one_in(5) ? exercise : Realm{});
    for (const std::int64_t at : {0, 12, 25}) {
      const bool expected = naive_may_see(world, asker, label, {at});
      if (may_see(subject, label, {at}) != expected)
        FAIL(static_cast<char>(asker.who) << " at " << at << ": " << encode(label).size());
      seen += expected ? 1 : 0;
    }
  }
  CHECK(seen > 100);
}

TEST_CASE("a roster version that was missed ends every stay: nobody was inside at it for sure") {
  Memberships known;
  auto& history = known.alliances.emplace_back();
  REQUIRE(follow(history, roster_of({member_of('A', "AAA"), member_of('B', "BBB")}, 1)));
  REQUIRE(follow(history, roster_of({member_of('A', "AAA"), member_of('B', "BBB")}, 3)));
  const Subject b = subject_of(known, organisation('B'), std::nullopt);
  CHECK(may_see(b, for_nation("BBB", 1), {0}));
  CHECK_FALSE(may_see(b, for_nation("BBB", 2), {0}));
  CHECK(may_see(b, for_nation("BBB", 3), {0}));
  CHECK_FALSE(may_see(b, for_nation("BBB", 4), {0}));
  CHECK(may_see(b, for_organisation('B', 1), {0}));
  CHECK_FALSE(may_see(b, for_organisation('B', 2), {0}));
  CHECK_FALSE(follow(history, roster_of({member_of('A', "AAA")}, 3)));
  Roster other = roster_of({member_of('A', "AAA")}, 4);
  other.alliance = alliance_y;
  CHECK_FALSE(follow(history, other));
}

TEST_CASE(
    "who changes nation keeps what it was named for itself, and neither nation's share of the other time") {
  Memberships known;
  auto& history = known.alliances.emplace_back();
  REQUIRE(follow(history, roster_of({member_of('A', "AAA"), member_of('B', "BBB")}, 1)));
  REQUIRE(follow(history, roster_of({member_of('A', "AAA"), member_of('B', "CCC")}, 2)));
  const Subject b = subject_of(known, organisation('B'), std::nullopt);
  CHECK_FALSE(may_see(b, for_nation("BBB", 1), {0}));
  CHECK_FALSE(may_see(b, for_nation("CCC", 1), {0}));
  CHECK(may_see(b, for_nation("CCC", 2), {0}));
  CHECK(may_see(b, for_organisation('B', 1), {0}));
  LabelTable table;  // two standings in one alliance: the compiled decision must agree
  const Decider decider(Scope::of(b), table);
  for (const Label& label : {for_nation("BBB", 1), for_nation("CCC", 2), for_organisation('B', 1)})
    CHECK(decider.may_see(table.intern(label), {}, {0}) == may_see(b, label, {0}));
}

TEST_CASE("a roster's equivalences carry a clearance to other schemes, as high as they say") {
  Memberships known;
  Roster roster = roster_of({member_of('A', "AAA")});
  roster.equivalences = {{.held = {1, 2}, .reached = {2, 1}}};
  REQUIRE(follow(known.alliances.emplace_back(), roster));
  const auto clearances = [&](std::uint8_t ordinal) {
    return subject_of(known,
                      organisation('A'),
                      std::nullopt,
                      {.compartments = {}, .clearances = {{1, ordinal}}, .exercises = {}})
        .clearances;
  };
  CHECK(clearances(1) == std::vector<Clearance>{{1, 1}});
  CHECK(clearances(3) == std::vector<Clearance>{{1, 3}, {2, 1}});
}

TEST_CASE("without a roster the local members stand in: patrons count, and nobody is inside an alliance") {
  Memberships known;
  known.circles = {{.circle = circle_p,
                    .version = 1,
                    .members = {{.organisation = organisation('B'), .stays = {{.from = 1}}}}}};
  known.local = {{.organisation = organisation('B'), .patrons = {}},
                 {.organisation = organisation('D'), .patrons = {organisation('B')}}};
  Label label;
  label.tlp = Tlp::amber;
  label.audience = {{organisation('A'), CircleAudience{circle_p, 1}}};
  CHECK(may_see(subject_of(known, organisation('D'), std::nullopt), label, {0}));
  label.tlp = Tlp::amber_strict;
  CHECK_FALSE(may_see(subject_of(known, organisation('D'), std::nullopt), label, {0}));
  CHECK_FALSE(may_see(subject_of(known, organisation('B'), std::nullopt), for_nation("BBB", 1), {0}));
}

TEST_CASE("an audience set is whom the label names at its versions, and its owner") {
  const std::vector<Roster> rosters = {
      roster_of({member_of('A', "AAA"), member_of('B', "BBB"), member_of('C', "BBB")}, 1),
      roster_of({member_of('A', "AAA"), member_of('B', "BBB")}, 2)};
  const std::vector<CircleHistory> circles = {
      {.circle = circle_p,
       .version = 3,
       .members = {{.organisation = organisation('B'), .stays = {{.from = 1, .to = 3}}},
                   {.organisation = organisation('C'), .stays = {{.from = 2, .to = Stay::open_end}}}}}};
  using Members = std::vector<OrganisationId>;
  const auto audience = [&](const Label& label) { return *audience_of(label, rosters, circles); };
  CHECK(audience(for_nation("BBB", 1)) == Members{organisation('A'), organisation('B'), organisation('C')});
  CHECK(audience(for_nation("BBB", 2)) == Members{organisation('A'), organisation('B')});
  CHECK(audience(owner_only(organisation('A'))) == Members{organisation('A')});
  CHECK(audience_of(for_nation("BBB", 3), rosters, circles).error().code == ErrorCode::not_found);
  Label circle;
  circle.audience = {{organisation('A'), CircleAudience{circle_p, 1}}};
  CHECK(audience(circle) == Members{organisation('A'), organisation('B')});
  CHECK(audience(*join(circle, for_nation("BBB", 1))) == Members{organisation('A'), organisation('B')});
  circle.audience = {{organisation('A'), CircleAudience{circle_p, 4}}};
  CHECK_FALSE(audience_of(circle, rosters, circles));
  CHECK(audience_digest({organisation('A')}) == sha256(organisation('A').uuid.view()));
}

}  // namespace shieldwall::policy
