#include "exchange/taxii/taxii_world.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

constexpr auto base = "/api1/collections/intel/";

std::string id_of(int number) {
  return fmt::format("indicator--00000000-0000-4000-8000-{:012}", number);
}

/// A library of five indicators (number 1 in three versions) and one address.
struct Shelf : World {
  ledger::Circle circle = add_circle("intel", {cert, company});
  api::Caller ann = caller_of(cert, "ann");
  std::string address = "ipv4-addr--28bb3599-77cd-5a82-a950-b5bf39c3a1a7";

  Shelf() {
    for (const auto& object :
         {indicator(1, 1),
          indicator(2),
          indicator(1, 2),
          indicator(3),
          indicator(1, 3),
          indicator(4),
          indicator(5),
          fmt::format(R"({{"type":"ipv4-addr","id":"{}","value":"192.0.2.1"}})", address)}) {
      clock.advance(seconds(1));
      const auto response = ask(ann, net::Method::post, std::string(base) + "objects/", envelope({object}));
      REQUIRE(Answer(response).number("success_count") == "1");
    }
  }

  net::Response see(std::string rest) { return get(ann, base + std::move(rest)); }
  std::vector<std::string> ids(std::string rest) { return Answer(see(std::move(rest))).ids(); }
  int status(std::string rest) { return see(std::move(rest)).status; }
};

std::string header(const net::Response& response, std::string_view name) {
  return std::string(response.headers.get(name).value_or(""));
}

}  // namespace

STORE_TEST_CASE("objects come in the order in which they were added, dated by headers") {
  Shelf shelf;
  const auto response = shelf.see("objects/");
  const Answer answer(response);
  CHECK(response.status == 200);
  CHECK(response.headers.get("Content-Type") == "application/taxii+json;version=2.1");
  CHECK(!answer.more());
  CHECK(answer.has("more"));
  CHECK(!answer.has("next"));
  CHECK(answer.ids() ==
        std::vector<std::string>{id_of(2), id_of(3), id_of(1), id_of(4), id_of(5), shelf.address});
  const Answer manifest(shelf.see("manifest/"));
  CHECK(manifest.ids() == answer.ids());
  std::vector<std::string> dates;
  const auto entries = manifest.root().find("objects");
  for (const auto entry : *entries) dates.emplace_back(entry.find("date_added")->string());
  CHECK(std::ranges::is_sorted(dates));
  CHECK(header(response, "X-TAXII-Date-Added-First") == dates.front());
  CHECK(header(response, "X-TAXII-Date-Added-Last") == dates.back());
  CHECK(dates.front().size() == std::string_view("2020-01-01T00:00:00.000000Z").size());
}

STORE_TEST_CASE(
    "the manifest names version and media type, and an observable's version is when it was added") {
  Shelf shelf;
  const Answer manifest(shelf.see("manifest/?match[type]=ipv4-addr"));
  const auto entry = *manifest.root().find("objects")->begin();
  CHECK(entry.find("media_type")->string() == "application/stix+json;version=2.1");
  CHECK(entry.find("version")->string() == entry.find("date_added")->string());
  const auto version = std::string(entry.find("version")->string());
  CHECK(shelf.ids("objects/?match[version]=" + version) == std::vector<std::string>{shelf.address});
}

STORE_TEST_CASE("an empty answer is {} without dates") {
  Shelf shelf;
  for (const auto rest : {"objects/?match[type]=malware",
                          "manifest/?match[type]=malware",
                          "objects/?match[id]=nonsense",
                          "objects/?match[spec_version]=2.0",
                          "objects/?added_after=2099-01-01T00:00:00Z"}) {
    CAPTURE(rest);
    const auto response = shelf.see(rest);
    CHECK(response.status == 200);
    CHECK(response.bytes() == "{}");
    CHECK(!response.headers.has("X-TAXII-Date-Added-First"));
    CHECK(!response.headers.has("X-TAXII-Date-Added-Last"));
  }
  CHECK(shelf.see("objects/" + id_of(1) + "/versions/?added_after=2099-01-01T00:00:00Z").bytes() == "{}");
  CHECK(shelf.see("objects/" + id_of(1) + "/?added_after=2099-01-01T00:00:00Z").bytes() == "{}");
}

STORE_TEST_CASE("match fields select, commas mean or, different fields mean and") {
  Shelf shelf;
  CHECK(shelf.ids(fmt::format("objects/?match[id]={},{}", id_of(4), id_of(2))) ==
        std::vector<std::string>{id_of(2), id_of(4)});
  CHECK(shelf.ids("objects/?match[type]=ipv4-addr,malware") == std::vector<std::string>{shelf.address});
  CHECK(shelf.ids(fmt::format("objects/?match[type]=malware&match[id]={}", id_of(2))).empty());
  CHECK(shelf.ids("manifest/?match[type]=indicator").size() == 5);
  CHECK(shelf.ids("objects/?match[spec_version]=2.1").size() == 6);
  CHECK(shelf.ids("objects/?match[spec_version]=2.0,2.1").size() == 6);
}

STORE_TEST_CASE("versions are asked for by first, last, all and exact time, alone and mixed") {
  Shelf shelf;
  const auto versions = [&](std::string_view match) {
    const Answer answer(shelf.see(fmt::format("objects/{}/?match[version]={}", id_of(1), match)));
    std::vector<std::string> minutes;
    const auto objects = answer.root().find("objects");
    if (!objects) return minutes;
    for (const auto object : *objects) minutes.emplace_back(object.find("modified")->string().substr(14, 2));
    return minutes;
  };
  using Versions = std::vector<std::string>;
  CHECK(versions("first") == Versions{"01"});
  CHECK(versions("last") == Versions{"03"});
  CHECK(versions("all") == Versions{"01", "02", "03"});
  CHECK(versions("2020-01-01T00:02:00Z") == Versions{"02"});
  CHECK(versions("2020-01-01T00:02:00.000000Z,2020-01-01T00:03:00Z") == Versions{"02", "03"});
  CHECK(versions("first,last") == Versions{"01", "03"});
  CHECK(versions("first,2020-01-01T00:02:00Z") == Versions{"01", "02"});
  CHECK(versions("2019-01-01T00:00:00Z").empty());
  CHECK(shelf.ids("objects/?match[version]=all").size() == 8);
  CHECK(shelf.ids("objects/?match[version]=first").size() == 6);
  CHECK(shelf.ids("objects/?match[version]=first,last").size() == 7);
  CHECK(shelf.ids("manifest/?match[version]=all").size() == 8);
}

STORE_TEST_CASE("the versions of an object are listed as they were added") {
  Shelf shelf;
  const auto response = shelf.see("objects/" + id_of(1) + "/versions/");
  const Answer answer(response);
  CHECK(answer.ids("versions") == std::vector<std::string>{"2020-01-01T00:01:00.000Z",
                                                           "2020-01-01T00:02:00.000Z",
                                                           "2020-01-01T00:03:00.000Z"});
  CHECK(!header(response, "X-TAXII-Date-Added-Last").empty());
  CHECK(shelf.status("objects/" + id_of(9) + "/versions/") == 404);
  CHECK(shelf.status("objects/nonsense/versions/") == 404);
  CHECK(shelf.status("objects/" + id_of(9) + "/") == 404);
}

STORE_TEST_CASE("added_after leaves out what was added at that very instant") {
  Shelf shelf;
  const auto all = shelf.see("objects/?limit=2");
  const auto last = header(all, "X-TAXII-Date-Added-Last");
  CHECK(shelf.ids("objects/?added_after=" + last) ==
        std::vector<std::string>{id_of(1), id_of(4), id_of(5), shelf.address});
}

STORE_TEST_CASE("next goes on where the page ended, on every list") {
  Shelf shelf;
  for (const auto& rest : {std::string("objects/?match[version]=all"),
                           std::string("manifest/?match[version]=all"),
                           "objects/" + id_of(1) + "/?match[version]=all",
                           "objects/" + id_of(1) + "/versions/?",
                           std::string("objects/?match[version]=first,last")}) {
    CAPTURE(rest);
    const auto list = rest.find("versions/?") == rest.npos ? "objects" : "versions";
    const auto whole = Answer(shelf.see(rest)).ids(list);
    for (const int limit : {1, 2, 3, 8, 100}) {
      std::vector<std::string> got;
      std::string next;
      std::string dated;
      for (int pages = 0; pages < 20; ++pages) {
        const auto response = shelf.see(fmt::format("{}&limit={}{}", rest, limit, next));
        const Answer page(response);
        const auto ids = page.ids(list);
        CHECK(ids.size() <= static_cast<std::size_t>(limit));
        got.insert(got.end(), ids.begin(), ids.end());
        CHECK(dated < header(response, "X-TAXII-Date-Added-First"));
        dated = header(response, "X-TAXII-Date-Added-Last");
        CHECK(page.more() == page.has("next"));
        if (!page.more()) break;
        next = "&next=" + page.text("next");
      }
      CHECK(got == whole);
    }
  }
}

STORE_TEST_CASE("a cursor is good for its own question, its own account and this node alone") {
  Shelf shelf;
  const auto next = Answer(shelf.see("objects/?match[version]=all&limit=2")).text("next");
  CHECK(shelf.status("objects/?match[version]=all&limit=2&next=" + next) == 200);
  CHECK(shelf.status("objects/?match[version]=all&limit=5&next=" + next) == 200);
  CHECK(shelf.status("objects/?match[version]=first&limit=2&next=" + next) == 400);
  CHECK(shelf.status("objects/?limit=2&next=" + next) == 400);
  CHECK(shelf.status("objects/?match[version]=all&added_after=2016-01-01T00:00:00Z&next=" + next) == 400);
  CHECK(shelf.status("manifest/?match[version]=all&limit=2&next=" + next) == 400);
  CHECK(shelf.status("objects/" + id_of(1) + "/?match[version]=all&next=" + next) == 400);
  CHECK(shelf.status("objects/?match[version]=all&next=" + next.substr(1)) == 400);
  CHECK(shelf.status("objects/?match[version]=all&next=") == 400);
  CHECK(shelf.status("objects/?match[version]=all&next=0") == 400);
  const auto other = shelf.caller_of(shelf.cert, "other");
  CHECK(shelf.get(other, fmt::format("{}objects/?match[version]=all&next={}", base, next)).status == 400);
}

STORE_TEST_CASE("bad parameters are 400 and unknown ones are ignored unless they look like a filter") {
  Shelf shelf;
  CHECK(shelf.status("objects/?limit=0") == 400);
  CHECK(shelf.status("objects/?limit=-20") == 400);
  CHECK(shelf.status("objects/?limit=many") == 400);
  CHECK(shelf.status("objects/?added_after=yesterday") == 400);
  CHECK(shelf.status("objects/?match[version]=newest") == 400);
  CHECK(shelf.status("objects/?match[colour]=red") == 400);
  CHECK(shelf.status("objects/" + id_of(1) + "/?match[type]=indicator") == 400);
  CHECK(shelf.status("objects/?colour=red") == 200);
}

STORE_TEST_CASE("a page is cut by what it weighs, and nothing is lost by that") {
  World world;
  world.add_circle("intel", {world.cert});
  const auto ann = world.caller_of(world.cert, "ann");
  const auto large = [](int number) {
    return indicator(number, 0, fmt::format(R"(,"description":"{}")", std::string(900'000, 'd')));
  };
  for (int i = 0; i < 20; ++i)
    world.ask(ann, net::Method::post, std::string(base) + "objects/", envelope({large(i)}));
  std::vector<std::string> got;
  std::string next;
  int pages = 0;
  for (; pages < 20; ++pages) {
    const auto response = world.get(ann, fmt::format("{}objects/?{}", base, next));
    CHECK(response.bytes().size() < (9u << 20));
    const Answer page(response);
    for (const auto& id : page.ids()) got.push_back(id);
    if (!page.more()) break;
    next = "next=" + page.text("next");
  }
  CHECK(pages == 2);
  CHECK(got.size() == 20);
  CHECK(std::ranges::is_sorted(got));
}
