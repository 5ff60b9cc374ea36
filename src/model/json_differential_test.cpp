#include "model/json_differential.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

/// A random text that is nearly JSON: pieces that the grammar likes to join, with a byte changed now and
/// then.
std::string random_text(SeededRandom& random) {
  static constexpr std::string_view pieces[] = {
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "\"a\"",
      "\"b\":",
      "\"\\u00e9\"",
      "\"\\ud83d\\ude00\"",
      "\"\\n",
      "\"",
      "0",
      "-1",
      "1.5e3",
      "1e400",
      "12345678901234567890123",
      "true",
      "false",
      "null",
      " ",
      "\n\t",
      "\xc3\xa9",
      "\"\xe2\x82\xac\"",
      "{\"k\":",
      "[[",
      "]]",
      "\\",
      "\"\\udc00\"",
      "01",
  };
  std::string text;
  const auto count = 1 + random.below(12);
  for (std::uint64_t i = 0; i < count; ++i) text += pieces[random.below(std::size(pieces))];
  if (random.below(4) == 0 && !text.empty())
    text[random.below(text.size())] = static_cast<char>(random.below(256));
  return text;
}

/// A random document that is JSON.
void append_value(std::string& text, SeededRandom& random, int depth) {
  static constexpr std::string_view leaves[] = {
      "0", "-0.0", "1e-7", "\"\"", "\"x\\\"y\"", "\"\\u0000\"", "true", "null"};
  const auto kind = random.below(depth > 0 ? 4 : 2);
  if (kind < 2) {
    text += leaves[random.below(std::size(leaves))];
    return;
  }
  text += kind == 2 ? "[" : "{";
  const auto count = random.below(random.below(8) == 0 ? 40 : 5);  // some are searched through an index
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    if (kind == 3) text += "\"key" + std::to_string(i) + "\" : ";
    append_value(text, random, depth - 1);
  }
  text += kind == 2 ? "]" : "}";
}

}  // namespace

TEST_CASE("our JSON reader and simdjson's say the same of random texts") {
  simdjson::dom::parser parser;
  SeededRandom random(7);
  const auto count = tests::test_size("json_differential");
  std::int64_t accepted = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::string text;
    if (i % 8 == 0)
      append_value(text, random, 3);
    else
      text = random_text(random);
    accepted += JsonDocument::parse(text).has_value();
    const std::string complaint = disagreement(parser, text);
    if (!complaint.empty()) FAIL(complaint, ": ", text);
  }
  CHECK(accepted > count / 10);  // else the texts test nothing but refusal
  CHECK(accepted < count * 9 / 10);
}
