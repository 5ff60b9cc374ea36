// Any bytes as a label: one encoding each, and what is taken joins, narrows and is interned like any other.

#include "policy/fuzz_expect.h"
#include "policy/label_json.h"
#include "policy/released.h"

using namespace shieldwall;
using namespace shieldwall::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (const auto parts = decode_parts(bytes))
    expect(encode_parts(*parts) == bytes, "another encoding of the same marked parts was taken");
  const auto label = expect_canonical(bytes, [](std::string_view text) { return decode_label(text); });
  if (!label) return 0;
  expect(check_limits(*label).has_value(), "a label over the limits was taken");
  expect(canonical(*label) == *label, "what was read is not canonical");
  const auto itself = join(*label, *label);
  expect(itself && *itself == *label, "a label joined with itself is another");
  expect(at_least_as_wide(*label, *label), "a label is narrower than itself");
  const auto document = model::JsonDocument::parse(label_json(*label));
  expect(document.has_value(), "the readable form is no JSON");
  const auto read = read_label_json(document->root());
  expect(read && *read == *label, "a label does not survive its readable form");
  LabelTable table;
  const LabelId id = table.intern(*label);
  expect(table.intern(*label) == id && table.at(id) == shared_part(*label), "interning changes a label");
  Subject subject;
  if (!label->audience.empty()) subject.own.organisation = label->audience.back().owner;
  const Scope scope = Scope::of(subject);
  expect(Decider(scope, table).may_see(id, LabelColumns::of(*label), {0}) == scope.sees(*label, {0}),
         "the compiled decision is another");
  return 0;
}
