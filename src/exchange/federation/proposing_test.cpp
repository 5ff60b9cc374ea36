#include "exchange/federation/proposing.h"

#include "exchange/federation/carry.h"
#include "exchange/federation/federation_world.h"
#include "exchange/federation/warning.h"
#include "ledger/member_times.h"
#include "ledger/roster_words.h"

using namespace shieldwall;
using namespace shieldwall::exchange::federation;

namespace {

ledger::SignedRoster alliance_at(TestNode& node) {
  return *ledger::alliance_named(node.store->records(), "shield");
}

Result<Proposed> propose_at(TestNode& node, const RosterWish& wish, std::string_view reason = "") {
  const auto alliance = alliance_at(node);
  const auto next = TRY(wished(alliance.roster, wish));
  return propose(*node.federation, alliance, next, reason);
}

/// Nodes of one alliance; the first ones found it, and so many of them sign a change.
struct Council4 : FederationWorld {
  explicit Council4(std::size_t founders, std::uint32_t needed, std::uint64_t seed = 1)
      : FederationWorld(seed), a(node("a")), b(node("b")), c(node("c")), d(node("d")) {
    alliance({&a, &b, &c, &d});
    RosterWish wish{.founders_needed = needed};
    for (std::size_t i = 1; i < founders; ++i) wish.founders.push_back(nodes[i]->home);
    const auto done = propose_at(a, wish);
    if (!done) FAIL(done.error().message);
    REQUIRE(done->effective);  // until then one founder decides
    meet();
  }
  /// Long enough that founders look again at what the others signed.
  void meet() {
    for (int i = 0; i < 4; ++i) {
      clock.advance(minutes(2));
      for (const auto& one : nodes) step(*one);
    }
  }
  /// Both founders sign, and everybody hears of it.
  void decide(TestNode& by, TestNode& with, const RosterWish& wish, std::string_view reason = "") {
    const auto proposal = propose_at(by, wish, reason)->proposal;
    meet();
    REQUIRE(sign_proposal(*with.federation, ledger::name_of(proposal))->effective);
    meet();
  }
  bool is_member(TestNode& at, TestNode& who) {
    return policy::find_member(alliance_at(at).roster, who.home) != nullptr;
  }
  void part(std::initializer_list<TestNode*> these, std::initializer_list<TestNode*> those) {
    for (auto* one : these)
      for (auto* other : those) {
        sim.cut(one->name, other->name);
        sim.cut(other->name, one->name);
      }
  }
  TestNode &a, &b, &c, &d;
};

void set_nation(TestNode& node, const policy::Nation& nation) {
  auto row = *ledger::read_organisation(node.store->records(), node.home);
  row.value.nation = nation;
  const auto write = *ledger::write_of(row.value, row.revision);
  REQUIRE(node.store->records().write({&write, 1}));
}

std::string only_name(TestNode& node) {
  const auto open = *open_proposals(*node.federation);
  REQUIRE(open.size() == 1);
  return ledger::name_of(open.front());
}

}  // namespace

TEST_CASE("a change of the roster counts everywhere with enough founders' signatures, nowhere with fewer") {
  Council4 world(3, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& d = world.d;
  const auto proposed = propose_at(a, {.remove = {d.home}}, "its network was sold");
  REQUIRE(proposed);
  CHECK_FALSE(proposed->effective);
  CHECK_FALSE(
      sign_proposal(*a.federation, ledger::name_of(proposed->proposal))->effective);  // once counts once
  CHECK(a.federation->keep(proposed->proposal.roster).error().code == ErrorCode::invalid);
  world.meet();
  CHECK(world.is_member(a, d));
  CHECK(world.is_member(b, d));
  CHECK(open_proposals(*d.federation)->empty());  // whom it concerns is not told before
  const auto waiting = open_proposals(*b.federation)->front();
  CHECK(waiting.reason == "its network was sold");
  CHECK(ledger::told_in_words(alliance_at(b).roster, waiting.next()) ==
        std::vector<std::string>{"Member d is removed: it gets nothing more, and nothing it signs is taken"});
  CHECK(sign_proposal(*b.federation, only_name(b).substr(0, 6))->effective);
  world.meet();
  for (auto* node : {&a, &b, &c}) {
    CHECK_FALSE(world.is_member(*node, d));
    CHECK(open_proposals(*node->federation)->empty());
  }
  const auto after = a.share("after.example");
  world.settle();
  CHECK(c.has(after));
  CHECK_FALSE(d.has(after));
}

TEST_CASE("signatures that are not a founder's, or not of this change, do not count") {
  Council4 world(3, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& d = world.d;
  auto proposal = propose_at(a, {.remove = {c.home}})->proposal;
  auto by_member = proposal;
  ledger::sign(by_member.roster, d.home, (*d.federation->keys())->root);
  CHECK(take_proposals(*b.federation, {by_member}) == 0);
  CHECK(world.is_member(b, c));
  auto borrowed = proposal;  // a's own signature, said to be b's
  borrowed.roster.signatures.push_back(borrowed.roster.signatures.front());
  borrowed.roster.signatures.back().by = b.home;
  std::ranges::sort(borrowed.roster.signatures);
  CHECK(take_proposals(*b.federation, {borrowed}) == 0);
  CHECK(world.is_member(b, c));
  REQUIRE(ledger::keep_proposal(d.store->records(), proposal, world.clock.now()));
  CHECK(sign_proposal(*d.federation, ledger::name_of(proposal)).error().code == ErrorCode::denied);
  auto reworded = proposal;
  reworded.reason = "they all agreed";
  CHECK(ledger::judge(reworded, alliance_at(b).roster).error().code == ErrorCode::denied);
  CHECK(propose_at(d, {.remove = {c.home}}).error().code == ErrorCode::denied);
}

TEST_CASE("a change made for an older version is refused, and has to be proposed anew") {
  Council4 world(3, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& d = world.d;
  const auto old = propose_at(a, {.remove = {d.home}})->proposal;
  world.meet();
  auto keys = **d.federation->keys();  // meanwhile a member changes its own keys
  REQUIRE(ledger::roll_over(keys, world.random));
  d.shelf.of<ledger::KeyRing>().set(keys);
  REQUIRE(renew_entry(*d.federation));
  world.meet();
  CHECK(sign_proposal(*b.federation, only_name(b)).error().code == ErrorCode::conflict);
  CHECK(take_proposals(*c.federation, {old}) == 0);
  CHECK(world.is_member(b, d));
  const auto anew = propose_at(a, {.remove = {d.home}})->proposal;
  world.meet();
  CHECK(sign_proposal(*b.federation, ledger::name_of(anew))->effective);
}

TEST_CASE(
    "two changes that different founders made effective at once end at one roster, the same everywhere") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    Council4 world(4, 2, seed);
    auto& a = world.a;
    auto& b = world.b;
    auto& c = world.c;
    auto& d = world.d;
    world.part({&a, &b}, {&c, &d});
    const auto one = propose_at(a, {.not_founders = {d.home}}, "one half")->proposal;
    const auto other = propose_at(c, {.founders_needed = 3}, "the other half")->proposal;
    world.meet();
    REQUIRE(sign_proposal(*b.federation, ledger::name_of(one))->effective);
    REQUIRE(sign_proposal(*d.federation, ledger::name_of(other))->effective);
    REQUIRE(alliance_at(b).roster.version == alliance_at(d).roster.version);
    world.sim.heal_all();
    world.meet();
    const auto& wins = ledger::goes_before(one.next(), other.next()) ? one : other;
    for (const auto& node : world.nodes) CHECK(alliance_at(*node).roster == wins.next());
    auto& lost = &wins == &one ? d : b;  // what gave way is kept as evidence
    CHECK(lost.store->records().scan(ledger::peer_table, "fork/", "", 10)->size() == 1);
  }
}

TEST_CASE("a founder that signed one change of a version signs another only if that one goes before it") {
  Council4 world(3, 3);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& d = world.d;
  auto low = propose_at(a, {.remove = {d.home}})->proposal;
  auto high = propose_at(b, {.not_founders = {c.home}})->proposal;
  if (ledger::goes_before(high.next(), low.next())) std::swap(low, high);
  world.meet();
  CHECK(sign_proposal(*c.federation, ledger::name_of(high)));
  CHECK(sign_proposal(*c.federation, ledger::name_of(low)));
  auto& of_low = low.by == a.home ? a : b;
  auto& of_high = low.by == a.home ? b : a;
  CHECK(sign_proposal(*of_low.federation, ledger::name_of(high)).error().code == ErrorCode::conflict);
  world.meet();
  CHECK(sign_proposal(*of_high.federation, ledger::name_of(low))->effective);
}

TEST_CASE("a member that was away catches up over several versions of the roster") {
  Council4 world(3, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& d = world.d;
  world.part({&d}, {&a, &b, &c});
  for (int i = 0; i < 3; ++i) {
    const bool add = i % 2 == 0;
    const policy::Delegation to_c{.nation = *policy::Nation::parse("EST"), .to = c.home};
    world.decide(a, b, add ? RosterWish{.delegate = {to_c}} : RosterWish{.end_delegation = {to_c}});
  }
  CHECK(alliance_at(d).roster.version + 3 == alliance_at(a).roster.version);
  world.sim.heal_all();
  world.meet();
  CHECK(alliance_at(d).roster == alliance_at(a).roster);
  const auto shared = d.share("back.example");
  world.settle();
  CHECK(b.has(shared));
}

TEST_CASE("who joins where several founders sign waits for them, and asks again by the same string") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& e = world.node("e");
  auto& stranger = world.node("stranger");
  const auto invitation = *invite(*a.federation, alliance_at(a));
  const auto asked = join(*e.federation, invitation);
  REQUIRE(asked);
  CHECK(asked->waiting);
  CHECK(e.federation->known()->newest.empty());
  CHECK(join(*stranger.federation, invitation).error().code == ErrorCode::denied);  // the code is e's now
  world.meet();
  CHECK(sign_proposal(*b.federation, only_name(b))->effective);
  world.meet();
  const auto joined = join(*e.federation, invitation);
  if (!joined) FAIL(joined.error().message);
  CHECK_FALSE(joined->waiting);
  CHECK(joined->phrase == asked->phrase);
  CHECK(joined->phrase == *phrase_with(*a.federation, alliance_at(a), e.home));
  CHECK(join(*e.federation, invitation).error().code == ErrorCode::denied);  // used up
  const auto shared = c.share("welcome.example");
  world.settle();
  CHECK(e.has(shared));
}

TEST_CASE(
    "a member to whom enrolment is delegated lets its nation's organisations in alone, and nobody else's") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  CHECK(invite(*c.federation, alliance_at(c)).error().code == ErrorCode::denied);
  const auto est = *policy::Nation::parse("EST");
  world.decide(a, b, {.delegate = {{.nation = est, .to = c.home}}});
  auto& theirs = world.node("theirs");
  auto& foreign = world.node("foreign");
  set_nation(theirs, est);
  const auto joined = join(*theirs.federation, *invite(*c.federation, alliance_at(c)));
  if (!joined) FAIL(joined.error().message);
  CHECK_FALSE(joined->waiting);
  const auto refused = join(*foreign.federation, *invite(*c.federation, alliance_at(c)));
  CHECK(refused.error().message.find("no nation") != std::string::npos);
  world.meet();
  CHECK(world.is_member(a, theirs));
  const auto shared = a.share("enrolled.example");
  world.settle();
  CHECK(theirs.has(shared));
  // One that the delegate enrolled with the delegate's signature alone can be fed by file as well.
  auto& island = world.node("island", false);
  set_nation(island, est);
  const auto enrolled = enrol(*c.federation, alliance_at(c), *enrolment_request(*island.federation));
  REQUIRE(enrolled);
  CHECK(enrolled->effective);
  const auto file = *carry_out(*c.federation, island.home, std::nullopt, 1 << 20);
  const auto taken = carry_in(*island.federation, file.bytes, enrolled->phrase);
  if (!taken) FAIL(taken.error().message);
}

TEST_CASE("proposals and signatures travel by file between founders that no wire connects") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& d = world.d;
  world.part({&a}, {&b});
  const auto proposal = propose_at(a, {.remove = {d.home}}, "by courier")->proposal;
  const auto file = encode(*council_for(*a.federation, std::nullopt));
  for (std::size_t size = 0; size < file.size(); size += 7)
    CHECK_FALSE(decode_council(std::string_view(file).substr(0, size)));
  CHECK(take_proposals(*b.federation, decode_council(file)->proposals) == 0);
  CHECK(sign_proposal(*b.federation, ledger::name_of(proposal))->effective);
  CHECK_FALSE(world.is_member(b, d));
}

TEST_CASE("a founder leaves when enough founders signed, and the only one cannot") {
  Council4 world(3, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  CHECK_FALSE(*leave_alliance(*c.federation, alliance_at(c)));
  world.meet();
  REQUIRE(sign_proposal(*a.federation, only_name(a))->effective);
  world.meet();
  CHECK_FALSE(world.is_member(b, c));
  CHECK(alliance_at(b).roster.founders.size() == 2);
  FederationWorld alone;
  auto& one = alone.node("one");
  REQUIRE(found_alliance(*one.federation, "shield"));
  CHECK(leave_alliance(*one.federation, alliance_at(one)).error().code == ErrorCode::conflict);
}

TEST_CASE("an organisation's key is replaced with the founders' consent; for the overlap both count") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& c = world.c;
  auto& d = world.d;
  auto keys = **d.federation->keys();
  const auto old = keys.root;
  REQUIRE(ledger::roll_root(keys, world.random));
  REQUIRE(ledger::roll_over(keys, world.random));
  d.shelf.of<ledger::KeyRing>().set(keys);
  REQUIRE(renew_entry(*d.federation));
  world.meet();
  const auto roots = [&](TestNode& at) {
    return ledger::keys_for(*policy::find_member(alliance_at(at).roster, d.home), policy::KeyUse::root);
  };
  CHECK(roots(a).size() == 1);
  CHECK(a.federation->known()->keys(d.home, policy::KeyUse::statement).size() == 2);  // did not wait
  REQUIRE(sign_proposal(*a.federation, only_name(a)));
  world.meet();
  REQUIRE(sign_proposal(*b.federation, only_name(b))->effective);
  world.meet();
  CHECK(roots(a).size() == 2);
  // The old one may still sign, but not that the new one goes.
  auto back = next_of(alliance_at(a).roster);
  auto& entry = *std::ranges::find(back.members, d.home, &policy::RosterMember::organisation);
  std::erase(entry.keys, keys.public_root());
  ledger::SignedRoster wish{.roster = back};
  ledger::sign(wish, d.home, keys.root);
  CHECK_FALSE(countersign(*a.federation, d.home, wish));
  ledger::end_overlap(keys);
  d.shelf.of<ledger::KeyRing>().set(keys);
  REQUIRE(renew_entry(*d.federation));
  world.meet();
  REQUIRE(roots(c).size() == 1);
  CHECK(roots(c).front() == keys.public_root());
  auto stolen = next_of(alliance_at(a).roster);
  std::erase_if(stolen.members, [&](const auto& one) { return one.organisation == d.home; });
  ledger::SignedRoster forged{.roster = stolen};
  ledger::sign(forged, d.home, old);
  CHECK(countersign(*a.federation, d.home, forged).error().code == ErrorCode::denied);
}

TEST_CASE(
    "an organisation that lost its keys is removed, joins anew under new ones, and the old ones are worth "
    "nothing") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& d = world.d;
  const auto before = d.share("before.example");
  world.settle();
  const auto phrase = *phrase_with(*a.federation, alliance_at(a), d.home);
  world.decide(a, b, {.remove = {d.home}}, "its keys were lost");
  CHECK(a.has(before));  // what was signed before stays
  const auto during = d.share("thief.example");
  world.settle();
  CHECK_FALSE(a.has(during));
  d.shelf.of<ledger::KeyRing>().set(ledger::NodeKeys::make(world.random));
  const auto invitation = *invite(*a.federation, alliance_at(a));
  REQUIRE(join(*d.federation, invitation)->waiting);
  world.meet();
  REQUIRE(sign_proposal(*b.federation, only_name(b))->effective);
  world.meet();
  const auto joined = join(*d.federation, invitation);
  if (!joined) FAIL(joined.error().message);
  CHECK_FALSE(joined->waiting);
  CHECK(joined->phrase != phrase);
  world.meet();
  const auto after = d.share("after.example");
  world.meet();
  CHECK(a.has(after));
}

TEST_CASE("a signed warning of a suspension reaches the others and not whom it is about, and ends with it") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& b = world.b;
  auto& d = world.d;
  REQUIRE(warn_of(*a.federation, d.home, "its node was stolen"));
  world.meet();
  const auto told = *warnings(*b.federation);
  REQUIRE(told.size() == 1);
  CHECK(told.front().about == d.home);
  CHECK(told.front().by == a.home);
  CHECK(told.front().reason == "its node was stolen");
  CHECK(warnings(*d.federation)->empty());
  CHECK_FALSE(b.federation->known()->is_suspended(d.home));  // each decides itself
  REQUIRE(end_warnings(*a.federation, d.home));
  world.meet();
  CHECK(warnings(*b.federation)->empty());
}

TEST_CASE(
    "an overlap of keys ends at its time, what was signed before stays valid, and by lost keys nothing is") {
  Council4 world(2, 2);
  auto& a = world.a;
  auto& d = world.d;
  const auto late = d.share("late.example");
  while (*d.federation->release()) {
  }
  REQUIRE(replace_keys(*d.federation, {.overlap = days(3)}));
  world.meet();
  const auto count = [&] { return a.federation->known()->keys(d.home, policy::KeyUse::statement).size(); };
  CHECK(count() == 2);
  world.clock.advance(days(2));
  REQUIRE(d.federation->tend());
  CHECK(overlap_end(*d.federation)->has_value());
  world.clock.advance(days(2));
  REQUIRE(d.federation->tend());
  CHECK_FALSE(overlap_end(*d.federation)->has_value());
  world.meet();
  CHECK(count() == 1);
  CHECK(a.has(late));
  const auto keys = **d.federation->keys();
  const auto roster = alliance_at(a).roster.version;
  const auto before = a.federation->known()->retired_keys(alliance_at(a).roster.alliance, d.home, 5);
  CHECK(before.size() == 1);  // signed at version 5, before the first was replaced
  REQUIRE(replace_keys(*d.federation, {.lost = true}));
  world.meet();
  CHECK(count() == 1);
  CHECK(a.federation->known()->retired_keys(alliance_at(a).roster.alliance, d.home, roster).empty());
  CHECK(a.federation->known()->keys(d.home, policy::KeyUse::statement).front() != keys.public_statement());
  const auto fresh = d.share("fresh.example");
  world.meet();
  CHECK(a.has(fresh));
}

TEST_CASE("an embargo opens when the own clock and three members' clocks agree") {
  Council4 world(2, 1);
  auto& a = world.a;
  auto& b = world.b;
  const auto until = world.clock.now() + hours(1);
  const auto id = a.share("later.example", [&](policy::Label& label) { label.embargo = until; });
  world.meet();
  REQUIRE(world.clock.now() < until);
  CHECK_FALSE(b.has(id));
  auto& times = a.shelf.of<ledger::MemberTimes>();
  const auto members_say = [&](Timestamp at) {
    for (auto* node : {&world.b, &world.c, &world.d}) times.note(node->home, at, world.clock.steady());
  };
  members_say(until - minutes(30));
  world.clock.set_wall(until + hours(5));  // one clock was moved
  while (*a.federation->release()) {
  }
  CHECK(out_stand(a.store->records(), b.home)->last == 0);
  world.clock.advance(milliseconds(600));
  members_say(until + seconds(1));
  while (*a.federation->release()) {
  }
  CHECK(out_stand(a.store->records(), b.home)->last > 0);
  world.meet();
  CHECK(b.has(id));
}
