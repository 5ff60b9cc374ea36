#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "model/object.h"

using namespace shieldwall;
using namespace shieldwall::model;

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

bool flag(const Json& options, std::string_view name) {
  const auto value = options.find(name);
  return value && value->boolean();
}

std::set<std::string> list_of(const Json& options, std::string_view name) {
  std::set<std::string> names;
  if (const auto value = options.find(name)) {
    const Json list = *value;
    for (const Json element : list) names.emplace(element.string());
  }
  return names;
}

/// Which of our rules one of the reference's checks is.
const std::multimap<std::string, std::string> rules_of_check = {
    {"extensions-use", "custom-property"},
    {"extensions-use", "custom-object"},
    {"extensions-use", "custom-extension"},
    {"custom-prefix", "custom-name"},
    {"attack-motivation", "attack-motivation-ov"},
    {"attack-resource-level", "attack-resource-level-ov"},
    {"malware-types", "malware-type-ov"},
    {"threat-actor-role", "threat-actor-role-ov"},
    {"threat-actor-types", "threat-actor-type-ov"},
    {"windows-pebinary-type", "windows-pebinary-type-ov"},
    {"windows-process-priority-format", "process-priority"},
    {"kill-chain-names", "kill-chain-name"},
    {"extref-hashes", "external-reference-hashes"},
    {"countries", "country"},
    {"pdf-doc-info", "pdf-information"},
    {"observable-dictionary-keys", "dictionary-key-case"},
    {"extension-properties", "extension-properties"},
};

bool is_valid(const Json& instance, const Json& options, std::string& why) {
  const auto disabled = list_of(options, "disabled");
  std::set<std::string> ignored;
  for (const auto& check : disabled)
    for (auto [row, end] = rules_of_check.equal_range(check); row != end; ++row) ignored.insert(row->second);
  if (disabled.contains("custom-prefix") && disabled.contains("custom-prefix-lax"))
    ignored.insert("custom-name-prefix");
  const bool strict = flag(options, "strict");
  for (const Finding& finding : check_object(instance)) {
    const bool counts =
        finding.severity == Severity::error || (strict && !ignored.contains(std::string(finding.rule)));
    if (counts)
      why += fmt::format(
          "\n    {} {} '{}': {}", finding.section, finding.rule, finding.pointer, finding.message);
  }
  return why.empty();
}

/// A case on which we and the reference disagree, and what decides it.
struct Difference {
  std::string_view id;
  bool valid;  // our verdict
  std::string_view section;
  std::string_view reason;
};

constexpr std::string_view only_defined =
    "the case forbids every custom property; an extension may add them, custom ones are deprecated but "
    "allowed";
constexpr std::string_view own_schema =
    "the case adds a schema of its own that the object breaks; the standard has no such rule";
constexpr std::string_view forced_v2_0 =
    "the case asks for STIX 2.0; an object is judged by the version it states";
constexpr std::string_view short_uuid = "the last group of the referenced UUID has eleven digits";
constexpr std::string_view ellipsis = "the example cuts its payload short with ' ...', which is no base64";

constexpr Difference object_differences[] = {
    {"sv-0010", true, "7.3, 11.1", only_defined},
    {"sv-0013", true, "7.3, 11.1", only_defined},
    {"sv-0293", true, "7.3, 11.1", only_defined},
    {"sv-0304", true, "7.3, 11.1", only_defined},
    {"sv-0307", true, "7.3, 11.1", only_defined},
    {"sv-0083", true, "4.7.1", own_schema},
    {"sv-0091", true, "7.3", own_schema},
    {"sv-0119",
     true,
     "9.7, 11.2.1",
     "a pattern may name any type of object; the prefix 'x-' is a SHOULD for who defines one"},
    {"sv-0145", true, "3.2", "created_by_ref is optional; the interoperability profile alone requires it"},
    {"sv-0230", false, "2.9", short_uuid},
    {"sv-0233", false, "2.9", short_uuid},
    {"sv-0245", false, "2.9", short_uuid},
    {"sv-0425", true, "3.2", forced_v2_0},
    {"sv-0437", true, "3.2", forced_v2_0},
    {"sv-0441", true, "3.2", forced_v2_0},
    {"sv-0443", true, "3.2", forced_v2_0},
    {"sv-0444", true, "3.2", forced_v2_0},
};

constexpr Difference example_differences[] = {
    {"sx-037", false, "2.1", ellipsis},
    {"sx-038", false, "2.1", ellipsis},
    {"sx-160", false, "2.1", ellipsis},
    {"sx-164", false, "10.5", "the example writes property_extension with an underscore"},
};

/// Fails on a difference that is not in the table, and on a row that no longer differs.
void compare(std::span<const Difference> table,
             const std::string& id,
             bool ours,
             bool reference,
             const std::string& why) {
  const auto row = std::ranges::find(table, std::string_view(id), &Difference::id);
  if (row == table.end())
    CHECK_MESSAGE(ours == reference, id, ": we say ", ours ? "valid" : "invalid", why);
  else
    CHECK_MESSAGE((ours == row->valid && ours != reference),
                  id,
                  ": the table says §",
                  row->section,
                  ", ",
                  row->reason,
                  why);
}

}  // namespace

TEST_CASE("objects get the reference validator's verdict, or the standard says why not") {
  for (const auto& document : read_cases("stix_object_cases.jsonl")) {
    const Json test = document.root();
    std::string why;
    const bool valid = is_valid(*test.find("instance"), *test.find("options"), why);
    compare(object_differences, text_of(test, "case"), valid, text_of(test, "expected") == "valid", why);
  }
}

TEST_CASE("the examples of the standard are taken, or the standard says why not") {
  for (const auto& document : read_cases("stix_spec_examples.jsonl")) {
    const Json test = document.root();
    std::string why;
    const bool valid = is_valid(*test.find("object"), test, why);  // a case without options
    compare(example_differences,
            text_of(test, "case"),
            valid,
            text_of(test, "reference_library") == "accepted",
            why);
  }
}

TEST_CASE("observables get the deterministic ids of the reference") {
  for (const auto& document : read_cases("sco_deterministic_ids.jsonl")) {
    const Json test = document.root();
    const auto id = deterministic_id(*test.find("object_without_id"));
    CHECK_MESSAGE((id ? id->text() : "none") == text_of(test, "expected_id"), test.raw());
  }
}
