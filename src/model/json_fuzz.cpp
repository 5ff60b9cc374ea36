// Any text: our reader and simdjson's agree, and what is accepted survives its canonical form.

#include <cstdio>
#include <cstdlib>

#include "model/json_differential.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

void expect(bool good, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

void visit(const Json& value) {
  expect(value.is(JsonKind::string) ? is_valid_utf8(value.string()) : !value.raw().empty(),
         "a value is not as promised");
  for (const Json element : value) {
    expect(value.raw().contains(element.raw()), "an element lies outside its container");
    if (value.is(JsonKind::object))
      expect(value.find(element.key())->offset() == element.offset(), "find misses a member");
    visit(element);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static simdjson::dom::parser parser;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string complaint = disagreement(parser, text);
  expect(complaint.empty(), complaint);
  const auto document = JsonDocument::parse(text);
  if (!document) return 0;
  visit(document->root());
  const std::string canonical = canonical_json(document->root());
  const auto again = JsonDocument::parse(canonical);
  expect(again.has_value(), "the canonical form does not parse: " + canonical);
  expect(canonical_json(again->root()) == canonical, "the canonical form of " + canonical + " is another");
  return 0;
}
