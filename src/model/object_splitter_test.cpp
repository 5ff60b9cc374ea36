#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "model/object.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

struct Split {
  std::vector<std::string> objects;
  std::string error;
  std::string envelope;
};

/// Pushes `text` in pieces of `size` bytes.
Split split_in(std::string_view text, std::size_t size, std::size_t object_bytes_max = 1 << 20) {
  ObjectSplitter splitter(object_bytes_max);
  Split result;
  Done done;
  for (std::size_t at = 0; at < text.size() && done; at += size)
    done = splitter.push(text.substr(at, size), result.objects);
  if (done) done = splitter.finish();
  if (!done) result.error = done.error().message;
  result.envelope = splitter.envelope();
  return result;
}

/// The same result whatever the pieces.
Split split_all_ways(std::string_view text) {
  Split whole = split_in(text, text.size() + 1);
  for (std::size_t size = 1; size < std::min<std::size_t>(text.size(), 40); ++size) {
    const Split pieces = split_in(text, size);
    CHECK_MESSAGE(pieces.objects == whole.objects, text);
    CHECK_MESSAGE(pieces.error.empty() == whole.error.empty(), text);
    CHECK(pieces.envelope == whole.envelope);
  }
  return whole;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("objects are cut out of a bundle, an envelope, a list, single objects and lines of them") {
  const Texts two = {R"({"a":"}]\"\\"})", R"({"b":[{},[]]})"};
  const std::string list = two[0] + " , " + two[1];
  CHECK(split_all_ways(R"({"type":"bundle","id":"bundle--1","objects":[)" + list + R"(] } )").objects == two);
  CHECK(split_all_ways(R"({"objects":[)" + list + R"(],"id":"bundle--1","type":"bundle"})").objects == two);
  CHECK(split_all_ways(R"({"more":true,"next":"x","objects":[)" + list + R"(]})").objects == two);
  CHECK(split_all_ways("\n[" + list + "]").objects == two);
  CHECK(split_all_ways(two[0] + "\n" + two[1] + "\n").objects == two);
  CHECK(split_all_ways(two[0]).objects == Texts{two[0]});
  CHECK(split_all_ways(R"({"more":false})").objects == Texts{R"({"more":false})"});
}

TEST_CASE("the text around the objects is kept without them") {
  const Split split =
      split_all_ways(R"({ "type":"bundle", "objects": [ {"a":1}, {"b":2} ], "id":"bundle--1" })");
  CHECK(split.envelope == R"({ "type":"bundle", "objects": [], "id":"bundle--1" })");
}

TEST_CASE("an object that has a list or dictionary named objects of its own stays whole") {
  for (const char* text : {R"({"type":"x-acme-box","objects":[{"a":1}]})",
                           R"({"id":"observed-data--1","objects":[1],"type":"observed-data"})",
                           R"({"objects":{"0":{}},"type":"observed-data"})",
                           R"({"a":{"objects":[{}]}})"})
    CHECK(split_all_ways(text).objects == Texts{text});
  CHECK(split_in(R"({"objects":[{"a":1}],"type":"x-acme-box"})", 7)
            .error.contains("must be a bundle or a TAXII envelope"));
}

TEST_CASE("what is no object is passed on for the reader to refuse, alone") {
  CHECK(split_all_ways(R"([1, "a,]", null , {"a":1}, [2], tru ])").objects ==
        Texts{"1", "\"a,]\"", "null", R"({"a":1})", "[2]", "tru"});
}

TEST_CASE("text that is cut or of another shape is refused with its byte") {
  CHECK(split_all_ways("").error == "there is no object in it");
  CHECK(split_all_ways("[]").error.empty());
  CHECK(split_in("\xef\xbb\xbf{}", 9).error.contains("byte order mark"));
  CHECK(split_in(std::string("\xff\xfe{\0}\0", 6), 9).error.contains("UTF-16"));
  CHECK(split_in(R"({"objects":[{"a":1},)", 3).error.contains("ends early, after 20 bytes"));
  CHECK(split_in(R"({"a":"b)", 3).error.contains("ends early"));
  CHECK(split_in("hello", 3).error ==
        "byte 0: expected a bundle, an envelope, an object or a list of objects, found 'h'");
  CHECK(split_in(R"([{"a":1} {"b":2}])", 3).error == "byte 9: expected ',' or ']' after an object");
  CHECK(split_in("[,]", 3).error == "byte 1: expected an object");
  CHECK(split_in(R"([{"a":1},])", 3).error == "byte 9: expected an object");
  CHECK(split_in(R"({"objects":[],"objects":[]})", 30).error.contains("stands twice"));
  CHECK(split_in(R"({"objects":[] "type":1})", 30).error.contains("byte 14: unexpected '\"'"));
  CHECK(split_in("{} 5", 30).error.contains("byte 3"));
}

TEST_CASE("one object larger than the limit is refused") {
  const std::string large = "[{\"a\":\"" + std::string(5000, 'x') + "\"}]";
  CHECK(split_in(large, 100, 5100).error.empty());
  CHECK(split_in(large, 100, 5000).error == "an object of more than 5000 bytes");
  CHECK(split_in("{\"a\":\"" + std::string(5000, 'x'), 100, 5000).error ==
        "an object of more than 5000 bytes");
}
