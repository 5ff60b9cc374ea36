#pragma once
// How long a folder remembers: said once, it holds until somebody says otherwise.

#include <cstdint>
#include <optional>

#include "base/fs.h"
#include "base/result.h"

namespace shieldwall::detect::past {

class PastFolder;

/// How long what was seen is kept, and in how many bytes; the oldest goes first. 0: no limit.
struct Retention {
  std::uint32_t days = 400;
  std::uint64_t bytes_max = 0;
};

/// What is said now; what is not, stays as it was.
struct RetentionWish {
  std::optional<std::uint32_t> days = {};
  std::optional<std::uint64_t> bytes_max = {};
};

/// What holds for the folder from now on: the wish, else what was said before, else the default. A wish is
/// kept for who says nothing the next time.
///   errors  corrupt: what was kept cannot be read, so nobody knows what may be forgotten; as Fs
Result<Retention> settle_retention(Fs& fs, const PastFolder& folder, const RetentionWish& wish);

}  // namespace shieldwall::detect::past
