#include "detect/sieve.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "detect/intel.h"
#include "detect/readers/line_walk.h"
#include "detect/readers/reader.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

Matcher looking_for(std::initializer_list<std::string_view> entries, std::string_view patterns = "") {
  std::vector<Indicator> indicators;
  for (const auto entry : entries) {
    const auto values = values_of_entry(entry, {});
    REQUIRE_MESSAGE(values, entry);
    indicators.push_back({.id = std::string(entry), .pattern = std::string(entry), .values = *values});
  }
  if (!patterns.empty()) indicators.push_back({.id = "pattern", .pattern = std::string(patterns)});
  return compile(std::move(indicators), {.now = {}});
}

/// Everything that could matter for a finding.
Matcher every_kind() {
  return looking_for(
      {"192.0.2.1",
       "198.51.100.0/25",
       "2001:db8::1",
       "2001:db8:7::/48",
       "evil.example",
       "a.b.evil.test",
       "http://evil.example/x",
       "http://web.example/a/b?c",
       "http://root.example/",
       "d41d8cd98f00b204e9800998ecf8427e",
       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
       "who@mail.example"},
      "[file:name = 'x.exe' OR mac-addr:value = '00:11:22:33:44:55' OR mutex:name = 'm1' OR "
      "autonomous-system:number = 64500 OR directory:path = '/tmp/bad' OR "
      "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'curl/8' OR "
      "windows-registry-key:key = 'HKLM\\\\Run']");
}

struct Seen {
  std::vector<std::string> hits;
  ReadingCounts counts;
  std::uint64_t records = 0;
};

Seen scan(const Matcher& matcher, std::string_view log, bool with_sieve) {
  Seen seen;
  wire::MemoryReader source(log);
  LogReader reader(source);
  LineSieve sieve(matcher);
  if (with_sieve) reader.pass_over(sieve, nullptr);
  Scanner scanner(matcher);
  Record record;
  for (;;) {
    const auto more = reader.next(record);
    REQUIRE(more);
    if (!*more) break;
    ++seen.records;
    for (const auto& match : scanner.scan(record))
      seen.hits.push_back(fmt::format("{} {} {} {}", record.line, match.field, match.value, match.indicator));
  }
  seen.counts = reader.counts();
  return seen;
}

/// What begins a log and settles its format: lines without a finding.
std::string a_beginning() {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "{\"n\":1}\n";
  return text;
}

bool agree(const Matcher& matcher, std::string_view lines) {
  const auto log = a_beginning() + std::string(lines);
  const auto quick = scan(matcher, log, true), full = scan(matcher, log, false);
  const auto numbers = [](const ReadingCounts& c) {
    return std::tuple(c.lines, c.bytes, c.broken_lines, c.cut_lines, c.not_utf8_lines, c.nul_lines);
  };
  return quick.hits == full.hits && numbers(quick.counts) == numbers(full.counts);
}

/// A value that is looked for, nearly looked for, or odd.
std::string a_value(Random& random) {
  static constexpr std::string_view values[] = {
      "192.0.2.1",
      "192.0.2.01",
      "192.0.2.1:443",
      "198.51.100.77",
      "198.51.100.200",
      "1.2.3",
      "1.2.3.4.5",
      "999.1.1.1",
      "2001:db8::1",
      "2001:DB8:0:0::1",
      "::ffff:192.0.2.1",
      "2001:db8:7::9",
      "[2001:db8::1]:80",
      "fe80::",
      "::",
      "evil.example",
      "EVIL.example.",
      "www.evil.example",
      "notevil.example",
      "evil.example:8080",
      "b.evil.test",
      "z.a.b.evil.test",
      "*.evil.example",
      "evil[.]example",
      "evil(dot)example",
      "http://evil.example/x",
      "hxxp://evil[.]example/x",
      "https://evil.example/x",
      "HTTP://EVIL.EXAMPLE:80/./x",
      "evil.example/x",
      "web.example/a/b?c",
      "text/html",
      "/x",
      "/a/b?c",
      "/",
      "web.example",
      "root.example",
      "d41d8cd98f00b204e9800998ecf8427e",
      "D41D8CD98F00B204E9800998ECF8427E",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "who@mail.example",
      "Who <WHO@mail.example>",
      "x.exe",
      "C:/dir/X.EXE",
      "/tmp/bad",
      "/tmp/bad/file",
      "00-11-22-33-44-55",
      "0011.2233.4455",
      "m1",
      "curl/8",
      "AS64500",
      "64500",
      "tcp",
      "",
      "a",
      ".",
      "..",
      "-",
      "Mozilla/5.0 (X; Y) [z]",
      "caf\xc3\xa9.example",
      "\xff\xfe",
      "http://[2001:db8::1]/",
      "http://192.0.2.1/a",
      "xn--evil-abc.example",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.evil.example",
      "CN=evil.example,O=x",
      "192.168.100.200",
      "\\u0065vil.example",
      "evil.example\\/x",
      "/a?q=\\\"x\\\"",
      "\\/a\\/b?c",
      "http:\\/\\/web.example\\/a\\/b?c",
      "x\\",
      "\\\\",
      "a\\u12",
      "HKLM\\\\Run",
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)",
      "Somebody who has a name that is longer than most <who@mail.example>",
      "/a/path/that/is/longer/than/what/is/looked/at/at/once/(and/has/brackets)",
      "http://evil.example/a/path/that/is/longer/than/what/is/looked/at/at/once",
      "evil.\\texample",
      "a\tb"};
  std::string value(values[random.below(std::size(values))]);
  if (random.below(12) == 0 && !value.empty())
    value[random.below(value.size())] = static_cast<char>(random.below(256));
  if (random.below(20) == 0) value = fmt::format("{}{}", random.below(300), value);
  return value;
}

std::string an_object(Random& random, int depth) {
  static constexpr std::string_view keys[] = {"host",
                                              "uri",
                                              "id.orig_h",
                                              "user_agent",
                                              "mutex",
                                              "asn",
                                              "url",
                                              "http",
                                              "hostname",
                                              "query",
                                              "a_very_long_name_of_a_field",
                                              "as",
                                              "number",
                                              "domain",
                                              "path",
                                              "",
                                              "event_type",
                                              "k\\n"};
  std::string out = "{";
  const auto count = random.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0 && random.below(60) != 0) out += random.below(9) == 0 ? ", " : ",";
    out += fmt::format("\"{}\":{}", keys[random.below(std::size(keys))], random.below(9) == 0 ? " " : "");
    const auto sort = random.below(14);
    if (sort == 0 && depth < 18)
      out += an_object(random, depth + 1);
    else if (sort == 1)
      out += fmt::format("[\"{}\",[{}],\"{}\"]", a_value(random), random.below(99), a_value(random));
    else if (sort == 2)
      out += std::array{
          "64500", "-1.5e3", "01", "true", "null", "[]", "{}", "tru", "1.", "  1"}[random.below(10)];
    else
      out += fmt::format("\"{}\"", a_value(random));
  }
  if (random.below(50) != 0) out += '}';
  if (depth == 0 && random.below(40) == 0) out += std::array{"}", "x", " ", ",", "{}"}[random.below(5)];
  return out;
}

/// Now and then the last one again with one value changed: forms that were seen before.
const std::string& next_object(Random& random, std::string& object) {
  const auto again = object.empty() || random.below(3) == 0
                         ? object.npos
                         : object.find("\":\"", random.below(object.size()));
  if (again == object.npos) return object = an_object(random, 0);
  const auto begin = again + 3;
  const auto end = object.find('"', begin);
  if (end != object.npos) object.replace(begin, end - begin, a_value(random));
  return object;
}

}  // namespace

TEST_CASE("a sieve lets a plain line pass and keeps one that hits, in any spelling") {
  const auto matcher = looking_for({"192.0.2.1", "evil.example", "http://root.example/"});
  std::string block =
      "{\"a\":\"192.0.2.2\"}\n{\"a\":\"192.0.2.1\"}\n{\"a\":[\"x\",{\"b\":\"W.EVIL.example.\"}]}\n"
      "{\"a\":\"good.example\"}\n{\"host\":\"root.example\",\"uri\":\"/\"}\n{\"a\":\"x\\ny\"}\n{\"a\":1\n";
  const auto size = block.size();
  block.append(block_padding, ' ');
  LineSieve sieve(matcher);
  std::string looks;
  for (const auto& line : sieve.sift(std::string_view(block).substr(0, size), nullptr))
    looks += line.look ? 'x' : '.';
  CHECK(looks == ".xx.x.x");
}

TEST_CASE("a sieve lets a line with escapes pass unless they may hide what is looked for") {
  const auto matcher = looking_for({"192.0.2.1", "evil.example", "http://root.example/"});
  const std::pair<std::string_view, bool> lines[] = {{R"({"uri":"/a?q=\"x\"","n":1})", false},
                                                     {R"({"uri":"/a?q=\"y\"","n":2})", false},
                                                     {R"({"a":"evil.example\\","n":1})", false},
                                                     {R"({"a":"\u0065vil.example"})", true},
                                                     {R"({"a":"http:\/\/evil.example\/"})", true},
                                                     {R"({"a":"http:\/\/good.example\/"})", false},
                                                     {R"({"host":"root.example","uri":"\/"})", true},
                                                     {R"({"host":"good.example","uri":"\/"})", false},
                                                     {R"({"a\/b":"x"})", true},
                                                     {R"({"a":"\x"})", true},
                                                     {R"({"a":"x\"})", true}};
  std::string block;
  for (const auto& [line, looked] : lines) block.append(line) += '\n';
  const auto size = block.size();
  block.append(block_padding, ' ');
  LineSieve sieve(matcher);
  const auto& sifted = sieve.sift(std::string_view(block).substr(0, size), nullptr);
  REQUIRE(sifted.size() == std::size(lines));
  for (std::size_t i = 0; i < sifted.size(); ++i)
    CHECK_MESSAGE(sifted[i].look == lines[i].second, lines[i].first);
}

TEST_CASE("a long text is known again by all of its bytes") {
  const auto matcher = looking_for({"who@mail.example"});
  static constexpr std::string_view harmless =
      "Somebody who has a name that is longer than most of them <who.mail.example>";
  std::string lines;
  const auto add = [&](std::string text) { lines += fmt::format("{{\"from\":\"{}\"}}\n", text); };
  add(std::string(harmless));
  add(std::string(harmless));
  add(std::string(harmless).replace(harmless.find(".mail"), 1, "@"));  // where no hash looks
  CHECK(agree(matcher, lines));
  CHECK(scan(matcher, a_beginning() + lines, true).hits.size() == 1);
}

TEST_CASE("a field is known for what its name says behind many others") {
  const auto matcher = looking_for({"http://web.example/x"});
  for (const int others : {0, 62, 63, 64, 65, 130}) {
    std::string lines;
    for (const auto uri : {"/y", "/z", "/x", "/y"}) {
      lines += '{';
      for (int i = 0; i < others; ++i) lines += fmt::format("\"k{}\":\"v\",", i);
      lines += fmt::format("\"host\":\"web.example\",\"uri\":\"{}\"}}\n", uri);
    }
    CHECK(agree(matcher, lines));
    CHECK_MESSAGE(scan(matcher, a_beginning() + lines, true).hits.size() == 1, others);
  }
}

TEST_CASE("with a sieve a scan finds and counts what it does without, whatever the lines") {
  const Matcher matchers[] = {
      every_kind(),
      looking_for({"192.0.2.1", "evil.example", "2001:db8:7::/48"}),
      looking_for({"http://web.example/a/b?c", "http://evil.example/x", "http://root.example/"}),
      looking_for({"64::/10", "198.51.100.0/25"})};
  SeededRandom random(17);
  const auto count = tests::test_size("sieve_differential");
  for (std::int64_t i = 0; i < count; ++i) {
    std::string lines, object;
    for (auto left = random.below(40); left > 0; --left)
      lines += next_object(random, object) + (random.below(9) == 0    ? "\r\n"
                                              : random.below(99) == 0 ? "\n\n"
                                                                      : "\n");
    if (random.below(9) == 0 && !lines.empty()) lines.pop_back();
    if (!agree(matchers[i % 4], lines)) FAIL(lines);
  }
  std::string far;  // more than a block, and a line longer than one
  for (int i = 0; i < 9000; ++i)
    far += fmt::format("{{\"n\":{},\"h\":\"192.0.2.{}\"}}\n", i, i % 1000 == 7 ? 1 : 2);
  far += "{\"long\":\"" + std::string(300'000, 'x') + "\"}\n{\"a\":\"evil.example\"}";
  CHECK(agree(matchers[1], far));
  CHECK(scan(matchers[1], a_beginning() + far, true).records < 100);
}

TEST_CASE("a line like one seen before but for a byte is judged as the full parser judges it") {
  static constexpr std::string_view seen[] = {
      R"({"a":"good.example","n":10,"d":0.25,"t":true,"l":[1,2.5,-3e2],"h":"192.0.2.2","e":{"x":[{"y":7}]}})",
      R"({"host":"web.example","uri":"/a/b?d","nothing":null,"a_name_of_a_field_that_fills_it":[],"s":["",""]})",
      R"({ "k": 0, "v": [[3],[ 4 ]], "evil.example": "x" })",
      R"({"a_name_of_a_field_that_is_longer_than_what_is_compared_at_once_by_far":"good.example","n":1})",
      R"({"n":[1,[],2,{},3],"f":false,"m":12345678901234567890123456789012345678901234567890123456789})",
      "{}"};
  static constexpr std::string_view others = "\",:]} 0.-e\r";
  const auto matcher = looking_for({"192.0.2.1", "evil.example", "http://web.example/a/b?c"});
  for (const auto line : seen) {
    auto lines = std::string(line) + "\n";
    const auto add = [&](std::string changed) { lines += std::move(changed) + "\n"; };
    for (std::size_t at = 0; at <= line.size(); ++at) {
      const auto front = std::string(line.substr(0, at)), back = std::string(line.substr(at));
      for (const char c : others) {
        add(front + c + back);
        if (!back.empty()) add(front + c + back.substr(1));
      }
      if (!back.empty()) add(front + back.substr(1));
    }
    CHECK_MESSAGE(agree(matcher, lines), line);
    LineSieve sieve(matcher);
    for (auto rest = std::string_view(lines).substr(line.size() + 1); !rest.empty();
         rest.remove_prefix(rest.find('\n') + 1)) {  // each alone behind the first, and little behind it
      const auto changed = rest.substr(0, rest.find('\n') + 1);
      const auto size = line.size() + 1 + changed.size();
      std::vector<char> block(size + block_padding, '1');
      std::ranges::copy(lines.substr(0, line.size() + 1), block.begin());
      std::ranges::copy(changed, block.begin() + static_cast<std::ptrdiff_t>(line.size() + 1));
      CHECK(sieve.sift({block.data(), size}, nullptr).size() >= 2);
    }
  }
}

TEST_CASE("every kernel finds the same lines, quotes and classes of bytes") {
  SeededRandom random(19);
  for (int round = 0; round < 300; ++round) {
    std::string block = random.bytes(random.below(400));
    if (round % 3 != 0)
      for (auto& c : block) c = "aZ09\"\\\n\r._-:\x01 gF"[static_cast<unsigned char>(c) % 16];
    block += '\n';
    const auto size = block.size();
    block.append(block_padding, '"');
    const auto told = [&](const BlockKernel& kernel) {
      BlockIndex index;
      kernel.index(std::string_view(block).substr(0, size), index);
      std::string out;
      for (const auto& line : index.lines) {
        out += fmt::format("{}-{} {}{}{}", line.begin, line.end, line.odd, line.escapes, line.high);
        for (auto i = line.quotes; i < line.quotes_end; ++i) out += fmt::format(" {}", index.quotes[i]);
        CHECK(index.quotes[line.quotes_end] == line.end);
      }
      for (std::uint32_t at = 0; at < size; ++at)
        for (const auto* bits : {&index.digit, &index.hex, &index.plain, &index.dot, &index.upper})
          out += bits->range(at, 1) == 1 ? '1' : '0';
      return out;
    };
    const auto portable = told(block_kernels().back());
    for (const auto& kernel : block_kernels()) CHECK_MESSAGE(told(kernel) == portable, kernel.name);
  }
}
