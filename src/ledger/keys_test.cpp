#include "ledger/keys.h"

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

NodeKeys some_keys(std::uint64_t seed = 3) {
  SeededRandom random(seed);
  return NodeKeys::make(random);
}

}  // namespace

TEST_CASE("a node's keys come back from their file as they were, replaced ones included") {
  SeededRandom random(4);
  auto keys = NodeKeys::make(random);
  REQUIRE(roll_over(keys, random));
  const auto again = decode_keys(encode(keys));
  REQUIRE(again);
  CHECK(encode(*again) == encode(keys));
  CHECK(again->public_keys() == keys.public_keys());
  CHECK(again->public_keys().size() == 7);
  CHECK(again->root.verify_key() == keys.root.verify_key());
}

TEST_CASE("what was sealed to a key opens with it alone, and also after the key was replaced") {
  SeededRandom random(5);
  auto keys = NodeKeys::make(random);
  const auto sealed = *seal_to(keys.sealing.public_key(), "an epoch key");
  CHECK(keys.open(sealed) == Bytes("an epoch key"));
  CHECK_FALSE(some_keys(6).open(sealed));
  REQUIRE(roll_over(keys, random));
  CHECK(keys.open(sealed) == Bytes("an epoch key"));
  CHECK_FALSE(keys.sealing.open(sealed));
  end_overlap(keys);
  CHECK_FALSE(keys.open(sealed));
  auto altered = sealed;
  altered.back() = static_cast<char>(altered.back() ^ 1);
  CHECK_FALSE(keys.open(altered));
  CHECK_FALSE(keys.open("short"));
  CHECK_FALSE(seal_to("short", "content"));
}

TEST_CASE("keys roll over twice before an overlap has to end") {
  SeededRandom random(7);
  auto keys = NodeKeys::make(random);
  CHECK(roll_over(keys, random));
  CHECK(roll_over(keys, random));
  CHECK(roll_over(keys, random).error().code == ErrorCode::exhausted);
  end_overlap(keys);
  CHECK(roll_over(keys, random));
}

TEST_CASE("a key file that is cut off, lacks a key or names another use is refused") {
  const auto text = encode(some_keys());
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(decode_keys(text.substr(0, size)));
  CHECK_FALSE(decode_keys(text + "statement 00\n"));
  CHECK_FALSE(decode_keys(text + "magic " + std::string(64, '0') + "\n"));
  const auto another_root = "root " + std::string(64, '0') + "\n";
  CHECK(decode_keys(text + another_root));  // the one before, while it is replaced
  CHECK_FALSE(decode_keys(text + another_root + another_root));
}
