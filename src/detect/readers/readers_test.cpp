#include <fstream>

#include <doctest/doctest.h>

#include "base/text.h"
#include "detect/readers/reader.h"
#include "model/json.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

/// Gives text a few bytes at a time, so that block borders fall anywhere.
class Drip final : public wire::ByteReader {
 public:
  Drip(std::string_view text, std::size_t piece) : text_(text), piece_(piece) {}
  Result<std::size_t> read(std::span<char> into) override {
    return text_.read(into.first(std::min(into.size(), piece_)));
  }

 private:
  wire::MemoryReader text_;
  std::size_t piece_;
};

struct Read {
  std::string records;  // "1 a=x b=y|2 ..."; "~" in front of running text, "'" around what is no text
  ReadingCounts counts;
  std::vector<Problem> problems;
  LogFormat format = LogFormat::text;
};

Read read(std::string_view text, std::size_t piece = 1u << 20) {
  Drip source(text, piece);
  LogReader reader(source);
  Read result;
  Record record;
  for (;;) {
    const auto more = reader.next(record);
    REQUIRE(more);
    if (!*more) break;
    result.records +=
        fmt::format("{}{}{}", result.records.empty() ? "" : "|", record.is_prose ? "~" : "", record.line);
    for (const auto& field : record.fields)
      result.records += field.is_text ? fmt::format(" {}={}", field.name, field.value)
                                      : fmt::format(" {}='{}'", field.name, field.value);
  }
  result.counts = reader.counts();
  result.problems = reader.problems();
  result.format = reader.format();
  return result;
}

std::string lines_of(std::string_view text, std::size_t piece, std::size_t bytes_max) {
  Drip source(text, piece);
  LineReader reader(source, bytes_max);
  std::string out;
  for (Line line;;) {
    const auto more = reader.next(line);
    REQUIRE(more);
    if (!*more) return out;
    out += fmt::format("{}:{}{}|", line.number, line.text, line.is_cut ? "..." : "");
  }
}

const std::string zeek =
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tid.orig_h\tport\tquery\tanswers\n#types\ttime\taddr\tport\tstring\tvector[string]\n";

}  // namespace

TEST_CASE("lines are the same whatever the blocks, with LF or CR LF, with or without one at the end") {
  for (const std::size_t piece : {1u, 2u, 3u, 1000u}) {
    CHECK(lines_of("a\r\nbb\n\nc", piece, 100) == "1:a|2:bb|3:|4:c|");
    CHECK(lines_of("a\n", piece, 100) == "1:a|");
    CHECK(lines_of("", piece, 100) == "");
  }
}

TEST_CASE("a line over the limit is cut, and the next one is the next") {
  for (const std::size_t piece : {1u, 4u, 1000u}) {
    CHECK(lines_of("abcdefgh\nx\n", piece, 4) == "1:abcd...|2:x|");
    CHECK(lines_of("abcd\nx\n", piece, 4) == "1:abcd|2:x|");
    CHECK(lines_of("x\nabcdefgh", piece, 4) == "1:x|2:abcd...|");
  }
}

TEST_CASE("NDJSON gives nested fields dotted names, lists repeat theirs, escapes are decoded") {
  const auto result =
      read(R"({"a":"x","b":{"c":"y","d":[1,"z",{"e":true}]},"n":null,"t":"\u00e9\n\ud83d\ude00\/"})"
           "\n\n"
           R"([{"k":-1.5e3}])",
           7);
  CHECK(result.format == LogFormat::ndjson);
  CHECK(result.records == "1 a=x b.c=y b.d='1' b.d=z b.d.e='true' t=é\n😀/|3 k='-1.5e3'");
  CHECK(result.counts.lines == 3);
  CHECK(result.counts.broken_lines == 0);
}

TEST_CASE("a broken NDJSON line is counted, told, and looked through as text") {
  const auto result = read("{\"a\":\"x\"}\n{\"a\":\"192.0.2.1\"\n{\"a\":1}\n");
  CHECK(result.records == "1 a=x|~2 ={\"a\":\"192.0.2.1\"|3 a='1'");
  CHECK(result.counts.broken_lines == 1);
  REQUIRE(result.problems.size() == 1);
  CHECK(result.problems[0].line == 2);
  for (const std::string bad : {"{\"a\":01}",
                                "{\"a\":.5}",
                                "{a:1}",
                                "{\"a\":1,}",
                                "{\"a\":\"\\ud800\"}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":tru}",
                                "{\"a\":1}}",
                                "{\"a\" 1}",
                                "{\"a\":\"\t\"}",
                                "5",
                                "\"x\"",
                                "{\"a\":1e}",
                                "{\"a\":-}"})
    CHECK_MESSAGE(read("{}\n" + bad).counts.broken_lines == 1, bad);
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  CHECK(read("{}\n" + deep).counts.broken_lines == 1);
  CHECK(read("{}\n" + deep.substr(1, 128)).counts.broken_lines == 0);
}

TEST_CASE("NDJSON agrees with the JSON reader about what is JSON") {
  const std::string seed = R"({"a":"x\u00e9\"","b":[1,-0.5e+1,true,null,{"c":"\\"}],"d":{}})";
  std::size_t differ = 0;
  for (std::size_t at = 0; at < seed.size(); ++at)
    for (const char c : std::string_view("\"\\{}[],:0-.eu x\x01")) {
      auto text = seed;
      text[at] = c;
      const bool ours = read("{}\n" + text).counts.broken_lines == 0;
      const bool theirs = model::JsonDocument::parse(text).has_value();
      differ += ours != theirs ? 1 : 0;
      if (ours != theirs) MESSAGE(text, " ours ", ours);
    }
  CHECK(differ == 0);
}

TEST_CASE("Zeek TSV reads its header, leaves out unset fields, splits lists and decodes escapes") {
  const auto result =
      read(zeek + "1.5\t192.0.2.1\t53\ta\\x09b\\\\c\tx\\x2cy,z\n#close\t-\n2.5\t-\t-\t\t(empty)\n", 5);
  CHECK(result.format == LogFormat::zeek_tsv);
  CHECK(result.records ==
        "8 ts=1.5 id.orig_h=192.0.2.1 port='53' query=a\tb\\c answers=x,y answers=z|10 ts=2.5 query=");
  CHECK(read(zeek + "1.5\t192.0.2.1\n").records == "~8 =1.5\t192.0.2.1");
  CHECK(read(zeek + "1\t2\t3\t4\t5\t6\n").counts.broken_lines == 1);
  const auto again = read(zeek + "1\t2\t3\t4\t5\n#fields\tq\n#types\tstring\nx\n");
  CHECK(again.records == "8 ts=1 id.orig_h=2 port='3' query=4 answers=5|11 q=x");
}

TEST_CASE("CSV takes its names from the header; quoted fields hold separators, quotes and line ends") {
  const auto result =
      read("\xef\xbb\xbftime,src ip;x,note\r\n1,192.0.2.1,\"a, \"\"b\"\"\"\r\n2,,\"two\nlines\"\n3,x,y\n", 4);
  CHECK(result.format == LogFormat::text);  // a header with ';' in a name is no header
  const auto good =
      read("\xef\xbb\xbftime,src ip,note\r\n1,192.0.2.1,\"a, \"\"b\"\"\"\r\n2,,\"two\nlines\"\n3,x,y\n", 4);
  CHECK(good.format == LogFormat::csv);
  CHECK(good.records ==
        "2 time=1 src ip=192.0.2.1 note=a, \"b\"|3 time=2 note=two\nlines|5 time=3 src ip=x note=y");
  CHECK(read("a;b\n1;2\n").records == "2 a=1 b=2");
  CHECK(read("a\tb\n1\t2\n").records == "2 a=1 b=2");
  const auto broken = read("a,b\n1,2\n1,2,3\n\"x\"y,1\n4,5\n");
  CHECK(broken.counts.broken_lines == 2);
  CHECK(broken.records == "2 a=1 b=2|~3 =1,2,3|~4 =\"x\"y,1|5 a=4 b=5");
}

TEST_CASE("the rest is text; a first line that is broken does not hide JSON") {
  CHECK(read("Jan  1 host sshd[1]: from 192.0.2.1\n").format == LogFormat::text);
  CHECK(read("192.0.2.1,evil.example\n").format == LogFormat::text);
  CHECK(read("").format == LogFormat::text);
  CHECK(read("garbage\n{\"a\":1}\n").format == LogFormat::ndjson);
  CHECK(read("{\"a\":\n{\"a\":1}\n").format == LogFormat::ndjson);
  CHECK(read("{\n  \"a\": 1\n}\n").format == LogFormat::json);
  CHECK(read("{\n  \"a\": oh\n}\n").format == LogFormat::text);
}

TEST_CASE("NUL and wrong encoding are counted, and the line is still looked through") {
  using namespace std::string_literals;
  const auto result = read("{\"a\":\"x\"}\n{\"a\":\"\xff\"}\nb\0c\n"s);
  CHECK(result.counts.not_utf8_lines == 1);
  CHECK(result.counts.nul_lines == 1);
  CHECK(result.counts.broken_lines == 1);
  CHECK(result.records == "1 a=x|2 a=\xff|~3 =b\0c"s);
  CHECK(result.problems.size() == 3);
}

TEST_CASE("a quote that stays open does not swallow the log") {
  std::string text = "a,b\n1,\"x\n";
  for (int i = 0; i < 1000; ++i) text += "1,2\n";
  const auto result = read(text);
  CHECK(result.counts.broken_lines == 1);
  CHECK(result.counts.lines == 1002);
  CHECK(result.records.ends_with("|1002 a=1 b=2"));
}

TEST_CASE("the time of an event is found under the names logs use") {
  const auto at = [](std::string_view name, std::string_view value) {
    const auto time = event_time({.line = 1, .fields = {{name, value}}});
    return time ? to_text(*time) : "";
  };
  const auto* const expected = "2018-03-24T17:15:20.865716Z";
  CHECK(at("ts", "1521911720.865716") == expected);
  CHECK(at("ts", "2018-03-24T17:15:20.865716Z") == expected);
  CHECK(at("timestamp", "2018-03-24T18:15:20.865716+0100") == expected);
  CHECK(at("@timestamp", "2018-03-24T17:15:20.865716") == expected);
  CHECK(at("time", "1521911720865") == "2018-03-24T17:15:20.865000Z");
  CHECK(at("uid", "1521911720.865716") == "");
  CHECK(at("ts", "yesterday") == "");
  const auto prose = [](std::string_view text) {
    const auto time = event_time({.line = 1, .fields = {{"", text}}, .is_prose = true});
    return time ? to_text(*time) : "";
  };
  CHECK(prose("2018-03-24T17:15:20.865716Z host x") == expected);
  CHECK(prose("2018-03-24 17:15:20.865716 host x") == expected);
  CHECK(prose("Mar 24 17:15:20 host x") == "");
}

TEST_CASE(
    "a line of many escaped strings takes memory for what they say, not for the rest of the line each") {
  std::string line = "{";
  for (int i = 0; i < 6'000; ++i)
    line += fmt::format(R"({}"k{}":"\u0041\u0042 some more text to make it long")", i > 0 ? "," : "", i);
  line += "}";
  const auto resident = [] {
    std::ifstream file("/proc/self/statm");
    std::uint64_t all = 0, pages = 0;
    file >> all >> pages;
    return pages * 4096;
  };
  const auto parser = ndjson_parser();
  const auto before = resident();
  Record record;
  REQUIRE(parser->parse(line, record));
  CHECK(record.fields.size() == 6'000);
  CHECK(record.fields.back().value == "AB some more text to make it long");
  CHECK(resident() < before + (100u << 20));  // else 6,000 times some 170 KB
}

TEST_CASE(
    "a line whose names repeat a long one again and again is broken, and takes no memory for them all") {
  std::string line = R"({")" + std::string(100'000, 'n') + R"(":{)";
  for (int i = 0; i < 10'000; ++i) line += fmt::format(R"({}"k":1)", i > 0 ? "," : "");
  line += "}}";
  const auto parser = ndjson_parser();
  Record record;
  const auto parsed = parser->parse(line, record);
  REQUIRE(!parsed);
  CHECK(parsed.error().message.starts_with("has longer names than are looked at"));
}
