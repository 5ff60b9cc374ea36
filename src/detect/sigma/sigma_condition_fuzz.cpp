// Any bytes are read as a condition; what is read names only searches that there are.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "detect/sigma/condition.h"

namespace {

using shieldwall::detect::sigma::Condition;

void check(const Condition& condition, std::size_t names, int depth) {
  using Kind = Condition::Kind;
  if (depth > 500) std::abort();
  if (condition.kind == Kind::name && condition.index >= names) std::abort();
  if (condition.kind == Kind::no && condition.parts.size() != 1) std::abort();
  for (const auto& part : condition.parts) check(part, names, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string names[] = {"selection", "selection_2", "filter_main", "_hidden", "all", "1"};
  const auto condition =
      shieldwall::detect::sigma::read_condition({reinterpret_cast<const char*>(data), size}, names);
  if (condition) check(*condition, std::size(names), 0);
  return 0;
}
