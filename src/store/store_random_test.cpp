// The SQLite store against the one in memory: any history, any question, the same answers.

#include "store/steps.h"
#include "store/store_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const policy::Scope readers[] = {
    scope_of(ours), scope_of(partner, {circle}), scope_of(stranger, {other_circle}), scope_of(stranger)};

class History {
 public:
  explicit History(std::uint64_t seed)
      : random_(seed), memory_(Kind::memory, seed), sqlite_(Kind::sqlite, seed) {}

  void step() {
    switch (random_.below(15)) {
      case 0:
        return advance();
      case 14:
        return change_rights();
      case 1:
        return remove();
      case 2:
        return sqlite_.reopen();
      case 3:
        return sqlite_.tend();
      case 4:
        return compare_changes();
      case 12:
      case 13:
        return amend();
      case 5:
      case 6:
      case 7:
        return compare_find();
      default:
        return put();
    }
  }

 private:
  template <typename T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[random_.below(choices.size())];
  }

  policy::Label label() {
    auto label = one_of({shared_with(circle),
                         shared_with(other_circle),
                         shared_with(circle, partner),
                         policy::owner_only(ours)});
    if (random_.below(6) == 0) label.embargo = memory_.clock.now() + hours(1);
    if (random_.below(6) == 0) label.end = memory_.clock.now() + hours(2);
    return label;
  }

  NewHolding item() {
    Held held{.source = one_of({own_source(), member_source()}),
              .collection = one_of<std::optional<CircleId>>({circle, other_circle, std::nullopt}),
              .label = label()};
    const auto number = static_cast<std::uint32_t>(random_.below(12));
    if (random_.below(6) == 0)
      return holding(relationship(number, indicator_id(number), indicator_id(number / 2)), held);
    if (random_.below(6) == 0) return holding(domain_name(fmt::format("d{}.example", number % 4)), held);
    const auto name = one_of<std::string>({"red apple", "green pear", "red pear"});
    return holding(indicator(number,
                             {.minute = static_cast<int>(random_.below(3)),
                              .name = name,
                              .domain = fmt::format("d{}.example", number % 4),
                              .more = random_.below(2) == 0 ? R"(,"labels":["alpha"])" : ""}),
                   held);
  }

  void put() {
    std::vector<NewHolding> batch;
    for (auto count = 1 + random_.below(4); count > 0; --count) batch.push_back(item());
    const auto expected = memory_.put(batch);
    const auto actual = sqlite_.put(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) CHECK(actual[i].status == expected[i].status);
  }

  /// Some holding that its owner sees, and at times one under a label that it is not under.
  void amend() {
    Query one;
    one.ids = {indicator_id(static_cast<std::uint32_t>(random_.below(12)))};
    one.select = VersionSelect::all;
    std::vector<Amendment> batch;
    for (const auto& held : memory_.find(readers[random_.below(2)], one)) {
      batch.push_back({.id = held.id,
                       .version = held.version,
                       .spec_version = held.spec_version,
                       .source = held.source,
                       .collection = held.collection,
                       .before = random_.below(10) == 0 ? label() : held.label,
                       .label = label(),
                       .parts = {}});
    }
    CHECK(sqlite_.objects().amend(batch).has_value() == memory_.objects().amend(batch).has_value());
  }

  void advance() {
    for (auto* const rig : {&memory_, &sqlite_}) rig->clock.advance(minutes(40));
    CHECK(*sqlite_.objects().advance(sqlite_.clock.now()) == *memory_.objects().advance(memory_.clock.now()));
  }

  /// Of one reader, whose earlier rights each store dates by an instant of its own.
  void change_rights() {
    memory_rights_.push_back({.until = *claim_instant(memory_.objects()), .scope = changing_});
    sqlite_rights_.push_back({.until = *claim_instant(sqlite_.objects()), .scope = changing_});
    changing_ = one_of({scope_of(partner),
                        scope_of(partner, {circle}),
                        scope_of(partner, {other_circle}),
                        scope_of(partner, {circle, other_circle})});
  }

  Query query() {
    Query asked;
    const auto number = static_cast<std::uint32_t>(random_.below(12));
    if (random_.below(4) == 0) asked.ids = {indicator_id(number), indicator_id(number / 3)};
    if (random_.below(4) == 0)
      asked.types = {one_of<std::string>({"indicator", "relationship", "domain-name"})};
    if (random_.below(4) == 0) asked.collections = {one_of({circle, other_circle})};
    if (random_.below(4) == 0) asked.sources = {one_of({own_source(), member_source()})};
    if (random_.below(4) == 0) asked.labels = {"alpha"};
    if (random_.below(4) == 0)
      asked.values = {{model::ValueKind::domain, fmt::format("d{}.example", number % 4)}};
    if (random_.below(6) == 0) asked.refers_to = {indicator_id(number)};
    if (random_.below(4) == 0) asked.words = one_of<std::string>({"red", "RED pear", "apple"});
    asked.select = one_of({VersionSelect::last, VersionSelect::first, VersionSelect::all});
    asked.newest_first = random_.below(3) == 0;
    return asked;
  }

  void remove() {
    auto asked = query();
    asked.ids = {indicator_id(static_cast<std::uint32_t>(random_.below(12)))};
    if (!asked.words.empty()) sqlite_.tend();
    const auto& scope = readers[random_.below(std::size(readers))];
    CHECK(*sqlite_.objects().remove(scope, asked) == *memory_.objects().remove(scope, asked));
  }

  /// A page from a place that both call the same, named by rank: instants are drawn, and differ.
  void compare_find() {
    auto asked = query();
    if (!asked.words.empty()) sqlite_.tend();  // words follow later, and say so
    const bool changed = random_.below(2) == 0;
    const auto& scope = changed ? changing_ : readers[random_.below(std::size(readers))];
    const auto limit = static_cast<int>(1 + random_.below(5));
    std::optional<Place> expected_from;
    std::optional<Place> actual_from;
    do {
      const auto expected =
          found_in(memory_, scope, changed ? memory_rights_ : PastRights{}, asked, expected_from, limit);
      const auto actual =
          found_in(sqlite_, scope, changed ? sqlite_rights_ : PastRights{}, asked, actual_from, limit);
      REQUIRE(expected);
      REQUIRE(actual);
      REQUIRE(actual->holdings.size() == expected->holdings.size());
      for (std::size_t i = 0; i < expected->holdings.size(); ++i)
        same(actual->holdings[i], expected->holdings[i]);
      expected_from = expected->next;
      actual_from = actual->next;
      REQUIRE(actual_from.has_value() == expected_from.has_value());
    } while (expected_from);
    CHECK(*sqlite_.objects().count(scope, asked, 50) == *memory_.objects().count(scope, asked, 50));
  }

  static Result<Page> found_in(Rig& rig,
                               const policy::Scope& scope,
                               const PastRights& rights,
                               const Query& asked,
                               std::optional<Place> from,
                               int limit) {
    return find(rig.objects(), scope, rights, asked, from, limit, SIZE_MAX, Deadline::none());
  }

  void compare_changes() {
    const auto& scope = readers[random_.below(std::size(readers))];
    const auto expected = memory_.objects().changes(scope, 0, 10'000);
    const auto actual = sqlite_.objects().changes(scope, 0, 10'000);
    REQUIRE(actual);
    CHECK(actual->last == expected->last);
    REQUIRE(actual->changes.size() == expected->changes.size());
    for (std::size_t i = 0; i < expected->changes.size(); ++i) {
      CHECK(actual->changes[i].sequence == expected->changes[i].sequence);
      CHECK(actual->changes[i].kind == expected->changes[i].kind);
      same(actual->changes[i].holding, expected->changes[i].holding);
    }
    CHECK(sqlite_.objects().newest() == memory_.objects().newest());
    CHECK(sqlite_.store->check()->empty());
  }

  static void same(const policy::Holding& actual, const policy::Holding& expected) {
    CHECK(actual.id == expected.id);
    CHECK(actual.version == expected.version);
    CHECK(*actual.bytes == *expected.bytes);
    CHECK(actual.source == expected.source);
    CHECK(actual.collection == expected.collection);
    CHECK(actual.label == expected.label);
    CHECK(actual.removed == expected.removed);
  }

  SeededRandom random_;
  Rig memory_;
  Rig sqlite_;
  policy::Scope changing_ = scope_of(partner);
  PastRights memory_rights_;
  PastRights sqlite_rights_;
};

}  // namespace

TEST_CASE("random histories give the same answers in memory and in SQLite") {
  const auto histories = tests::test_size("store_histories");
  for (std::int64_t seed = 1; seed <= histories; ++seed) {
    CAPTURE(seed);
    History history(static_cast<std::uint64_t>(seed));
    for (int i = 0; i < 120; ++i) history.step();
  }
}
