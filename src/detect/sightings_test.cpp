#include "detect/sightings.h"

#include <doctest/doctest.h>

#include "model/json.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

const std::string indicator_id = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

Timestamp at(std::string_view text) {
  return parse_time(text)->at;
}

class Counting final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

}  // namespace

TEST_CASE(
    "hits fold into counts of events by indicator and hour, with the bounds of the hour as their times") {
  const auto matcher = compile({{.id = indicator_id, .pattern = "[a:b=1]"}}, {.now = {}});
  SightingFolder folder(matcher, at("2024-05-01T09:30:00Z"));
  const auto hit = [&](std::uint64_t line, std::optional<Timestamp> time) {
    folder.add({.source = "x.log", .line = line, .time = time, .field = "f", .value = "v", .indicator = 0});
  };
  hit(1, at("2024-01-01T10:00:00Z"));
  hit(1, at("2024-01-01T10:00:00Z"));  // another field of the same event
  hit(2, at("2024-01-01T10:59:59.999999Z"));
  hit(3, at("2024-01-01T11:00:00Z"));
  hit(4, std::nullopt);
  const auto counts = folder.counts();
  REQUIRE(counts.size() == 3);
  CHECK(counts[0].indicator == indicator_id);
  CHECK(counts[0].first_seen == at("2024-01-01T10:00:00Z"));
  CHECK(counts[0].last_seen == at("2024-01-01T11:00:00Z"));
  CHECK(counts[0].count == 2);
  CHECK(counts[1].count == 1);
  CHECK(counts[2].first_seen == at("2024-05-01T09:00:00Z"));
}

TEST_CASE("a sighting tells the indicator, the count, the hour and the observer, and nothing else") {
  Counting random;
  const auto identity = *model::ObjectId::parse("identity--3e1b1c52-9d51-4c3f-8a5e-5f1d3a8f9b10");
  const SightingCount count{.indicator = indicator_id,
                            .first_seen = at("2024-01-01T10:00:00Z"),
                            .last_seen = at("2024-01-01T11:00:00Z"),
                            .count = 7};
  const auto text = sighting_object(
      count, {.identity = identity, .object_marking_refs = {}}, at("2024-01-02T00:00:00Z"), random);
  REQUIRE(text);
  const auto document = model::JsonDocument::parse(*text);
  REQUIRE(document);
  const auto root = document->root();
  CHECK(root.size() == 11);
  CHECK(root.find("count")->number() == "7");
  CHECK(root.find("first_seen")->string() == "2024-01-01T10:00:00.000Z");
  CHECK(root.find("last_seen")->string() == "2024-01-01T11:00:00.000Z");
  CHECK(root.find("sighting_of_ref")->string() == indicator_id);
  CHECK(root.find("created_by_ref")->string() == identity.text());
  auto of_list = count;
  of_list.indicator = "list.txt:3";
  CHECK_FALSE(sighting_object(of_list, {.identity = identity, .object_marking_refs = {}}, {}, random));
}
