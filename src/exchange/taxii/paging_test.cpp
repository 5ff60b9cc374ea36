// Reading while others write: whatever the page sizes, nobody loses an object or gets it twice.

#include <atomic>
#include <map>
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

STORE_TEST_CASE("no reader loses what wider rights open, and what stays visible is not given twice") {
  const CompartmentId rooms[] = {{Uuid::named(Uuid{}, "one")}, {Uuid::named(Uuid{}, "two")}};
  const auto inside = [&](std::uint64_t mask) {
    std::vector<CompartmentId> compartments;
    for (std::size_t i = 0; i < std::size(rooms); ++i)
      if ((mask >> i & 1) != 0) compartments.push_back(rooms[i]);
    return compartments;
  };
  World world;
  const auto circle = world.add_circle("intel", {world.cert, world.company});
  const auto ann = world.caller_of(world.cert, "ann");
  SeededRandom random(11);
  Reader reader{world, world.caller_of(world.company, "bob"), "objects", SeededRandom(12)};
  std::map<std::string, std::uint64_t> needs;  // the compartments of what was added
  std::uint64_t rights = 0;
  std::set<std::string> has;
  const auto add = [&] {
    const auto mask = random.below(4);
    const auto row = *ledger::read_circle(world.store->records(), circle.id);
    auto changed = row.value;
    changed.label.compartments = inside(mask);
    world.put(changed, &row);
    const auto text = indicator(static_cast<int>(needs.size()));
    needs.emplace(text.substr(text.find("indicator--"), 47), mask);
    world.ask(ann, net::Method::post, std::string(base) + "objects/", envelope({text}));
  };
  const auto change = [&] {
    rights = random.below(4);
    auto subject = reader.caller.scope.subject();
    subject.compartments = inside(rights);
    reader.caller.scope = policy::Scope::of(std::move(subject));
  };
  const auto visible = [&](const std::string& id) { return (needs.at(id) & ~rights) == 0; };
  for (int step = 0; step < 120; ++step) {
    world.clock.advance(milliseconds(static_cast<std::int64_t>(random.below(3))));
    const auto what = random.below(4);
    if (what < 2) add();
    if (what == 2) change();
    if (what < 3) continue;
    // What a reader lost and gets again comes again.
    std::erase_if(has, [&](const auto& id) { return !visible(id); });
    reader.got.clear();
    reader.round();
    for (const auto& id : reader.got) {
      if (!needs.contains(id)) continue;  // our definitions of the labels
      CHECK(visible(id));
      CHECK(has.insert(id).second);
    }
    for (const auto& [id, mask] : needs) CHECK(has.contains(id) == visible(id));
  }
}
