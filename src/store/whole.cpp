#include "store/whole.h"

namespace shieldwall::store {

Done back_up(Store& store, const std::string& path, Deadline deadline) {
  if (auto* const whole = dynamic_cast<Whole*>(&store)) return whole->back_up_until(path, deadline);
  return store.backup(path);
}

Result<std::vector<std::string>> check(Store& store, Deadline deadline) {
  if (auto* const whole = dynamic_cast<Whole*>(&store)) return whole->check_until(deadline);
  return store.check();
}

}  // namespace shieldwall::store
