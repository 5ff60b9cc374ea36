// Contract of Objects::amend: a change of label is a change of visibility, told to those whom it concerns.

#include <map>
#include <set>

#include "store/store_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);
const auto inside = scope_of(partner, {circle});
const auto elsewhere = scope_of(stranger, {other_circle});

policy::Label narrow() {
  return policy::owner_only(ours);
}

Amendment amendment(const model::Object& object, const policy::Label& before, const policy::Label& label) {
  return {.id = object.id,
          .version = object.version,
          .spec_version = object.spec_version,
          .source = own_source(),
          .collection = circle,
          .before = before,
          .label = label,
          .parts = {}};
}

void amend(Rig& rig, const model::Object& object, const policy::Label& before, const policy::Label& label) {
  rig.clock.advance(minutes(1));
  const auto one = amendment(object, before, label);
  const auto done = rig.objects().amend({&one, 1});
  if (!done) MESSAGE(done.error().message);
  REQUIRE(done);
}

/// What a reader is told after the change it met last.
struct Follower {
  policy::Scope scope;
  Sequence after = 0;

  std::vector<ChangeKind> told(Rig& rig) {
    const auto changes = rig.objects().changes(scope, after, 1000);
    REQUIRE(changes);
    after = changes->last;
    std::vector<ChangeKind> kinds;
    for (const auto& change : changes->changes) kinds.push_back(change.kind);
    return kinds;
  }
};
using Told = std::vector<ChangeKind>;

}  // namespace

TEST_CASE("a narrower label is told to those who lost it, a wider one to those who gained it") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    const auto object = indicator(1);
    const auto added = rig.put(holding(object)).added;
    Follower owner{us};
    Follower member{inside};
    Follower other{elsewhere};
    CHECK(owner.told(rig) == Told{ChangeKind::added});
    CHECK(member.told(rig) == Told{ChangeKind::added});

    amend(rig, object, shared_with(circle), narrow());
    rig.tend();
    CHECK(owner.told(rig).empty());
    CHECK(member.told(rig) == Told{ChangeKind::withdrawn});
    CHECK(other.told(rig).empty());
    CHECK(rig.find(inside).empty());
    CHECK(rig.objects().get(inside, object.id).error().code == ErrorCode::not_found);

    if (kind == Kind::sqlite) rig.reopen();
    if (kind == Kind::sqlite) CHECK(rig.store->check()->empty());
    amend(rig, object, narrow(), shared_with(other_circle));
    CHECK(owner.told(rig).empty());
    CHECK(member.told(rig).empty());
    CHECK(other.told(rig) == Told{ChangeKind::opened});
    REQUIRE(rig.find(elsewhere).size() == 1);
    CHECK(rig.find(elsewhere).front().label == shared_with(other_circle));

    // Who saw it all the time has it where they met it, in their changes from the beginning too.
    REQUIRE(rig.find(us).size() == 1);
    CHECK(rig.find(us).front().added == added);
    CHECK(rig.find(us).front().label == shared_with(other_circle));
    CHECK(Follower{us}.told(rig) == Told{ChangeKind::added});
    if (kind == Kind::sqlite) CHECK(rig.store->check()->empty());
  }
}

TEST_CASE("who lost an object and gains it again meets it again, then") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    const auto object = indicator(1);
    const auto added = rig.put(holding(object)).added;
    amend(rig, object, shared_with(circle), narrow());
    const auto between = rig.clock.now();
    amend(rig, object, narrow(), shared_with(circle));
    Query after;
    after.added_after = between;
    REQUIRE(rig.find(inside, after).size() == 1);
    CHECK(rig.find(inside, after).front().added > added);
    CHECK(rig.find(us, after).empty());
    REQUIRE(rig.objects().versions(inside, object.id, {})->size() == 1);
    CHECK(rig.objects().versions(inside, object.id, {})->front().added > between);
    CHECK(Follower{inside}.told(rig) == Told{ChangeKind::withdrawn, ChangeKind::opened});
    rig.tend();
    Query words;
    words.words = "indicator";
    CHECK(rig.find(inside, words).size() == 1);
  }
}

TEST_CASE("bytes that come again under a label they were under do not undo an amendment") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    rig.put(holding(indicator(1)));
    amend(rig, indicator(1), shared_with(circle), narrow());
    CHECK(rig.put(holding(indicator(1))).status == PutStatus::duplicate);
    CHECK(rig.put(holding(indicator(1), {.label = narrow()})).status == PutStatus::duplicate);
    CHECK(rig.find(inside).empty());
    CHECK(rig.put(holding(indicator(1), {.label = shared_with(other_circle)})).status == PutStatus::stored);
  }
}

TEST_CASE("one unknown holding in a batch leaves all as they were") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    rig.put({holding(indicator(1)), holding(indicator(2))});
    const auto newest = rig.objects().newest();
    CHECK(newest == 2);
    const std::vector<Amendment> batch = {amendment(indicator(1), shared_with(circle), narrow()),
                                          amendment(indicator(2), shared_with(other_circle), narrow())};
    const auto done = rig.objects().amend(batch);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::not_found);
    CHECK(rig.objects().newest() == newest);
    CHECK(rig.find(inside).size() == 2);
    const std::vector<Amendment> twice(2, batch.front());
    CHECK_FALSE(rig.objects().amend(twice));
    CHECK(rig.find(inside).size() == 2);
  }
}

TEST_CASE("a narrower label leaves nothing open beside it that the same source put there") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    auto also_ours = shared_with(other_circle);
    also_ours.tlp = policy::Tlp::green;
    rig.put(holding(indicator(1)));
    rig.put(holding(indicator(1), {.label = also_ours}));
    rig.put(holding(indicator(1), {.source = member_source(), .label = shared_with(circle, partner)}));
    REQUIRE(rig.find(elsewhere).size() == 1);
    amend(rig, indicator(1), shared_with(circle), narrow());
    CHECK(rig.find(elsewhere).empty());
    REQUIRE(rig.find(inside).size() == 1);  // what the partner put is the partner's
    CHECK(rig.find(inside).front().source == member_source());
  }
}

TEST_CASE("an amended embargo or end counts, and the one before does not") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    auto early = shared_with(circle);
    early.embargo = start + hours(1);
    auto late = shared_with(circle);
    late.embargo = start + hours(3);
    auto ended = shared_with(circle);
    ended.end = start + hours(5);
    const auto object = indicator(1);
    rig.put(holding(object, {.label = early}));
    amend(rig, object, early, late);
    Follower member{inside};
    const auto pass = [&](int hour) {
      rig.clock.advance(start + hours(hour) + minutes(5) - rig.clock.now());
      return *rig.objects().advance(rig.clock.now());
    };
    CHECK(pass(1) == late.embargo);
    CHECK(rig.find(inside).empty());
    CHECK(member.told(rig).empty());
    CHECK(pass(3) == Timestamp::never());
    CHECK(member.told(rig) == Told{ChangeKind::opened});
    CHECK(rig.find(inside).size() == 1);
    amend(rig, object, late, ended);
    CHECK(member.told(rig).empty());
    CHECK(rig.find(inside).size() == 1);
    CHECK(pass(5) == Timestamp::never());
    CHECK(member.told(rig) == Told{ChangeKind::withdrawn});
    CHECK(rig.find(us).size() == 1);
    amend(rig, object, ended, shared_with(circle));
    CHECK(member.told(rig) == Told{ChangeKind::opened});
    REQUIRE(*rig.objects().remove(us, {}) == 1);
    CHECK(member.told(rig) == Told{ChangeKind::deleted});
    if (kind == Kind::sqlite) CHECK(rig.store->check()->empty());
  }
}

TEST_CASE("an embargo lifted early opens at once, and nothing opens when it would have passed") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    auto embargoed = shared_with(circle);
    embargoed.embargo = start + hours(2);
    rig.put(holding(indicator(1), {.label = embargoed}));
    Follower member{inside};
    Follower owner{us};
    CHECK(owner.told(rig) == Told{ChangeKind::added});
    amend(rig, indicator(1), embargoed, shared_with(circle));
    CHECK(member.told(rig) == Told{ChangeKind::opened});
    rig.clock.advance(hours(3));
    CHECK(*rig.objects().advance(rig.clock.now()) == Timestamp::never());
    CHECK(member.told(rig).empty());
    CHECK(owner.told(rig).empty());
    CHECK(rig.find(inside).size() == 1);
  }
}

TEST_CASE("references are judged anew for those to whom an amendment opens, and not for the others") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    const auto tie = relationship(1, indicator_id(1), indicator_id(2));
    rig.put({holding(indicator(1)), holding(indicator(2), {.label = shared_with(circle)}), holding(tie)});
    amend(rig, tie, shared_with(circle), shared_with(other_circle));
    Query one;
    one.ids = {tie.id};
    REQUIRE(rig.find(elsewhere, one).size() == 1);
    CHECK(rig.find(elsewhere, one).front().removed == std::vector<std::string>{"/source_ref", "/target_ref"});
    CHECK(rig.find(us, one).front().removed.empty());
  }
}

TEST_CASE("who pages by added_after misses nothing and meets nothing twice that they did not lose between") {
  const auto steps = tests::test_size("amended_steps");  // the work grows with their square
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    SeededRandom random(7);
    auto embargoed = shared_with(circle);
    embargoed.embargo = start + hours(3);
    const policy::Label labels[] = {
        narrow(), shared_with(circle), shared_with(other_circle), shared_with(circle, partner), embargoed};
    struct Client {
      policy::Scope scope;
      std::optional<Timestamp> after{};
      std::set<model::ObjectId> has{};
    };
    Client clients[] = {{us}, {inside}, {elsewhere}};
    std::map<std::uint32_t, std::size_t> under;
    for (std::uint32_t number = 0; number < 5; ++number)
      rig.put(holding(indicator(number), {.label = labels[under[number] = random.below(5)]}));
    for (std::int64_t step = 0; step < steps; ++step) {
      rig.clock.advance(minutes(1));
      const auto number = static_cast<std::uint32_t>(random.below(5));
      const auto to = random.below(5);
      amend(rig, indicator(number), labels[under[number]], labels[to]);
      under[number] = to;
      REQUIRE(rig.objects().advance(rig.clock.now()));
      for (auto& client : clients) {
        Query query;
        std::set<model::ObjectId> sees;
        for (const auto& shown : rig.find(client.scope, query)) sees.insert(shown.id);
        std::erase_if(client.has, [&](const auto& id) { return !sees.contains(id); });  // told `withdrawn`
        query.added_after = client.after;
        for (const auto& fresh : rig.find(client.scope, query)) {
          CHECK(client.has.insert(fresh.id).second);
          client.after = fresh.added;
        }
        CHECK(client.has == sees);
      }
    }
    if (kind == Kind::sqlite) CHECK(rig.store->check()->empty());
  }
}
