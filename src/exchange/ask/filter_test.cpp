#include "exchange/ask/filter.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::exchange;
using namespace shieldwall::exchange::ask;

namespace {

const std::string padding(32, 'p');

voprf::Element a_key() {
  return voprf::derive_key_pair(voprf::Mode::voprf, std::string(32, 'k'), "a test")->open;
}

voprf::Tag random_tag(Random& random) {
  voprf::Tag tag;
  random.fill(tag);
  return tag;
}

struct Set {
  std::vector<voprf::Tag> tags;
  std::vector<Entry> entries;
};

Set set_of(std::size_t count, std::uint64_t seed = 11) {
  SeededRandom random(seed);
  Set set;
  for (std::size_t i = 0; i < count; ++i) {
    set.tags.push_back(random_tag(random));
    set.entries.push_back(entry_of(set.tags.back(), i % 2 == 0 ? may_request : 0));
  }
  return set;
}

Filter filter_of(const Set& set) {
  return *Filter::parse(*make_filter(7, a_key(), set.entries, padding));
}

}  // namespace

TEST_CASE("every value of a set is found in its filter with its flags, and hardly any other") {
  for (const std::size_t count : {0, 1, 1'000, 1'024, 1'025, 5'000, 30'000}) {
    CAPTURE(count);
    const auto set = set_of(count);
    const auto filter = filter_of(set);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (filter.find(set.tags[i]) != (i % 2 == 0 ? may_request : 0)) ++wrong;
    SeededRandom others(99);
    for (int i = 0; i < 20'000; ++i)
      if (filter.find(random_tag(others))) ++wrong;
    CHECK(wrong == 0);
  }
}

TEST_CASE("a filter tells its size class and not how many values it holds") {
  const auto none = *make_filter(7, a_key(), {}, padding);
  const auto many = *make_filter(7, a_key(), set_of(1'024).entries, padding);
  CHECK(none.size() == many.size());
  CHECK(filter_of(set_of(1'024)).size_class() == 10);
  CHECK(filter_of(set_of(1'025)).size_class() == 11);
}

TEST_CASE("the same set gives the same bytes in whatever order its values come") {
  auto set = set_of(500);
  const auto first = *make_filter(7, a_key(), set.entries, padding);
  std::ranges::reverse(set.entries);
  CHECK(*make_filter(7, a_key(), set.entries, padding) == first);
  CHECK(*make_filter(7, a_key(), set.entries, std::string(32, 'q')) != first);
}

TEST_CASE("a filter that was cut, lengthened or changed anywhere is refused") {
  const auto bytes = *make_filter(7, a_key(), set_of(10).entries, padding);
  CHECK(Filter::parse(bytes));
  for (const auto length : {std::size_t{0}, std::size_t{4}, std::size_t{51}, bytes.size() - 1})
    CHECK_FALSE(Filter::parse(bytes.substr(0, length)));
  CHECK_FALSE(Filter::parse(bytes + "x"));
  for (std::size_t i = 0; i < bytes.size(); i += 97) {
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(Filter::parse(changed));
  }
}

TEST_CASE("the reference of a tag is no part of what its filter holds") {
  auto tag = set_of(1).tags[0];
  const auto entry = entry_of(tag, 0);
  const auto reference = reference_of(tag);
  CHECK(reference.size() == reference_bytes);
  for (std::size_t i = 32; i < 48; ++i) tag[i] ^= 0xff;
  CHECK(entry_of(tag, 0) == entry);
  CHECK(reference_of(tag) != reference);
}
