// What comes to a door and is no STIX: each gets a clear refusal, and nothing of it is held.

#include "library_world.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

/// An indicator with another text behind its last member.
std::string with(const std::string& members) {
  auto text = indicator(1);
  text.insert(text.rfind('}'), "," + members);
  return text;
}

std::string in_utf16(const std::string& text) {
  std::string wide = "\xFF\xFE";
  for (const char c : text) (wide += c) += '\0';
  return wide;
}

std::string nested(int depth) {
  return with("\"x_deep\":" + std::string(static_cast<std::size_t>(depth), '[') +
              std::string(static_cast<std::size_t>(depth), ']'));
}

struct Case {
  std::string_view what;
  std::string body;
  int status;
  std::string_view says;  // in the answer: the place or the rule
};

}  // namespace

TEST_CASE("whatever comes to a door and cannot be read is refused with its place, and nothing is held") {
  const auto whole = indicator(1);
  const Case cases[] = {
      {"nothing", "", 400, "nothing"},
      {"a cut object", whole.substr(0, whole.size() / 2), 400, ""},
      {"a bundle cut in its second object", bundle({whole, whole}).substr(0, whole.size() + 200), 400, ""},
      {"UTF-16", in_utf16(whole), 400, ""},
      {"Latin-1", with("\"x_name\":\"caf\xE9\""), 422, "UTF-8"},
      {"a lone surrogate", with(R"("x_name":"\ud800")"), 422, ""},
      {"a control character", with("\"x_name\":\"a\x01z\""), 422, ""},
      {"a key twice", with(R"("name":"other")"), 422, "name"},
      {"a depth of 100,000", nested(100'000), 422, "64 deep"},
      {"a number with no value", with(R"("x_number":NaN)"), 422, ""},
      {"a number that JSON does not write", with(R"("x_number":0123)"), 422, ""},
      {"text", "Dear all, please find attached", 400, ""},
      {"a page", "<html><body>Sign in</body></html>", 400, ""},
  };
  World world;
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const auto response = world.post(world.at_cert(), "/api/v1/objects", one.body);
    const std::string told(response.bytes());
    CAPTURE(told.substr(0, 400));
    CHECK(response.status == one.status);
    if (one.says != "nothing") CHECK(told.find(one.says) != std::string::npos);
    CHECK(told.size() < 4'000);  // it does not give the whole of it back
    CHECK(world.store->objects().newest() == 0);
  }
  CHECK(world.post(world.at_cert(), "/api/v1/objects", whole).status == 200);
}

TEST_CASE("numbers beyond every machine's and objects of very many keys are kept as they came") {
  World world;
  const auto huge = with(R"("x_large":1e999999,"x_long":)" + std::string(4'000, '9'));
  CHECK(world.post(world.at_cert(), "/api/v1/objects", huge).status == 200);
  const auto held =
      *world.store->objects().get(world.at_cert().scope, *model::ObjectId::parse(indicator_id(1)));
  CHECK(*held.bytes == huge);

  auto many = indicator(2);
  std::string keys;
  const auto count = tests::test_size("bad_input_keys");
  for (std::int64_t i = 0; i < count; ++i) keys += fmt::format(",\"x_k{}\":0", i);
  many.insert(many.rfind('}'), keys);
  const auto response = world.post(world.at_cert(), "/api/v1/objects", many);
  CHECK(response.status == 200);
  CHECK(response.bytes().size() < 1u << 20);  // of so many findings the first are told
}

TEST_CASE("of a thousand objects the one that is bad is refused by name and place, and the others are held") {
  World world;
  Texts objects;
  for (int number = 1; number <= 1'000; ++number) objects.push_back(indicator(number));
  objects[499] = R"({"type":"indicator","spec_version":"2.1","id":"indicator--not-a-uuid"})";
  const Answer answer(world.post(world.at_cert(), "/api/v1/objects", bundle(objects)));
  CHECK(answer.status == 200);
  CHECK(answer.raw("stored") == "999");
  CHECK(answer.raw("refused") == "1");
  const auto statuses = answer.statuses();
  REQUIRE(statuses.size() == 1'000);
  CHECK(statuses[499] == "refused");
  CHECK(answer.ids()[499] == "indicator--not-a-uuid");
  CHECK(world.store->objects().newest() == 999);
}
