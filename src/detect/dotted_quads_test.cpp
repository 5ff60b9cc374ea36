#include "detect/dotted_quads.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "model/address.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

/// Four numbers, now and then more or fewer, of some digits each, now and then none or too many.
std::string random_text(Random& random) {
  std::string text;
  for (auto numbers = random.below(8) == 0 ? 1 + random.below(6) : 4; numbers > 0; --numbers) {
    const auto digits = random.below(16) == 0 ? random.below(5) : 1 + random.below(3);
    for (std::uint64_t i = 0; i < digits; ++i) text += static_cast<char>('0' + random.below(i == 0 ? 4 : 10));
    if (numbers > 1 || random.below(16) == 0) text += '.';
  }
  return text;
}

DottedQuad quad_of(const std::string& padded, std::size_t size) {
  DottedQuad quad{.at = padded.data(), .line = 7, .marks = static_cast<std::uint16_t>(1u << size)};
  for (std::size_t i = 0; i < size; ++i)
    if (padded[i] == '.') quad.marks = static_cast<std::uint16_t>(quad.marks | 1u << i);
  return quad;
}

}  // namespace

TEST_CASE("each kernel reads as addresses what the model does, and no more") {
  SeededRandom random(5);
  std::vector<std::string> texts, padded;
  for (std::int64_t i = 0; i < tests::test_size("dotted_quads"); ++i) {
    auto text = random_text(random);
    if (text.empty() || text.front() == '.' || text.size() > DottedQuad::size_max) continue;
    padded.push_back(text + std::string(16, "0.x9"[random.below(4)]));  // what stands behind it is not read
    texts.push_back(std::move(text));
  }
  std::vector<DottedQuad> quads;
  for (std::size_t i = 0; i < texts.size(); ++i) quads.push_back(quad_of(padded[i], texts[i].size()));
  for (const auto& kernel : quad_kernels()) {
    auto read = quads;
    kernel.read(read);
    std::size_t addresses = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto wanted = model::parse_ipv4(texts[i]);
      REQUIRE_MESSAGE(read[i].is_address == wanted.has_value(), kernel.name, " ", texts[i]);
      if (wanted) REQUIRE_MESSAGE(read[i].address == *wanted, kernel.name, " ", texts[i]);
      addresses += wanted.has_value();
    }
    CHECK(addresses > texts.size() / 5);
    CHECK(addresses < texts.size() * 4 / 5);
  }
}
