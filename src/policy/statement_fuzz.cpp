// Any bytes as a statement, alone or signed: one encoding each.

#include "policy/batch.h"
#include "policy/fuzz_expect.h"
#include "policy/statement.h"

using namespace shieldwall;
using namespace shieldwall::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto statement =
      expect_canonical(bytes, [](std::string_view text) { return decode_statement(text); });
  if (statement) expect(check(*statement).has_value(), "a statement that breaks a rule was taken");
  const auto made =
      expect_canonical(bytes, [](std::string_view text) { return decode_signed_statement(text); });
  if (made) expect(decode_statement(made->statement).has_value(), "a statement inside cannot be read");
  return 0;
}
