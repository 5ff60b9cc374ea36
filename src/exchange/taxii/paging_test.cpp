// Reading while others write: whatever the page sizes, nobody loses an object or gets it twice.

#include <atomic>
#include <set>
#include <thread>

#include "exchange/taxii/taxii_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

constexpr auto base = "/api1/collections/intel/";

/// Reads on as a client does: by next inside a round, by the last date between rounds.
struct Reader {
  World& world;
  api::Caller caller;
  std::string list;
  SeededRandom random;
  std::vector<std::string> got{};
  std::string after{};

  void round() {
    std::string next;
    std::string last;
    for (;;) {
      const auto limit = 1 + random.below(40);
      const auto response = world.get(caller,
                                      fmt::format("{}{}/?match[version]=all&limit={}{}{}",
                                                  base,
                                                  list,
                                                  limit,
                                                  after.empty() ? "" : "&added_after=" + after,
                                                  next.empty() ? "" : "&next=" + next));
      REQUIRE(response.status == 200);
      const Answer page(response);
      const auto ids = page.ids();
      REQUIRE(ids.size() <= limit);
      got.insert(got.end(), ids.begin(), ids.end());
      if (!ids.empty()) last = *response.headers.get("X-TAXII-Date-Added-Last");
      if (!page.more()) break;
      next = page.text("next");
    }
    if (!last.empty()) after = last;
  }
};

}  // namespace

STORE_TEST_CASE("no reader loses or repeats an object while writers add") {
  World world(&system_random());
  world.add_circle("intel", {world.cert, world.company});
  const auto objects = static_cast<int>(tests::test_size("taxii_paging_objects"));
  constexpr int writers = 2;
  std::atomic<int> writing{writers};
  const auto write = [&](int writer) {
    const auto caller = world.caller_of(world.cert, fmt::format("writer{}", writer));
    SeededRandom random(100 + static_cast<std::uint64_t>(writer));
    for (int sent = 0; sent < objects / writers;) {
      std::string body;
      for (auto batch = 1 + random.below(20); batch > 0 && sent < objects / writers; --batch)
        body += (body.empty() ? "" : ",") + indicator(writer * 1'000'000 + sent++);
      world.ask(caller,
                net::Method::post,
                std::string(base) + "objects/",
                fmt::format(R"({{"objects":[{}]}})", body));
      world.clock.advance(microseconds(static_cast<std::int64_t>(random.below(2))));
    }
    --writing;
  };
  std::vector<Reader> readers;
  readers.push_back({world, world.caller_of(world.company, "bob"), "objects", SeededRandom(1)});
  readers.push_back({world, world.caller_of(world.cert, "ann"), "manifest", SeededRandom(2)});
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < writers; ++writer) threads.emplace_back(write, writer);
    for (auto& reader : readers)
      threads.emplace_back([&reader, &writing] {
        while (writing > 0) reader.round();
        reader.round();
      });
  }
  for (const auto& reader : readers) {
    const std::set<std::string> different(reader.got.begin(), reader.got.end());
    CHECK(reader.got.size() == static_cast<std::size_t>(objects / writers * writers));
    CHECK(different.size() == reader.got.size());
  }
  CHECK(readers[0].got == readers[1].got);
}

STORE_TEST_CASE("no reader loses or repeats an object while its owner amends labels") {
  World world;
  world.add_circle("intel", {world.cert, world.company});
  const auto ann = world.caller_of(world.cert, "ann");
  constexpr std::uint64_t objects = 20;
  for (std::uint64_t number = 0; number < objects; ++number)
    world.ask(ann,
              net::Method::post,
              std::string(base) + "objects/",
              envelope({indicator(static_cast<int>(number))}));
  SeededRandom random(5);
  Reader reader{world, world.caller_of(world.company, "bob"), "objects", SeededRandom(6)};
  std::set<std::string> visible;
  std::set<std::string> has;
  const auto flip = [&](std::uint64_t number) {
    const auto id =
        Answer(world.get(ann, std::string(base) + "objects/?match[version]=all")).ids().at(number);
    const auto held = *world.store->objects().get(ann.scope, *model::ObjectId::parse(id));
    auto label = held.label;
    label.tlp = label.tlp == policy::Tlp::red ? policy::Tlp::amber : policy::Tlp::red;
    const store::Amendment amendment{.id = held.id,
                                     .version = held.version,
                                     .source = held.source,
                                     .collection = held.collection,
                                     .before = held.label,
                                     .label = label,
                                     .parts = {}};
    REQUIRE(world.store->objects().amend({&amendment, 1}));
    if (label.tlp == policy::Tlp::red) {
      visible.erase(id);
      has.erase(id);  // told as withdrawn
    } else {
      visible.insert(id);
    }
  };
  for (const auto& id : Answer(world.get(ann, std::string(base) + "objects/")).ids()) visible.insert(id);
  for (int step = 0; step < 40; ++step) {
    world.clock.advance(seconds(1));
    for (auto flips = random.below(4); flips > 0; --flips) flip(random.below(objects));
    reader.got.clear();
    reader.round();
    for (const auto& id : reader.got) CHECK(has.insert(id).second);
    CHECK(has == visible);
  }
}
