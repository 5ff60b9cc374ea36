#include "model/json_writer.h"

#include <doctest/doctest.h>

using namespace shieldwall::model;

TEST_CASE("what the writer writes is JSON with the same content") {
  JsonWriter out;
  out.begin_object();
  out.member("text", "a \"quote\"\n");
  out.member("number", -7);
  out.member("share", 0.1);
  out.member("flag", true);
  out.member("absent", std::optional<int>{});
  out.key("list");
  out.begin_array();
  out.value(1);
  out.null();
  out.begin_object();
  out.end_object();
  out.raw(R"({"as": "it is"})");
  out.end_array();
  out.end_object();
  CHECK(out.text() ==
        R"({"text":"a \"quote\"\n","number":-7,"share":0.1,"flag":true,"list":[1,null,{},{"as": "it is"}]})");
}
