#include "detect/sigma/regex.h"

#include <doctest/doctest.h>

#include "detect/sigma/glob.h"

using namespace shieldwall::detect::sigma;

namespace {

using Texts = std::vector<std::string>;

Texts needs(const std::string& expression) {
  return Regex(expression).needs().value_or(Texts{});
}

}  // namespace

TEST_CASE("of a regular expression the longest text is known that it is never found without") {
  CHECK(needs(R"((?i)\.exe["']?\s+[^"]{0,64}WerFault\.exe)") == Texts{"werfault.exe"});
  CHECK(needs(R"(\w+`(?:\w+|-|.)`[\w+|\s])") == Texts{"`"});
  CHECK(needs("one|other").size() == 2);
  CHECK(needs(R"(\s[a-f0-9]{64})").empty());
  CHECK(needs("a?").empty());
  CHECK(needs("e.*a").empty());  // single letters stand nearly everywhere
}

TEST_CASE("what a regular expression is found in is never turned away before") {
  for (const std::string expression : {R"((?i)\.exe["']?\s+x)",
                                       R"("(?:\{\d\})+"\s*-f)",
                                       "one|other",
                                       "(?i)stra\xC3\x9F"
                                       "e",
                                       "(?i)kit",
                                       "a{0,3}b|c+",
                                       R"(\w+`(?:\w+|-|.)`[\w+|\s])"}) {
    const Regex regex(expression);
    for (const std::string text : {"A.EXE\" x",
                                   R"("{0}{1}" -f)",
                                   "another",
                                   "STRA\xC3\x9F"
                                   "E",
                                   "\xE2\x84\xAAit",  // the sign of kelvin is a k to RE2
                                   "b",
                                   "a`b` ",
                                   ""}) {
      CAPTURE(expression);
      CAPTURE(text);
      CHECK((!regex.found_in(text) || regex.may_be_in(folded(text, View::lower))));
    }
  }
  CHECK(Regex("(?i)kit").found_in("\xE2\x84\xAAit"));
  CHECK(!Regex("(?i)kit").may_be_in("k it"));
}
