#include "model/json.h"

#include <doctest/doctest.h>

#include "base/text.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

std::string why(std::string text, const JsonLimits& limits = {}) {
  const auto document = JsonDocument::parse(std::move(text), limits);
  return document ? "" : document.error().message;
}

bool accepts(std::string text) {
  return JsonDocument::parse(std::move(text)).has_value();
}

std::string canonical_of(std::string text) {
  const auto document = JsonDocument::parse(std::move(text));
  return document ? canonical_json(document->root()) : document.error().message;
}

}  // namespace

TEST_CASE("a document gives its members, elements, texts and exact bytes") {
  const auto document =
      JsonDocument::parse(R"( {"name":"a\u00e9\n\"", "list":[1, [ ], {"x" : true}], "none":null } )");
  REQUIRE(document);
  const Json root = document->root();
  CHECK(root.kind() == JsonKind::object);
  CHECK(root.size() == 3);
  CHECK(root.find("name")->string() == "a\xc3\xa9\n\"");
  CHECK(root.find("name")->raw() == R"("a\u00e9\n\"")");
  CHECK(root.find("list")->size() == 3);
  CHECK(root.find("none")->is(JsonKind::null));
  CHECK_FALSE(root.find("nam"));
  CHECK_FALSE(root.find("x"));
  std::string kinds;
  const Json list = *root.find("list");
  for (const Json element : list)
    kinds += element.is(JsonKind::array) ? 'a' : element.is(JsonKind::object) ? 'o' : 'n';
  CHECK(kinds == "nao");
  std::string keys;
  for (const Json member : root) keys += std::string(member.key()) + ",";
  CHECK(keys == "name,list,none,");
}

TEST_CASE("every value knows its JSON pointer") {
  const auto document = JsonDocument::parse(R"({"a/b":[0,{"m~n":[[],[7]]}],"z":{}})");
  REQUIRE(document);
  Json at = *document->root().find("a/b");
  CHECK(document->root().pointer() == "");
  CHECK(at.pointer() == "/a~1b");
  at = *++at.begin();
  CHECK(at.pointer() == "/a~1b/1");
  at = *at.find("m~n");
  at = *++at.begin();
  CHECK(at.pointer() == "/a~1b/1/m~0n/1");
  CHECK((*at.begin()).pointer() == "/a~1b/1/m~0n/1/0");
  CHECK(document->root().find("z")->pointer() == "/z");
}

TEST_CASE("values stay valid when their document moves") {
  auto document = JsonDocument::parse(R"({"a":"b"})");
  REQUIRE(document);
  const Json value = *document->root().find("a");
  const JsonDocument moved = std::move(*document);
  CHECK(value.string() == "b");
  CHECK(moved.text() == R"({"a":"b"})");
}

TEST_CASE("what RFC 8259 does not allow is refused with its place") {
  CHECK(why("") == "line 1, column 1: the text ends where a value should be");
  CHECK(why("{\"a\":1,\n \"b\" 2}") == "line 2, column 6: expected ':', found '2}'");
  CHECK(why("[1,]") == "line 1, column 4: expected a value, found ']'");
  CHECK(why("{\"a\":1,}") == "line 1, column 8: expected a key in quotes, found '}'");
  CHECK(why("[01]") == "line 1, column 3: a number must not start with a zero");
  CHECK(why("[1.]") == "line 1, column 4: expected a digit after the decimal point");
  CHECK(why("[\"a\tb\"]") == "line 1, column 4: control character U+0009 in a string must be escaped");
  CHECK(why("{} x") == "line 1, column 4: expected the end of the text, found 'x'");
  CHECK(why("[\"\xc3\xa9\", nul]") == "line 1, column 7: expected a value, found 'nul]'");
  for (const char* text :
       {"[",       "{",  "[1",    "{\"a\"", "{\"a\":", "\"",    "\"\\", "\"\\u12", "\"\\ud800\\u",
        "-",       "1e", "tru",   "'a'",    "[1}",     "{1:2}", "+1",   ".5",      "NaN",
        "\"\\x\"", "\\", "[1 2]", "]",      "}",       ",",     ":"})
    CHECK_MESSAGE(!accepts(text), text);
}

TEST_CASE("a text that is not plain UTF-8 is refused by name") {
  CHECK(why("\xef\xbb\xbf{}").contains("byte order mark"));
  CHECK(why(std::string("[\0\"\0]\0", 6)).contains("UTF-16"));
  CHECK(why("[\"ok\",\"\xff\"]") == "line 1, column 7: a string that is not UTF-8");
  CHECK(why("[\"\\n\xc0\xaf\"]").contains("not UTF-8"));
  CHECK(why("[\"0123456789\xed\xa0\x80\"]").contains("not UTF-8"));
  CHECK(why("[\"\\ud800\"]") == "line 1, column 3: a surrogate that is not part of a pair");
  CHECK(why("[\"\\udc00\"]").contains("surrogate"));
  CHECK(why("[\"\\ud800\\u0041\"]").contains("surrogate"));
  CHECK(canonical_of("[\"\\ud83d\\ude00\"]") == "[\"\xf0\x9f\x98\x80\"]");
}

TEST_CASE("a key that stands twice is refused, in small objects and in large ones") {
  CHECK(why(R"({"a":1,"b":2,"a":3})").contains("the key 'a' stands twice"));
  CHECK(why(R"({"a":1,"\u0061":3})").contains("the key 'a' stands twice"));
  CHECK(accepts(R"({"a":{"a":1},"b":{"a":2}})"));
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"key" + std::to_string(i) + "\":0,";
  CHECK(accepts(many + "\"last\":0}"));
  CHECK(why(many + "\"key500\":0}").contains("the key 'key500' stands twice"));
  const auto document = JsonDocument::parse(many + "\"last\":7}");
  REQUIRE(document);
  CHECK(document->root().find("last")->number() == "7");
  CHECK(document->root().find("key0")->pointer() == "/key0");
  CHECK_FALSE(document->root().find("key1000"));
}

TEST_CASE("limits are refused before they cost memory") {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(accepts(nested(64)));
  const auto deep = JsonDocument::parse(nested(65));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().code == ErrorCode::exhausted);
  CHECK(deep.error().message == "line 1, column 65: nested more than 64 deep");
  CHECK(why(std::string(1'000'000, '[')).contains("nested more than 64 deep"));
  CHECK(why("[\"12345\"]", {.string_bytes_max = 4}).contains("the limit is 4"));
  CHECK(why("[\"1\\u00e95\"]", {.string_bytes_max = 4}).empty());
  CHECK(why("[1,2,3]", {.values_max = 3}).contains("more than 3 values"));
}

TEST_CASE("canonical form sorts keys by UTF-16 code units and keeps only what counts") {
  CHECK(canonical_of("{ \"b\" : [ true , null ] , \"a\" : \"\\u20ac\\/\" }") ==
        "{\"a\":\"\xe2\x82\xac/\",\"b\":[true,null]}");
  CHECK(canonical_of(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})") ==
        "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
        "\"\xef\xac\xb3\":3}");
  CHECK(canonical_of(R"(["\u0000\b\t\n\f\r\u001F\"\\\u007f"])") ==
        "[\"\\u0000\\b\\t\\n\\f\\r\\u001f\\\"\\\\\x7f\"]");
}

TEST_CASE("canonical numbers are ECMAScript's, and integers keep all their digits") {
  const auto number = [](const std::string& text) {
    const std::string array = canonical_of("[" + text + "]");
    return array.substr(1, array.size() - 2);
  };
  CHECK(number("0") == "0");
  CHECK(number("-0.0e5") == "0");
  CHECK(number("1.0") == "1");
  CHECK(number("10e-1") == "1");
  CHECK(number("333333333.33333329") == "333333333.3333333");
  CHECK(number("1E30") == "1e+30");
  CHECK(number("4.50") == "4.5");
  CHECK(number("2e-3") == "0.002");
  CHECK(number("0.000001") == "0.000001");
  CHECK(number("0.0000001") == "1e-7");
  CHECK(number("0.000000000000000000000000001") == "1e-27");
  CHECK(number("1.234567890123456789e20") == "123456789012345680000");
  CHECK(number("1e21") == "1e+21");
  CHECK(number("1.7976931348623157e308") == "1.7976931348623157e+308");
  CHECK(number("5e-324") == "5e-324");
  CHECK(number("1e-400") == "0");
  CHECK(number("-0") == "0");
  CHECK(number("9007199254740993") == "9007199254740993");
  CHECK(number("-123456789012345678901234567890") == "-123456789012345678901234567890");
  CHECK(number("1e999999") == "1e+999999");
  CHECK(number("-1.50e400") == "-1.5e+400");
  CHECK(number("1e99999999999999999999999") == "1e+1000000000000");
  CHECK(number("12e999999999999999999999") == "1.2e+1000000000000");
  CHECK(number(number("12e999999999999999999999")) == number("12e999999999999999999999"));
}
