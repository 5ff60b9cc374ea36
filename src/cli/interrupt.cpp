#include "cli/interrupt.h"

#include <csignal>

namespace shieldwall::cli {

namespace {

std::atomic<bool> flag{false};

extern "C" void on_interrupt(int) {
  flag = true;
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace

const std::atomic<bool>& interrupted() {
  [[maybe_unused]] static const auto before = std::signal(SIGINT, on_interrupt);
  return flag;
}

}  // namespace shieldwall::cli
