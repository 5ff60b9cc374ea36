#include "base/clock.h"

#include <chrono>

namespace shieldwall {

namespace {

template <typename Source>
std::int64_t microseconds_of() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Source::now().time_since_epoch()).count();
}

class SystemClock final : public Clock {
 public:
  Timestamp now() const override { return {microseconds_of<std::chrono::system_clock>()}; }
  Duration steady() const override { return {microseconds_of<std::chrono::steady_clock>()}; }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace shieldwall
