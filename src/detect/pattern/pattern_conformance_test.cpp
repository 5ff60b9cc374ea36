#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "detect/pattern/expression.h"

using namespace shieldwall;
using namespace shieldwall::detect;
using model::Json;
using model::JsonDocument;

namespace {

std::vector<JsonDocument> read_cases(const std::string& name) {
  const std::string path = std::string(SHIELDWALL_SOURCE_DIR "/../shared/data/conformance/") + name;
  std::ifstream file(path);
  if (!file) MESSAGE("skipped: ", path, " is not there");
  std::vector<JsonDocument> cases;
  for (std::string line; std::getline(file, line);) cases.push_back(*JsonDocument::parse(line));
  return cases;
}

std::string text_of(const Json& json, std::string_view name) {
  return std::string(json.find(name)->string());
}

/// As `shieldwall pattern match` ends: match, nomatch, or an error, which the reference divides in two.
struct Verdict {
  std::string what;
  std::string why;
  std::vector<std::string> ids;
};

Verdict verdict_of(const std::string& pattern, const JsonDocument& content) {
  const auto code = PatternCode::compile(pattern);
  if (!code) return {"error", code.error().message, {}};
  const auto observations = read_observations(content);
  if (!observations) return {"error", observations.error().message, {}};
  const auto verdict = match_pattern(*code, *observations);
  if (!verdict) return {"error", verdict.error().message, {}};
  if (!verdict->matched && !verdict->undecided.empty()) return {"error", verdict->undecided, {}};
  Verdict made{verdict->matched ? "match" : "nomatch", {}, {}};
  for (const auto which : verdict->bound) made.ids.push_back((*observations)[which].id);
  return made;
}

/// Cases where our verdict is another than the reference's, and what decides it. Of the public cases there is
/// none; a new one is a new row, and a row that no longer differs fails.
struct Difference {
  std::string_view id;
  std::string_view ours;
  std::string_view section;
  std::string_view reason;
};
constexpr std::array<Difference, 0> differences;

/// Cases with several bindings, of which the standard prefers none (section 9.5) and we take another than the
/// reference.
constexpr std::string_view other_bindings[] = {
    "pm-2.1-0688",  // ORs of brackets: the reference takes the first bracket's, we the earliest observation
};

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  for (const Json element : list) texts.emplace_back(element.string());
  return texts;
}

void check_verdict(const std::string& id,
                   const std::string& pattern,
                   const Verdict& ours,
                   std::string expected) {
  if (expected.ends_with("error")) expected = "error";
  const auto row = std::ranges::find(differences, std::string_view(id), &Difference::id);
  if (row == differences.end())
    CHECK_MESSAGE(ours.what == expected, id, " ", pattern, ": ", ours.why);
  else
    CHECK_MESSAGE(
        (ours.what == row->ours && ours.what != expected), id, ": §", row->section, ", ", row->reason);
}

}  // namespace

TEST_CASE("the public pattern matching cases have their verdict, each difference named") {
  std::map<std::string, std::string> contents;
  for (const auto& one : read_cases("pattern_match_observations.jsonl")) {
    const Json content = *one.root().find("content");
    contents[text_of(one.root(), "observations")] = content.raw();
  }
  for (const auto& one : read_cases("pattern_match_cases.jsonl")) {
    const auto root = one.root();
    const auto id = text_of(root, "case");
    const auto pattern = text_of(root, "pattern");
    const auto content = JsonDocument::parse(contents.at(text_of(root, "observations")));
    REQUIRE(content);
    const auto ours = verdict_of(pattern, *content);
    check_verdict(id, pattern, ours, text_of(root, "expected"));
    if (const auto first = root.find("first_binding_ids"); first && ours.what == "match") {
      const bool other = std::ranges::count(other_bindings, id) > 0;
      CHECK_MESSAGE((texts_of(*first) == ours.ids) != other, id, " ", pattern);
    }
  }
}
