// What a hub and other relays do: members that only call it share through it, hear what became of what they
// sent, and it learns nothing.

#include "exchange/federation/again.h"
#include "exchange/federation/anonymous.h"
#include "exchange/federation/carry.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/evidence.h"
#include "exchange/federation/federation_world.h"
#include "exchange/federation/forgetting.h"
#include "exchange/federation/impact.h"
#include "exchange/federation/kept_receipt.h"
#include "exchange/federation/refusals.h"
#include "exchange/federation/relaying.h"
#include "ledger/anonymous.h"
#include "ledger/day_count.h"

using namespace shieldwall;
using namespace shieldwall::exchange::federation;

namespace {

/// A founded the alliance, enrolled the hub and B by files, and reaches neither: all three lines lead to the
/// hub.
struct HubWorld : FederationWorld {
  explicit HubWorld(bool is_hub = true) {
    auto options = hub.federation->options();
    options.relay = true;
    options.hub = is_hub;
    hub.federation = std::make_unique<Federation>(hub.services, options);
    hub.shelf.of<FederationHandle>().at = hub.federation.get();
    REQUIRE(hub.federation->refresh());
    REQUIRE(found_alliance(*a.federation, "shield"));
    std::map<TestNode*, std::string> phrases;
    for (auto* const one : {&hub, &b}) {
      const auto enrolled = enrol(*a.federation,
                                  *ledger::alliance_named(a.store->records(), "shield"),
                                  *enrolment_request(*one->federation));
      REQUIRE(enrolled);
      phrases[one] = enrolled->phrase;
    }
    for (const auto& [one, phrase] : phrases) {
      const auto file = *carry_out(*a.federation, one->home, std::nullopt, 1 << 20);
      REQUIRE(carry_in(*one->federation, file.bytes, phrase));
    }
    settle();
  }

  std::string recall_state(const model::ObjectId& object) {
    model::JsonWriter out;
    REQUIRE(write_recall(out, *a.federation, object));
    const auto document = *model::JsonDocument::parse(std::move(out).text());
    std::string states;
    const auto recipients = document.root().find("recipients");
    for (const auto one : *recipients) states += one.find("state")->string();
    return states;
  }
  std::string refusals_of(TestNode& node) {
    model::JsonWriter out;
    REQUIRE(write_refusals(out, *node.federation));
    return std::move(out).text();
  }
  /// How many rows of the node, and objects, hold that text anywhere.
  static std::size_t places_with(TestNode& node, std::string_view text) {
    std::size_t places = 0;
    for (int table = 1; table < 64; ++table) {
      const auto rows = node.store->records().scan(static_cast<store::Table>(table), "", "", 10'000);
      REQUIRE(rows);
      for (const auto& row : *rows)
        places += row.key.find(text) != std::string::npos || row.value.find(text) != std::string::npos;
    }
    const auto changes = *node.store->objects().changes(policy::Scope::everything("test"), 0, 10'000);
    for (const auto& change : changes.changes)
      places += change.holding.bytes && change.holding.bytes->find(text) != std::string::npos;
    return places;
  }

  TestNode& hub = node("hub");
  TestNode& a = node("a", false);
  TestNode& b = node("b", false);
};

}  // namespace

TEST_CASE("a hub carries between members that only call it, and nothing it keeps holds a word of it") {
  HubWorld world;
  const auto object = world.a.share("planted-by-a.example");
  const auto back = world.b.share("planted-by-b.example");
  world.settle();
  REQUIRE(world.b.has(object));
  REQUIRE(world.a.has(back));
  for (const auto& text : {std::string("planted-by"), object.text(), back.text()}) {
    CAPTURE(text);
    CHECK(HubWorld::places_with(world.hub, text) == 0);
    CHECK(HubWorld::places_with(world.b, text) > 0);
  }
  const auto held = *world.b.store->objects().get(world.b.scope(), object);
  const auto& audience = std::get<policy::AllianceAudience>(held.label.audience.front().inside);
  CHECK(std::ranges::count(audience.organisations, world.hub.home) == 0);
}

TEST_CASE("a relay that is no hub is a member like others: it reads what is released to all") {
  HubWorld world(false);
  const auto object = world.a.share("planted-by-a.example");
  world.settle();
  CHECK(world.hub.has(object));
  CHECK(world.b.has(object));
}

TEST_CASE("a relay forgets in time what everybody has, and keeps what somebody lacks") {
  HubWorld world;
  const auto carried = [&] {
    return world.hub.store->records().scan(ledger::outbox_table, carried_prefix, "", 100)->size();
  };
  const auto first = world.a.share("first.example");
  world.settle();
  REQUIRE(world.b.has(first));
  REQUIRE(carried() > 0);
  const auto pass = [&](Duration time) {
    world.clock.advance(time);
    REQUIRE(world.hub.federation->tend());
  };
  pass(minutes(1));
  CHECK(carried() > 0);  // who restores a backup of yesterday asks for it again

  const auto late = world.a.share("late.example");
  REQUIRE(world.a.federation->release());
  REQUIRE(world.a.federation->bring_to(world.hub.home));
  const auto both = carried();
  pass(carried_kept);
  pass(minutes(1));
  CHECK(carried() < both);
  CHECK(carried() > 0);
  world.settle();
  CHECK(world.b.has(late));
  pass(carried_kept);
  pass(minutes(1));
  CHECK(carried() == 0);
  const auto after = world.a.share("after.example");
  world.settle();
  CHECK(world.b.has(after));
}

TEST_CASE("of a member that floods with what it may not send, some evidence is kept and the rest counted") {
  HubWorld world;
  const auto suspension = write_of(Suspension{.member = world.a.home, .at = world.clock.now()});
  REQUIRE(world.b.store->records().write({&suspension, 1}));
  REQUIRE(world.b.federation->refresh());
  constexpr std::uint64_t flood = evidence_of_member_max + 40;
  for (std::uint64_t i = 0; i < flood; ++i) world.a.share(fmt::format("flood-{}.example", i));
  world.settle();
  const auto evidence = *world.b.store->records().scan(
      ledger::statement_table, "refused/", "", int{evidence_of_member_max} * 2);
  CHECK(evidence.size() == evidence_of_member_max);
  CHECK(world.refusals_of(world.b).find(R"("count":40,)") != std::string::npos);
  const auto audited = *world.b.store->audit().size();
  CHECK(audited < evidence_of_member_max + 40);

  // What it sends once it may is taken as before.
  const auto end = end_of_suspension(world.a.home);
  REQUIRE(world.b.store->records().write({&end, 1}));
  REQUIRE(world.b.federation->refresh());
  const auto fine = world.a.share("fine.example");
  world.settle();
  CHECK(world.b.has(fine));
}

TEST_CASE("past a relay the origin hears who confirmed a recall, and the relay does not") {
  HubWorld world;
  const auto object = world.a.share("regretted.example");
  world.settle();
  REQUIRE(world.b.has(object));
  REQUIRE(recall_object(*world.a.federation, object));
  CHECK(world.recall_state(object) == "waiting");
  CHECK_FALSE(*world.a.federation->bring_to(world.hub.home));
  CHECK(world.recall_state(object) == "with the relay");
  world.settle();
  CHECK_FALSE(world.b.has(object));
  CHECK(world.recall_state(object) == "confirmed");
  CHECK(kept_ack(world.hub.store->records(), world.b.home)->receipts.empty());
}

TEST_CASE("what goes past a relay while it suspends whom it is for, or is suspended, comes after all") {
  HubWorld world;
  const auto shared_while = [&](TestNode& who, const TestNode& whom, const std::string& value) {
    const auto suspension = write_of(Suspension{.member = whom.home, .at = world.clock.now()});
    REQUIRE(who.store->records().write({&suspension, 1}));
    REQUIRE(who.federation->refresh());
    const auto object = world.a.share(value);
    world.settle();
    CHECK_FALSE(world.b.has(object));
    const auto end = end_of_suspension(whom.home);
    REQUIRE(who.store->records().write({&end, 1}));
    REQUIRE(who.federation->refresh());
    world.settle();
    return world.b.has(object);
  };
  CHECK(shared_while(world.hub, world.b, "relay-suspends.example"));
  CHECK(shared_while(world.a, world.hub, "relay-suspended.example"));
}

TEST_CASE("past a relay the origin hears of a refusal, with the reason, and both keep the evidence") {
  HubWorld world;
  const auto suspension = write_of(Suspension{.member = world.a.home, .at = world.clock.now()});
  REQUIRE(world.b.store->records().write({&suspension, 1}));
  REQUIRE(world.b.federation->refresh());
  const auto from_suspended = world.a.share("from-suspended.example");
  world.settle();
  CHECK_FALSE(world.b.has(from_suspended));
  CHECK(world.refusals_of(world.b).find("its origin is suspended here") != std::string::npos);
  CHECK(world.refusals_of(world.a).find("suspended") == std::string::npos);  // nothing goes to it

  const auto end = end_of_suspension(world.a.home);
  REQUIRE(world.b.store->records().write({&end, 1}));
  REQUIRE(world.b.federation->refresh());
  // A release that is over when it comes: here by a clock that runs ahead of the relay's.
  const auto late =
      world.a.share("late.example", [&](policy::Label& label) { label.end = world.clock.now() + hours(1); });
  while (*world.a.federation->release()) {
  }
  REQUIRE(world.a.federation->bring_to(world.hub.home));
  const auto page = *page_after(world.hub.store->records(), world.b.home, 0);
  world.clock.advance(hours(2));
  REQUIRE(world.b.federation->take(world.hub.home, page));
  world.settle();
  CHECK_FALSE(world.b.has(late));
  const auto told = world.refusals_of(world.a);
  CHECK(told.find(R"("there":[{)") != std::string::npos);
  CHECK(told.find("nobody of this organisation see it now") != std::string::npos);
  CHECK(HubWorld::places_with(world.hub, "see it now") == 0);
}

TEST_CASE("a relay lets go of what its time is over, and does not take what it can't judge") {
  HubWorld world;
  const auto brief =
      world.a.share("brief.example", [&](policy::Label& label) { label.end = world.clock.now() + hours(1); });
  while (*world.a.federation->release()) {
  }
  REQUIRE(world.a.federation->bring_to(world.hub.home));
  world.clock.advance(hours(2));
  const auto page = *world.hub.federation->page_for(world.b.home, 0);
  REQUIRE_FALSE(page.deliveries.empty());
  CHECK(page.deliveries.back().kind == ItemKind::withdrawn);
  world.settle();
  CHECK_FALSE(world.b.has(brief));
  CHECK(world.refusals_of(world.b).find("statement") == std::string::npos);

  const auto known = world.hub.federation->known();
  const auto b_key = policy::key_id(known->keys(world.b.home, policy::KeyUse::sealing).front());
  const auto now = world.clock.now();
  CHECK(why_not_carried(*known, {.to = b_key, .item = "noise"}, now).value().find("header") !=
        std::string_view::npos);
  CHECK(why_not_carried(*known, {.to = sha256("nobody"), .item = "noise"}, now));
  CHECK_FALSE(why_not_carried(*known, {.kind = ItemKind::receipt, .to = b_key, .item = "sealed"}, now));
}

TEST_CASE("what is sealed to the hub itself is refused unread") {
  HubWorld world;
  world.a.share("for-b.example");
  while (*world.a.federation->release()) {
  }
  auto& records = world.a.store->records();
  const auto known = world.a.federation->known();
  const auto hub_key = policy::key_id(known->keys(world.hub.home, policy::KeyUse::sealing).front());
  OutboxBatch batch(records);
  const auto item = page_after(records, world.hub.home, 0)->deliveries.back().item;
  const auto number = batch.add(world.hub.home, {.delivery = {.to = hub_key}}, item);
  REQUIRE(records.write(batch.take()));
  REQUIRE(world.a.federation->refresh());
  world.settle();
  const auto receipt =
      records.read(ledger::outbox_table, fmt::format("receipt/{}/{:016}", world.hub.home.text(), *number));
  REQUIRE(receipt);
  CHECK(decode_ack(receipt->value)->receipts.front().reason.find("only carries") != std::string::npos);
}

TEST_CASE("a sighting comes back past a hub, and its indicator's owner sees what was sighted") {
  HubWorld world;
  const auto indicator = world.a.share("met.example");
  world.settle();
  const auto held = *world.b.store->objects().get(world.b.scope(), indicator);
  const auto circle = *ledger::circle_by_name(world.b.store->records(), world.b.home, "shield");
  const auto id = "sighting--" + Uuid::random(world.random).text();
  const auto text = fmt::format(
      R"({{"type":"sighting","spec_version":"2.1","id":"{}","created":"2023-11-14T00:00:00.000Z",)"
      R"("modified":"2023-11-14T00:00:00.000Z","sighting_of_ref":"{}","count":3}})",
      id,
      indicator.text());
  const auto sighting = world.b.put(
      text, circle.value, [&](policy::Label& label) { label = *policy::join(held.label, label); });
  world.settle();
  const auto got = world.a.store->objects().get(world.a.scope(), sighting);
  REQUIRE(got);
  CHECK(got->removed.empty());
  CHECK(got->source.id == world.b.home.uuid);
}

TEST_CASE("a receipt past a relay is taken as its signer wrote it, for its origin alone") {
  HubWorld world;
  const auto& keys = **world.b.federation->keys();
  const auto known = world.a.federation->known();
  const RelayedReceipt receipt{.by = world.b.home,
                               .to = world.a.home,
                               .statement = sha256("statement"),
                               .fate = Fate::refused,
                               .at = world.clock.now(),
                               .reason = "not for us"};
  const auto made = signed_receipt(receipt, keys.statement);
  const auto member_key = known->keys(world.a.home, policy::KeyUse::sealing).front();
  const auto opened = open_receipt(*seal(made, member_key), **world.a.federation->keys());
  REQUIRE(opened);
  CHECK(*opened == made);
  CHECK(is_genuine(*known, *opened));
  auto altered = made;
  altered.receipt.fate = Fate::recalled;
  CHECK_FALSE(is_genuine(*known, altered));
  auto elsewhere = receipt;
  elsewhere.to = world.b.home;
  CHECK_FALSE(is_genuine(*known, signed_receipt(elsewhere, keys.statement)));
  auto in_anothers_name = receipt;
  in_anothers_name.by = world.hub.home;
  CHECK_FALSE(is_genuine(*known, signed_receipt(in_anothers_name, keys.statement)));
  CHECK_FALSE(open_receipt(*seal(made, member_key), keys));
}

TEST_CASE("of one member's receipts past a relay so many are kept a day, and the relay is told of the rest") {
  for (const std::uint64_t left : {1, 0}) {
    HubWorld world;
    const auto object = world.a.share("regretted.example");
    world.settle();
    REQUIRE(world.b.has(object));
    const store::Write told{
        .table = store::Table::quota,
        .key = ledger::DayCount::key(relayed_receipt_count(world.b.home), world.clock.now()),
        .value = std::to_string(relayed_receipts_per_day - left),
        .expected = std::nullopt};
    REQUIRE(world.a.store->records().write({&told, 1}));
    world.a.recall(object);
    world.settle();
    CHECK_FALSE(world.b.has(object));
    CHECK(world.recall_state(object) == (left > 0 ? "confirmed" : "with the relay"));
  }
}

TEST_CASE("an anonymous sighting reaches the indicator's owner past a relay, and nobody knows whose it is") {
  FederationWorld world;
  auto& hub = world.relay("hub");
  auto& owner = world.node("owner", false);
  auto& seer = world.node("seer", false);
  auto& third = world.node("third");
  world.alliance({&hub, &owner, &seer, &third});
  const auto indicator = owner.share("seen.example");
  const auto other = third.share("other.example");
  world.settle();
  const auto alliance = hub.federation->known()->newest.front().roster.alliance;
  const auto let_go = [&](TestNode& node, const model::ObjectId& of, const OrganisationId& to) {
    const ledger::AnonymousCount count{.alliance = alliance,
                                       .owner = to,
                                       .indicator = of,
                                       .from = Timestamp{1'699'920'000'000'000},
                                       .length = days(1),
                                       .count = 7};
    const auto write = ledger::write_of(count, world.clock.now() + minutes(3), world.random);
    REQUIRE(node.store->records().write({&write, 1}));
  };
  let_go(seer, indicator, owner.home);
  world.settle();
  const auto sightings = [&](TestNode& node) {
    store::Query query;
    query.types = {"sighting"};
    return node.store->objects()
        .find(policy::Scope::everything("test"), query, std::nullopt, 10, 1u << 20, Deadline::none())
        ->holdings;
  };
  CHECK(hub.store->records().scan(ledger::peer_table, mix_prefix, "", 9)->empty());  // not due yet
  world.clock.advance(minutes(4));
  world.settle();
  const auto mixed = *hub.store->records().scan(ledger::peer_table, mix_prefix, "", 9);
  REQUIRE(mixed.size() == 1);
  CHECK(mixed.front().value.find(seer.home.uuid.view()) == Bytes::npos);
  CHECK(sightings(owner).empty());  // it waits among others
  world.clock.advance(seconds(1));
  world.settle();
  world.clock.advance(mix_min);
  world.clock.advance(mix_spread);
  world.settle();
  REQUIRE(sightings(owner).size() == 1);
  const auto held = sightings(owner).front();
  CHECK(held.source == policy::Source{policy::Source::Kind::member, hub.home.uuid});
  CHECK(held.bytes->find("\"count\":7") != std::string::npos);
  CHECK(held.bytes->find("anonymous") != std::string::npos);
  CHECK(held.bytes->find(seer.home.text()) == std::string::npos);
  CHECK(owner.has(held.id));
  for (auto* one : {&hub, &seer, &third}) CHECK(sightings(*one).empty());
  // Nothing that the relay keeps of it names its bringer.
  const auto kept = *hub.store->records().scan(ledger::statement_table, "own/", "", 99);
  CHECK_FALSE(kept.empty());
  for (const auto& row : kept) CHECK(row.value.find(seer.home.uuid.view()) == Bytes::npos);
  CHECK(hub.store->records().scan(ledger::peer_table, mix_prefix, "", 9)->empty());

  SUBCASE("what is not the owner's own is refused, and the relay hears why") {
    let_go(seer, other, owner.home);
    world.clock.advance(minutes(4));
    world.settle();
    world.clock.advance(seconds(1));
    world.settle();
    world.clock.advance(mix_min);
    world.clock.advance(mix_spread);
    world.settle();
    CHECK(sightings(owner).size() == 1);
    const auto evidence =
        *owner.store->records().scan(ledger::statement_table, "refused/" + hub.home.text(), "", 9);
    REQUIRE(evidence.size() == 1);
    CHECK(decode_taken(evidence.front().value)->reason.find("organisation's own") != std::string::npos);
  }
  SUBCASE("a member that floods has its day's share, and no more") {
    const store::Write used{
        .table = store::Table::quota,
        .key = ledger::DayCount::key(anonymous_count(seer.home), world.clock.now() + minutes(4)),
        .value = std::to_string(anonymous_per_day),
        .expected = std::nullopt};
    REQUIRE(hub.store->records().write({&used, 1}));
    let_go(seer, indicator, owner.home);
    world.clock.advance(minutes(4));
    world.settle();
    CHECK(hub.store->records().scan(ledger::peer_table, mix_prefix, "", 9)->empty());
  }
}

TEST_CASE("a stopped organisation's sightings wait here, and what cannot leave keeps no other back") {
  FederationWorld world;
  auto& hub = world.relay("hub");
  auto& owner = world.node("owner", false);
  auto& seer = world.node("seer", false);
  world.alliance({&hub, &owner, &seer});
  const auto indicator = owner.share("seen.example");
  world.settle();
  const auto alliance = hub.federation->known()->newest.front().roster.alliance;
  const auto let_go = [&](const OrganisationId& to, std::uint64_t count, const CircleId& circle = {}) {
    const auto write = ledger::write_of({.alliance = alliance,
                                         .owner = to,
                                         .indicator = indicator,
                                         .from = Timestamp{1'699'920'000'000'000},
                                         .length = days(1),
                                         .count = count,
                                         .seer = seer.home,
                                         .circle = circle},
                                        world.clock.now() - seconds(1),
                                        world.random);
    REQUIRE(seer.store->records().write({&write, 1}));
  };
  const auto waiting = [&] {
    return seer.store->records().scan(ledger::peer_table, ledger::anonymous_prefix, "", 999)->size();
  };
  const auto send = [&] {
    return send_anonymous(seer.services, *seer.federation->known(), [](const OrganisationId&) { return 3u; });
  };
  SUBCASE("the switch") {
    let_go(owner.home, 1);
    auto& settings = seer.store->settings();
    REQUIRE(settings.set(ledger::stopped_name(seer.home), "true"));
    CHECK(send()->empty());
    CHECK(waiting() == 1);
    REQUIRE(settings.set(ledger::stopped_name(seer.home), "false"));
    CHECK(*send() == std::vector{hub.home});
    CHECK(waiting() == 0);
  }
  SUBCASE("the circle's choice") {
    const auto shield = ledger::circle_of(alliance, seer.home);
    const auto choose = [&](ledger::SightingChoice choice) {
      auto& records = seer.store->records();
      const auto before = *ledger::read_circle(records, shield);
      auto circle = before.value;
      for (auto& member : circle.members)
        if (member.organisation == seer.home) member.sightings = choice;
      REQUIRE(records.write(*ledger::writes_of(records, circle, &before)));
    };
    let_go(owner.home, 1, shield);
    choose(ledger::SightingChoice::none);
    CHECK(send()->empty());
    CHECK(waiting() == 1);
    choose(ledger::SightingChoice::counts);
    CHECK(*send() == std::vector{hub.home});
    CHECK(waiting() == 0);
    let_go(owner.home, 1, CircleId{Uuid::named(Uuid{}, "left long ago")});
    CHECK(send()->empty());
  }
  SUBCASE("owners that are gone") {
    const OrganisationId gone{Uuid::named(Uuid{}, "gone")};
    for (std::uint64_t i = 1; i <= 70; ++i) let_go(gone, i);
    world.clock.advance(seconds(1));
    let_go(owner.home, 71);
    world.clock.advance(seconds(1));
    CHECK(*send() == std::vector{hub.home});
    CHECK(waiting() == 70);
  }
}

TEST_CASE("what a relay carried during a suspension comes after the reinstatement") {
  FederationWorld world;
  auto& hub = world.relay("hub");
  auto& a = world.node("a", false);
  auto& b = world.node("b", false);
  world.alliance({&hub, &a, &b});
  const auto suspension = write_of(Suspension{.member = a.home, .at = world.clock.now(), .reason = "theft"});
  REQUIRE(b.store->records().write({&suspension, 1}));
  REQUIRE(b.federation->refresh());
  const auto during = a.share("during.example");
  const auto gone = a.share("gone.example");
  world.settle();
  a.recall(gone);
  world.settle();
  CHECK_FALSE(b.has(during));
  const auto end = end_of_suspension(a.home);
  REQUIRE(b.store->records().write({&end, 1}));
  REQUIRE(b.federation->refresh());
  const auto asked = ask_again(b.services, *b.federation->known(), **b.federation->keys(), a.home);
  REQUIRE(asked);
  REQUIRE(b.federation->count(*asked));
  world.settle();
  world.clock.advance(seconds(1));
  world.settle();
  CHECK(b.has(during));
  CHECK_FALSE(b.has(gone));
}
