// What a circle grants an account counts at every door, and what it does not let read is as if it were not
// there.

#include <optional>

#include "library_world.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

struct Case {
  bool members_read;
  std::optional<bool> grant;  // can_read of the account's grant
  bool reads;                 // what follows
};

constexpr Case cases[] = {
    {true, std::nullopt, true},
    {true, true, true},
    {true, false, false},
    {false, std::nullopt, false},
    {false, true, true},
    {false, false, false},
};

/// The cert shares with the company; one account of the company stands to the circle as the case says.
struct Granted : World {
  Granted(const Case& one, bool shared) {
    change_circle(circle_id, [&](ledger::Circle& circle) {
      circle.members_read = one.members_read;
      if (one.grant) circle.grants = {{.account = at_company().account, .can_read = *one.grant}};
    });
    if (!shared) return;
    post(at_cert(),
         "/api/v1/objects?circle=c&tlp=green",
         bundle({indicator(1), malware(1), relationship(1, indicator_id(1), malware_id(1))}));
  }

  /// All that the account can ask about what was shared.
  std::string answers() {
    std::string all;
    const auto object = "/api/v1/objects/" + indicator_id(1);
    for (const auto& target : Texts{"/api/v1/objects",
                                    "/api/v1/objects?circle=c",
                                    "/api/v1/objects?words=name1",
                                    "/api/v1/objects?value=h1.example",
                                    object,
                                    object + "/versions",
                                    object + "/relationships",
                                    "/api/v1/objects/" + malware_id(1),
                                    "/api/v1/sightings"}) {
      const auto answer = get(at_company(), target);
      all += fmt::format("{} {}\n{}\n", target, answer.status, answer.bytes());
    }
    const auto changes = get(at_company(), "/api/v1/changes?once=true&from=beginning").body;
    all += changes.substr(changes.find('\n'));  // behind the sealed id
    all += post(at_company(),
                "/api/v1/sightings",
                fmt::format(R"({{"sightings":[{{"indicator":"{}","at":"2023-11-14T10:00:00Z"}}]}})",
                            indicator_id(1)))
               .bytes();
    return all;
  }
};

}  // namespace

TEST_CASE("what a circle lets an account read, and only that, is there for it by every route") {
  for (const auto& one : cases) {
    CAPTURE(one.members_read);
    CAPTURE(one.grant.has_value());
    CAPTURE(one.grant.value_or(false));
    const bool same = Granted(one, true).answers() == Granted(one, false).answers();
    CHECK(same != one.reads);
    Granted world(one, true);
    CHECK(Answer(world.get(world.at_company(), "/api/v1/objects")).ids().size() == (one.reads ? 3 : 0));
  }
}

TEST_CASE("an account that may only add to a circle still sees what its own organisation put there") {
  Granted world({false, false, false}, true);
  world.change_circle(world.circle_id, [&](ledger::Circle& circle) {
    circle.grants = {{.account = world.at_company().account, .can_read = false, .can_write = true}};
  });
  CHECK(Answer(world.post(world.at_company(), "/api/v1/objects?circle=c", indicator(2))).statuses() ==
        Texts{"stored"});
  CHECK(Answer(world.get(world.at_company(), "/api/v1/objects")).ids() == Texts{indicator_id(2)});
}
