// Which of several holdings and versions of one object a reader gets, on every store; and how far words are.

#include "store/store_world.h"

using namespace shieldwall;
using namespace shieldwall::store;
using namespace shieldwall::store::world;

namespace {

const auto us = scope_of(ours);
const auto inside = scope_of(partner, {circle});

/// An indicator as STIX 2.0 wrote it.
model::Object old_indicator(std::uint32_t number, int minute) {
  return object_of_text(
      fmt::format(R"({{"type":"indicator","id":"{}","created":"2024-01-01T00:00:00.000Z",)"
                  R"("modified":"2024-01-01T00:{:02}:00.000Z","labels":["malicious-activity"],)"
                  R"("pattern":"[domain-name:value = 'one.example']","valid_from":"2024-01-01T00:00:00Z"}})",
                  indicator_id(number).text(),
                  minute));
}

policy::Label owners_only() {
  policy::Label label;
  label.tlp = policy::Tlp::red;
  label.audience = {{.owner = ours, .inside = {}}};
  return label;
}

}  // namespace

TEST_CASE("a version put again under a wider label is met by those who see it only now, when it opened") {
  for (const auto kind : kinds)
    for (const bool sealed : {false, true}) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(sealed);
      Rig rig(kind);
      const auto narrow = rig.put(holding(indicator(1), {.label = owners_only()}));
      for (std::uint32_t other = 2; other <= 20; ++other) rig.put(holding(indicator(other)));
      if (sealed) rig.tend();
      rig.clock.advance(hours(1));
      const auto between = rig.clock.now();
      rig.clock.advance(hours(1));
      Query one;
      one.ids = {indicator_id(1)};
      CHECK(rig.find(inside, one).empty());
      const auto seen = rig.objects().changes(inside, 0, 1000);
      REQUIRE(seen);

      const auto wide = rig.put(holding(indicator(1)));
      CHECK(wide.status == PutStatus::stored);
      CHECK(wide.added > between);
      Query after = one;
      after.added_after = between;
      REQUIRE(rig.find(inside, after).size() == 1);
      CHECK(rig.find(inside, after).front().added == wide.added);
      const auto told = rig.objects().changes(inside, seen->last, 1000);
      REQUIRE(told);
      REQUIRE(told->changes.size() == 1);
      CHECK(told->changes.front().at == wide.added);
      CHECK(told->changes.front().holding.id == indicator_id(1));

      // Who saw it before has it once, where they met it.
      REQUIRE(rig.find(us, one).size() == 1);
      CHECK(rig.find(us, one).front().added == narrow.added);
      CHECK(rig.find(us, after).empty());
    }
}

TEST_CASE("the same label again is a duplicate of the holding under that label") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    auto embargoed = shared_with(circle);
    embargoed.embargo = start + hours(5);
    const std::vector<policy::Label> labels = {owners_only(), shared_with(circle), embargoed};
    std::vector<PutOutcome> first;
    for (const auto& label : labels) first.push_back(rig.put(holding(indicator(1), {.label = label})));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      CAPTURE(i);
      CHECK(first[i].status == PutStatus::stored);
      const auto again = rig.put(holding(indicator(1), {.label = labels[i]}));
      CHECK(again.status == PutStatus::duplicate);
      CHECK(again.added == first[i].added);
    }
    CHECK(rig.put(holding(indicator(1, {.name = "Other"}), {.label = owners_only()})).status ==
          PutStatus::conflict);
  }
}

TEST_CASE("without spec versions asked for, each object comes in its own newest, others in theirs") {
  for (const auto kind : kinds) {
    CAPTURE(static_cast<int>(kind));
    Rig rig(kind);
    rig.put(holding(old_indicator(1, 1)));
    rig.put(holding(indicator(1, {.minute = 1})));
    rig.put(holding(old_indicator(1, 5)));  // a later version, in 2.0 alone
    rig.put(holding(old_indicator(2, 3)));
    const auto specs = [&](const Query& query) {
      std::vector<std::pair<model::ObjectId, model::SpecVersion>> found;
      for (const auto& item : rig.find(us, query)) found.emplace_back(item.id, item.spec_version);
      return found;
    };
    using enum model::SpecVersion;
    using Found = std::vector<std::pair<model::ObjectId, model::SpecVersion>>;
    CHECK(specs({}) == Found{{indicator_id(1), v2_1}, {indicator_id(2), v2_0}});
    Query all;
    all.select = VersionSelect::all;
    CHECK(specs(all) == Found{{indicator_id(1), v2_1}, {indicator_id(2), v2_0}});
    // Of exact versions the newest spec version that has them: TAXII 2.1 section 3.4.1, the rest of the
    // request comes first.
    Query exact;
    exact.versions = {parse_time("2024-01-01T00:05:00.000Z")->at};
    CHECK(specs(exact) == Found{{indicator_id(1), v2_0}});
    Query old;
    old.spec_versions = {v2_0};
    CHECK(specs(old) == Found{{indicator_id(1), v2_0}, {indicator_id(2), v2_0}});
  }
}

TEST_CASE("the lag of full text counts each text once, and not those that are gone") {
  Rig rig(Kind::sqlite);
  for (std::uint32_t number = 1; number <= 4; ++number) rig.put(holding(indicator(number)));
  auto silent = holding(indicator(5));
  silent.text.clear();
  rig.put(std::move(silent));
  CHECK(rig.objects().text_lag() == 4);
  Query one;
  one.ids = {indicator_id(2)};
  REQUIRE(*rig.objects().remove(us, one) == 1);
  CHECK(rig.objects().text_lag() == 3);
  rig.tend();
  CHECK(rig.objects().text_lag() == 0);
}
