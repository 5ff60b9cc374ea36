// Readers of events: the forms that Windows events are exported in, and what is damaged.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "detect/sigma/event_xml.h"
#include "detect/sigma/evtx.h"
#include "detect/sigma/json_events.h"
#include "detect/sigma/sigma_data.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using namespace shieldwall::detect::sigma;

namespace {

std::string value_of(const Record& event, std::string_view name) {
  const auto found = std::ranges::find(event.fields, name, &Field::name);
  return found == event.fields.end() ? "(absent)" : std::string(found->value);
}

struct Read {
  std::vector<std::string> images;
  std::vector<std::uint64_t> lines;
  std::uint64_t broken = 0;
};

Read read_json(std::string_view text) {
  wire::MemoryReader source(text);
  JsonEvents events(source);
  Read read;
  Record event;
  while (*events.next(event)) {
    read.images.push_back(value_of(event, "Image"));
    read.lines.push_back(event.line);
  }
  read.broken = events.broken();
  return read;
}

using Images = std::vector<std::string>;
using Lines = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("events stand one a line, over many lines, or in an array; each knows its line") {
  CHECK(read_json("{\"Image\":\"a\"}\n{\"Image\":\"b\"}\n").lines == Lines{1, 2});
  const auto pretty = read_json("\xEF\xBB\xBF{\n \"Image\": \"a\"\n}\n\n{\n \"Image\": \"b\"\n}");
  CHECK(pretty.images == Images{"a", "b"});
  CHECK(pretty.lines == Lines{1, 5});
  CHECK(read_json("[{\"Image\":\"a\"},\n{\"Image\":\"}{\"}]").images == Images{"a", "}{"});
}

TEST_CASE("a broken event is counted, and those behind it are read") {
  const auto lines = read_json("{\"Image\":\"a\"}\n{\"Image\":{{{\nnonsense\n{\"Image\":\"b\"}\n");
  CHECK(lines.images == Images{"a", "b"});
  CHECK(lines.broken == 2);
  const auto cut = read_json("{\"Image\":\"a\"}\n{\"Image\":\"");
  CHECK(cut.images == Images{"a"});
  CHECK(cut.broken == 1);
  CHECK(read_json("{\"Image\":\"\xFF\"}\n{\"Image\":\"b\"}").broken == 1);
}

TEST_CASE("Windows events have one set of names in every export") {
  const std::string_view exports[] = {
      R"({"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":1},"EventData":{"Image":"a"}}})",
      R"({"Event":{"System":{"Provider":{"@Name":"P"},"EventID":{"#text":"1"}},"EventData":{"Data":[{"@Name":"Image","#text":"a"}]}}})",
      R"({"winlog":{"provider_name":"P","event_id":1,"event_data":{"Image":"a"}}})",
      R"({"Provider_Name":"P","EventID":1,"Image":"a"})",
  };
  for (const auto text : exports) {
    wire::MemoryReader source(text);
    JsonEvents events(source);
    Record event;
    REQUIRE(*events.next(event));
    CAPTURE(text);
    CHECK(value_of(event, "Provider_Name") == "P");
    CHECK(value_of(event, "EventID") == "1");
    CHECK(value_of(event, "Image") == "a");
  }
}

TEST_CASE("event XML gives the same names, unescapes text and refuses what is not well-formed") {
  EventXml reader;
  Record event;
  REQUIRE(reader.read(
      "<?xml version=\"1.0\"?><Event xmlns='x'><System><Provider Name=\"P&amp;Q\"/><EventID>1</EventID>"
      "</System><EventData><Data Name=\"Image\">a&lt;b&#x20AC;</Data><Data Name=\"User\"/>"
      "<Data>plain</Data></EventData><UserData><X><Leaf>l</Leaf></X></UserData></Event>",
      event));
  CHECK(value_of(event, "Provider_Name") == "P&Q");
  CHECK(value_of(event, "EventID") == "1");
  CHECK(value_of(event, "Image") == "a<b\u20AC");
  CHECK(value_of(event, "User") == "");
  CHECK(value_of(event, "Data") == "plain");
  CHECK(value_of(event, "Leaf") == "l");
  for (const std::string_view bad :
       {"", "x", "<Event>", "<Event><a></b></Event>", "<Event a=b></Event>", "<!DOCTYPE x>"})
    CHECK_FALSE(reader.read(bad, event));
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  CHECK_FALSE(reader.read(deep, event));
}

TEST_CASE("what is no EVTX is refused, and a damaged one gives what is whole in it") {
  auto nothing = EvtxEvents::of_bytes("not an event log");
  REQUIRE(nothing);
  Record event;
  CHECK_FALSE(nothing->next(event));
  CHECK(EvtxEvents::open("/no/such/file.evtx").error().code == ErrorCode::not_found);
  const auto data = sigma_data();
  if (!data) {
    MESSAGE("skipped: ../shared/data/sigma is not there");
    return;
  }
  const auto whole =
      read_file(system_fs(),
                *data +
                    "/regression/rules/windows/file/file_event/file_event_win_hktl_netexec_file_"
                    "indicators/efc21479-9e83-41da-8cf1-122e06ba8db3.evtx",
                1 << 24);
  REQUIRE(whole);
  for (std::size_t size = 0; size < whole->size(); size += whole->size() / 7 + 1) {
    auto cut = EvtxEvents::of_bytes(std::string_view(*whole).substr(0, size));
    REQUIRE(cut);
    while (true) {
      const auto more = cut->next(event);
      if (!more || !*more) break;
    }
    CHECK(cut->events() <= 7);
  }
}
