#pragma once
// What fuzz targets of this room hold every input to. Aborts when it does not hold.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/result.h"
#include "base/text.h"

namespace shieldwall::policy {

inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// Exactly one encoding: what is taken encodes to the very bytes it was read from, and reads back the same.
/// What is refused is refused with words that can be shown.
template <typename Decode>
auto expect_canonical(const std::string& bytes, Decode&& decode) {
  auto value = decode(bytes);
  if (!value) {
    expect(value.error().code == ErrorCode::invalid || value.error().code == ErrorCode::exhausted,
           "refused as something else than invalid or too large");
    expect(!value.error().message.empty() && is_valid_utf8(value.error().message), "a message is no text");
    return value;
  }
  const auto again = encode(*value);
  expect(again == bytes, "another encoding of the same value was taken");
  const auto read_again = decode(again);
  expect(read_again && *read_again == *value, "a value does not survive its own bytes");
  return value;
}

}  // namespace shieldwall::policy
