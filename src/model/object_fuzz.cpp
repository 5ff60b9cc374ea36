// Any JSON: checking never crashes, its findings point into the object, and what is read keeps its bytes.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "model/object.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::size_t errors_in(const std::vector<Finding>& findings) {
  std::size_t errors = 0;
  for (const Finding& finding : findings) {
    expect(finding.pointer.empty() || finding.pointer.starts_with('/'), "a finding's pointer is none");
    expect(!finding.message.empty() && !finding.section.empty() && !finding.rule.empty(),
           "a finding says too little");
    expect(is_valid_utf8(finding.message), "a finding's message is no text");
    errors += finding.severity == Severity::error;
  }
  return errors;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = JsonDocument::parse(text);
  if (!document) return 0;
  const Json root = document->root();
  const auto findings = check_object(root);
  const auto errors = errors_in(findings);
  expect(errors_in(check_object(root, {.strict = true})) == findings.size(),
         "strict does not turn every warning into an error");
  expect(check_object(root, {.warnings = false}).size() == errors, "untold warnings change the errors");
  const auto object = read_object(root);
  expect(object.has_value() == (errors == 0), "reading and checking disagree");
  if (object) {
    expect(text.contains(*object->bytes), "the bytes are not the object's");
    const auto id = ObjectId::parse(object->id.text());
    expect(id.has_value() && *id == object->id, "an id does not survive its text");
  }
  (void)deterministic_id(root);
  (void)searchable_text(root);
  return 0;
}
