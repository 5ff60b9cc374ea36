#pragma once
// Work on all that a store keeps, which may take minutes: it ends when its caller's deadline passes.

#include "store/store.h"

namespace shieldwall::store {

/// As Store::backup. errors: also unavailable: `deadline` passed, and there is no copy
Done back_up(Store& store, const std::string& path, Deadline deadline);
/// As Store::check. errors: also unavailable: `deadline` passed
Result<std::vector<std::string>> check(Store& store, Deadline deadline);

/// What a store is beside Store whose whole can be large; one around another passes it on.
class Whole {
 public:
  virtual ~Whole() = default;
  virtual Done back_up_until(const std::string& path, Deadline deadline) = 0;
  virtual Result<std::vector<std::string>> check_until(Deadline deadline) = 0;
};

}  // namespace shieldwall::store
