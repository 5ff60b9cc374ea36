#include "exchange/taxii/pull.h"

#include "exchange/taxii/taxii_world.h"
#include "net/sim.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

struct Given {
  std::vector<std::string> objects;
  std::vector<PullPlace> places;
};

/// A client in front of whatever answers at https://there/api1/collections/c/.
struct Wire {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{5};
  net::SimNet sim{random, clock};
  std::unique_ptr<net::Net> port = sim.port_of("here");
  Client client{*port, clock, {.authorization = basic_authorization("ann", "secret")}};
  net::Url collection = *net::Url::parse("https://there/api1/collections/c/");
  Given given;

  explicit Wire(net::Handler handler) { sim.listen("there", 443, std::move(handler)); }

  Result<Pulled> pull_from(PullPlace place, PullWish wish = {}) {
    return pull(client, collection, std::move(place), wish, [this](auto objects, const PullPlace& place_now) {
      given.objects.insert(given.objects.end(), objects.begin(), objects.end());
      given.places.push_back(place_now);
      return Done{};
    });
  }
};

net::Response taxii_answer(Bytes body, std::string_view last = {}) {
  net::Response response{.status = 200};
  response.headers.set("Content-Type", media_type);
  if (!last.empty()) response.headers.set("X-TAXII-Date-Added-Last", last);
  response.body = std::move(body);
  return response;
}

std::string object(int number) {
  return fmt::format(R"({{"id":"x--{}"}})", number);
}

std::string page_of(std::initializer_list<int> numbers, bool more, std::string_view next = {}) {
  std::string objects;
  for (const int number : numbers) objects += (objects.empty() ? "" : ",") + object(number);
  return fmt::format(R"({{"more":{},{}"objects":[{}]}})",
                     more,
                     next.empty() ? "" : fmt::format(R"("next":"{}",)", next),
                     objects);
}

std::string parameter(const net::Request& request, std::string_view name) {
  return std::string(net::parse_target(request.target)->parameter(name).value_or(""));
}

constexpr auto day1 = "2024-01-01T00:00:00.000000Z";
constexpr auto day2 = "2024-01-02T00:00:00.000000Z";
constexpr auto day3 = "2024-01-03T00:00:00.000000Z";

std::vector<std::string> objects_of(std::initializer_list<int> numbers) {
  std::vector<std::string> objects;
  for (const int number : numbers) objects.push_back(object(number));
  return objects;
}

}  // namespace

TEST_CASE("a collection is read to its end, and later from there on") {
  std::vector<std::string> asked;
  Wire wire([&](net::Request&& request) {
    asked.push_back(request.target);
    CHECK(request.headers.get("Accept") == media_type);
    CHECK(request.headers.get("Authorization") == "Basic YW5uOnNlY3JldA==");
    if (parameter(request, "next") == "n1") return taxii_answer(page_of({3}, false), day2);
    if (parameter(request, "added_after") == day2) return taxii_answer("{}");
    return taxii_answer(page_of({1, 2}, true, "n1"), day1);
  });
  const auto first = wire.pull_from({}, {.filters = {{"match[type]", "indicator,malware"}}, .limit = 2});
  REQUIRE(first);
  CHECK(first->at_end);
  CHECK(first->pages == 2);
  CHECK(first->objects == 3);
  CHECK(first->place == PullPlace{.added_after = day2, .next = ""});
  CHECK(wire.given.objects == objects_of({1, 2, 3}));
  CHECK(wire.given.places.front() == PullPlace{.added_after = "", .next = "n1"});
  CHECK(asked.front() == "/api1/collections/c/objects/?match[type]=indicator%2Cmalware&limit=2");
  const auto second = wire.pull_from(first->place);
  CHECK(second->objects == 0);
  CHECK(second->place == first->place);
  CHECK(wire.client.warnings().empty());
}

TEST_CASE("a pull that was broken off goes on inside the round") {
  Wire wire([](net::Request&& request) {
    if (parameter(request, "next") == "n1") return taxii_answer(page_of({3}, false), day2);
    return taxii_answer(page_of({1, 2}, true, "n1"), day1);
  });
  const auto first = wire.pull_from({}, {.pages_max = 1});
  CHECK(!first->at_end);
  CHECK(wire.pull_from(first->place)->at_end);
  CHECK(wire.given.objects == objects_of({1, 2, 3}));
}

TEST_CASE("when the server forgot a cursor, the round begins again and nothing is lost") {
  Wire wire([](net::Request&& request) {
    const auto next = parameter(request, "next");
    if (next == "old") return net::problem(404, "session expired");
    CHECK(parameter(request, "added_after") == day1);
    if (next == "n1") return taxii_answer(page_of({3}, false), day3);
    return taxii_answer(page_of({1, 2}, true, "n1"), day2);
  });
  const auto pulled = wire.pull_from({.added_after = day1, .next = "old"});
  REQUIRE(pulled);
  CHECK(pulled->at_end);
  CHECK(wire.given.objects == objects_of({1, 2, 3}));
}

TEST_CASE("a server that ignores next is read by dates instead") {
  Wire wire([](net::Request&& request) {
    if (parameter(request, "added_after") == day1) return taxii_answer(page_of({3}, false, "n"), day2);
    return taxii_answer(page_of({1, 2}, true, "n"), day1);
  });
  const auto pulled = wire.pull_from({});
  REQUIRE(pulled);
  CHECK(pulled->at_end);
  CHECK(wire.given.objects == objects_of({1, 2, 3}));
  CHECK(pulled->place.added_after == day2);
}

TEST_CASE("a server that says more without next is read by dates") {
  Wire wire([](net::Request&& request) {
    if (parameter(request, "added_after") == day1) return taxii_answer(page_of({3}, false), day2);
    return taxii_answer(page_of({1, 2}, true), day1);
  });
  CHECK(wire.pull_from({})->at_end);
  CHECK(wire.given.objects == objects_of({1, 2, 3}));
}

TEST_CASE("an inclusive added_after gives nothing twice within a pull, and ends") {
  Wire wire([](net::Request&& request) {
    const auto after = parameter(request, "added_after");
    if (after == day2) return taxii_answer(page_of({2, 3}, false), day3);
    if (after == day3) return taxii_answer(page_of({3}, false), day3);
    return taxii_answer(page_of({1, 2}, true), day2);
  });
  const auto pulled = wire.pull_from({});
  CHECK(pulled->at_end);
  CHECK(wire.given.objects == objects_of({1, 2, 3}));
  CHECK(wire.pull_from(pulled->place)->at_end);
}

TEST_CASE("pages that repeat without end are noticed") {
  int asked = 0;
  const auto always = [&](net::Response answer) {
    return [&asked, answer](net::Request&&) {
      ++asked;
      return answer;
    };
  };
  for (const auto& answer : {taxii_answer(page_of({1, 2}, true, "n"), day1),  // next and dates ignored
                             taxii_answer(page_of({1, 2}, true, "n")),        // no dates at all
                             taxii_answer(page_of({1, 2}, true), day1),       // inclusive, all of one instant
                             taxii_answer(page_of({1, 2}, true), "undefined"),
                             taxii_answer(R"({"more":true,"next":"n"})")}) {
    asked = 0;
    Wire wire(always(answer));
    const auto pulled = wire.pull_from({});
    REQUIRE(!pulled);
    CHECK(pulled.error().message.find("gives the same again") != std::string::npos);
    CHECK(asked <= 4);
  }
}

TEST_CASE("pages that take turns are noticed too") {
  int asked = 0;
  Wire wire([&](net::Request&&) {
    return taxii_answer(page_of({asked++ % 3, 7}, true, fmt::format("n{}", asked)));
  });
  CHECK(wire.pull_from({}).error().code == ErrorCode::invalid);
  CHECK(asked <= 8);
}

TEST_CASE("a date that moves does not hide that the same page comes again and again") {
  int asked = 0;
  Wire wire([&](net::Request&&) {
    ++asked;
    REQUIRE(asked < 20);
    return taxii_answer(page_of({1, 2}, true, "n"),
                        to_text(Timestamp{1'700'000'000'000'000} + seconds(asked)));
  });
  CHECK(wire.pull_from({}).error().code == ErrorCode::invalid);
  CHECK(wire.given.objects == objects_of({1, 2}));
  CHECK(asked <= 5);
}

TEST_CASE("one next for a whole session is not taken for a repetition") {
  int asked = 0;
  Wire wire([&](net::Request&&) {
    ++asked;
    return taxii_answer(page_of({asked}, asked < 5, "session"), day1);
  });
  CHECK(wire.pull_from({})->at_end);
  CHECK(wire.given.objects.size() == 5);
}

TEST_CASE("odd answers are read and said once") {
  Wire wire([](net::Request&& request) {
    auto answer = taxii_answer(parameter(request, "next").empty()
                                   ? R"({"more":"true","next":7,"items":[{"id":"x--1"}],"count":null})"
                                   : R"({"more":null,"objects":null})",
                               "Mon Jan 01 2024 00:00:00 GMT");
    answer.headers.set("Content-Type", "application/json");
    return answer;
  });
  const auto pulled = wire.pull_from({});
  REQUIRE(pulled);
  CHECK(pulled->at_end);
  CHECK(wire.given.objects == objects_of({1}));
  CHECK(wire.client.warnings().size() == 3);
}

TEST_CASE("faults are told with the server's own words, and what was read is kept") {
  Wire wire([](net::Request&& request) {
    if (parameter(request, "next").empty()) return taxii_answer(page_of({1}, true, "n"), day1);
    net::Response response{.status = 403};
    response.body = R"({"title":"Forbidden","description":"contract ended","http_status":"403"})";
    return response;
  });
  const auto pulled = wire.pull_from({});
  REQUIRE(!pulled);
  CHECK(pulled.error().code == ErrorCode::denied);
  CHECK(pulled.error().message.find("contract ended") != std::string::npos);
  CHECK(wire.given.objects.size() == 1);
  CHECK(wire.given.places.back().next == "n");
  CHECK(Wire([](net::Request&&) { return taxii_answer("<html>"); }).pull_from({}).error().code ==
        ErrorCode::invalid);
  CHECK(Wire([](net::Request&&) { return taxii_answer("[]"); }).pull_from({}).error().code ==
        ErrorCode::invalid);
}

TEST_CASE("the secret is not carried to another server") {
  int elsewhere = 0;
  Wire wire([](net::Request&&) {
    net::Response response{.status = 302};
    response.headers.set("Location", "https://elsewhere/objects/");
    return response;
  });
  wire.sim.listen("elsewhere", 443, [&](net::Request&&) {
    ++elsewhere;
    return taxii_answer("{}");
  });
  CHECK(!wire.pull_from({}));
  CHECK(elsewhere == 0);
}

TEST_CASE("our own server is read whole, page by page") {
  World world;
  world.add_circle("c", {world.cert, world.company});
  const auto ann = world.caller_of(world.cert, "ann");
  std::vector<std::string> sent;
  for (int i = 0; i < 25; ++i) {
    sent.push_back(indicator(i));
    world.ask(ann, net::Method::post, "/api1/collections/c/objects/", envelope({sent.back()}));
  }
  Wire wire([&](net::Request&& request) { return world.handle(ann, std::move(request)); });
  const auto pulled = wire.pull_from({}, {.limit = 7});
  REQUIRE(pulled);
  CHECK(pulled->pages == 4);
  CHECK(wire.given.objects == sent);
  world.ask(ann, net::Method::post, "/api1/collections/c/objects/", envelope({indicator(99)}));
  wire.given = {};
  CHECK(wire.pull_from(pulled->place)->objects == 1);
  CHECK(wire.client.warnings().empty());
  const auto status = wire.client.add(wire.collection, envelope({indicator(100), "{}"}));
  REQUIRE(status);
  CHECK(status->successes == 1);
  CHECK(status->failures == 1);
  CHECK(status->messages.size() == 1);
  CHECK(wire.client.status(*net::Url::parse("https://there/api1/"), status->id)->successes == 1);
  CHECK(wire.client.discover(*net::Url::parse("https://there/taxii2/"))->api_roots.size() == 1);
  CHECK(wire.client.collections(*net::Url::parse("https://there/api1/"))->front().alias == "c");
  CHECK(wire.client.root(*net::Url::parse("https://there/api1"))->max_content_length == 32u << 20);
}
