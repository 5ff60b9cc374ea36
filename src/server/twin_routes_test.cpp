// Hidden equals absent, over every route of the node: two nodes that differ in one thing that the reader may
// not know of answer all it can ask with the same bytes. What is asked is made from the table of routes, so a
// new row is in here without anybody adding it.

#include <algorithm>

#include <doctest/doctest.h>

#include "base/text.h"
#include "ledger/keys.h"
#include "server/test_world.h"
#include "test_size.h"
#include "twin_world.h"

using namespace shieldwall;
using namespace shieldwall::server;
using net::Method;

namespace {

std::string uuid(int number) {
  return fmt::format("00000000-0000-4000-8000-{:012}", number);
}
std::string object_id(int number) {
  return "indicator--" + uuid(number);
}
std::string indicator(int number) {
  return fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"{}","created":"2020-01-01T00:00:00.000Z",)"
      R"("modified":"2020-01-01T00:00:00.000Z","pattern":"[domain-name:value = 'h{}.example']",)"
      R"("pattern_type":"stix","valid_from":"2020-01-01T00:00:00Z"}})",
      object_id(number),
      number);
}

/// What stands for a {parameter} of a path: names of one thing each.
using Names = std::map<std::string, std::string, std::less<>>;

/// A node that hosts three organisations. The reader, of every role, shares a circle with the author; the
/// author shares another with a third organisation, of which the reader may know nothing.
struct Hosts {
  NodeWorld world{5, options()};
  As reader, author, other;
  std::string control_token;  // of the reader's own control feed
  Names seen, hidden;

  Hosts() {
    organisation(1, "Reader");
    organisation(2, "Author");
    organisation(3, "Other");
    reader = world.account("reader", every_role, uuid(1));
    author = world.account("author", every_role, uuid(2));
    other = world.account("other", every_role, uuid(3));
    world.account("colleague", R"(["reader"])", uuid(1));
    circle(11, "shared", uuid(1));
    circle(12, "apart", uuid(3));
    does(author, Method::post, "/api/v1/objects?circle=shared", indicator(1));
    does(reader, Method::post, "/api/v1/objects", indicator(2));
    const auto made = does(
        reader, Method::post, "/api/v1/controls", R"({"name":"own_feed","format":"plain","trust":["all"]})");
    control_token = NodeWorld::text(made, "token");
    seen = {{"control", NodeWorld::text(made, "id")},
            {"root", "default"},
            {"name", "default"},
            {"account", "colleague"},
            {"organisation", uuid(2)},
            {"circle", uuid(11)},
            {"collection", uuid(11)},
            {"id", object_id(1)},
            {"object", object_id(1)}};
    hidden = {{"root", "default"},
              {"name", "default"},
              {"account", "other"},
              {"organisation", uuid(3)},
              {"circle", uuid(12)},
              {"collection", uuid(12)},
              {"id", object_id(50)},
              {"object", object_id(50)}};
  }

  /// Something that a step of a history does, which must work.
  net::Response does(const As& as, Method method, const std::string& target, const std::string& body = {}) {
    world.clock.advance(seconds(1));
    auto answer = world.ask(as, method, target, body);
    REQUIRE_MESSAGE(answer.status / 100 == 2, target, " ", std::string(answer.bytes()));
    return answer;
  }

 private:
  /// It takes part in alliances. It keeps no log: how much went into one is everybody's to see.
  static NodeOptions options() {
    SeededRandom random(9);
    return {.keys = ledger::NodeKeys::make(random),
            .tries_per_account = {.tries = 1'000'000},
            .tries_per_address = {.tries = 1'000'000}};
  }
  void organisation(int number, std::string_view name) {
    does({.local = true},
         Method::post,
         "/api/v1/members",
         fmt::format(R"({{"name":"{}","id":"{}","hosted":true}})", name, uuid(number)));
  }
  void circle(int number, std::string_view alias, const std::string& guest) {
    does({.local = true},
         Method::post,
         "/api/v1/circles",
         fmt::format(
             R"({{"title":"T","id":"{}","alias":"{}","owner":"{}","members":["{}"],"api_root":"default"}})",
             uuid(number),
             alias,
             uuid(2),
             guest));
  }
};

/// One thing that the reader may not know of.
struct Difference {
  std::string_view what;
  void (*happens)(Hosts&);
  As Hosts::* known_to = &Hosts::other;
};

const Difference differences[] = {
    {"an object in another circle",
     [](Hosts& on) { on.does(on.author, Method::post, "/api/v1/objects?circle=apart", indicator(50)); }},
    {"an object under RED in the shared circle",
     [](Hosts& on) {
       on.does(on.author, Method::post, "/api/v1/objects?circle=shared&tlp=red", indicator(50));
     },
     &Hosts::author},
    {"an object that went again",
     [](Hosts& on) {
       on.does(on.author, Method::post, "/api/v1/objects?circle=shared&tlp=red", indicator(51));
       on.does(on.author, Method::delete_, "/api/v1/objects/" + object_id(51));
     },
     &Hosts::author},
    {"another source's holding of an object that the reader sees",
     [](Hosts& on) { on.does(on.other, Method::post, "/api/v1/objects", indicator(1)); }},
    {"an import of another organisation",
     [](Hosts& on) {
       const auto made = on.does(on.other, Method::post, "/api/v1/imports?circle=apart", indicator(50));
       on.hidden["id"] = NodeWorld::text(made, "id");
     }},
    {"objects of another organisation by TAXII",
     [](Hosts& on) {
       net::Request request{.method = Method::post,
                            .target = "/default/collections/" + uuid(12) + "/objects/",
                            .body = fmt::format(R"({{"objects":[{}]}})", indicator(50))};
       request.headers.set("Accept", "application/taxii+json;version=2.1");
       request.headers.set("Content-Type", "application/taxii+json;version=2.1");
       const auto answer = on.world.send(std::move(request), on.other);
       REQUIRE(answer.status == 202);
       on.hidden["status"] = NodeWorld::text(answer, "id");
     }},
    {"sightings of another organisation",
     [](Hosts& on) {
       on.does(on.other, Method::post, "/api/v1/objects", indicator(2));
       on.does(on.other,
               Method::post,
               "/api/v1/sightings",
               fmt::format(R"({{"sightings":[{{"indicator":"{}","at":"2023-11-14T10:00:00Z"}}]}})",
                           object_id(2)));
     }},
    {"an account of another organisation, changed",
     [](Hosts& on) {
       on.world.account("second", R"(["reader"])", uuid(3));
       on.does(on.other, Method::patch, "/api/v1/accounts/second", R"({"disabled":true})");
       on.hidden["account"] = "second";
     }},
    {"a key of another organisation's account",
     [](Hosts& on) {
       const auto made = on.does(on.other, Method::post, "/api/v1/keys", R"({"label":"hidden label"})");
       on.hidden["prefix"] = NodeWorld::text(made, "prefix");
     }},
    {"a circle of another organisation, with a grant and a choice",
     [](Hosts& on) {
       on.does(on.other, Method::post, "/api/v1/circles", R"({"title":"Hidden","alias":"hidden"})");
       on.does(on.other, Method::put, "/api/v1/circles/hidden/grants/other", R"({"can_write":false})");
       on.does(on.other, Method::put, "/api/v1/circles/hidden/sightings", R"({"sightings":"counts"})");
       on.hidden["circle"] = on.hidden["collection"] = "hidden";
     }},
    {"a feed that another organisation pulls",
     [](Hosts& on) {
       const auto made = on.does(
           on.other, Method::post, "/api/v1/feeds", R"({"url":"https://f.example/c/","circle":"apart"})");
       on.hidden["feed"] = NodeWorld::text(made, "id");
     }},
    {"a control feed of another organisation",
     [](Hosts& on) {
       const auto made =
           on.does(on.other, Method::post, "/api/v1/controls", R"({"name":"hidden_feed","format":"plain"})");
       on.hidden["control"] = NodeWorld::text(made, "id");
     }},
    {"what another organisation never blocks",
     [](Hosts& on) {
       on.does(on.other, Method::post, "/api/v1/never-block", R"({"value":"h1.example","why":"ours"})");
     }},
    {"a correction by another organisation",
     [](Hosts& on) {
       on.does(on.other, Method::post, "/api/v1/objects", indicator(2));
       on.does(on.other,
               Method::post,
               "/api/v1/value/corrections",
               fmt::format(R"({{"indicator":"{}","because":"false-positive"}})", object_id(2)));
     }},
};

/// Rows whose answer tells, by what they are for, that somebody else is on the node.
constexpr std::pair<Method, std::string_view> told_by_nature[] = {
    {Method::get, "/metrics"},  // figures of the whole node, on a listener of their own
};

std::string path_of(const api::Route& route, const Names& names) {
  return filled_path(route.path, [&](std::string_view parameter) {
    const auto found = names.find(parameter);
    return found == names.end() ? uuid(99) : found->second;
  });
}

/// Bodies beside an empty one, for rows whose answer depends on what they say.
std::vector<std::string> bodies_of(const api::Route& route) {
  if (route.method == Method::get || route.method == Method::delete_) return {""};
  std::vector<std::string> bodies{"{}"};
  const auto add = [&](std::string_view path, std::initializer_list<std::string> some) {
    if (route.path == path) bodies.insert(bodies.end(), some);
  };
  const auto objects = fmt::format(R"({{"objects":[{},{}]}})", indicator(50), indicator(1));
  add("/api/v1/objects", {indicator(50), indicator(1)});
  add("/{root}/collections/{collection}/objects/", {objects});
  add("/api/v1/imports", {indicator(50)});
  add("/api/v1/releases", {fmt::format(R"({{"objects":["{}","{}"]}})", object_id(1), object_id(50))});
  add("/api/v1/sightings",
      {fmt::format(R"({{"sightings":[{{"indicator":"{}","at":"2023-11-14T10:00:00Z"}},)"
                   R"({{"indicator":"{}","at":"2023-11-14T10:00:00Z"}}]}})",
                   object_id(50),
                   object_id(2))});
  add("/api/v1/keys", {R"({"label":"mine"})", R"({"label":"theirs","account":"other"})"});
  add("/api/v1/circles", {R"({"title":"Mine","alias":"mine","members":["Other"]})"});
  add("/api/v1/circles/{circle}", {R"({"title":"Renamed"})"});
  add("/api/v1/circles/{circle}/sightings", {R"({"sightings":"counts"})"});
  add("/api/v1/accounts/{account}", {R"({"disabled":true})"});
  add("/api/v1/feeds", {R"({"url":"https://g.example/c/","circle":"apart"})"});
  add("/api/v1/controls",
      {R"({"name":"mine","format":"plain"})", R"({"name":"mine","format":"plain","circle":"apart"})"});
  add("/api/v1/never-block", {R"({"value":"h9.example","why":"mine"})"});
  add("/api/v1/value/corrections",
      {fmt::format(R"({{"indicator":"{}","because":"expired"}})", object_id(50))});
  return bodies;
}

/// Questions of rows whose answers depend on them.
std::vector<std::string> queries_of(const api::Route& route) {
  std::vector<std::string> queries{""};
  const auto add = [&](std::string_view path, std::initializer_list<std::string> some) {
    if (route.method == Method::get && route.path == path) queries.insert(queries.end(), some);
  };
  add("/api/v1/objects", {"?value=h50.example", "?value=h1.example", "?circle=apart", "?version=all"});
  add("/api/v1/keys", {"?account=other", "?account=second"});
  add("/api/v1/control-values", {"?value=h1.example", "?value=h50.example"});
  add("/api/v1/changes", {"?once=true&from=beginning", "?once=true&from=now"});
  add("/api/v1/audit", {"?limit=1000"});
  add("/feeds/{control}", {"?since=0"});
  return queries;
}

struct Asked {
  std::string question;
  std::string answer;
};

/// Everything that the reader can ask, what changes something last.
///   names  two sets: of what it may know and of what it may not
std::vector<Asked> told(Hosts& hosts, const Names& seen, const Names& hidden) {
  std::vector<Asked> all;
  for (const bool changing : {false, true}) {
    for (const auto& route : hosts.world.node->routes()) {
      if ((route.method != Method::get) != changing) continue;
      if (std::ranges::find(told_by_nature, std::pair{route.method, route.path}) != std::end(told_by_nature))
        continue;
      const bool taxii = route.dialect == api::Dialect::taxii;
      for (const auto* const names : {&hidden, &seen}) {
        const auto path = path_of(route, *names);
        for (const auto& query : queries_of(route)) {
          for (const auto& body : bodies_of(route)) {
            net::Request request{.method = route.method, .target = path + query, .body = body};
            if (taxii) request.headers.set("Accept", "application/taxii+json;version=2.1");
            if (taxii && !body.empty())
              request.headers.set("Content-Type", "application/taxii+json;version=2.1");
            hosts.world.clock.advance(seconds(1));
            const bool fetches = route.path == "/feeds/{control}";
            if (fetches) request.headers.set("X-Feed-Token", hosts.control_token);
            const auto answer = hosts.world.send(std::move(request), fetches ? As{} : hosts.reader);
            // Blinded by a key that the node drew: of a set of tags nothing but its size is told.
            const bool drawn = route.path == "/api/v1/ask/filter" && answer.status == 200;
            all.push_back({fmt::format("{} {}{} {}", net::name_of(route.method), path, query, body),
                           drawn ? std::to_string(answer.bytes().size()) : tests::text_of(answer)});
          }
        }
        if (path_of(route, hidden) == path_of(route, seen)) break;
      }
    }
  }
  return all;
}

/// The text with what the node draws for the caller alone taken out; that something stands there stays.
std::string without_drawn(std::string text) {
  for (const std::string_view member : {R"("prefix":")", R"("key":")", R"("token":")", R"("password":")"})
    for (auto at = text.find(member); at != text.npos; at = text.find(member, at + 1)) {
      const auto begin = at + member.size();
      text.replace(begin, text.find('"', begin) - begin, "*");
    }
  return text;
}

using Happened = std::vector<const Difference*>;

/// All answers to the reader, once those things happened among what it sees, or none of them did.
///   hidden  what can be named of them: filled where they happen
std::vector<Asked> life(const Happened& differences_there,
                        bool happen,
                        Names& hidden,
                        As Hosts::* taken_for) {
  Hosts hosts;
  int number = 3;
  for (const auto* const difference : differences_there) {
    const auto from = hosts.world.clock.now();
    if (happen) difference->happens(hosts);
    hosts.world.clock.advance(from + seconds(60) - hosts.world.clock.now());
    hosts.does(hosts.author, Method::post, "/api/v1/objects?circle=shared", indicator(number++));
  }
  if (happen)
    hidden = hosts.hidden;
  else
    hosts.world.random.bytes(100'003);  // so that nothing is drawn again by which what is hidden was named
  hosts.reader = hosts.*taken_for;
  return told(hosts, hosts.seen, hidden);
}

/// The questions whose answers differ, and how.
///   taken_for  as whom the node answers: another than the reader is a seeded defect
std::vector<std::string> found(const Happened& there, As Hosts::* taken_for = &Hosts::reader) {
  Names hidden;
  const auto with = life(there, true, hidden, taken_for);
  const auto without = life(there, false, hidden, taken_for);
  std::string known = uuid(99);
  for (const int number : {1, 2, 3, 11, 12}) known += " " + uuid(number);
  for (const auto& [name, value] : hidden) known += " " + value;
  const tests::Transcript transcript(known);
  std::vector<std::string> all;
  REQUIRE(with.size() == without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    const auto a = transcript.normal(without_drawn(with[i].answer));
    const auto b = transcript.normal(without_drawn(without[i].answer));
    if (a != b) all.push_back(with[i].question + tests::around_difference(a, b));
  }
  return all;
}

void expect_nothing(const std::vector<std::string>& all) {
  CHECK_MESSAGE(all.empty(), fmt::format("{} answers: {}", all.size(), fmt::join(all, "\n")));
}

}  // namespace

TEST_CASE("what a reader may not know changes no answer of any route of the node") {
  for (const auto& difference : differences) {
    CAPTURE(difference.what);
    expect_nothing(found({&difference}));
  }
}

TEST_CASE("nor do many such things, in any order") {
  const auto histories = tests::test_size("twin.histories");
  for (std::int64_t seed = 0; seed < histories; ++seed) {
    CAPTURE(seed);
    SeededRandom random(static_cast<std::uint64_t>(seed));
    Happened there;
    for (const auto& difference : differences)
      if (random.below(2) == 0)
        there.insert(there.begin() + static_cast<std::ptrdiff_t>(random.below(there.size() + 1)),
                     &difference);
    expect_nothing(found(there));
  }
}

TEST_CASE("the comparison notices a node that takes the reader for somebody else") {
  for (const auto& difference : differences) {
    CAPTURE(difference.what);
    CHECK_FALSE(found({&difference}, difference.known_to).empty());
  }
}
