#include "detect/packed/literal_packer.h"

#include <map>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/random.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

struct Packed {
  PackedLiterals literals;
  std::string text;
};

using Truth = std::map<std::pair<LiteralKind, std::string>, std::set<std::uint32_t>>;

Packed packed(LiteralPacker& packer) {
  Packed out;
  auto made = packer.pack([&](std::string_view piece) -> Done {
    out.text += piece;
    return {};
  });
  REQUIRE(made);
  out.literals = std::move(*made);
  return out;
}

std::set<std::uint32_t> found(const Packed& in, LiteralKind kind, std::string_view key) {
  const auto image = in.literals.image(in.text);
  const auto postings = image.find(literal_hash(image.key, kind, key), kind, key);
  std::set<std::uint32_t> numbers;
  for (std::size_t i = 0; i < postings.size(); ++i) numbers.insert(postings[i]);
  return numbers;
}

}  // namespace

TEST_CASE("what is packed is found with all its indicators, and nothing else is") {
  SeededRandom random(7);
  for (const int count : {0, 1, 2, 12, 13, 14, 1000, 30'000}) {
    LiteralPacker packer({random.next(), random.next()});
    Truth truth;
    for (int i = 0; i < count; ++i) {
      const auto kind = static_cast<LiteralKind>(random.below(literal_kinds));
      auto key = random.bytes(random.below(20));
      if (i % 100 == 0) key.append(random.below(300), 'x');  // a size of two bytes
      const auto indicator = static_cast<std::uint32_t>(random.below(1000));
      for (std::uint32_t again = 0; again <= random.below(3); ++again) {
        packer.add(kind, key, indicator + again);
        truth[{kind, key}].insert(indicator + again);
      }
    }
    const auto in = packed(packer);
    CHECK(in.literals.literals == truth.size());
    std::size_t wrong = 0;
    for (const auto& [literal, indicators] : truth) {
      wrong += found(in, literal.first, literal.second) == indicators ? 0 : 1;
      const auto other = literal.second + "?";
      wrong += found(in, literal.first, other).empty() != truth.contains({literal.first, other}) ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("keys of one kind are not those of another") {
  LiteralPacker packer({1, 2});
  packer.add(LiteralKind::domain, "a.example", 5);
  const auto in = packed(packer);
  CHECK(found(in, LiteralKind::domain, "a.example") == std::set<std::uint32_t>{5});
  CHECK(found(in, LiteralKind::file_name, "a.example").empty());
  CHECK(in.literals.counts[static_cast<std::size_t>(LiteralKind::domain)] == 1);
}

TEST_CASE("a hash that chance gives two keys in one line leads to the one whose text is the same") {
  // Forty bits are compared in the line: text decides. Here the table is told that both have the same.
  LiteralPacker packer({1, 2});
  packer.add(LiteralKind::domain, "a.example", 5);
  const auto in = packed(packer);
  const auto image = in.literals.image(in.text);
  const auto hash = literal_hash(image.key, LiteralKind::domain, "a.example");
  CHECK(image.find(hash, LiteralKind::domain, "b.example").empty());
  CHECK(image.find(hash, LiteralKind::email, "a.example").empty());
  CHECK(image.find(hash, LiteralKind::domain, "a.example").size() == 1);
}

TEST_CASE("twelve bytes of memory a name, its last two labels among them, reject nearly every miss") {
  LiteralPacker packer({3, 4});
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) packer.add(LiteralKind::domain, fmt::format("d{}.example", i), 0);
  const auto in = packed(packer);
  const auto image = in.literals.image(in.text);
  int passed = 0;
  for (int i = 0; i < count; ++i) {
    const auto hash = literal_hash(image.key, LiteralKind::domain, fmt::format("e{}.example", i));
    passed += (image.filter[image.filter_word(hash)] & LiteralImage::filter_bits(hash)) ==
                      LiteralImage::filter_bits(hash)
                  ? 1
                  : 0;
  }
  CHECK(passed < count / 50);
  const auto hot = in.literals.lines.size() * sizeof(TableLine) + in.literals.filter.size() * 8;
  CHECK(hot < 12.5 * count);
}

TEST_CASE("the hash depends on the key, the kind and the secret") {
  const HashKey key{1, 2};
  std::set<std::uint64_t> hashes;
  std::string text;
  for (int size = 0; size < 40; ++size, text += 'a') {
    hashes.insert(literal_hash(key, LiteralKind::domain, text));
    hashes.insert(literal_hash(key, LiteralKind::url, text));
    hashes.insert(literal_hash({1, 3}, LiteralKind::domain, text));
  }
  CHECK(hashes.size() == 120);
}
