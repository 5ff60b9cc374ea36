#pragma once
// Asks the past about every indicator that arrives, beside the node's other work.

#include <string>
#include <thread>

#include "base/clock.h"
#include "base/fs.h"
#include "store/store.h"

namespace shieldwall::server {

class ArrivalHunter {
 public:
  /// Works until it is destroyed; `store` outlives it. `folder` is where `scan --remember` of this node keeps
  /// its past; while there is none it costs a look a second.
  ArrivalHunter(store::Store& store, Fs& fs, const Clock& clock, std::string folder);

 private:
  std::jthread thread_;
};

}  // namespace shieldwall::server
