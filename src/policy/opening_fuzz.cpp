// Any bytes as fields opened from a field tree, and any JSON object as the origin of a tree: one encoding
// each, what is opened verifies, and nothing else does.

#include "policy/field_tree.h"
#include "policy/fuzz_expect.h"

using namespace shieldwall;
using namespace shieldwall::policy;

namespace {

void look_at_object(const std::string& text) {
  const auto tree = FieldTree::of(text, sha256("secret"));
  if (!tree) return;
  std::vector<std::string> shown;
  for (const OpenedField& field : tree->fields())
    if (field.path.size() % 2 == 0) shown.push_back(field.path);
  const auto opening = tree->open(shown);
  expect(opening.has_value(), "a field's own path opens nothing");
  const auto fields = verified_fields(*opening, tree->root());
  expect(fields && fields->size() == shown.size(), "what was opened does not verify");
  expect(!verified_fields(*opening, sha256("another")), "another root verifies");
  const auto read = decode_opening(encode(*opening));
  expect(read && *read == *opening, "an opening does not survive its bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto opening = expect_canonical(bytes, [](std::string_view text) { return decode_opening(text); });
  if (opening) expect(!verified_fields(*opening, sha256("another")), "another root verifies");
  if (!opening && bytes.starts_with('{')) look_at_object(bytes);
  return 0;
}
