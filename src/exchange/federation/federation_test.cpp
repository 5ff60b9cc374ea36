#include "exchange/federation/carry.h"
#include "exchange/federation/epochs.h"
#include "exchange/federation/federation_world.h"
#include "exchange/federation/impact.h"
#include "ledger/delegated.h"

using namespace shieldwall;
using namespace shieldwall::exchange::federation;

namespace {

const TakenStatement refused_by(TestNode& node, const OrganisationId& peer) {
  const auto rows =
      *node.store->records().scan(ledger::statement_table, "refused/" + peer.text() + "/", "", 10);
  REQUIRE(rows.size() == 1);
  return *decode_taken(rows.front().value);
}

/// A row as versions 1 and 2 wrote it: they named an item by its digest alone.
Bytes without_item_time(const Bytes& row, char version, std::size_t behind) {
  constexpr std::size_t added = sizeof(std::int64_t) + 1;  // the item's time, and a flag
  auto before = row;
  before.front() = version;
  before.erase(before.size() - behind - added, added);
  return before;
}

void rewrite(store::Records& records,
             store::Table table,
             std::string_view prefix,
             const std::function<std::pair<std::string, Bytes>(const store::Record&)>& change) {
  const auto rows = *records.scan(table, prefix, "", 1'000);
  for (const auto& row : rows) {
    auto [key, value] = change(row);
    const store::Write gone{.table = table, .key = row.key, .value = std::nullopt, .expected = std::nullopt};
    const store::Write put{
        .table = table, .key = std::move(key), .value = std::move(value), .expected = std::nullopt};
    REQUIRE(records.write({&gone, 1}));
    REQUIRE(records.write({&put, 1}));
  }
}

/// The store of that node as a program wrote it that did not name items by their time.
void make_earlier(TestNode& node) {
  auto& records = node.store->records();
  rewrite(records, ledger::outbox_table, "queue/", [](const store::Record& row) {
    return std::pair(row.key, without_item_time(row.value, 1, 0));
  });
  rewrite(records, ledger::outbox_table, "item/", [](const store::Record& row) {
    return std::pair(item_key(sha256(row.value), {}), row.value);
  });
  rewrite(records, ledger::statement_table, "own/", [](const store::Record& row) {
    const auto release = *decode_own_release(row.value);
    const bool is_amended = std::ranges::any_of(release.recipients, &Recipient::has_lost);
    const auto behind = is_amended ? release.recipients.size() + sizeof(Digest) : 0;
    return std::pair(row.key, without_item_time(row.value, is_amended ? 2 : 1, behind));
  });
}

}  // namespace

TEST_CASE("two operators bring their nodes together by one string, and compare the same words") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  REQUIRE(found_alliance(*a.federation, "shield"));
  const auto invitation = *invite(*a.federation, *ledger::alliance_named(a.store->records(), "shield"));
  const auto typed = *Invite::parse("  " + invitation.text() + "\n");
  CHECK(typed == invitation);
  const auto joined = join(*b.federation, typed);
  REQUIRE(joined);
  CHECK(joined->by == a.home);
  CHECK(joined->phrase ==
        *phrase_with(*a.federation, *ledger::alliance_named(a.store->records(), "shield"), b.home));
  CHECK(joined->roster.roster.members.size() == 2);
  auto& c = world.node("c");
  CHECK(join(*c.federation, typed).error().code == ErrorCode::denied);  // a code is taken once
}

TEST_CASE("what one releases reaches the other, by either's call, under its owner's label") {
  for (const bool b_is_reachable : {true, false}) {
    FederationWorld world;
    auto& a = world.node("a");
    auto& b = world.node("b", b_is_reachable);
    world.alliance({&a, &b});
    const auto from_a = a.share("evil.example");
    const auto from_b = b.share("worse.example");
    world.settle();
    REQUIRE(b.has(from_a));
    REQUIRE(a.has(from_b));
    const auto held = *b.store->objects().get(b.scope(), from_a);
    CHECK(held.source == policy::Source{policy::Source::Kind::member, a.home.uuid});
    CHECK(held.label.tlp == policy::Tlp::amber);
    CHECK(held.label.audience.front().owner == a.home);
    CHECK(*held.bytes == *a.store->objects().get(a.scope(), from_a)->bytes);
    CHECK(kept_ack(a.store->records(), b.home)->last == out_stand(a.store->records(), b.home)->last);
  }
}

TEST_CASE("what was not released to the alliance does not leave") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  world.alliance({&a, &b});
  const auto own = a.share("own.example", [&](policy::Label& label) { label.audience = {{a.home, {}}}; });
  const auto later =
      a.share("later.example", [&](policy::Label& label) { label.embargo = world.clock.now() + hours(1); });
  const auto named = a.share("named.example", [](policy::Label& label) { label.tlp = policy::Tlp::red; });
  const auto closed = a.share("closed.example", [&](policy::Label& label) {
    label.compartments = {CompartmentId::random(world.random)};
  });
  world.settle();
  for (const auto& id : {own, later, named, closed}) CHECK_FALSE(b.has(id));
  CHECK(out_stand(a.store->records(), b.home)->last == 0);
  world.clock.advance(hours(2));
  REQUIRE(a.store->objects().advance(world.clock.now()));
  world.settle();
  CHECK(b.has(later));
}

TEST_CASE("a recall removes the object everywhere, full text too, and its copy on the way; each confirms") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b, &c});
  const auto object = a.share("regretted.example");
  world.settle();
  REQUIRE(b.has(object));
  REQUIRE(b.words_found("regretted.example") == 1);
  store::Query query;
  query.ids = {object};
  REQUIRE(*a.store->objects().remove(a.scope(), query) == 1);
  world.settle();
  CHECK_FALSE(b.has(object));
  CHECK_FALSE(c.has(object));
  CHECK(b.words_found("regretted.example") == 0);
  const auto rows = *a.store->records().scan(ledger::statement_table, own_prefix(object), "", 10);
  const auto release = *decode_own_release(rows.front().value);
  CHECK(release.recalled);
  for (const auto& recipient : release.recipients) {
    const auto receipt = a.store->records().read(
        ledger::outbox_table,
        fmt::format("receipt/{}/{:016}", recipient.organisation.text(), recipient.number));
    REQUIRE(receipt);
    CHECK(decode_ack(receipt->value)->receipts.front().fate == Fate::recalled);
  }
}

TEST_CASE("pages are taken beside the line in their order; who was cut off tells what became of all") {
  FederationWorld world;
  auto& a = world.node("a");
  SeededRandom of_b(2);  // its threads share it with nobody
  TestNode b(world.sim, world.clock, of_b, "b", true);
  REQUIRE(found_alliance(*a.federation, "shield"));
  world.enter(b, a);
  std::vector<model::ObjectId> regretted;
  for (int i = 0; i < 5; ++i) regretted.push_back(a.share(fmt::format("regretted-{}.example", i)));
  world.step(a);
  REQUIRE(b.federation->fetch_from(a.home, seconds(0)));
  const auto circle = *ledger::circle_by_name(a.store->records(), a.home, "shield");
  const std::string long_text(page_bytes_about / 4, 'x');  // four on a page
  std::vector<model::ObjectId> shared;
  for (int i = 0; i < 20; ++i) {
    shared.push_back(
        a.put(fmt::format(R"({{"type":"identity","spec_version":"2.1","id":"identity--{}","name":"n",)"
                          R"("created":"2023-11-14T00:00:00.000Z","modified":"2023-11-14T00:00:00.000Z",)"
                          R"("description":"{}"}})",
                          Uuid::random(world.random).text(),
                          long_text),
              circle.value));
    if (i % 4 == 3) a.recall(regretted[static_cast<std::size_t>(i / 4)]);
    world.step(a);
  }
  int ahead = 0;
  int polls = 0;
  world.sim.listen("a", 8444, [&](net::Request&& request) {
    if (request.target.contains("poll?after=")) ++ahead;
    if (request.target.contains("/poll") && ++polls == 4) return net::problem(503, "the line is cut");
    return a.answer(std::move(request));
  });
  ThreadPool beside(2, 8);
  b.federation->work_beside(&beside);
  CHECK_FALSE(b.federation->fetch_from(a.home, seconds(0)));
  CHECK(ahead == 3);
  REQUIRE(b.has(shared[4]));
  REQUIRE_FALSE(b.has(shared.back()));
  REQUIRE(b.federation->fetch_from(a.home, seconds(0)));
  b.federation->work_beside(nullptr);
  for (const auto& id : shared) CHECK(b.has(id));
  for (const auto& id : regretted) {
    CHECK_FALSE(b.has(id));
    const auto rows = *a.store->records().scan(ledger::statement_table, own_prefix(id), "", 10);
    const auto recipient = decode_own_release(rows.front().value)->recipients.front();
    CHECK(a.store->records().read(ledger::outbox_table,
                                  fmt::format("receipt/{}/{:016}", b.home.text(), recipient.number)));
  }
  CHECK(kept_ack(a.store->records(), b.home)->last == out_stand(a.store->records(), b.home)->last);
}

TEST_CASE("what an earlier version queued is sent, amended and recalled as if it were of today") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b, &c});
  const auto only = [&](const TestNode& who) {
    return [&](policy::Label& label) {
      const auto roster = ledger::alliance_named(a.store->records(), "shield")->roster;
      label.audience = {{a.home,
                         policy::AllianceAudience{.alliance = roster.alliance,
                                                  .roster_version = roster.version,
                                                  .nations = {},
                                                  .organisations = {who.home}}}};
    };
  };
  const auto narrowed = a.share("narrowed.example");
  world.settle();
  a.amend(narrowed, only(b));
  const auto late = a.share("late.example");
  REQUIRE(a.federation->release());
  make_earlier(a);
  world.settle();
  CHECK(b.has(late));
  CHECK(b.has(narrowed));
  CHECK_FALSE(c.has(narrowed));

  a.amend(narrowed, only(c));
  world.settle();
  CHECK(c.has(narrowed));
  CHECK_FALSE(b.has(narrowed));
  const auto row = a.store->records().scan(ledger::statement_table, own_prefix(late), "", 1)->front();
  const auto item = item_key(decode_own_release(row.value)->item, {});
  REQUIRE(a.store->records().read(ledger::outbox_table, item));
  a.recall(late);
  world.settle();
  CHECK_FALSE(b.has(late));
  CHECK_FALSE(a.store->records().read(ledger::outbox_table, item));
}

TEST_CASE("an amended label takes back what came just before the power went, and of which no row tells") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b, &c});
  const auto roster = ledger::alliance_named(a.store->records(), "shield")->roster;
  const policy::AllianceAudience only_c{.alliance = roster.alliance,
                                        .roster_version = roster.version,
                                        .nations = {},
                                        .organisations = {c.home}};
  const auto object = a.share("narrowed.example");
  const auto other = a.share("other.example");
  world.settle();
  REQUIRE(b.has(object));
  const auto rows = *b.store->records().scan(ledger::statement_table, taken_prefix(a.home), "", 100);
  for (const auto& row : rows) {
    if (decode_taken(row.value)->object != object) continue;
    const store::Write gone{
        .table = ledger::statement_table, .key = row.key, .value = std::nullopt, .expected = std::nullopt};
    REQUIRE(b.store->records().write({&gone, 1}));
  }
  a.amend(object, [&](policy::Label& label) { label.audience = {{a.home, only_c}}; });
  world.settle();
  CHECK_FALSE(b.has(object));
  CHECK(b.has(other));
  CHECK(c.has(object));
}

TEST_CASE("an amended label takes back what was shared again for those who joined since") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b});
  const auto circle = [&] { return ledger::circle_by_name(a.store->records(), a.home, "shield")->value; };
  const auto object = a.share("seen.example");
  const auto first = *a.store->objects().get(a.scope(), object);
  const Bytes text(*first.bytes);
  world.settle();
  world.enter(c, a);
  world.settle();
  CHECK(!c.has(object));
  a.put(text, circle());
  world.settle();
  REQUIRE(c.has(object));
  a.amend(object, [&](policy::Label& label) {
    label.audience = first.label.audience;  // those to whom it was released first, as the route keeps them
    label.tlp = policy::Tlp::red;
  });
  world.settle();
  CHECK(!b.has(object));
  CHECK(!c.has(object));
}

TEST_CASE("an amended label travels: who loses the object loses its words too, who gains it receives it") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b, &c});
  const auto only = [&](std::vector<OrganisationId> who) {
    const auto roster = ledger::alliance_named(a.store->records(), "shield")->roster;
    return policy::AllianceAudience{.alliance = roster.alliance,
                                    .roster_version = roster.version,
                                    .nations = {},
                                    .organisations = std::move(who)};
  };
  const auto object = a.share("narrowed.example");
  const auto other = a.share("other.example");
  world.settle();
  const auto b_met = b.store->objects().newest();
  REQUIRE(b.has(object));
  REQUIRE(c.words_found("narrowed.example") == 1);

  SUBCASE("narrower, by name: one keeps it where it was met, the other confirms that it is gone") {
    a.amend(object, [&](policy::Label& label) { label.audience = {{a.home, only({b.home})}}; });
    world.settle();
    CHECK(b.has(object));
    CHECK(b.store->objects().changes(b.scope(), b_met, 10)->changes.empty());  // nobody there is told
    CHECK_FALSE(c.has(object));
    CHECK(c.words_found("narrowed.example") == 0);
    CHECK(c.has(other));
    const auto row = a.store->records().scan(ledger::statement_table, own_prefix(object), "", 10)->front();
    const auto release = *decode_own_release(row.value);
    CHECK(policy::decode_statement(release.statement.statement)->kind == policy::StatementKind::amend);
    CHECK_FALSE(release.recalled);
    for (const auto& one : release.recipients) {
      CHECK(one.has_lost == (one.organisation == c.home));
      CHECK(a.store->records()
                .read(ledger::outbox_table,
                      fmt::format("receipt/{}/{:016}", one.organisation.text(), one.number))
                .has_value() == one.has_lost);
    }
    // Again, and the other way round.
    a.amend(object, [&](policy::Label& label) { label.audience = {{a.home, only({c.home})}}; });
    world.settle();
    CHECK_FALSE(b.has(object));
    CHECK(c.has(object));
    CHECK(c.words_found("narrowed.example") == 1);
    a.recall(object);
    world.settle();
    CHECK_FALSE(c.has(object));
  }
  SUBCASE("narrower for those who keep it: they hold it under the new label") {
    a.amend(object, [&](policy::Label& label) { label.tlp = policy::Tlp::amber_strict; });
    world.settle();
    CHECK(b.store->objects().get(b.scope(), object)->label.tlp == policy::Tlp::amber_strict);
    CHECK(c.store->objects().get(c.scope(), object)->label.tlp == policy::Tlp::amber_strict);
    CHECK(a.store->records().scan(ledger::statement_table, own_prefix(object), "", 10)->size() == 1);
  }
  SUBCASE("for nobody, and for all again") {
    a.amend(object, [&](policy::Label& label) { label.tlp = policy::Tlp::red; });
    world.settle();
    CHECK_FALSE(b.has(object));
    CHECK_FALSE(c.has(object));
    a.amend(object, [&](policy::Label& label) { label.tlp = policy::Tlp::green; });
    world.settle();
    CHECK(b.store->objects().get(b.scope(), object)->label.tlp == policy::Tlp::green);
    CHECK(c.has(object));
  }
  SUBCASE("before it was fetched: who loses it never gets it") {
    world.sim.cut("a", "c");
    const auto late = a.share("late.example");
    world.settle();
    a.amend(late, [&](policy::Label& label) { label.audience = {{a.home, only({b.home})}}; });
    world.settle();
    world.sim.heal_all();
    bool came = false;
    const auto page = *page_after(a.store->records(), c.home, 0);
    for (const auto& delivery : page.deliveries) came = came || delivery.kind == ItemKind::withdrawn;
    CHECK(came);
    world.settle();
    CHECK(b.has(late));
    CHECK_FALSE(c.has(late));
  }
  CHECK(b.store->records().scan(ledger::statement_table, "refused/", "", 10)->empty());
  CHECK(c.store->records().scan(ledger::statement_table, "refused/", "", 10)->empty());
}

TEST_CASE("what a member may not have, wrongly sent, is refused, kept as evidence and told") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b, &c});
  const auto sent = a.share("to-c.example", [&](policy::Label& label) {
    const auto roster = ledger::alliance_named(a.store->records(), "shield")->roster;
    policy::AllianceAudience only_c{.alliance = roster.alliance,
                                    .roster_version = roster.version,
                                    .nations = {},
                                    .organisations = {c.home}};
    label.audience = {{a.home, only_c}};
  });
  while (*a.federation->release()) {
  }
  // A sender that skips its own check: the delivery for C is put into B's queue, its epoch key sealed to B.
  auto& records = a.store->records();
  const auto known = a.federation->known();
  OutboxBatch batch(records);
  const auto alliance = known->newest.front().roster.alliance;
  const auto epoch = *epoch_for(records, a.sealer, *known, alliance, {c.home}, world.random);
  const auto b_key = known->keys(b.home, policy::KeyUse::sealing).front();
  Queued grant{.delivery = {.kind = ItemKind::epoch_key, .to = policy::key_id(b_key)}};
  REQUIRE(batch.add(b.home, grant, *seal(epoch.grant, (*a.federation->keys())->statement, b_key)));
  const auto for_c = *page_after(records, c.home, 0);
  Queued envelope{.delivery = {.kind = ItemKind::envelope, .to = policy::key_id(b_key)}};
  REQUIRE(batch.add(b.home, envelope, for_c.deliveries.back().item));
  REQUIRE(records.write(batch.take()));
  REQUIRE(a.federation->refresh());
  world.settle();
  CHECK(c.has(sent));
  CHECK_FALSE(b.has(sent));
  const auto evidence = refused_by(b, a.home);
  CHECK(evidence.fate == Fate::refused);
  CHECK(evidence.reason.find("audience") != std::string::npos);
  CHECK(policy::decode_statement(evidence.statement.statement)->origin == a.home);
  CHECK(records.read(ledger::outbox_table, fmt::format("receipt/{}/{:016}", b.home.text(), 2)));
}

TEST_CASE("a suspended member gets nothing and brings nothing, at once, and the rest once it is reinstated") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  world.alliance({&a, &b});
  const auto before = a.share("before.example");
  world.settle();
  const auto suspension = write_of(Suspension{.member = b.home, .at = world.clock.now(), .reason = "theft"});
  REQUIRE(a.store->records().write({&suspension, 1}));
  REQUIRE(a.federation->refresh());
  const auto during = a.share("during.example");
  const auto theirs = b.share("theirs.example");
  world.settle();
  CHECK(b.has(before));
  CHECK_FALSE(b.has(during));
  CHECK_FALSE(a.has(theirs));
  const auto on_the_way = *page_after(b.store->records(), a.home, 0);
  CHECK(a.federation->take(b.home, on_the_way).error().code == ErrorCode::denied);
  CHECK_FALSE(a.has(theirs));
  const auto end = end_of_suspension(b.home);
  REQUIRE(a.store->records().write({&end, 1}));
  REQUIRE(a.federation->refresh());
  REQUIRE(release_again(a.services, *a.federation->known(), **a.federation->keys(), b.home, 0));
  REQUIRE(a.federation->refresh());
  world.settle();
  CHECK(b.has(during));
  CHECK(a.has(theirs));
}

TEST_CASE(
    "keys roll over with an overlap: what was sealed before is read, and what is signed after verifies") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  world.alliance({&a, &b});
  const auto first = a.share("first.example");
  while (*a.federation->release()) {
  }
  auto keys = **b.federation->keys();
  REQUIRE(ledger::roll_over(keys, world.random));
  b.shelf.of<ledger::KeyRing>().set(keys);
  REQUIRE(renew_entry(*b.federation));
  world.settle();
  CHECK(b.has(first));
  const auto second = a.share("second.example");
  const auto back = b.share("back.example");
  world.settle();
  CHECK(b.has(second));
  CHECK(a.has(back));
  ledger::end_overlap(keys);
  b.shelf.of<ledger::KeyRing>().set(keys);
  REQUIRE(renew_entry(*b.federation));
  world.settle();
  const auto third = a.share("third.example");
  world.settle();
  CHECK(b.has(third));
}

TEST_CASE("a member that leaves gets nothing more, and a new one nothing from before") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b});
  const auto old = a.share("old.example");
  world.settle();
  world.enter(c, a);
  world.settle();
  REQUIRE(leave_alliance(*b.federation, *ledger::alliance_named(b.store->records(), "shield")));
  const auto fresh = a.share("fresh.example");
  world.settle();
  CHECK_FALSE(c.has(old));
  CHECK(c.has(fresh));
  CHECK_FALSE(b.has(fresh));
}

TEST_CASE("a gap in the deliveries, or another history of them, is refused by name") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  world.alliance({&a, &b});
  a.share("one.example");
  a.share("two.example");
  while (*a.federation->release()) {
  }
  auto page = *page_after(a.store->records(), b.home, 0);
  REQUIRE(page.deliveries.size() == 3);
  auto gap = page;
  gap.deliveries.erase(gap.deliveries.begin());
  CHECK(b.federation->take(a.home, gap).error().message.find("missing") != std::string::npos);
  auto first = page;
  first.deliveries.resize(1);
  REQUIRE(b.federation->take(a.home, first));
  auto rewritten = page;
  rewritten.deliveries[0].digest = sha256("something else");
  CHECK(b.federation->take(a.home, rewritten).error().message.find("another history") != std::string::npos);
  CHECK(b.federation->take(a.home, page)->objects == 2);
  CHECK(b.federation->take(a.home, page)->objects == 0);  // again does no harm
}

TEST_CASE("a relay carries what it cannot read between members that cannot call each other") {
  FederationWorld world;
  auto& hub = world.relay("hub");
  auto& a = world.node("a", false);
  auto& b = world.node("b", false);
  world.alliance({&hub, &a, &b});
  const auto only_b = a.share("for-b.example", [&](policy::Label& label) {
    const auto roster = ledger::alliance_named(a.store->records(), "shield")->roster;
    policy::AllianceAudience audience{.alliance = roster.alliance,
                                      .roster_version = roster.version,
                                      .nations = {},
                                      .organisations = {b.home}};
    label.audience = {{a.home, audience}};
  });
  world.settle();
  CHECK(b.has(only_b));
  CHECK_FALSE(hub.has(only_b));
}

TEST_CASE("a member is told nothing of alliances that it is not in, and given no roster of them") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b});
  REQUIRE(found_alliance(*a.federation, "quiet"));
  const auto quiet = ledger::alliance_named(a.store->records(), "quiet")->roster.alliance;
  world.enter(c, a, "quiet");
  world.settle();
  CHECK(a.federation->page_for(c.home, 0)->rosters.front().alliance == quiet);
  const auto shield = a.federation->page_for(b.home, 0)->rosters;
  CHECK(shield.size() == 1);
  CHECK(shield.front().alliance != quiet);
  // It was guessed, and is claimed in both directions.
  const Hello guess{.organisation = b.home, .rosters = {{quiet, 0}}};
  net::Request request{.method = net::Method::post, .target = "/federation/hello", .body = encode(guess)};
  request.client_certificate_pin = b.pin;
  CHECK(decode_hello(a.answer(std::move(request)).bytes())->rosters == shield);
  std::vector<std::string> asked;
  world.sim.listen("b", 8444, [&](net::Request&& heard) {
    asked.push_back(heard.target);
    return net::Response{.status = 200, .body = encode(Page{.rosters = guess.rosters})};
  });
  static_cast<void>(a.federation->fetch_from(b.home, seconds(0)));
  CHECK(std::ranges::find(asked, "/federation/poll") != asked.end());
  CHECK(std::ranges::find(asked, "/federation/rosters") == asked.end());
}

TEST_CASE(
    "what the founders of one alliance write of another's member does not make anybody else that member") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& victim = world.node("victim");
  auto& liar = world.node("liar");
  world.alliance({&a, &victim});
  REQUIRE(found_alliance(*liar.federation, "quiet"));
  auto quiet = *ledger::alliance_named(liar.store->records(), "quiet");
  REQUIRE(join(*a.federation, *invite(*liar.federation, quiet)));
  quiet = *ledger::alliance_named(liar.store->records(), "quiet");
  auto entry = *own_entry(*liar.federation);
  entry.organisation = victim.home;
  entry.name = "the victim";
  entry.pins = {sha256("another certificate of the liar")};
  auto roster = quiet.roster;
  ++roster.version;
  roster.predecessor = policy::digest_of(quiet.roster);
  roster.members.push_back(entry);
  ledger::SignedRoster forged{.roster = policy::canonical(roster)};
  ledger::sign(forged, liar.home, (*liar.federation->keys())->root);
  REQUIRE(a.federation->keep_rosters(encode_rosters({forged})) == true);
  const auto known = a.federation->known();
  CHECK(known->newest.size() == 2);
  CHECK_FALSE(known->pins.contains(entry.pins.front()));
  CHECK(known->pins.at(victim.pin) == victim.home);
  const auto own = (*victim.federation->keys())->public_keys();
  for (const auto use : {policy::KeyUse::statement, policy::KeyUse::sealing})
    for (const auto& key : known->keys(victim.home, use)) CHECK(std::ranges::find(own, key) != own.end());
  const auto kept = a.share("for the victim");
  world.settle();
  CHECK(victim.has(kept));
}

TEST_CASE("what one member makes wrong does not hold up what others send by the same relay") {
  FederationWorld world;
  auto& hub = world.relay("hub");
  auto& a = world.node("a", false);
  auto& b = world.node("b", false);
  world.alliance({&hub, &a, &b});
  const auto known = a.federation->known();
  const auto roster = known->newest.front().roster;
  const auto forge = [&](std::uint32_t version, const std::function<void(Bytes&)>& spoil) {
    const policy::AllianceAudience audience{
        .alliance = roster.alliance, .roster_version = version, .nations = {}, .organisations = {b.home}};
    const auto keys = *a.federation->keys();
    policy::Statement statement;
    statement.kind = policy::StatementKind::publish;
    statement.alliance = roster.alliance;
    statement.origin = a.home;
    statement.release = policy::ReleaseId::random(world.random);
    statement.number = 1;
    statement.field_root = Digest{};
    statement.label.audience = {{a.home, audience}};
    statement.key = policy::key_id(keys->public_statement());
    auto bytes = policy::encode(statement);
    if (spoil) spoil(bytes);
    const auto batch = *policy::make_batch(std::array{policy::statement_digest(bytes)}, world.random);
    const Contents contents{
        .statement = {.statement = bytes,
                      .path = batch.paths.front(),
                      .signature = Bytes(keys->statement.sign(policy::batch_text(batch.root)).view())},
        .object = "{}"};
    auto& records = a.store->records();
    const auto epoch = *epoch_for(records, a.sealer, *known, roster.alliance, {b.home}, world.random);
    const auto to = policy::key_id(known->keys(b.home, policy::KeyUse::sealing).front());
    OutboxBatch queue(records);
    const auto grant =
        seal(epoch.grant, keys->statement, known->keys(b.home, policy::KeyUse::sealing).front());
    REQUIRE(queue.add(hub.home, {.delivery = {.kind = ItemKind::epoch_key, .to = to}}, *grant));
    const auto envelope = *seal({.epoch = epoch.grant.epoch}, contents, epoch.grant.key, world.random);
    REQUIRE(queue.add(hub.home, {.delivery = {.kind = ItemKind::envelope, .to = to}}, envelope));
    REQUIRE(records.write(queue.take()));
    REQUIRE(a.federation->refresh());
  };
  forge(roster.version + 90, {});
  forge(roster.version, [](Bytes& bytes) { bytes.resize(bytes.size() / 2); });
  const auto good = a.share("after.example");
  world.settle();
  CHECK(b.has(good));
  CHECK(hub.has(good));
  CHECK(refused_by(b, hub.home).reason.find("roster version") != std::string::npos);
}

TEST_CASE("a member without a wire is enrolled by a file and fed by files; a gap is named, a size kept") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& far = world.node("far", false);
  auto& other = world.node("other");
  REQUIRE(found_alliance(*a.federation, "shield"));
  const auto enrolled = enrol(*a.federation,
                              *ledger::alliance_named(a.store->records(), "shield"),
                              *enrolment_request(*far.federation));
  REQUIRE(enrolled);
  const auto first = a.share("first.example");
  const auto file = *carry_out(*a.federation, far.home, std::nullopt, 1 << 20);
  CHECK(carry_in(*far.federation, file.bytes, "wrong-words-here").error().code == ErrorCode::denied);
  CHECK(carry_in(*other.federation, file.bytes, enrolled->phrase).error().code == ErrorCode::denied);
  auto altered = file.bytes;
  altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
  CHECK_FALSE(carry_in(*far.federation, altered, enrolled->phrase));
  const auto taken = carry_in(*far.federation, file.bytes, enrolled->phrase);
  if (!taken) FAIL(taken.error().message);
  CHECK(far.has(first));
  std::vector<model::ObjectId> many;
  for (int i = 0; i < 40; ++i)
    many.push_back(a.share(std::string(3'000, 'x') + std::to_string(i) + ".example"));
  std::vector<CarriedFile> files;
  do files.push_back(*carry_out(*a.federation, far.home, std::nullopt, carried_bytes_least));
  while (files.back().more);
  CHECK(files.size() > 1);
  CHECK(carry_in(*far.federation, files.back().bytes, "").error().message.find("missing") !=
        std::string::npos);
  for (const auto& one : files) CHECK(carry_in(*far.federation, one.bytes, ""));
  for (const auto& id : many) CHECK(far.has(id));
}

TEST_CASE("of a recall that went by file it is told that it did, since nothing tells whether it arrived") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& far = world.node("far", false);
  REQUIRE(found_alliance(*a.federation, "shield"));
  const auto enrolled = enrol(*a.federation,
                              *ledger::alliance_named(a.store->records(), "shield"),
                              *enrolment_request(*far.federation));
  REQUIRE(enrolled);
  const auto shared = a.share("first.example");
  const auto carry = [&] { return *carry_out(*a.federation, far.home, std::nullopt, 1 << 20); };
  REQUIRE(carry_in(*far.federation, carry().bytes, enrolled->phrase));
  REQUIRE(far.has(shared));
  REQUIRE(recall_object(*a.federation, shared));
  const auto is_told = [&](std::string_view state) {
    model::JsonWriter out;
    REQUIRE(write_recall(out, *a.federation, shared));
    return std::move(out).text().find(fmt::format("\"{}\"", state)) != std::string::npos;
  };
  CHECK(is_told("waiting"));
  const auto file = carry();
  CHECK(is_told("in a file"));
  REQUIRE(carry_in(*far.federation, file.bytes, ""));
  CHECK_FALSE(far.has(shared));
  CHECK(is_told("in a file"));
}

TEST_CASE("a member that was put back to a backup hears again what others bring it, from where it stands") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b", false);  // it brings what it has, since nobody can call it
  world.alliance({&a, &b});
  const auto first = b.share("first.example");
  world.settle();
  REQUIRE(a.has(first));
  store::Query query;
  query.ids = {first};
  const auto stand = a.store->records().read(ledger::peer_table, in_key(b.home));
  REQUIRE(stand);
  REQUIRE(a.store->objects().remove(policy::Scope::everything("the backup is older"), query));
  const store::Write before{
      .table = ledger::peer_table, .key = in_key(b.home), .value = std::nullopt, .expected = std::nullopt};
  REQUIRE(a.store->records().write({&before, 1}));
  const auto second = b.share("second.example");
  world.settle();
  CHECK(a.has(second));
  CHECK(kept_ack(b.store->records(), a.home)->last == out_stand(b.store->records(), a.home)->last);
}

TEST_CASE("what is published for somebody else says so in its statement, and names nobody but who signs") {
  FederationWorld world;
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  world.alliance({&a, &b, &c});
  const auto circle = *ledger::circle_by_name(a.store->records(), a.home, "shield");
  const auto text = [&](const model::ObjectId& id) {
    return fmt::format(
        R"({{"type":"indicator","spec_version":"2.1","id":"{}","created":"2023-11-14T00:00:00.000Z",)"
        R"("modified":"2023-11-14T00:00:00.000Z","pattern":"[domain-name:value = 'for.example']",)"
        R"("pattern_type":"stix","valid_from":"2023-11-14T00:00:00Z"}})",
        id.text());
  };
  const model::ObjectId delegated{"indicator", Uuid::random(world.random)};
  const auto noted = ledger::note_delegated(delegated);
  REQUIRE(a.store->records().write({&noted, 1}));
  a.put(text(delegated), circle.value);
  const auto own = a.share("own.example");
  world.settle();
  REQUIRE(b.has(delegated));
  REQUIRE(c.has(own));
  std::map<model::ObjectId, policy::StatementKind> kinds;
  const auto rows = *b.store->records().scan(ledger::statement_table, taken_prefix(a.home), "", 10);
  for (const auto& row : rows) {
    const auto taken = *decode_taken(row.value);
    kinds[*taken.object] = policy::decode_statement(taken.statement.statement)->kind;
  }
  CHECK(kinds[delegated] == policy::StatementKind::delegate);
  CHECK(kinds[own] == policy::StatementKind::publish);
}
