#include "model/pattern.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "model/json.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

std::string error_of(std::string_view text, PatternSpelling spelling = PatternSpelling::v2_1) {
  const auto pattern = parse_pattern(text, spelling);
  return pattern ? "" : pattern.error().message;
}

bool parses(std::string_view text, PatternSpelling spelling = PatternSpelling::v2_1) {
  return parse_pattern(text, spelling).has_value();
}

/// The tree with all parentheses written out.
std::string shown(const ComparisonExpression& e) {
  if (e.comparison) return e.comparison->path.text();
  std::string out;
  for (const auto& child : e.children)
    out += (out.empty() ? "(" : e.junction == Junction::conjunction ? "&" : "|") + shown(child);
  return out + ")";
}

std::string shown(const ObservationExpression& e) {
  std::string out;
  if (e.observation) {
    out = "[" + shown(*e.observation) + "]";
  } else {
    const auto* const mark = e.junction == Junction::conjunction   ? "&"
                             : e.junction == Junction::disjunction ? "|"
                                                                   : ">";
    for (const auto& child : e.children) out += (out.empty() ? "(" : mark) + shown(child);
    out += ")";
  }
  for (const auto& qualifier : e.qualifiers) out += "wrs"[qualifier.index()];
  return out;
}

std::string tree(std::string_view text) {
  const auto pattern = parse_pattern(text);
  return pattern ? shown(pattern->root) : "invalid: " + pattern.error().message;
}

const Comparison& only_comparison(const Pattern& pattern) {
  return *pattern.root.observation->comparison;
}

std::string values(std::string_view text) {
  const auto found = equality_values(text);
  if (!found) return "invalid: " + found.error().message;
  std::string out;
  for (const auto& value : *found)
    out += std::string(out.empty() ? "" : " ") + std::string(name_of(value.kind)) + "=" + value.text;
  return out;
}

}  // namespace

TEST_CASE("AND binds before OR inside brackets; AND, OR, FOLLOWEDBY in this order between them") {
  CHECK(tree("[a:b=1 OR c:d=2 AND e:f=3 OR g:h=4]") == "[(a:b|(c:d&e:f)|g:h)]");
  CHECK(tree("[(a:b=1 OR c:d=2) AND e:f=3]") == "[((a:b|c:d)&e:f)]");
  CHECK(tree("[a:b=1] FOLLOWEDBY [c:d=1] OR [e:f=1] AND [g:h=1]") == "([a:b]>([c:d]|([e:f]&[g:h])))");
  CHECK(tree("([a:b=1] FOLLOWEDBY [c:d=1]) AND [e:f=1]") == "(([a:b]>[c:d])&[e:f])");
}

TEST_CASE("a qualifier binds to what stands directly left of it") {
  CHECK(tree("[a:b=1] AND [c:d=1] WITHIN 5 SECONDS") == "([a:b]&[c:d]w)");
  CHECK(tree("([a:b=1] AND [c:d=1]) WITHIN 5.5 SECONDS REPEATS 2 TIMES") == "([a:b]&[c:d])wr");
  CHECK(tree("([a:b=1] REPEATS 2 TIMES) WITHIN 5 SECONDS") == "([a:b]r)w");
  CHECK(tree("[a:b=1] START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'") == "[a:b]s");
  CHECK_FALSE(parses("[a:b=1] REPEATS 2 TIMES REPEATS 3 TIMES"));
  CHECK(parse_pattern(
      "[a:b=1] REPEATS 2 TIMES REPEATS 3 TIMES", PatternSpelling::v2_1, RepeatedQualifiers::accepted));
  CHECK(parses("([a:b=1]) WITHIN 5 SECONDS WITHIN 6 SECONDS"));
  CHECK_FALSE(parses("[a:b=1] WITHIN 0 SECONDS"));
  CHECK_FALSE(parses("[a:b=1] REPEATS 1.5 TIMES"));
}

TEST_CASE("every operator parses, with NOT before it") {
  for (const std::string op :
       {"=", "==", "!=", "<>", "<", "<=", ">", ">=", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}) {
    CHECK_MESSAGE(parses("[a:b " + op + " 'x']"), op);
    CHECK_MESSAGE(only_comparison(*parse_pattern("[a:b NOT " + op + " 'x']")).negated, op);
  }
  CHECK(only_comparison(*parse_pattern("[a:b NOT IN (1, 'x', true)]")).literals.size() == 3);
  CHECK(only_comparison(*parse_pattern("[NOT EXISTS a:b]")).op == PatternOperator::exists);
  CHECK_FALSE(parses("[EXISTS a:b]", PatternSpelling::v2_0));
  CHECK_FALSE(parses("[a:b LIKE 5]"));
  CHECK_FALSE(parses("[a:b < true]"));
  CHECK_FALSE(parses("[NOT a:b = 1]"));
}

TEST_CASE("every kind of literal keeps its meaning") {
  const auto literal = [](const std::string& text) {
    const auto pattern = parse_pattern("[a:b = " + text + "]");
    return pattern ? only_comparison(*pattern).literals[0] : PatternLiteral{.text = pattern.error().message};
  };
  CHECK(literal(R"('it\'s a \\')").text == "it's a \\");
  CHECK(literal("-.5").kind == PatternLiteral::Kind::floating);
  CHECK(literal("+7").text == "+7");
  CHECK(literal("true").boolean);
  CHECK(literal("b'AAEC'").text == std::string("\0\1\2", 3));
  CHECK(literal("b'AAE='").text == std::string("\0\1", 2));
  CHECK(literal("h'00ff'").text == std::string("\0\xff", 2));
  CHECK(literal("t'2024-01-15T12:30:45.5Z'").text == "2024-01-15T12:30:45.5Z");
  for (const std::string text : {"007",
                                 "1.",
                                 "b''",
                                 "b'A'",
                                 "b'A==='",
                                 "h'0'",
                                 "h'0g'",
                                 "t'2024-01-15'",
                                 "'a",
                                 R"('\n')",
                                 "null",
                                 "1e5"})
    CHECK_MESSAGE(!parses("[a:b = " + text + "]"), text);
}

TEST_CASE("a path has names, quoted names, indexes and [*], and writes itself back") {
  for (const std::string path : {"file:hashes.'SHA-3'", "x-y:'first-one'", "a:b[0].c[*].d", "a:b[-1]"})
    CHECK(only_comparison(*parse_pattern("[" + path + " = 1]")).path.text() == path);
  CHECK(error_of("[file:ntfs-ext = 1]").find("is quoted: 'ntfs-ext'") != std::string::npos);
  CHECK_FALSE(parses("[file.size = 1]"));
  CHECK_FALSE(parses("[a:IN = 1]"));
  CHECK_FALSE(parses("[a:b[1.5] = 1]"));
  CHECK_FALSE(parses("[a:b[99999999999999999999] = 1]"));
}

TEST_CASE("white space of any script and comments are skipped") {
  CHECK(tree("[ a\u00a0: /* x ' ] */ b\u3000= 1 // end\n]") == "[a:b]");
  CHECK_FALSE(parses("[a:b = 1 /* ]"));
}

TEST_CASE("an error names the offset and what belongs there") {
  CHECK(error_of("[file:size = ]").starts_with("at 13: ']' where a value"));
  CHECK(error_of("").starts_with("at 0: the end where '[' or '('"));
  CHECK(error_of("[a:b=1] [c:d=1]").starts_with("at 8: '[' where AND, OR"));
  CHECK(error_of("[a:b=1] within 2 seconds").starts_with("at 8: 'within'"));
}

TEST_CASE("nesting, length and number of terms have limits") {
  const auto nested = [](int depth) {
    return "[" + std::string(static_cast<std::size_t>(depth), '(') + "a:b=1" +
           std::string(static_cast<std::size_t>(depth), ')') + "]";
  };
  CHECK(parses(nested(pattern_depth_max)));
  CHECK(parse_pattern(nested(pattern_depth_max + 1)).error().code == ErrorCode::exhausted);
  CHECK(parse_pattern(std::string(100'000, '(')).error().code == ErrorCode::exhausted);
  CHECK(parse_pattern(std::string(pattern_bytes_max + 1, ' ')).error().code == ErrorCode::exhausted);
  std::string many = "[a:b IN (1";
  for (std::size_t i = 0; i < pattern_terms_max - 2; ++i) many += ",1";
  CHECK(parses(many + ")]"));
  CHECK(parse_pattern(many + ",1)]").error().code == ErrorCode::exhausted);
}

TEST_CASE("a comparison of a hash with what cannot be one is refused") {
  CHECK_FALSE(parses("[file:hashes.MD5 = 'abc']"));
  CHECK_FALSE(parses("[file:hashes.'SHA-256' IN ('0123456789abcdef0123456789abcdef')]"));
  CHECK(parses("[file:hashes.MD5 LIKE 'abc%']"));
  CHECK(parses("[file:hashes.SSDEEP = 'abc']"));
}

TEST_CASE("START and STOP take plain text in the 2.0 spelling alone") {
  const auto* const old = "[a:b=1] START '2024-01-01T00:00:00Z' STOP '2024-01-02T00:00:00Z'";
  CHECK(parses(old, PatternSpelling::v2_0));
  CHECK_FALSE(parses(old));
  CHECK_FALSE(parses("[a:b=1] START '2024' STOP '2025'", PatternSpelling::v2_0));
}

TEST_CASE("the values a pattern compares with = or IN are found wherever they stand, in canonical form") {
  CHECK(values("[ipv4-addr:value = '192.0.2.77/24'] FOLLOWEDBY [url:value='HTTP://E.example' OR "
               "domain-name:value IN ('B.example','A.example')]") ==
        "ipv4_cidr=192.0.2.0/24 domain=a.example domain=b.example url=http://e.example/");
  CHECK(values("[file:hashes.'SHA-1' = '" + std::string(40, 'A') + "' AND file:name = 'X.EXE']") ==
        "sha1=" + std::string(40, 'a') + " file_name=x.exe");
  CHECK(values("[network-traffic:src_ref.value = '::1' OR email-message:to_refs[3].value = 'A@b.example']") ==
        "ipv6=::1 email=a@b.example");
  CHECK(values("[autonomous-system:number = 64500 AND windows-registry-key:key = 'HKLM\\\\Run']") ==
        "registry_key=hkey_local_machine\\run asn=64500");
  CHECK(values("[ipv4-addr:value != '192.0.2.1' OR ipv4-addr:value NOT = '192.0.2.1' OR ipv4-addr:value LIKE "
               "'1%']")
            .empty());
  CHECK(values("[ipv4-addr:value = 'nonsense' OR ipv4-addr:value = 5 OR file:size = 5]").empty());
  CHECK(values("[ipv4-addr:value = '192.0.2.1'] OR [ipv4-addr:value = '192.0.2.1']") == "ipv4=192.0.2.1");
  CHECK(values("[ipv4-addr:value = '192.0.2.1'] START '2024-01-01T00:00:00Z' STOP '2024-01-02T00:00:00Z'") ==
        "ipv4=192.0.2.1");
  CHECK(values("[ipv4-addr:value = ").starts_with("invalid"));
}

TEST_CASE("the public conformance cases have their verdict") {
  const std::string path = SHIELDWALL_SOURCE_DIR "/../shared/data/conformance/pattern_syntax_cases.jsonl";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: no conformance cases beside the checkout");
    return;
  }
  std::ifstream lines(path);
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const auto document = JsonDocument::parse(line);
    REQUIRE(document);
    const auto field = [&](const char* key) { return std::string(document->root().find(key)->string()); };
    const auto spelling = field("stix_version") == "2.0" ? PatternSpelling::v2_0 : PatternSpelling::v2_1;
    const auto pattern = field("pattern");
    CHECK_MESSAGE(parses(pattern, spelling) == (field("expected") == "valid"),
                  field("case"),
                  " ",
                  pattern,
                  " ",
                  error_of(pattern, spelling));
  }
  CHECK(cases > 0);
}
