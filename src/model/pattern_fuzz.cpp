// No text makes the pattern parser crash or hang, and a path that parsed parses again from its own text.
#include <cstdlib>

#include "model/pattern.h"

using namespace shieldwall::model;

namespace {

void check(const ComparisonExpression& expression) {
  for (const auto& child : expression.children) check(child);
  if (!expression.comparison) return;
  const auto text = expression.comparison->path.text();
  if (text.find('\\') != text.npos || text.find('\'') != text.npos) return;
  const auto again = parse_pattern("[" + text + " = 1]");
  if (!again || again->root.observation->comparison->path.text() != text) std::abort();
}

void check(const ObservationExpression& expression) {
  for (const auto& child : expression.children) check(child);
  if (expression.observation) check(*expression.observation);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto spelling : {PatternSpelling::v2_1, PatternSpelling::v2_0})
    if (const auto pattern = parse_pattern(text, spelling)) check(pattern->root);
  if (const auto values = equality_values(text))
    for (const auto& value : *values) {
      const auto again = canonical(value.kind, value.text);
      if (!again || *again != value) std::abort();
    }
  return 0;
}
