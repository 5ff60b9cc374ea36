// A canonical form is its own canonical form, for every kind.
#include <cstdlib>

#include "base/text.h"
#include "model/canonical.h"
#include "model/canonical_parts.h"

using namespace shieldwall::model;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const CanonicalValue& value, ValueKind asked) {
  const auto same = canonical(value.kind, value.text);
  require(same && *same == value);
  const auto again = canonical(asked, value.text);
  require(again && *again == value);
  require(shieldwall::is_valid_utf8(value.text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (int kind = 1; kind <= 21; ++kind)
    if (const auto value = canonical(static_cast<ValueKind>(kind), text))
      check(*value, static_cast<ValueKind>(kind));
  if (const auto value = canonical_guess(text)) check(*value, value->kind);
  const auto plain = refanged(text);
  require(refanged(plain) == plain);
  return 0;
}
