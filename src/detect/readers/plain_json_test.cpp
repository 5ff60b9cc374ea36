#include "detect/readers/plain_json.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "detect/readers/reader.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

std::string text_of(const Record& record) {
  std::string out;
  for (const auto& field : record.fields)
    out += fmt::format("{}={}{} ", field.name, field.value, field.is_text ? "" : "#");
  return out;
}

/// What the quick reader makes of a line, or "-" when it leaves it to the parser.
std::string quick(std::string_view line) {
  PlainJson reader;
  Record record;
  Arena arena;
  return reader.read(line, record, arena) ? text_of(record) : "-";
}

/// Both, which must agree where the quick one reads.
bool agree(std::string_view line) {
  const auto plain = quick(line);
  Record record;
  const auto parser = full_ndjson_parser();
  const auto parsed = parser->parse(line, record);
  return plain == "-" || (parsed && *parsed && text_of(record) == plain);
}

/// A line that is JSON, nearly.
std::string a_line(Random& random, int depth = 0) {
  static constexpr std::string_view pieces[] = {
      "\"a\"",   "\"\"",         "1",        "-0",   "01",
      "1.5e+3",  "1.",           "true",     "null", "tru",
      "\"\\n\"", "\"\xc3\xa9\"", "\"x\ty\"", " ",    "\"C:\\\\w\\\"\"",
      "-",       "1e",           "[]",       "{}",   "\"a b\""};
  std::string out = depth == 0 || random.below(2) == 0 ? "{" : "[";
  const char end = out[0] == '{' ? '}' : ']';
  const auto count = random.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0 && random.below(40) != 0) out += ',';
    if (random.below(6) == 0) out += ' ';
    if (end == '}' && random.below(60) != 0)
      out += fmt::format("\"k{}\"{}:", random.below(3), random.below(9) == 0 ? " " : "");
    out += depth < 3 && random.below(5) == 0
               ? a_line(random, depth + 1)
               : std::string(pieces[random.below(random.below(3) == 0 ? 20 : 4)]);
  }
  if (random.below(60) != 0) out += end;
  if (random.below(40) == 0) out[random.below(out.size())] = static_cast<char>(random.below(256));
  return out;
}

}  // namespace

TEST_CASE("the quick reader gives names and values as the parser does, and leaves it what is odd") {
  CHECK(quick(R"({"a":"x","b":1.5,"c":true,"d":null,"e":["p","q",2],"f":{"g":"y","h":{}}})") ==
        "a=x b=1.5# c=true# e=p e=q e=2# f.g=y ");
  CHECK(quick(R"( { "a" : "x" , "b" : [ ] } )") == "a=x ");
  CHECK(quick("{}") == "");
  CHECK(quick(R"({"C:\\a":"\\\\h\\s\"\/\b\f\n\r\t","b\"":"\\"})") == "C:\\a=\\\\h\\s\"/\b\f\n\r\t b\"=\\ ");
  for (const auto line : {R"({"a":"x\u0041"})",
                          R"({"a":"\x"})",
                          R"({"a":"\)",
                          R"({"a":"\")",
                          R"({"a":\"x"})",
                          "{\"a\":\"x\ty\"}",
                          "",
                          "[1]",
                          R"({"a":01})",
                          R"({"a":1}x)",
                          R"({"a" "x"})",
                          R"({"a":"x)",
                          R"({"a":"x",})",
                          R"({a:1})",
                          R"({"a":tru})",
                          R"({"a":"b""c":1})"})
    CHECK_MESSAGE(quick(line) == "-", line);
}

TEST_CASE("the quick reader and the parser agree on lines that are JSON, and on lines that nearly are") {
  SeededRandom random(11);
  std::int64_t taken = 0;
  const auto count = tests::test_size("ndjson_differential");
  for (std::int64_t i = 0; i < count; ++i) {
    const auto line = a_line(random);
    if (!agree(line)) FAIL(line);
    taken += quick(line) == "-" ? 0 : 1;
  }
  CHECK(taken > count / 4);
  CHECK(taken < count);
}

TEST_CASE("every kernel finds the same quotes and facts, in texts of any length") {
  SeededRandom random(13);
  const auto& portable = quote_kernels().back();
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text = random.bytes(size);
    if (size % 3 != 0)
      for (auto& c : text) c = "abc\"d ef"[static_cast<unsigned char>(c) % 8];
    if (size % 3 == 2 && size > 0) text[random.below(size)] = "\\\x1f\0\xff\x7f "[random.below(6)];
    std::vector<std::uint32_t> truth;
    ByteFacts facts;
    for (std::size_t i = 0; i < size; ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '"' || c == '\\') truth.push_back(static_cast<std::uint32_t>(i));
      facts.control = facts.control || c < 0x20;
      facts.high = facts.high || c >= 0x80;
      facts.nul = facts.nul || c == 0;
    }
    for (const auto& kernel : quote_kernels()) {
      QuotePositions quotes;
      const auto indexed = kernel.index(text, quotes);
      const auto seen = kernel.facts(text);
      const bool same = std::vector(quotes.all().begin(), quotes.all().end()) == truth &&
                        indexed.control == facts.control && indexed.high == facts.high &&
                        indexed.nul == facts.nul && seen.control == facts.control &&
                        seen.high == facts.high && seen.nul == facts.nul;
      if (!same) FAIL(kernel.name, " at size ", size);
    }
  }
  CHECK(portable.name == "portable");
}
