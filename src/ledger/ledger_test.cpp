#include <doctest/doctest.h>

#include "ledger/audit.h"
#include "ledger/authority.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

struct World {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{7};
  std::unique_ptr<store::Store> store =
      *store::open_memory({.clock = clock, .random = random, .fs = system_fs()});
  store::Records& records = store->records();

  OrganisationId organisation(const std::string& name) {
    const auto id = OrganisationId::random(random);
    const Organisation made{.id = id, .name = name, .hosted = true, .identity = identity_of(id)};
    const store::Write writes[] = {*write_of(made, 0)};
    REQUIRE(records.write(writes));
    return id;
  }
  api::Caller caller(const OrganisationId& organisation,
                     std::vector<api::Right> rights = {api::Right::read, api::Right::operate}) {
    policy::Subject subject;
    subject.own.organisation = organisation;
    return {.account = AccountId::random(random),
            .name = "somebody",
            .organisation = organisation,
            .rights = std::move(rights),
            .scope = policy::Scope::of(std::move(subject))};
  }
  Circle circle(const OrganisationId& owner, const std::string& alias = {}) {
    Circle made{
        .id = CircleId::random(random), .owner = owner, .title = "T", .alias = alias, .created = clock.now()};
    clock.advance(seconds(1));
    enter(made, owner);
    return made;
  }
  Done put(const Circle& circle, const api::Caller& by) {
    auto before = read_circle(records, circle.id);
    if (!before) return save(*store, *Authority::create(by, circle), circle, "circle.create");
    auto allowed = Authority::change(by, *before);
    if (!allowed) return fail(allowed.error());
    return save(*store, *allowed, circle, "circle.change");
  }
};

std::vector<std::string> titles(const std::vector<Row<Circle>>& rows) {
  std::vector<std::string> all;
  for (const auto& row : rows) all.push_back(row.value.title);
  return all;
}

}  // namespace

TEST_CASE("a circle comes back from its row as it was") {
  World world;
  const auto a = world.organisation("A");
  auto circle = world.circle(a, "energy");
  circle.description = "line one\nline two";
  circle.api_root = "root";
  circle.media_types = {"application/stix+json;version=2.1"};
  enter(circle, world.organisation("B"));
  circle.grants = {{.account = AccountId::random(world.random), .can_read = true, .can_write = false}};
  circle.label.at_least = policy::Tlp::amber;
  circle.label.use.resell = policy::Use::must_not;
  circle.label.compartments = {CompartmentId::random(world.random)};
  circle.second_person = true;
  circle.members.front().sightings = SightingChoice::counts;
  const auto read = decode_circle(encode(circle));
  REQUIRE(read);
  CHECK(encode(*read) == encode(circle));
  CHECK(read->label.at_least == policy::Tlp::amber);
  CHECK(read->members.size() == 2);
  CHECK(read->grants.front().can_write == false);
}

TEST_CASE("entering and leaving make new membership versions, and a stay knows when it was") {
  World world;
  const auto a = world.organisation("A");
  const auto b = world.organisation("B");
  auto circle = world.circle(a);
  CHECK(circle.membership_version == 1);
  enter(circle, b);
  enter(circle, b);
  CHECK(circle.membership_version == 2);
  leave(circle, b);
  CHECK(circle.membership_version == 3);
  CHECK(!is_inside(circle, b));
  leave(circle, b);
  CHECK(circle.membership_version == 3);
  enter(circle, b);
  CHECK(is_inside(circle, b));
  CHECK(standing_in(circle, b).stays == std::vector<policy::Stay>{{2, 3}, {4, policy::Stay::open_end}});
}

TEST_CASE(
    "a label for a circle names it at its present membership, and an unmarked object is never more open") {
  World world;
  const auto a = world.organisation("A");
  auto circle = world.circle(a);
  circle.label.at_least = policy::Tlp::green;
  circle.label.unmarked = policy::Tlp::amber;
  const auto label = label_for(circle, a);
  REQUIRE(label.audience.size() == 1);
  CHECK(label.audience.front().owner == a);
  CHECK(std::get<policy::CircleAudience>(label.audience.front().inside).membership_version == 1);
  CHECK(label.tlp == policy::Tlp::green);
  CHECK(unmarked_label_for(circle, a).tlp == policy::Tlp::amber);
  circle.label.at_least = policy::Tlp::red;
  CHECK(unmarked_label_for(circle, a).tlp == policy::Tlp::red);
}

TEST_CASE("a circle is found by id and alias by those inside, and by nobody else") {
  World world;
  const auto a = world.organisation("A");
  const auto b = world.organisation("B");
  const auto c = world.organisation("C");
  auto circle = world.circle(a, "energy/east");
  enter(circle, b);
  REQUIRE(world.put(circle, world.caller(a)));
  for (const auto& who : {a, b}) {
    CHECK(circle_by_name(world.records, who, "energy/east"));
    CHECK(circle_by_name(world.records, who, circle.id.text()));
  }
  CHECK(circle_by_name(world.records, c, "energy/east").error().code == ErrorCode::not_found);
  CHECK(circle_by_name(world.records, c, circle.id.text()).error().code == ErrorCode::not_found);
  CHECK(circles_of(world.records, c)->empty());

  leave(circle, b);
  REQUIRE(world.put(circle, world.caller(a)));
  CHECK(circle_by_name(world.records, b, "energy/east").error().code == ErrorCode::not_found);
  CHECK(circle_by_name(world.records, b, circle.id.text()).error().code == ErrorCode::not_found);
  CHECK(circles_of(world.records, b)->size() == 1);  // it was inside: its standing needs the stay

  circle.alias = "power";
  REQUIRE(world.put(circle, world.caller(a)));
  CHECK(circle_by_name(world.records, a, "power"));
  CHECK(circle_by_name(world.records, a, "energy/east").error().code == ErrorCode::not_found);
}

TEST_CASE("an alias belongs to one circle of its owner in an API root; others' aliases are not told") {
  World world;
  const auto a = world.organisation("A");
  const auto b = world.organisation("B");
  auto first = world.circle(a, "energy");
  first.api_root = "one";
  auto second = world.circle(a, "energy");
  second.api_root = "one";
  auto third = world.circle(a, "energy");
  third.api_root = "two";
  auto foreign = world.circle(b, "energy");
  foreign.api_root = "one";
  REQUIRE(world.put(first, world.caller(a)));
  CHECK(world.put(second, world.caller(a)).error().code == ErrorCode::conflict);
  CHECK(world.put(third, world.caller(a)));
  CHECK(world.put(foreign, world.caller(b)));
  CHECK(circle_by_name(world.records, a, "energy", "two")->value.id == third.id);
  CHECK(circle_by_name(world.records, a, "energy", "one")->value.id == first.id);
  CHECK(circle_by_name(world.records, a, "energy").error().code == ErrorCode::conflict);
  CHECK(circle_by_name(world.records, a, "energ", "one").error().code == ErrorCode::not_found);
  CHECK(circle_by_name(world.records, b, "energy", "one")->value.id == foreign.id);
}

TEST_CASE("circles come in the order in which they were made") {
  World world;
  const auto a = world.organisation("A");
  for (const auto* title : {"z", "m", "a"}) {
    auto circle = world.circle(a);
    circle.title = title;
    circle.api_root = "root";
    REQUIRE(world.put(circle, world.caller(a)));
  }
  CHECK(titles(*circles_of(world.records, a)) == std::vector<std::string>{"z", "m", "a"});
  CHECK(titles(*circles_shown(world.records, world.caller(a), "root")) ==
        std::vector<std::string>{"z", "m", "a"});
  CHECK(circles_shown(world.records, world.caller(a), "other")->empty());
}

TEST_CASE("a grant decides instead of the account's rights, and nobody outside may do anything") {
  World world;
  const auto a = world.organisation("A");
  auto circle = world.circle(a);
  const auto reader = world.caller(a, {api::Right::read});
  const auto publisher = world.caller(a, {api::Right::read, api::Right::publish});
  const auto stranger = world.caller(world.organisation("B"), {api::Right::read, api::Right::publish});
  CHECK(access_of(circle, reader).can_read);
  CHECK(!access_of(circle, reader).can_write);
  CHECK(access_of(circle, publisher).can_write);
  CHECK(!access_of(circle, stranger).any());
  circle.members_write = false;
  CHECK(!access_of(circle, publisher).can_write);
  circle.grants = {{.account = publisher.account, .can_read = false, .can_write = true}};
  CHECK(!access_of(circle, publisher).can_read);
  CHECK(access_of(circle, publisher).can_write);
  circle.grants = {{.account = stranger.account}};
  CHECK(!access_of(circle, stranger).any());
}

TEST_CASE("a circle is changed by operators of its owner alone, and hidden from those outside") {
  World world;
  const auto a = world.organisation("A");
  const auto b = world.organisation("B");
  const auto c = world.organisation("C");
  auto circle = world.circle(a);
  enter(circle, b);
  REQUIRE(world.put(circle, world.caller(a)));
  const auto row = *read_circle(world.records, circle.id);
  CHECK(Authority::change(world.caller(a), row));
  CHECK(Authority::change(world.caller(a, {api::Right::read, api::Right::publish}), row).error().code ==
        ErrorCode::denied);
  CHECK(Authority::change(world.caller(b), row).error().code == ErrorCode::denied);
  CHECK(Authority::change(world.caller(c), row).error().code == ErrorCode::not_found);
  CHECK(Authority::leave(world.caller(b), row, b));
  CHECK(Authority::leave(world.caller(b), row, a).error().code == ErrorCode::denied);
  CHECK(Authority::create(world.caller(c), circle).error().code == ErrorCode::denied);
  CHECK(Authority::add(world.caller(c, {api::Right::read, api::Right::publish}), row).error().code ==
        ErrorCode::not_found);
  CHECK(Authority::add(world.caller(b, {api::Right::read}), row).error().code == ErrorCode::denied);
}

TEST_CASE("what was authorised for one circle changes no other") {
  World world;
  const auto a = world.organisation("A");
  const auto one = world.circle(a);
  const auto other = world.circle(a);
  REQUIRE(world.put(one, world.caller(a)));
  REQUIRE(world.put(other, world.caller(a)));
  const auto by = world.caller(a);
  const auto allowed = Authority::change(by, *read_circle(world.records, one.id));
  REQUIRE(allowed);
  CHECK(save(*world.store, *allowed, other, "circle.change").error().code == ErrorCode::internal);
}

TEST_CASE("of two changes to the same circle the later one learns of the first") {
  World world;
  const auto a = world.organisation("A");
  auto circle = world.circle(a);
  REQUIRE(world.put(circle, world.caller(a)));
  const auto by = world.caller(a);
  const auto first = Authority::change(by, *read_circle(world.records, circle.id));
  const auto second = Authority::change(by, *read_circle(world.records, circle.id));
  circle.title = "first";
  CHECK(save(*world.store, *first, circle, "circle.change"));
  circle.title = "second";
  CHECK(save(*world.store, *second, circle, "circle.change").error().code == ErrorCode::conflict);
  CHECK(read_circle(world.records, circle.id)->value.title == "first");
}

TEST_CASE("no one acts on a principal with a right or compartment that he has not") {
  World world;
  const auto a = world.organisation("A");
  const auto operator_ = world.caller(a, {api::Right::read, api::Right::operate});
  const auto over = [&](std::vector<api::Right> rights, std::vector<CompartmentId> compartments = {}) {
    return Authority::over(
        operator_, {.organisation = a, .rights = std::move(rights), .compartments = std::move(compartments)});
  };
  CHECK(over({api::Right::read}));
  CHECK(over({api::Right::read, api::Right::operate}));
  CHECK(over({api::Right::publish}).error().code == ErrorCode::denied);
  CHECK(over({api::Right::audit, api::Right::read}).error().code == ErrorCode::denied);
  CHECK(over({}, {CompartmentId::random(world.random)}).error().code == ErrorCode::denied);
  CHECK(Authority::over(operator_, {.organisation = world.organisation("B")}).error().code ==
        ErrorCode::not_found);
}

TEST_CASE(
    "every change stands in the audit log of its organisation before it is made, and one that failed too") {
  World world;
  const auto a = world.organisation("A");
  const auto b = world.organisation("B");
  auto circle = world.circle(a);
  REQUIRE(world.put(circle, world.caller(a)));
  REQUIRE(audit(*world.store, world.caller(b), "other", {{"k", "v"}}));
  const auto by = world.caller(a);
  const auto stale = Authority::change(by, *read_circle(world.records, circle.id));
  circle.title = "new";
  REQUIRE(world.put(circle, world.caller(a)));
  CHECK(!save(*world.store, *stale, circle, "circle.change"));

  auto page = *read_audit(world.store->audit(), a, 0, 100);
  std::vector<std::string> events;
  for (const auto& entry : page.entries) events.push_back(entry.event);
  CHECK(events ==
        std::vector<std::string>{"circle.create", "circle.change", "circle.change", "circle.change.failed"});
  CHECK(page.entries.front().facts.front().value == circle.id.text());
  CHECK(!page.more);

  page = *read_audit(world.store->audit(), a, 0, 2);
  CHECK(page.entries.size() == 2);
  CHECK(page.more);
  CHECK(read_audit(world.store->audit(), a, page.next, 100)->entries.size() == 2);
  CHECK(read_audit(world.store->audit(), b, 0, 100)->entries.size() == 1);
}

TEST_CASE("one API root is the default, and names of other doors name none") {
  World world;
  const auto put = [&](const ApiRoot& root) {
    const auto writes = writes_of(world.records, root, 0);
    return writes ? world.records.write(*writes) : Done(fail(writes.error()));
  };
  CHECK(put({.name = "one", .title = "One", .is_default = true, .created = Timestamp{1}}));
  CHECK(put({.name = "two", .title = "Two", .is_default = true, .created = Timestamp{2}}));
  const auto roots = *list_api_roots(world.records);
  REQUIRE(roots.size() == 2);
  CHECK(!roots[0].value.is_default);
  CHECK(roots[1].value.is_default);
  for (const auto* name : {"api", "TAXII2", "", "a/b", ".well-known", "healthz"})
    CHECK(!is_api_root_name(name));
  CHECK(is_api_root_name("trust-group_1"));
}

TEST_CASE("two organisations of one name are told apart by id") {
  World world;
  const auto one = world.organisation("Same");
  CHECK(organisation_named(world.records, "sAME")->value.id == one);
  const auto two = world.organisation("same");
  CHECK(organisation_named(world.records, "Same").error().code == ErrorCode::conflict);
  CHECK(organisation_named(world.records, two.text())->value.name == "same");
  CHECK(organisation_named(world.records, "nobody").error().code == ErrorCode::not_found);
}
