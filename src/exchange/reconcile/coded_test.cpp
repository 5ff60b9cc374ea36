#include "exchange/reconcile/coded.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::exchange::reconcile;

namespace {

Element any_element(Random& random) {
  Element element;
  random.fill(element.bytes);
  return element;
}

SessionKey any_key(Random& random) {
  SessionKey key;
  random.fill(key.bytes);
  return key;
}

struct Sets {
  std::vector<Element> theirs{};
  std::vector<Element> ours{};
  std::set<Element> only_theirs{};
  std::set<Element> only_ours{};
};

Sets sets_of(const std::vector<Element>& all, std::size_t only_theirs, std::size_t only_ours) {
  Sets sets;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i < only_theirs)
      sets.only_theirs.insert(all[i]);
    else if (i < only_theirs + only_ours)
      sets.only_ours.insert(all[i]);
    if (i < only_theirs || i >= only_theirs + only_ours) sets.theirs.push_back(all[i]);
    if (i >= only_theirs) sets.ours.push_back(all[i]);
  }
  return sets;
}

Window window_of(const SessionKey& key,
                 std::uint32_t from,
                 std::uint32_t count,
                 const std::vector<Element>& set) {
  Window window(key, from, count);
  for (const auto& element : set) window.add(element);
  return window;
}

/// Reads `step` symbols at a time until the difference is known; gives how many were read.
std::uint32_t decoded(Decoder& decoder, const SessionKey& key, const Sets& sets, std::uint32_t step) {
  while (!decoder.complete()) {
    auto theirs = window_of(key, decoder.symbols(), step, sets.theirs);
    auto ours = window_of(key, decoder.symbols(), step, sets.ours);
    REQUIRE(decoder.add(theirs.symbols(), ours.symbols()));
    REQUIRE(decoder.symbols() < 8 * (sets.only_theirs.size() + sets.only_ours.size()) + 1000);
  }
  return decoder.symbols();
}

std::set<Element> as_set(const std::vector<Element>& list) {
  return {list.begin(), list.end()};
}

}  // namespace

TEST_CASE("the difference of two sets is read out of their symbols, whatever its size and side") {
  SeededRandom random(7);
  const auto rounds = tests::test_size("reconcile_sets");
  for (std::int64_t round = 0; round < rounds; ++round) {
    const auto common = random.below(300);
    const auto only_theirs = random.below(round % 3 == 0 ? 2 : 200);
    const auto only_ours = random.below(round % 2 == 0 ? 2 : 200);
    std::vector<Element> all;
    for (std::size_t i = 0; i < common + only_theirs + only_ours; ++i) all.push_back(any_element(random));
    const auto sets = sets_of(all, only_theirs, only_ours);
    const auto key = any_key(random);
    Decoder decoder(key);
    decoded(decoder, key, sets, static_cast<std::uint32_t>(1 + random.below(60)));
    CHECK(as_set(decoder.theirs()) == sets.only_theirs);
    CHECK(as_set(decoder.ours()) == sets.only_ours);
    CHECK(decoder.theirs().size() + decoder.ours().size() == only_theirs + only_ours);
  }
}

TEST_CASE("equal sets are known to be equal by the first symbol") {
  SeededRandom random(8);
  std::vector<Element> all;
  for (int i = 0; i < 100; ++i) all.push_back(any_element(random));
  const auto key = any_key(random);
  Decoder decoder(key);
  CHECK(decoded(decoder, key, sets_of(all, 0, 0), 1) == 1);
}

TEST_CASE("a thousand differences need fewer than two symbols each, however many elements are common") {
  SeededRandom random(9);
  for (const std::size_t common : {0u, 20'000u}) {
    std::vector<Element> all;
    for (std::size_t i = 0; i < common + 1000; ++i) all.push_back(any_element(random));
    const auto key = any_key(random);
    Decoder decoder(key);
    const auto symbols = decoded(decoder, key, sets_of(all, 600, 400), 100);
    MESSAGE("symbols for 1,000 differences, ", common, " common: ", symbols);
    CHECK(symbols < 2000);
  }
}

TEST_CASE("elements made alike are told apart: counters, one bit, sums that cancel") {
  SeededRandom random(10);
  std::vector<Element> all(400);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].bytes[i % 24] = static_cast<std::uint8_t>(1 + i / 24);
  // Each third is the sum of the two before it: a sum without a keyed hash would vanish.
  for (std::size_t i = 2; i < all.size(); i += 3)
    for (std::size_t byte = 0; byte < 24; ++byte)
      all[i].bytes[byte] = all[i - 1].bytes[byte] ^ all[i - 2].bytes[byte];
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  const auto sets = sets_of(all, 90, 90);
  const auto key = any_key(random);
  Decoder decoder(key);
  decoded(decoder, key, sets, 16);
  CHECK(as_set(decoder.theirs()) == sets.only_theirs);
  CHECK(as_set(decoder.ours()) == sets.only_ours);
}

TEST_CASE("elements that were mapped alike under one key are mapped apart under the next") {
  SeededRandom random(11);
  // What a peer could prepare if it knew the key: elements with the same first steps, which block decoding.
  const auto known = any_key(random);
  std::vector<Element> prepared;
  while (prepared.size() < 60) {
    const auto element = any_element(random);
    Window window(known, 1, 7);
    window.add(element);
    const auto& symbols = window.symbols();
    if (symbols[0].count == 1 && symbols[1].count == 1 && symbols[2].count == 0) prepared.push_back(element);
  }
  const auto sets = sets_of(prepared, prepared.size(), 0);
  Decoder blocked(known);
  Decoder free(any_key(random));
  auto theirs = window_of(known, 0, 8, sets.theirs);
  REQUIRE(blocked.add(theirs.symbols(), std::vector<Symbol>(8)));
  CHECK(blocked.theirs().empty());
  const auto key = any_key(random);
  Decoder decoder(key);
  CHECK(decoded(decoder, key, sets, 8) < 200);
}

TEST_CASE("a window holds what the formula of the format maps to it, whatever stands beside") {
  SeededRandom random(14);
  const auto key = any_key(random);
  constexpr std::uint32_t from = 37, count = 900;
  Window window(key, from, count);
  std::vector<Symbol> expected(count);
  for (int i = 0; i < 1'000; ++i) {
    const auto element = any_element(random);
    const int sign = i % 7 == 0 ? -1 : 1;
    window.add(element, sign);
    auto state = hash_of(key, element);
    const auto hash = state;
    for (std::uint64_t index = 0; index < from + count;) {
      if (index >= from) {
        auto& symbol = expected[index - from];
        for (std::size_t byte = 0; byte < 24; ++byte) symbol.sum.bytes[byte] ^= element.bytes[byte];
        symbol.hashes ^= hash;
        symbol.count += sign;
      }
      state += 0x9e3779b97f4a7c15;
      auto mixed = state;
      mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
      mixed ^= mixed >> 31;
      const double u = (static_cast<double>(mixed >> 11) + 1) * 0x1p-53;
      const double gap = std::ceil((static_cast<double>(index) + 1.5) * (1 / std::sqrt(u) - 1));
      index += static_cast<std::uint64_t>(std::max(gap, 1.0));
    }
    if (i % 333 == 0) CHECK(window.symbols() == expected);  // with some still waiting for their turn
  }
  CHECK(window.symbols() == expected);
}

TEST_CASE("an element that was put in and taken out again is not there") {
  SeededRandom random(12);
  const auto key = any_key(random);
  Window window(key, 0, 50);
  const auto element = any_element(random);
  window.add(element);
  window.add(element, -1);
  CHECK(window.symbols() == std::vector<Symbol>(50));
}

TEST_CASE("wrong symbols end in an error or go on undecided, and never in more than was sent") {
  SeededRandom random(13);
  for (std::int64_t round = 0; round < tests::test_size("reconcile_sets"); ++round) {
    const auto key = any_key(random);
    Decoder decoder(key);
    Done done;
    for (int step = 0; done && step < 20; ++step) {
      std::vector<Symbol> theirs(10);
      for (auto& symbol : theirs) {
        // Half of them pure by construction, as only somebody who knows the key can make them.
        symbol.sum = any_element(random);
        symbol.hashes = random.below(2) == 0 ? hash_of(key, symbol.sum) : random.next();
        symbol.count = random.below(2) == 0 ? 1 : static_cast<std::int64_t>(random.next());
      }
      done = decoder.add(theirs, std::vector<Symbol>(10));
    }
    CHECK(decoder.theirs().size() + decoder.ours().size() <= decoder.symbols());
    CHECK_FALSE(decoder.complete());
  }
}
