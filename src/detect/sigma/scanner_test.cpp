// What a rule means for an event: modifiers, wildcards, null, keywords, log sources and their field names.
#include <doctest/doctest.h>

#include "base/bytes.h"
#include "detect/sigma/encode.h"
#include "detect/sigma/rule_set.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using namespace shieldwall::detect::sigma;

namespace {

using Fields = std::vector<Field>;

RuleSet rules_of(std::string_view yaml) {
  RuleFile file;
  read_rules(yaml, "test.yml", {}, file);
  apply_filters(file);
  auto rules = compile_rules(std::move(file), {});
  for (const auto& one : rules.unusable()) FAIL(one.reason);
  return rules;
}

Fields process(Fields fields) {
  fields.insert(fields.begin(),
                {{.name = "Channel", .value = "Microsoft-Windows-Sysmon/Operational"},
                 {.name = "EventID", .value = "1", .is_text = false}});
  return fields;
}

bool fires(const RuleSet& rules, const Fields& fields) {
  sigma::Scanner scanner(rules);
  Record record;
  record.fields = fields;
  return !scanner.scan(record).empty();
}

/// Whether a rule about processes with this detection fires for one with these fields.
bool fires(std::string_view detection, const Fields& fields) {
  const auto rules = rules_of(fmt::format(
      "title: A rule\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n{}",
      detection));
  return fires(rules, process(fields));
}

/// The same for one item.
bool item(std::string_view key, std::string_view value, const Fields& fields) {
  return fires(fmt::format("  s: {{'{}': {}}}\n  condition: s\n", key, value), fields);
}

bool command(std::string_view key, std::string_view value, std::string_view line) {
  return item(key, value, {{.name = "CommandLine", .value = line}});
}

}  // namespace

TEST_CASE("values compare without case, whole, and with wildcards anywhere") {
  CHECK(command("CommandLine", "WhoAmI", "whoami"));
  CHECK_FALSE(command("CommandLine", "whoami", "whoami /all"));
  CHECK(command("CommandLine", "'who*/ALL'", "whoami.exe /all"));
  CHECK(command("CommandLine", "'wh?ami'", "whoami"));
  CHECK(command("CommandLine", "'wh?ami'", "whöami"));
  CHECK_FALSE(command("CommandLine", "'wh?ami'", "whami"));
  CHECK(command("CommandLine", "'a*b*c'", "aXbXbXc"));
  CHECK_FALSE(command("CommandLine", "'a*b*c'", "aXcXb"));
}

TEST_CASE("backslashes escape wildcards and themselves, and stand for themselves elsewhere") {
  CHECK(command("CommandLine", R"('C:\Windows')", R"(c:\windows)"));
  CHECK(command("CommandLine", R"('C:\\Windows')", R"(c:\windows)"));
  CHECK(command("CommandLine", R"('a\*b')", "a*b"));
  CHECK_FALSE(command("CommandLine", R"('a\*b')", "aXb"));
  CHECK(command("CommandLine", R"('a\\*b')", R"(a\XXb)"));
  CHECK(command("CommandLine", R"('a\\\*b')", R"(a\*b)"));
  CHECK(command("CommandLine", R"('\\\\server')", R"(\\server)"));
}

TEST_CASE("contains, startswith, endswith; lists are any of them, with all each of them") {
  CHECK(command("CommandLine|contains", "oam", "whoami"));
  CHECK(command("CommandLine|startswith", "who", "whoami"));
  CHECK_FALSE(command("CommandLine|startswith", "oami", "whoami"));
  CHECK(command("CommandLine|endswith", "ami", "whoami"));
  CHECK_FALSE(command("CommandLine|endswith", "who", "whoami"));
  CHECK(command("CommandLine|contains", "[x, y, ami]", "whoami"));
  CHECK(command("CommandLine|contains|all", "[who, ami]", "whoami"));
  CHECK_FALSE(command("CommandLine|contains|all", "[who, am, x]", "whoami"));
  CHECK(command(
      "CommandLine|endswith", R"(['\a.exe', '\b.exe', '\c.exe', '\d.exe', '\e.exe'])", R"(x\y\E.exe)"));
  CHECK_FALSE(
      command("CommandLine|endswith", R"(['\a.exe', '\b.exe', '\c.exe', '\d.exe', '\e.exe'])", "e.exe"));
}

TEST_CASE("cased compares letters as they are") {
  CHECK(command("CommandLine|contains|cased", "Who", "Whoami"));
  CHECK_FALSE(command("CommandLine|contains|cased", "Who", "whoami"));
}

TEST_CASE("windash takes every dash for every other") {
  for (const auto* const dash : {"-", "/", "\u2013", "\u2014", "\u2015"}) {
    CHECK(command("CommandLine|contains|windash", "' -all'", "whoami " + std::string(dash) + "ALL"));
    CHECK(command("CommandLine|windash|contains", "' " + std::string(dash) + "all'", "whoami -all"));
  }
  CHECK_FALSE(command("CommandLine|contains|windash", "' -all'", "whoami +all"));
}

TEST_CASE("regular expressions are found anywhere, with case unless i, and their flags work") {
  CHECK(command("CommandLine|re", "'who.*i$'", "run whoami"));
  CHECK_FALSE(command("CommandLine|re", "'WHO'", "whoami"));
  CHECK(command("CommandLine|re|i", "'WHO'", "whoami"));
  CHECK_FALSE(command("CommandLine|re", "'a.b'", "a\nb"));
  CHECK(command("CommandLine|re|s", "'a.b'", "a\nb"));
  CHECK_FALSE(command("CommandLine|re", "'^b'", "a\nb"));
  CHECK(command("CommandLine|re|m", "'^b'", "a\nb"));
  CHECK(command("CommandLine|re|i", "'\u212Aelvin'", "kelvin"));  // RE2 folds the Kelvin sign
  CHECK(command("CommandLine|re|i", "'kelvin'", "\u212Aelvin"));
}

TEST_CASE("cidr takes addresses of both families, and nothing that is none") {
  const auto address = [](std::string_view network, std::string_view value) {
    return item("DestinationIp|cidr", network, {{.name = "DestinationIp", .value = value}});
  };
  CHECK(address("10.0.0.0/8", "10.20.30.40"));
  CHECK_FALSE(address("10.0.0.0/8", "11.0.0.1"));
  CHECK(address("'2001:db8::/32'", "2001:0DB8::1"));
  CHECK(address("10.0.0.0/8", "::ffff:10.0.0.1"));
  CHECK_FALSE(address("10.0.0.0/8", "10.0.0.1 or so"));
}

TEST_CASE("base64, its three offsets and UTF-16 find what was encoded") {
  const std::string text = "IEX (New-Object Net.WebClient)";
  CHECK(command("CommandLine|base64|contains", "'" + text + "'", "x " + to_base64(text) + " y"));
  for (const auto* const before : {"", "a", "bc", "def"})
    for (const auto* const behind : {"", "x", "yz"})
      CHECK(
          command("CommandLine|base64offset|contains", "'" + text + "'", to_base64(before + text + behind)));
  const auto wide = to_utf16(text, Utf16::little);
  REQUIRE(wide);
  CHECK(wide->substr(0, 4) == std::string("I\0E\0", 4));
  CHECK(command("CommandLine|wide|base64offset|contains", "'" + text + "'", to_base64("ab" + *wide)));
  CHECK(command(
      "CommandLine|utf16be|base64|contains", "'" + text + "'", to_base64(*to_utf16(text, Utf16::big))));
  CHECK(command("CommandLine|utf16|base64|contains",
                "'" + text + "'",
                to_base64(*to_utf16(text, Utf16::little_with_mark))));
  CHECK_FALSE(command("CommandLine|base64offset|contains", "'" + text + "'", text));
  CHECK(to_hex(*to_utf16("\U0001F600", Utf16::big)) == "d83dde00");
}

TEST_CASE("numbers compare by size, whatever their form") {
  const auto size = [](std::string_view key, std::string_view value, std::string_view seen) {
    return item(key, value, {{.name = "Size", .value = seen, .is_text = false}});
  };
  CHECK(size("Size|lt", "10", "9"));
  CHECK_FALSE(size("Size|lt", "10", "10"));
  CHECK(size("Size|lte", "10", "10"));
  CHECK(size("Size|gt", "10", "0x10"));
  CHECK(size("Size|gte", "9007199254740993", "9007199254740993"));
  CHECK_FALSE(size("Size|gt", "9007199254740992", "9007199254740992"));
  CHECK(size("Size|gt", "9007199254740992", "9007199254740993"));
  CHECK(size("Size|lt", "1.5", "1.25"));
  CHECK_FALSE(size("Size|lt", "10", "few"));
}

TEST_CASE("parts of times compare as numbers") {
  const auto at = [](std::string_view key, std::string_view value) {
    return item(key, value, {{.name = "UtcTime", .value = "2024-12-30 23:58:59.123"}});
  };
  CHECK(at("UtcTime|minute", "58"));
  CHECK(at("UtcTime|hour|gte", "22"));
  CHECK_FALSE(at("UtcTime|hour|lt", "22"));
  CHECK(at("UtcTime|day", "30"));
  CHECK(at("UtcTime|week", "1"));  // ISO 8601: a Monday of week 1 of 2025
  CHECK(at("UtcTime|month", "12"));
  CHECK(at("UtcTime|year", "2024"));
}

TEST_CASE("null is absent or null, empty is there and empty, exists asks for the field alone") {
  const Fields empty = {{.name = "User", .value = ""}};
  const Fields null = {{.name = "User", .value = "null", .is_text = false}};
  CHECK(item("User", "null", {}));
  CHECK(item("User", "null", null));
  CHECK_FALSE(item("User", "null", empty));
  CHECK(item("User", "''", empty));
  CHECK_FALSE(item("User", "''", {}));
  CHECK_FALSE(item("User", "''", null));
  CHECK(item("User|exists", "true", null));
  CHECK(item("User|exists", "false", {}));
  CHECK_FALSE(item("User|exists", "false", empty));
  CHECK(item("User", "[null, '']", {}));
}

TEST_CASE("neq holds when no value is the same, also without the field") {
  const auto user = [](std::string_view value, const Fields& fields) {
    return item("User|neq", value, fields);
  };
  CHECK(user("ann", {{.name = "User", .value = "bob"}}));
  CHECK_FALSE(user("ann", {{.name = "User", .value = "ANN"}}));
  CHECK_FALSE(user("[ann, bob]", {{.name = "User", .value = "bob"}}));
  CHECK(user("ann", {}));
}

TEST_CASE("fieldref compares two fields of the event") {
  const auto pair = [](std::string_view key, std::string_view a, std::string_view b) {
    return item(key, "ParentImage", {{.name = "Image", .value = a}, {.name = "ParentImage", .value = b}});
  };
  CHECK(pair("Image|fieldref", "C:\\a.exe", "c:\\A.EXE"));
  CHECK_FALSE(pair("Image|fieldref", "a", "b"));
  CHECK(pair("Image|fieldref|neq", "a", "b"));
  CHECK(pair("Image|fieldref|startswith", "abc", "ab"));
  CHECK(pair("Image|endswith|fieldref", "abc", "bc"));
  CHECK_FALSE(pair("Image|fieldref|endswith", "abc", "ab"));
}

TEST_CASE("keywords stand anywhere in the event, all of them with all") {
  const Fields fields = {{.name = "CommandLine", .value = "one"}, {.name = "User", .value = "two words"}};
  CHECK(fires("  k: [WORDS]\n  condition: k\n", fields));
  CHECK(fires("  k: [x, one]\n  condition: k\n", fields));
  CHECK(fires("  k: {'|all': [one, two]}\n  condition: k\n", fields));
  CHECK_FALSE(fires("  k: {'|all': [one, three]}\n  condition: k\n", fields));
  CHECK(fires("  k: ['t*ds']\n  condition: k\n", fields));
}

TEST_CASE("keywords are looked for in the events of their own log source alone") {
  const auto rules = rules_of(
      "title: A\nlogsource: {product: windows, category: process_creation}\n"
      "detection: {k: [mimi], condition: k}\n---\n"
      "title: B\nlogsource: {category: webserver}\ndetection: {k: [passwd], condition: k}\n");
  const auto web = [](std::string_view text) {
    return Fields{{.name = "_path", .value = "http"}, {.name = "uri", .value = text}};
  };
  CHECK(fires(rules, web("/a?passwd")));
  CHECK_FALSE(fires(rules, web("/a?mimi")));
  CHECK(fires(rules, process({{.name = "CommandLine", .value = "mimi"}})));
  CHECK_FALSE(fires(rules, process({{.name = "CommandLine", .value = "passwd"}})));
}

TEST_CASE("a keyword does not stand across two values") {
  const Fields fields = {{.name = "CommandLine", .value = "on"}, {.name = "User", .value = "e"}};
  CHECK_FALSE(fires("  k: [one]\n  condition: k\n", fields));
}

TEST_CASE("maps are all of their items, lists of maps any of them") {
  const Fields fields = {{.name = "Image", .value = "a"}, {.name = "User", .value = "b"}};
  CHECK(fires("  s: {Image: a, User: b}\n  condition: s\n", fields));
  CHECK_FALSE(fires("  s: {Image: a, User: c}\n  condition: s\n", fields));
  CHECK(fires("  s: [{Image: x}, {User: b}]\n  condition: s\n", fields));
  CHECK(fires("  s: [{Image: x}, b]\n  condition: s\n", fields));
}

TEST_CASE("conditions bind not, and, or in this order; 1 of and all of take patterns") {
  const auto holds = [](std::string_view condition) {
    return fires(
        fmt::format("  yes_1: {{Image: a}}\n  yes_2: {{Image: a}}\n  no_1: {{Image: b}}\n  _hidden: {{Image: "
                    "b}}\n  condition: {}\n",
                    condition),
        {{.name = "Image", .value = "a"}});
  };
  CHECK(holds("yes_1 or no_1 and no_1"));
  CHECK_FALSE(holds("(yes_1 or no_1) and no_1"));
  CHECK(holds("not no_1 and yes_1"));
  CHECK_FALSE(holds("not (no_1 or yes_1)"));
  CHECK(holds("1 of yes_*"));
  CHECK(holds("all of yes*"));
  CHECK_FALSE(holds("all of *_1"));
  CHECK(holds("1 of them"));
  CHECK_FALSE(holds("all of them"));
  CHECK(holds("yes_1 and not 1 of no_*"));
  CHECK(holds("[no_1, yes_2]"));
  CHECK(holds("yes_1 AND NOT no_1"));
}

TEST_CASE("them leaves out what begins with an underscore") {
  CHECK(fires("  a: {Image: a}\n  _b: {Image: b}\n  condition: all of them\n",
              {{.name = "Image", .value = "a"}}));
}

TEST_CASE("a field that stands several times passes with one of its values") {
  const Fields fields = {{.name = "Image", .value = "a"}, {.name = "Image", .value = "b"}};
  CHECK(item("Image", "b", fields));
  CHECK(item("Image|contains|all", "[a, b]", fields));
  CHECK_FALSE(item("Image|neq", "b", fields));
}

TEST_CASE("a rule looks at its log source alone, under the names that fields have there") {
  const auto rules = rules_of(
      "title: A\nlogsource: {product: windows, category: process_creation}\n"
      "detection: {s: {Image|endswith: '\\x.exe'}, condition: s}\n");
  CHECK(fires(rules, process({{.name = "Image", .value = "c:\\x.exe"}})));
  CHECK_FALSE(fires(rules,
                    {{.name = "Channel", .value = "Microsoft-Windows-Sysmon/Operational"},
                     {.name = "EventID", .value = "7"},
                     {.name = "Image", .value = "c:\\x.exe"}}));
  CHECK(fires(rules,
              {{.name = "Channel", .value = "Security"},
               {.name = "EventID", .value = "4688"},
               {.name = "NewProcessName", .value = "c:\\x.exe"}}));
  const auto web = rules_of(
      "title: B\nlogsource: {category: webserver}\n"
      "detection: {s: {cs-uri-query|contains: '/etc/passwd'}, condition: s}\n");
  CHECK(fires(web, {{.name = "_path", .value = "http"}, {.name = "uri", .value = "/a?b=/etc/passwd"}}));
  const auto windows =
      rules_of("title: C\nlogsource: {product: windows}\ndetection: {s: {User: a}, condition: s}\n");
  CHECK(fires(windows, process({{.name = "User", .value = "a"}})));
}

TEST_CASE("a filter takes hits away from the rules it names, and only from these") {
  const std::string rule =
      "title: A\nid: a\nlogsource: {product: windows, category: process_creation}\n"
      "detection: {s: {Image: x}, condition: s}\n---\n";
  const auto filter = [](std::string_view rules, std::string_view condition) {
    return fmt::format(
        "title: F\nlogsource: {{product: windows, category: process_creation}}\nfilter:\n  rules: {}\n"
        "  s: {{User|startswith: adm_}}\n  condition: {}\n",
        rules,
        condition);
  };
  const auto admin = process({{.name = "Image", .value = "x"}, {.name = "User", .value = "adm_1"}});
  const auto other = process({{.name = "Image", .value = "x"}, {.name = "User", .value = "eve"}});
  for (const auto* const condition : {"s", "not s"})
    for (const auto* const names : {"[a]", "any"}) {
      const auto rules = rules_of(rule + filter(names, condition));
      CHECK_FALSE(fires(rules, admin));
      CHECK(fires(rules, other));
    }
}
