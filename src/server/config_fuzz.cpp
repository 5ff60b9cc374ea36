// The configuration file: whatever stands in it is taken or refused with a line; what is taken keeps the
// promises that the rest of the node builds on, and survives being written and read again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/address.h"
#include "server/config.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::server;

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> no_environment(std::string_view) {
  return std::nullopt;
}

void check(const ListenerConfig& listener) {
  const auto address = net::IpAddress::parse(listener.address);
  require(address.has_value());
  require(!listener.enabled || listener.tls || listener.behind_proxy || address->is_loopback());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = read_config(text, no_environment);
  if (!config) {
    require(!config.error().message.empty() && config.error().message.size() < 1000);
    return 0;
  }
  check(config->tools);
  check(config->members);
  check(config->metrics);
  require(!config->members.enabled || config->members.tls);
  require(config->queue > 0 && config->connections > 0 && config->handler_seconds > 0);
  require(config->body_bytes >= 1024 && config->body_bytes <= 32 << 20);
  require(!config->name.empty());
  return 0;
}
