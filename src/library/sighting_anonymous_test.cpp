// Sightings without a name: who they are anonymous to, where they stay, and what stops them.

#include "ledger/alliance.h"
#include "ledger/anonymous.h"
#include "ledger/keys.h"
#include "ledger/subject.h"
#include "library/intake.h"
#include "library/sighting.h"
#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

using ledger::SightingChoice;

/// The company's node, in an alliance with the cert, a relay and some more; the cert's indicator 1 came by
/// it, and the company saw it on a day that is over and on one that is not.
struct Allied : World {
  AllianceId alliance{Uuid::named(Uuid{}, "alliance")};
  CircleId everyone{};
  std::vector<OrganisationId> allies{cert, company, organisation("carrier", false)};
  std::size_t relays;

  policy::Label narrowed;  // what the indicator's label says beside its audience

  /// `size` members in all, the cert among them; `relaying`: whether one of them carries for others
  explicit Allied(int size, bool relaying = true, policy::Label beside = {})
      : relays(relaying ? 1 : 0), narrowed(std::move(beside)) {
    for (int i = static_cast<int>(allies.size()); i < size; ++i)
      allies.push_back(organisation(fmt::format("ally {}", i), false));
    keep_roster();
    everyone = ledger::circle_of(alliance, company);
    receive(everyone);
    choose(*this, everyone, company, SightingChoice::detail);
    see("2023-11-13T10:20:30Z", 5);  // the clock stands at 22:13 of the 14th
    see("2023-11-14T10:20:30Z", 2);
  }

  void keep_roster() {
    policy::Roster roster{.alliance = alliance, .name = "Shield", .founders = {company}};
    const auto keys = ledger::NodeKeys::make(random);
    for (const auto& one : allies) {
      policy::RosterMember member{
          .organisation = one,
          .name = ledger::read_organisation(store->records(), one)->value.name,
          .kind = policy::MemberKind::non_nation,
          .keys = (one == company ? keys : ledger::NodeKeys::make(random)).public_keys()};
      if (relays > 0 && one == allies[2]) member.expertise = {std::string(ledger::relay_entry)};
      roster.members.push_back(std::move(member));
    }
    ledger::SignedRoster signed_roster{.roster = policy::canonical(std::move(roster))};
    ledger::sign(signed_roster, company, keys.root);
    REQUIRE(ledger::keep_signed_roster(*store, company, signed_roster, clock.now()));
  }
  /// As a release of the cert's to all members puts it here.
  void receive(const CircleId& circle) {
    auto label = narrowed;
    label.audience = {{.owner = cert, .inside = {}}};
    label.tlp = policy::Tlp::amber;
    policy::AllianceAudience audience{
        .alliance = alliance, .roster_version = 1, .nations = {}, .organisations = allies};
    std::ranges::sort(audience.organisations);
    label.audience.front().inside = audience;
    const store::NewHolding holding{.object = judge(indicator(1), false)->object,
                                    .text = {},
                                    .source = {policy::Source::Kind::member, cert.uuid},
                                    .collection = circle,
                                    .label = policy::canonical(label),
                                    .parts = {}};
    REQUIRE(store->objects().put({&holding, 1}, Deadline::none()));
  }
  api::Caller at_seer() {
    auto caller = at_company();
    auto subject = *ledger::subject_of(store->records(), company);
    subject.clearances = {{narrowed.classification.scheme, narrowed.classification.ordinal}};
    subject.compartments = narrowed.compartments;
    if (!narrowed.realm.is_nil()) subject.exercises = {narrowed.realm};
    caller.scope = policy::Scope::of(subject);
    return caller;
  }
  void see(const std::string& at, int count) {
    const auto report = fmt::format(
        R"({{"sightings":[{{"indicator":"{}","at":"{}","count":{}}}]}})", indicator_id(1), at, count);
    REQUIRE(Answer(post(at_seer(), "/api/v1/sightings", report)).raw("taken") == "1");
  }
  Answer send(std::string_view how = "?anonymous=true") {
    return Answer(post(at_seer(), fmt::format("/api/v1/sightings/send{}", how), ""));
  }
  std::vector<ledger::AnonymousCount> leaving() {
    std::vector<ledger::AnonymousCount> all;
    const auto rows = *store->records().scan(ledger::peer_table, ledger::anonymous_prefix, "", 99);
    for (const auto& row : rows) all.push_back(*ledger::decode_anonymous_count(row.value));
    return all;
  }
  std::size_t named_here() { return Answer(get(at_seer(), "/api/v1/objects?type=sighting")).ids().size(); }
};

}  // namespace

TEST_CASE("with five who could be the source a sighting leaves without a name, by days that are over") {
  Allied world(6);
  const auto sent = world.send();
  CHECK(sent.raw("sent") == "1");
  CHECK(sent.texts("held_back", "reason") == Texts{"the day is not over yet"});
  const auto leaving = world.leaving();
  REQUIRE(leaving.size() == 1);
  CHECK(leaving[0].owner == world.cert);
  CHECK(leaving[0].count == 5);
  CHECK(to_text_ms(leaving[0].from) == "2023-11-13T00:00:00.000Z");
  CHECK(leaving[0].length == days(1));  // although this circle's choice was the hour
  CHECK(world.named_here() == 0);
  // Once each: what is seen of that day later stays.
  world.see("2023-11-13T11:00:00Z", 9);
  CHECK(world.send().raw("unchanged") == "1");
  world.clock.advance(hours(2));
  CHECK(world.send().raw("sent") == "1");
  CHECK(world.leaving().size() == 2);
}

TEST_CASE("whoever decides reads to whom it is anonymous, and among how many") {
  Allied world(7);
  const auto sent = world.send();
  CHECK(sent.texts("anonymous_to", "owner") == Texts{"cert"});
  CHECK(sent.texts("anonymous_to", "one_of") == Texts{"6"});
  CHECK(sent.texts("anonymous_to", "relays") == Texts{R"(["carrier"])"});
  CHECK(world.send("").texts("anonymous_to", "owner").empty());
}

TEST_CASE("four who could be the source are no crowd, and without a relay nothing leaves unnamed") {
  Allied few(5);
  auto sent = few.send();
  CHECK(sent.raw("sent") == "0");
  CHECK(sent.texts("held_back", "reason") ==
        Texts{"4 members could have seen it, and fewer than 5 are no crowd"});
  CHECK(sent.texts("anonymous_to", "owner").empty());
  CHECK(few.leaving().empty());
  Allied nobody_carries(6, false);
  sent = nobody_carries.send();
  CHECK(sent.texts("held_back", "reason") == Texts{"no other member carries for others: a relay has to"});
  CHECK(nobody_carries.leaving().empty());
}

TEST_CASE("where a label admits only some of its audience, nobody knows how large the crowd is") {
  policy::Label label;
  SUBCASE("the cleared") {
    label.classification = {.scheme = 1, .ordinal = 1};
  }
  SUBCASE("an exercise") {
    label.realm = ExerciseId{Uuid::named(Uuid{}, "exercise")};
  }
  SUBCASE("a compartment") {
    label.compartments = {CompartmentId{Uuid::named(Uuid{}, "compartment")}};
  }
  Allied world(9, true, label);
  const auto sent = world.send();
  CHECK(sent.raw("sent") == "0");
  CHECK(sent.texts("held_back", "reason") ==
        Texts{"its label admits only some of its audience, and who these are is not known here"});
  CHECK(world.leaving().empty());
}

TEST_CASE("what came by no alliance does not leave without a name") {
  World world;
  world.post(world.at_cert(), "/api/v1/objects?circle=c&tlp=amber", indicator(1));
  choose(world, world.circle_id, world.company, SightingChoice::counts);
  world.post(
      world.at_company(),
      "/api/v1/sightings",
      fmt::format(R"({{"sightings":[{{"indicator":"{}","at":"2023-11-13T10:00:00Z"}}]}})", indicator_id(1)));
  const Answer sent(world.post(world.at_company(), "/api/v1/sightings/send?anonymous=true", ""));
  CHECK(sent.raw("sent") == "0");
  CHECK(sent.texts("held_back", "reason") == Texts{"it came by no alliance"});
}

TEST_CASE("what was told in one manner is not told in the other, or the name would follow") {
  SUBCASE("named first") {
    Allied world(6);
    CHECK(world.send("").raw("sent") == "2");
    CHECK(world.send().texts("held_back", "reason") ==
          Texts{"it was told with this organisation's name before"});
    CHECK(world.leaving().empty());
  }
  SUBCASE("named first, by another circle") {
    Allied world(6);
    CHECK(world.send("").raw("sent") == "2");
    choose(world, world.everyone, world.company, SightingChoice::none);
    world.receive(world.circle_id);
    choose(world, world.circle_id, world.company, SightingChoice::counts);
    CHECK(world.send().raw("sent") == "0");
    CHECK(world.leaving().empty());
  }
  SUBCASE("without a name first") {
    Allied world(6);
    CHECK(world.send().raw("sent") == "1");
    const auto named = world.send("?anonymous=false");
    CHECK(named.raw("sent") == "0");
    CHECK(named.texts("held_back", "reason") == Texts{"it was told without a name before"});
    CHECK(world.named_here() == 0);
  }
}

TEST_CASE("the switch and the circle's choice stop what has no name too") {
  Allied world(6);
  choose(world, world.everyone, world.company, SightingChoice::none);
  CHECK(world.send().texts("held_back", "reason") == Texts{"the choice for this circle is: none"});
  choose(world, world.everyone, world.company, SightingChoice::undecided);
  CHECK(world.send().texts("held_back", "reason") == Texts{"no choice was made yet"});
  choose(world, world.everyone, world.company, SightingChoice::counts);
  world.post(world.at_seer(), "/api/v1/sightings/stop", R"({"stopped":true})");
  CHECK(world.post(world.at_seer(), "/api/v1/sightings/send?anonymous=true", "").status == 403);
  CHECK(world.leaving().empty());
  world.post(world.at_seer(), "/api/v1/sightings/stop", R"({"stopped":false})");
  CHECK(world.send().raw("sent") == "1");
  REQUIRE(world.leaving().size() == 1);
  CHECK(world.leaving()[0].seer == world.company);
}

TEST_CASE("what was let go already waits while the choice for its circle is taken back") {
  Allied world(6);
  REQUIRE(world.send().raw("sent") == "1");
  const auto count = world.leaving().at(0);
  CHECK(count.circle == world.everyone);
  const auto may_leave = [&] { return *ledger::may_leave(*world.store, count); };
  CHECK(may_leave());
  for (const auto choice : {SightingChoice::none, SightingChoice::undecided}) {
    choose(world, world.everyone, world.company, choice);
    CHECK(!may_leave());
  }
  choose(world, world.everyone, world.company, SightingChoice::counts);
  CHECK(may_leave());
}

TEST_CASE("a slip in the manner sends nothing, least of all the name") {
  Allied world(6);
  for (const auto* slip : {"True", "1", "yes", ""})
    CHECK(world.post(world.at_seer(), fmt::format("/api/v1/sightings/send?anonymous={}", slip), "").status ==
          400);
  CHECK(world.named_here() == 0);
  CHECK(world.leaving().empty());
}
