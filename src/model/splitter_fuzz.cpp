// Any text, cut into pieces anywhere: the same objects and the same verdict, and nothing larger than the
// limit.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "model/object.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

constexpr std::size_t object_bytes_max = 200;

void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Split {
  std::vector<std::string> objects;
  bool good = false;
  std::string envelope;
};

Split split_in(std::string_view text, std::size_t piece) {
  ObjectSplitter splitter(object_bytes_max);
  Split split;
  Done done;
  for (std::size_t at = 0; at < text.size() && done; at += piece)
    done = splitter.push(text.substr(at, piece), split.objects);
  if (done) done = splitter.finish();
  split.good = done.has_value();
  split.envelope = splitter.envelope();
  return split;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Split whole = split_in(text, size + 1);
  for (const auto& object : whole.objects) {
    expect(!object.empty() && object.size() <= object_bytes_max, "an object of the wrong size");
    expect(text.contains(object), "an object that was not there");
  }
  for (const std::size_t piece : {1, 2, 7}) {
    const Split pieces = split_in(text, piece);
    expect(pieces.objects == whole.objects && pieces.good == whole.good && pieces.envelope == whole.envelope,
           "the pieces decide what is seen");
  }
  // Whatever is a JSON object or list is taken, and a list gives all of its elements.
  const auto document = JsonDocument::parse(std::string(text));
  if (!document || !document->root().is(JsonKind::array) || !whole.good) return 0;
  expect(document->root().size() == whole.objects.size(), "a list lost or gained elements");
  auto element = document->root().begin();
  for (const auto& object : whole.objects) {
    expect((*element).raw() == object, "an element is not as it was");
    ++element;
  }
  return 0;
}
