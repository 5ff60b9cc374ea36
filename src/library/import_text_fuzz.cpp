// An import's text: what is found does not depend on the pieces in which it comes.

#include <cstdlib>

#include "library/import_text.h"

namespace {

using namespace shieldwall;

struct Found {
  std::vector<std::string> objects;
  std::size_t bad = 0;
  bool whole = false;
  auto operator<=>(const Found&) const = default;
};

Found read(std::string_view text, std::size_t piece) {
  library::ImportText reader({});
  Found found;
  found.whole = true;
  for (std::size_t i = 0; i < text.size() && found.whole; i += piece)
    found.whole = reader.push(text.substr(i, piece), found.objects).has_value();
  if (found.whole) found.whole = reader.finish(found.objects).has_value();
  found.bad = reader.take_bad_lines().size();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto at_once = read(text, size + 1);
  const auto in_pieces = read(text, 1 + size % 13);
  if (at_once.whole != in_pieces.whole) std::abort();
  if (at_once.whole && at_once != in_pieces) std::abort();
  return 0;
}
