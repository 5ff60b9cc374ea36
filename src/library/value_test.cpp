#include "library/value.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::library;
using Kind = Testimony::Kind;

namespace {

const Timestamp shared{1'700'000'000'000'000};
const std::set<std::string> us{"us"};

model::ObjectId numbered(int number) {
  return *model::ObjectId::parse(fmt::format("indicator--00000000-0000-4000-8000-{:012}", number));
}

Testimony says(std::string who, Kind kind, int indicator = 1, Duration after = hours(9)) {
  static int count = 0;
  return {.kind = kind,
          .indicator = numbered(indicator),
          .id = fmt::format("t{}", ++count),
          .teller = who,
          .author = who,
          .first = shared + after,
          .last = shared + after + hours(1)};
}

Given gave(int indicator, bool first = true) {
  return {.id = numbered(indicator), .shared = shared, .first = first};
}

using Given_ = std::vector<Given>;
using Said = std::vector<Testimony>;

}  // namespace

TEST_CASE("usefulness is told as a person would") {
  const Said said{says("a", Kind::seen, 1, hours(2)),
                  says("b", Kind::seen, 1, hours(9)),
                  says("c", Kind::seen, 2, days(3)),
                  says("a", Kind::seen, 1, hours(30))};
  const auto usefulness = usefulness_of(Given_{gave(1), gave(2)}, said, us, 1);
  CHECK(told(usefulness) ==
        "your reports helped 3 members, by 9 hours in the median; 1 correction of yours accepted");
  REQUIRE(usefulness.credits.size() == 2);
  CHECK(usefulness.credits[0].members == 2);
  CHECK(usefulness.credits[0].first == shared + hours(2));
  CHECK(usefulness.credits[0].last == shared + hours(31));
  CHECK(told(usefulness_of(Given_{gave(1)}, {}, us, 0)) == "nobody has confirmed your reports yet");
}

TEST_CASE("who saw it before it was shared was helped, but not by any lead") {
  const auto usefulness =
      usefulness_of(Given_{gave(1)}, Said{says("a", Kind::seen, 1, Duration{-hours(5).us})}, us, 0);
  CHECK(usefulness.members == 1);
  CHECK_FALSE(usefulness.lead);
}

TEST_CASE("a cheat who confirms its own reports earns nothing") {
  auto disguised = says("us", Kind::seen);
  disguised.author = "somebody invented";
  CHECK(usefulness_of(Given_{gave(1)}, Said{says("us", Kind::seen), disguised}, us, 0).members == 0);
}

TEST_CASE("a cheat who gives again what another gave before earns nothing") {
  const auto usefulness = usefulness_of(Given_{gave(1, false)}, Said{says("a", Kind::seen)}, us, 0);
  CHECK(usefulness.members == 0);
  CHECK(usefulness.duplicates == 1);
}

TEST_CASE("a cheat who floods with noise earns nothing, not even for what was right") {
  Given_ given;
  Said said;
  for (int i = 0; i < 10; ++i) {
    given.push_back(gave(i));
    said.push_back(says("a", i < 6 ? Kind::false_positive : Kind::seen, i));
  }
  const auto usefulness = usefulness_of(given, said, us, 0);
  CHECK(usefulness.noisy);
  CHECK(usefulness.members == 0);
  CHECK(usefulness.credits.empty());
}

TEST_CASE("a friend of the cheat who claims to see everything counts for nothing") {
  Given_ given;
  Said said;
  for (int i = 0; i < 30; ++i) {
    given.push_back(gave(i));
    if (i < 16) said.push_back(says("friend", Kind::seen, i));
  }
  said.push_back(says("honest", Kind::seen, 3));
  const auto usefulness = usefulness_of(given, said, us, 0);
  CHECK(usefulness.noisy_members == 1);
  CHECK(usefulness.members == 1);
  CHECK(usefulness.credits.size() == 1);
}

TEST_CASE("more sightings from one member help one member") {
  Said said;
  for (int i = 0; i < 50; ++i) said.push_back(says("a", Kind::seen, 1, hours(i + 1)));
  CHECK(usefulness_of(Given_{gave(1)}, said, us, 0).members == 1);
}

TEST_CASE("each root that corrects lowers the confidence once") {
  CHECK(confidence_of(80, false, Said{}).now == 80);
  CHECK(confidence_of({}, false, Said{}).now == confidence_unstated);
  CHECK(confidence_of(80, false, Said{says("a", Kind::false_positive)}).now == 40);
  CHECK(confidence_of(80, false, Said{says("a", Kind::expired)}).now == 60);
  CHECK(confidence_of(80, false, Said{says("a", Kind::expired), says("a", Kind::false_positive)}).now == 40);
  const Said two{says("a", Kind::false_positive), says("a", Kind::false_positive), says("b", Kind::expired)};
  CHECK(confidence_of(80, false, two).now == 30);
  CHECK(confidence_of(80, true, Said{}).now == 0);
  CHECK(confidence_of(80, false, Said{says("a", Kind::seen)}).now == 80);
}

TEST_CASE("reports from one root count once, through however many hands they came") {
  const auto original = says("c", Kind::false_positive);
  auto passed_on = says("b", Kind::false_positive);
  passed_on.author = "c";
  auto derived = says("d", Kind::false_positive);
  derived.of = passed_on.id;
  CHECK(confidence_of(80, false, Said{original, passed_on, derived}).false_positive == 1);
  CHECK(confidence_of(80, false, Said{original, says("b", Kind::false_positive)}).false_positive == 2);
}

TEST_CASE("a cheat who invents authors has one voice") {
  Said said;
  for (int i = 0; i < 5; ++i) {
    said.push_back(says("cheat", Kind::false_positive));
    said.back().author = fmt::format("invented {}", i);
  }
  CHECK(confidence_of(80, false, said).false_positive == 1);
  said[0].of = said[1].id;  // derived in a circle
  said[1].of = said[0].id;
  CHECK(confidence_of(80, false, said).false_positive == 1);
}

TEST_CASE("the slowest step on the way to protection is named") {
  ledger::Milestones one{.object = numbered(1)};
  using ledger::Step;
  one[Step::observed] = shared;
  one[Step::shared] = shared + hours(3);
  one[Step::received] = shared + hours(3) - seconds(2);  // the other's clock is behind
  one[Step::live] = shared + hours(3) + seconds(5);
  const auto legs = legs_of(one);
  REQUIRE(legs.size() == 3);
  CHECK(legs[1].took == Duration{});
  CHECK(legs[2].took == seconds(5));
  CHECK(slowest(legs)->step == Step::shared);
  CHECK_FALSE(slowest(legs_of({})));
  auto other = one;
  other[Step::shared] = shared + hours(1);
  const std::vector<ledger::Milestones> all{one, other};
  const auto summary = summary_of(all);
  REQUIRE(summary.size() == 3);
  CHECK(summary[0].median == hours(1));
  CHECK(summary[0].count == 2);
}

TEST_CASE("a length of time is told in one unit") {
  CHECK(in_words(minutes(9 * 60 + 59)) == "9 hours");
  CHECK(in_words(seconds(1)) == "1 second");
  CHECK(in_words(milliseconds(3)) == "less than a second");
  CHECK(in_words(days(40)) == "40 days");
}
