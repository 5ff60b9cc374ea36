// What every store promises, on each of them.

#include <algorithm>
#include <thread>

#include "store/store_world.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

/// Runs the case on each kind of store, and on SQLite again with everything in sealed segments.
template <typename Test>
void on_each(Test&& test) {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    test(rig);
  }
}

std::vector<std::string> names_of(const std::vector<policy::Holding>& holdings) {
  std::vector<std::string> names;
  for (const auto& each : holdings) names.push_back(each.id.text());
  return names;
}

const auto us = scope_of(ours);
const auto friends = scope_of(partner, {circle});
const auto strangers = scope_of(stranger);

}  // namespace

TEST_CASE("what was put is found by its owner and its circle, and by nobody else") {
  on_each([](Rig& rig) {
    CHECK(rig.put(holding(indicator(1))).status == PutStatus::stored);
    rig.tend();
    for (const auto& scope : {us, friends}) {
      const auto found = rig.objects().get(scope, indicator_id(1));
      REQUIRE(found);
      CHECK(*found->bytes == *indicator(1).bytes);
      CHECK(found->label == shared_with(circle));
      CHECK(found->collection == circle);
      CHECK(found->source == own_source());
    }
    CHECK(rig.objects().get(strangers, indicator_id(1)).error().code == ErrorCode::not_found);
    CHECK(rig.find(strangers).empty());
    CHECK(*rig.objects().count(strangers, {}, 10) == 0);
    CHECK(rig.objects().changes(strangers, 0, 10)->changes.empty());
  });
}

TEST_CASE("added times strictly increase, inside a batch by 1 to 16 microseconds, whatever the clock does") {
  on_each([](Rig& rig) {
    const auto batch = rig.put({holding(indicator(1)), holding(indicator(2)), holding(indicator(3))});
    CHECK(batch[0].added == start);
    for (std::size_t i = 1; i < batch.size(); ++i) {
      const auto step = batch[i].added - batch[i - 1].added;
      CHECK(step >= microseconds(1));
      CHECK(step <= microseconds(16));
    }
    rig.clock.set_wall(start - hours(24));
    CHECK(rig.put(holding(indicator(4))).added > batch[2].added);
    rig.clock.set_wall(start + hours(1));
    CHECK(rig.put(holding(indicator(5))).added == start + hours(1));
    if (rig.kind == Kind::sqlite) {
      rig.clock.set_wall(start);
      rig.reopen();
      CHECK(rig.put(holding(indicator(6))).added > start + hours(1));
    }
  });
}

TEST_CASE("the same content again is a duplicate without a new arrival, other content a conflict") {
  on_each([](Rig& rig) {
    const auto first = rig.put(holding(indicator(1)));
    rig.clock.advance(seconds(5));
    const auto again = rig.put(holding(indicator(1)));
    CHECK(again.status == PutStatus::duplicate);
    CHECK(again.added == first.added);

    const auto spaced = object_of_text(*indicator(1).bytes + "  ");
    CHECK(rig.put(holding(spaced)).status == PutStatus::duplicate);  // other bytes, same content

    const auto changed = rig.put(holding(indicator(1, {.name = "Another name"})));
    CHECK(changed.status == PutStatus::conflict);
    CHECK(changed.added == first.added);
    CHECK(rig.find(us).size() == 1);
    CHECK(*rig.objects().get(us, indicator_id(1))->bytes == *indicator(1).bytes);
    CHECK(rig.objects().changes(us, 0, 10)->changes.size() == 1);

    CHECK(rig.put(holding(indicator(1), {.collection = other_circle})).status == PutStatus::stored);
    CHECK(rig.put(holding(indicator(1, {.name = "Theirs"}), {.source = member_source()})).status ==
          PutStatus::stored);
    CHECK(rig.find(us).size() == 1);  // each version once
  });
}

TEST_CASE("duplicates and conflicts are judged inside one batch too") {
  on_each([](Rig& rig) {
    const auto outcomes = rig.put({holding(indicator(1)),
                                   holding(indicator(1)),
                                   holding(indicator(1, {.name = "Another"})),
                                   holding(indicator(2))});
    CHECK(outcomes[0].status == PutStatus::stored);
    CHECK(outcomes[1].status == PutStatus::duplicate);
    CHECK(outcomes[2].status == PutStatus::conflict);
    CHECK(outcomes[3].status == PutStatus::stored);
    CHECK(rig.find(us).size() == 2);
  });
}

TEST_CASE("a version is shown from the reader's own source first, else from the earliest it sees") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1, {.name = "Theirs"}),
                    {.source = member_source(), .label = shared_with(circle, partner)}));
    rig.put(holding(indicator(1, {.name = "Ours"}), {.source = own_source()}));
    const auto ours_found = rig.find(us);
    REQUIRE(ours_found.size() == 1);
    CHECK(ours_found[0].source == own_source());
    const auto theirs_found = rig.find(friends);
    REQUIRE(theirs_found.size() == 1);
    CHECK(theirs_found[0].source == member_source());
    const auto third = rig.find(scope_of(stranger, {circle}));
    REQUIRE(third.size() == 1);
    CHECK(third[0].source == member_source());
  });
}

TEST_CASE("a version's added time is when the reader first met it, also when a better holding comes later") {
  on_each([](Rig& rig) {
    const auto met =
        rig.put(holding(indicator(1), {.source = member_source(), .label = shared_with(circle, ours)}));
    rig.clock.advance(hours(1));
    rig.put(holding(indicator(1), {.source = own_source()}));
    const auto found = rig.find(us);
    REQUIRE(found.size() == 1);
    CHECK(found[0].added == met.added);
    Query later;
    later.added_after = met.added;
    CHECK(rig.find(us, later).empty());  // who saw it is not given it again
  });
}

TEST_CASE("first, last, all and exact versions are those of what the scope sees in the collection") {
  on_each([](Rig& rig) {
    for (int minute = 1; minute <= 3; ++minute) rig.put(holding(indicator(1, {.minute = minute})));
    rig.put(holding(indicator(1, {.minute = 4}),
                    {.collection = other_circle, .label = shared_with(other_circle)}));
    rig.tend();
    const auto minutes_of = [&](const policy::Scope& scope, const Query& query) {
      std::vector<int> minutes;
      const auto zero = parse_time("2024-01-01T00:00:00Z")->at;
      for (const auto& each : rig.find(scope, query))
        minutes.push_back(static_cast<int>((std::get<Timestamp>(each.version) - zero).us / 60'000'000));
      return minutes;
    };
    using Minutes = std::vector<int>;
    Query query;
    CHECK(minutes_of(us, query) == Minutes{4});
    CHECK(minutes_of(friends, query) == Minutes{3});
    query.collections = {circle};
    CHECK(minutes_of(us, query) == Minutes{3});
    query.select = VersionSelect::first;
    CHECK(minutes_of(us, query) == Minutes{1});
    query.select = VersionSelect::all;
    CHECK(minutes_of(us, query) == Minutes{1, 2, 3});
    query.newest_first = true;
    CHECK(minutes_of(us, query) == Minutes{3, 2, 1});
    query.newest_first = false;
    query.versions = {parse_time("2024-01-01T00:02:00Z")->at, parse_time("2024-01-01T00:04:00Z")->at};
    CHECK(minutes_of(us, query) == Minutes{2});

    const auto entries = rig.objects().versions(us, indicator_id(1), circle);
    REQUIRE(entries);
    CHECK(entries->size() == 3);
    CHECK(rig.objects().versions(us, indicator_id(1), {})->size() == 4);
    CHECK(rig.objects().versions(friends, indicator_id(1), {})->size() == 3);
    CHECK(rig.objects().versions(strangers, indicator_id(1), {})->empty());
  });
}

TEST_CASE("an older version that arrives later is not the last") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1, {.minute = 5})));
    rig.put(holding(indicator(1, {.minute = 2})));
    Query query;
    const auto found = rig.find(us, query);
    REQUIRE(found.size() == 1);
    CHECK(std::get<Timestamp>(found[0].version) == parse_time("2024-01-01T00:05:00Z")->at);
  });
}

TEST_CASE("each way of asking finds its object, in the fresh tail and in merged segments") {
  on_each([](Rig& rig) {
    const std::string creator = "identity--" + numbered(5, 1).text();
    const auto marked = indicator(
        7,
        {.name = "Überfall auf Kraftwerk",
         .domain = "evil.example",
         .more =
             R"(,"created_by_ref":")" + creator +
             R"(","labels":["energy","grid"],"external_references":[{"source_name":"acme","external_id":"A-7"}])"});
    const auto link = relationship(1, indicator_id(7), indicator_id(3));
    std::vector<NewHolding> batch;
    for (std::uint32_t i = 1; i <= 6; ++i)
      batch.push_back(holding(indicator(i, {.domain = fmt::format("d{}.example", i)})));
    batch.push_back(holding(marked));
    batch.push_back(holding(link));
    rig.put(batch);
    for (const bool sealed : {false, true}) {
      CAPTURE(sealed);
      if (sealed) rig.tend();
      const auto finds = [&](const Query& query, const model::ObjectId& id) {
        CHECK(names_of(rig.find(us, query)) == std::vector<std::string>{id.text()});
        CHECK(*rig.objects().count(us, query, 10) == 1);
        CHECK(rig.find(strangers, query).empty());
      };
      Query query;
      query.ids = {indicator_id(7)};
      finds(query, indicator_id(7));
      query = {};
      query.types = {"relationship"};
      finds(query, link.id);
      query = {};
      query.created_by = {*model::ObjectId::parse(creator)};
      finds(query, indicator_id(7));
      query = {};
      query.labels = {"grid", "none"};
      finds(query, indicator_id(7));
      query = {};
      query.external_references = {{"", "A-7"}};
      finds(query, indicator_id(7));
      query.external_references = {{"acme", "A-7"}};
      finds(query, indicator_id(7));
      query.external_references = {{"other", "A-7"}};
      CHECK(rig.find(us, query).empty());
      query = {};
      query.values = {{model::ValueKind::domain, "evil.example"}};
      finds(query, indicator_id(7));
      query = {};
      query.refers_to = {indicator_id(3)};
      finds(query, link.id);
      if (rig.objects().text_lag() == 0) {
        query = {};
        query.words = "KRAFTWERK überfall";
        finds(query, indicator_id(7));
        query.words = "Kraftwerk absent";
        CHECK(rig.find(us, query).empty());
      }
      query = {};
      query.labels = {"energy"};
      query.values = {{model::ValueKind::domain, "d1.example"}};
      CHECK(rig.find(us, query).empty());  // parts narrow each other
    }
    CHECK(rig.objects().text_lag() == 0);
  });
}

TEST_CASE("paging gives every object once, while more are added, by rows and by bytes") {
  on_each([](Rig& rig) {
    for (std::uint32_t i = 1; i <= 20; ++i) rig.put(holding(indicator(i)));
    std::uint32_t more = 21;
    for (const std::size_t bytes_max : {std::size_t{SIZE_MAX}, std::size_t{600}}) {
      std::vector<std::string> seen;
      std::optional<Place> place;
      do {
        const auto page = rig.objects().find(us, {}, place, 7, bytes_max, Deadline::none());
        REQUIRE(page);
        CHECK(!page->holdings.empty());
        CHECK(page->holdings.size() <= 7);
        if (bytes_max == 600) CHECK(page->holdings.size() <= 3);
        for (const auto& name : names_of(page->holdings)) seen.push_back(name);
        place = page->next;
        if (more <= 23) rig.put(holding(indicator(more++)));
        if (more == 22) rig.tend();
      } while (place);
      auto once = seen;
      std::ranges::sort(once);
      CHECK(std::ranges::adjacent_find(once) == once.end());
      CHECK(seen.size() == 23);
    }
  });
}

TEST_CASE("added_after is exclusive, and newest_first turns the order") {
  on_each([](Rig& rig) {
    std::vector<PutOutcome> outcomes;
    for (std::uint32_t i = 1; i <= 5; ++i) outcomes.push_back(rig.put(holding(indicator(i))));
    Query query;
    query.added_after = outcomes[2].added;
    CHECK(names_of(rig.find(us, query)) ==
          std::vector<std::string>{indicator_id(4).text(), indicator_id(5).text()});
    query.newest_first = true;
    CHECK(names_of(rig.find(us, query)) ==
          std::vector<std::string>{indicator_id(5).text(), indicator_id(4).text()});
    const auto page = rig.objects().find(us, query, {}, 1, SIZE_MAX, Deadline::none());
    REQUIRE(page->next);
    CHECK(names_of(rig.objects().find(us, query, page->next, 5, SIZE_MAX, Deadline::none())->holdings) ==
          std::vector<std::string>{indicator_id(4).text()});
  });
}

TEST_CASE("an embargo opens when it passes: the circle meets the holding then, the owner always had it") {
  on_each([](Rig& rig) {
    auto held = Held{};
    held.label.embargo = start + hours(1);
    const auto put = rig.put(holding(indicator(1), held));
    rig.put(holding(indicator(2)));
    CHECK(rig.find(us).size() == 2);
    CHECK(rig.find(friends).size() == 1);
    CHECK(*rig.objects().advance(start) == start + hours(1));

    rig.clock.advance(hours(2));
    CHECK(rig.find(friends).size() == 1);  // not before its change is in the feed
    const auto before = rig.objects().changes(friends, 0, 100)->last;
    CHECK(*rig.objects().advance(rig.clock.now()) == Timestamp::never());
    rig.tend();

    const auto found = rig.find(friends);
    REQUIRE(found.size() == 2);
    CHECK(found[1].id == indicator_id(1));
    CHECK(found[1].added >= start + hours(2));
    Query by_value;
    by_value.values = {{model::ValueKind::domain, "one.example"}};
    CHECK(rig.find(friends, by_value).size() == 2);
    const auto own = rig.find(us);
    REQUIRE(own.size() == 2);
    CHECK(own[0].added == put.added);

    const auto news = rig.objects().changes(friends, before, 100)->changes;
    REQUIRE(news.size() == 1);
    CHECK(news[0].kind == ChangeKind::opened);
    CHECK(news[0].at == found[1].added);
    CHECK(rig.objects().changes(us, before, 100)->changes.empty());
    CHECK(rig.objects().changes(friends, 0, 100)->changes.size() == 2);  // each once

    rig.clock.set_wall(start);  // the wall clock goes back: closed again
    CHECK(rig.find(friends).size() == 1);
  });
}

TEST_CASE("an end withdraws from the circle, tells those who could see, and leaves the owner alone") {
  on_each([](Rig& rig) {
    auto held = Held{};
    held.label.end = start + hours(1);
    rig.put(holding(indicator(1), held));
    CHECK(rig.find(friends).size() == 1);
    rig.clock.advance(hours(1));
    CHECK(rig.find(friends).empty());
    CHECK(*rig.objects().advance(rig.clock.now()) == Timestamp::never());
    CHECK(*rig.objects().advance(rig.clock.now()) == Timestamp::never());
    const auto told = rig.objects().changes(friends, 0, 10)->changes;
    REQUIRE(told.size() == 1);
    CHECK(told[0].kind == ChangeKind::withdrawn);
    CHECK(told[0].holding.bytes->empty());
    CHECK(rig.objects().changes(strangers, 0, 10)->changes.empty());
    const auto own = rig.objects().changes(us, 0, 10)->changes;
    REQUIRE(own.size() == 1);
    CHECK(own[0].kind == ChangeKind::added);
    CHECK(rig.find(us).size() == 1);
  });
}

TEST_CASE("an end before the embargo passes means that nobody ever meets it") {
  on_each([](Rig& rig) {
    auto held = Held{};
    held.label.embargo = start + hours(2);
    held.label.end = start + hours(1);
    rig.put(holding(indicator(1), held));
    rig.clock.advance(hours(3));
    CHECK(rig.objects().advance(rig.clock.now()));
    CHECK(rig.find(friends).empty());
    CHECK(rig.objects().changes(friends, 0, 10)->changes.empty());
  });
}

TEST_CASE("deletion leaves a tombstone in the feed and nothing to find") {
  on_each([](Rig& rig) {
    rig.put({holding(indicator(1, {.name = "Secret word"})), holding(indicator(2))});
    auto narrow = Held{.label = policy::owner_only(ours)};
    rig.put(holding(indicator(3), narrow));
    for (const bool sealed : {false, true}) {
      if (sealed) rig.tend();
      const std::uint32_t number = sealed ? 2 : 1;
      Query query;
      query.ids = {indicator_id(number)};
      const auto before = rig.objects().changes(us, 0, 100)->last;
      CHECK(*rig.objects().remove(strangers, query) == 0);
      CHECK(*rig.objects().remove(us, query) == 1);
      CHECK(*rig.objects().remove(us, query) == 0);
      CHECK(rig.objects().get(us, indicator_id(number)).error().code == ErrorCode::not_found);
      const auto told = rig.objects().changes(friends, before, 10)->changes;
      REQUIRE(told.size() == 1);
      CHECK(told[0].kind == ChangeKind::deleted);
      CHECK(told[0].holding.id == indicator_id(number));
      CHECK(told[0].holding.bytes->empty());
      rig.tend();
    }
    Query words;
    words.words = "secret";
    CHECK(rig.find(us, words).empty());
    Query three;
    three.ids = {indicator_id(3)};
    const auto before = rig.objects().changes(us, 0, 100)->last;
    CHECK(*rig.objects().remove(us, three) == 1);
    CHECK(rig.objects().changes(friends, before, 10)->changes.empty());  // they never saw it

    CHECK(rig.put(holding(indicator(1))).status == PutStatus::stored);  // what is gone is no duplicate
    CHECK(rig.find(us).size() == 1);
    CHECK(rig.store->check()->empty());
  });
}

TEST_CASE("deleting in one collection leaves the object in the other, bytes included") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1)));
    rig.put(holding(indicator(1), {.collection = other_circle}));
    Query query;
    query.collections = {circle};
    query.select = VersionSelect::all;
    CHECK(*rig.objects().remove(us, query) == 1);
    const auto left = rig.find(us);
    REQUIRE(left.size() == 1);
    CHECK(left[0].collection == other_circle);
    CHECK(*left[0].bytes == *indicator(1).bytes);
  });
}

TEST_CASE("a reference to what the label's readers may not see is removed when it is put, and stays so") {
  on_each([](Rig& rig) {
    const auto narrow = Held{.collection = std::nullopt, .label = policy::owner_only(ours)};
    rig.put(holding(indicator(1), narrow));
    rig.put(holding(indicator(2)));
    const auto hidden = relationship(1, indicator_id(2), indicator_id(1));
    const auto unknown = relationship(2, indicator_id(2), indicator_id(9));
    rig.put({holding(hidden), holding(unknown)});
    const auto found = rig.objects().get(us, hidden.id);
    REQUIRE(found);
    CHECK(found->removed == std::vector<std::string>{"/target_ref"});
    CHECK(!found->alias.is_nil());
    CHECK(rig.objects().get(us, unknown.id)->removed.empty());  // not held: the author's own text

    rig.put(holding(indicator(9), narrow));
    CHECK(rig.objects().get(us, unknown.id)->removed.empty());  // later arrivals change nothing
    rig.put(holding(indicator(1)));
    CHECK(rig.objects().get(us, hidden.id)->removed.size() == 1);

    Query query;
    query.refers_to = {indicator_id(1)};
    CHECK(rig.find(us, query).size() == 1);
    CHECK(rig.find(friends, query).empty());  // answers no question but the owner's
    query.refers_to = {indicator_id(2)};
    CHECK(rig.find(friends, query).size() == 2);
  });
}

TEST_CASE("members of one circle may name each other's objects to the circle, and to nobody further") {
  on_each([](Rig& rig) {
    const OrganisationId theirs{*Uuid::parse("00000000-0000-4000-8000-00000000a002")};
    const auto everything = policy::Scope::everything("test");
    const auto in_circle = [](OrganisationId owner, std::uint32_t version) {
      auto label = policy::owner_only(owner);
      label.audience = {
          {owner, policy::CircleAudience{*CircleId::parse("00000000-0000-4000-8000-0000000000c1"), version}}};
      return Held{.label = label};
    };
    rig.put(holding(indicator(1), in_circle(ours, 1)));
    rig.put(holding(indicator(2), in_circle(theirs, 1)));
    const auto link = relationship(1, indicator_id(2), indicator_id(1));
    const auto wider = relationship(2, indicator_id(2), indicator_id(1));
    rig.put({holding(link, in_circle(theirs, 1)), holding(wider, in_circle(theirs, 2))});
    CHECK(rig.objects().get(everything, link.id)->removed.empty());
    // Who joined between the versions may see the relationship but neither end.
    CHECK(rig.objects().get(everything, wider.id)->removed.size() == 2);
  });
}

TEST_CASE("a reference inside the same batch is judged with the batch") {
  on_each([](Rig& rig) {
    const auto narrow = Held{.label = policy::owner_only(ours)};
    const auto link = relationship(1, indicator_id(2), indicator_id(1));
    rig.put({holding(link), holding(indicator(1), narrow), holding(indicator(2))});
    CHECK(rig.objects().get(us, link.id)->removed == std::vector<std::string>{"/target_ref"});
  });
}

TEST_CASE("an observable is found by its value, and by its alias where its own id would tell a hidden part") {
  on_each([](Rig& rig) {
    auto item = holding(domain_name("hidden.example"));
    const auto id = item.object.id;
    auto part = item.label;
    part.audience = {{.owner = ours, .inside = {}}};
    item.parts = {{.selectors = {"value"}, .label = part}};
    rig.put(item);
    Query by_value;
    by_value.values = {{model::ValueKind::domain, "hidden.example"}};
    CHECK(rig.find(us, by_value).size() == 1);
    CHECK(rig.find(friends, by_value).empty());
    CHECK(rig.objects().get(us, id));
    CHECK(rig.objects().get(friends, id).error().code == ErrorCode::not_found);
    const auto all = rig.find(friends);
    REQUIRE(all.size() == 1);
    const auto alias = rig.objects().get(friends, {id.type, all[0].alias});
    REQUIRE(alias);
    CHECK(rig.objects().get(us, {id.type, all[0].alias}).error().code == ErrorCode::not_found);
    CHECK(rig.objects().versions(friends, {id.type, all[0].alias}, {})->size() == 1);
    CHECK(rig.objects().versions(friends, id, {})->empty());
  });
}

TEST_CASE("reading everything leaves its reason in the audit log") {
  on_each([](Rig& rig) {
    rig.put(holding(indicator(1), {.label = policy::owner_only(ours)}));
    CHECK(rig.find(policy::Scope::everything("nightly backup")).size() == 1);
    CHECK(rig.find(policy::Scope::everything("nightly backup")).size() == 1);
    const auto log = rig.store->audit().read(0, 10);
    REQUIRE(log);
    REQUIRE(log->size() == 1);
    CHECK((*log)[0].entry.find("nightly backup") != std::string::npos);
    rig.clock.advance(hours(1));
    CHECK(rig.find(policy::Scope::everything("nightly backup")).size() == 1);
    CHECK(*rig.store->audit().size() == 2);
  });
}

TEST_CASE("a passed deadline stores nothing") {
  on_each([](Rig& rig) {
    const auto deadline = Deadline::in(seconds(1), rig.clock);
    rig.clock.advance(seconds(2));
    const std::vector<NewHolding> batch{holding(indicator(1))};
    CHECK(rig.objects().put(batch, deadline).error().code == ErrorCode::unavailable);
    CHECK(rig.find(us).empty());
    CHECK(rig.objects().find(us, {}, {}, 1, SIZE_MAX, deadline).error().code == ErrorCode::unavailable);
  });
}

TEST_CASE("records are compared and swapped, all of a batch or none") {
  on_each([](Rig& rig) {
    auto& records = rig.store->records();
    const auto write = [&](std::vector<Write> batch) { return records.write(batch); };
    CHECK(write({{.table = Table::account, .key = "a", .value = "1", .expected = 0}}));
    CHECK(write({{.table = Table::account, .key = "a", .value = "2", .expected = 0}}).error().code ==
          ErrorCode::conflict);
    const auto row = records.read(Table::account, "a");
    REQUIRE(row);
    CHECK(row->value == "1");
    CHECK(write({{.table = Table::account, .key = "b", .value = "x", .expected = {}},
                 {.table = Table::account, .key = "a", .value = "2", .expected = row->revision + 7}})
              .error()
              .code == ErrorCode::conflict);
    CHECK(records.read(Table::account, "b").error().code == ErrorCode::not_found);
    CHECK(write({{.table = Table::account, .key = "a", .value = "2", .expected = row->revision}}));
    const auto newer = records.read(Table::account, "a");
    CHECK(newer->value == "2");
    CHECK(newer->revision > row->revision);
    CHECK(records.read(Table::session, "a").error().code == ErrorCode::not_found);

    CHECK(write({{.table = Table::account, .key = "a", .value = {}, .expected = newer->revision}}));
    CHECK(records.read(Table::account, "a").error().code == ErrorCode::not_found);
    CHECK(write({{.table = Table::account, .key = "a", .value = "3", .expected = 0}}));
    CHECK(records.read(Table::account, "a")->revision > newer->revision);  // no revision comes twice
    CHECK(write({{.table = Table::account, .key = "c", .value = "1", .expected = 0},
                 {.table = Table::account, .key = "c", .value = "2", .expected = 0}})
              .error()
              .code == ErrorCode::conflict);
  });
}

TEST_CASE("records are scanned by prefix in key order, and expired ones are gone") {
  on_each([](Rig& rig) {
    auto& records = rig.store->records();
    std::vector<Write> batch;
    for (const auto* key : {"a", "ab", "ab\xff", "ac", "b"})
      batch.push_back({.table = Table::job, .key = key, .value = "v", .expected = {}});
    batch.push_back(
        {.table = Table::job, .key = "abx", .value = "v", .expected = {}, .expires = start + seconds(10)});
    REQUIRE(records.write(batch));
    const auto keys = [&](std::string_view prefix, std::string_view after, int limit) {
      std::vector<std::string> found;
      const auto rows = records.scan(Table::job, prefix, after, limit);
      for (const auto& record : rows.value()) found.push_back(record.key);
      return found;
    };
    using Keys = std::vector<std::string>;
    CHECK(keys("ab", "", 10) == Keys{"ab", "abx", "ab\xff"});
    CHECK(keys("ab", "ab", 1) == Keys{"abx"});
    CHECK(keys("", "", 10) == Keys{"a", "ab", "abx", "ab\xff", "ac", "b"});
    CHECK(keys("", "ac", 10) == Keys{"b"});
    rig.clock.advance(seconds(10));
    CHECK(keys("ab", "", 10) == Keys{"ab", "ab\xff"});
    CHECK(records.read(Table::job, "abx").error().code == ErrorCode::not_found);
    CHECK(!*records.expire(rig.clock.now()));
    CHECK(
        records.write(std::vector<Write>{{.table = Table::job, .key = "abx", .value = "w", .expected = 0}}));
    CHECK(records.read(Table::job, "abx")->value == "w");
  });
}

TEST_CASE("blobs, settings and the log keep what they are given") {
  on_each([](Rig& rig) {
    const auto digest = rig.store->blobs().put("bytes");
    REQUIRE(digest);
    CHECK(*digest == sha256("bytes"));
    CHECK(*rig.store->blobs().put("bytes") == *digest);
    CHECK(*rig.store->blobs().get(*digest) == "bytes");
    CHECK(rig.store->blobs().remove(*digest));
    CHECK(rig.store->blobs().get(*digest).error().code == ErrorCode::not_found);

    CHECK(!*rig.store->settings().get("name"));
    CHECK(rig.store->settings().set("name", "one"));
    CHECK(rig.store->settings().set("name", "two"));
    CHECK(**rig.store->settings().get("name") == "two");

    CHECK(*rig.store->audit().size() == 0);
    CHECK(*rig.store->audit().append(std::vector<Bytes>{"a", "b"}) == 0);
    rig.clock.advance(seconds(1));
    CHECK(*rig.store->audit().append(std::vector<Bytes>{"c"}) == 2);
    const auto entries = rig.store->audit().read(1, 10);
    REQUIRE(entries->size() == 2);
    CHECK((*entries)[0].entry == "b");
    CHECK((*entries)[1].index == 2);
    CHECK((*entries)[1].at == start + seconds(1));
    CHECK(rig.store->audit().read(3, 10)->empty());
  });
}

TEST_CASE("many threads put under labels that nobody used before, and all of them succeed") {
  on_each([](Rig& rig) {
    constexpr std::uint32_t threads = 4, rounds = 8, each = 40;
    std::vector<std::vector<NewHolding>> work(threads);
    for (std::uint32_t t = 0; t < threads; ++t)
      for (std::uint32_t i = 0; i < rounds * each; ++i) {
        work[t].push_back(holding(indicator(t * rounds * each + i + 1)));
        work[t].back().label.compartments = {CompartmentId{numbered(9, t * rounds * each + i)}};
      }
    std::atomic<int> failed = 0;
    std::vector<std::thread> writers;
    for (std::uint32_t t = 0; t < threads; ++t)
      writers.emplace_back([&, t] {
        for (std::uint32_t round = 0; round < rounds; ++round)
          if (!rig.objects().put(std::span(work[t]).subspan(round * each, each), Deadline::none())) ++failed;
      });
    for (auto& writer : writers) writer.join();
    CHECK(failed == 0);
    CHECK(rig.find(us).size() == threads * rounds * each);
  });
}

TEST_CASE("many threads put at once, and every acknowledged object is there once") {
  on_each([](Rig& rig) {
    constexpr std::uint32_t threads = 4;
    constexpr std::uint32_t each = 25;
    std::vector<std::thread> writers;
    std::atomic<int> failed = 0;
    std::vector<std::vector<NewHolding>> work(threads);
    for (std::uint32_t t = 0; t < threads; ++t)
      for (std::uint32_t i = 0; i < each; ++i) work[t].push_back(holding(indicator(t * each + i + 1)));
    for (std::uint32_t t = 0; t < threads; ++t)
      writers.emplace_back([&, t] {
        for (const auto& item : work[t])
          if (!rig.objects().put({&item, 1}, Deadline::none())) ++failed;
      });
    for (auto& writer : writers) writer.join();
    CHECK(failed == 0);
    rig.tend();
    const auto found = rig.find(us);
    CHECK(found.size() == threads * each);
    for (std::size_t i = 1; i < found.size(); ++i) CHECK(found[i].added > found[i - 1].added);
    CHECK(rig.objects().changes(us, 0, 1000)->changes.size() == threads * each);
  });
}
