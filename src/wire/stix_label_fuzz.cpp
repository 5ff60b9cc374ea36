// Any object with markings, the first line, and any marking definition it may name, the rest: the label is
// never wider than the door's ceiling, parts never wider than the whole, and what leaves says the same when
// it comes back.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "wire/stix_label.h"

using namespace shieldwall;
using namespace shieldwall::wire;

namespace {

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

LabelSource door() {
  const OrganisationId receiver{Uuid::named({}, "receiver")};
  policy::Label ceiling;
  ceiling.audience = {
      {.owner = receiver,
       .inside = policy::CircleAudience{.circle = {Uuid::named({}, "circle")}, .membership_version = 3}}};
  return source_under(ceiling, receiver);
}

void look_at_way_out(const std::string& text, const policy::Label& label, const MarkingLookup& lookup) {
  const auto bytes = rewrite_markings(text, label, lookup);
  if (!bytes) return;
  const auto again = rewrite_markings(*bytes, label, lookup);
  expect(again && *again == *bytes, "rewriting twice differs from once");
  const auto document = model::JsonDocument::parse(*bytes);
  expect(document.has_value(), "rewriting markings breaks the JSON");
  expect(outer_tlp(label) >= label.tlp, "the outer TLP is more open than the label");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  const std::string text = input.substr(0, line);
  const auto definition = std::make_shared<const std::string>(input.substr(std::min(line + 1, input.size())));
  const MarkingLookup lookup = [&](const model::ObjectId&) {
    return definition->empty() ? nullptr : definition;
  };
  const auto document = model::JsonDocument::parse(text);
  if (!document) return 0;
  const auto object = model::read_object(document->root());
  if (!object) return 0;
  const LabelSource source = door();
  const auto label = label_of(*object, source, lookup);
  if (!label) return 0;
  expect(policy::at_least_as_wide(source.ceiling, *label), "a label is wider than its door's ceiling");
  expect(policy::check_limits(*label).has_value(), "a label over the limits was made");
  const auto parts = parts_of(*object, *label, source, lookup);
  if (parts)
    for (const auto& part : *parts)
      expect(policy::at_least_as_wide(*label, part.label), "a part is wider than the whole");
  look_at_way_out(text, *label, lookup);
  return 0;
}
