#include "net/resolve.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace shieldwall::net {

namespace {

std::optional<IpAddress> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  if (from->sa_family == AF_INET)
    return IpAddress::v4(ntohl(reinterpret_cast<const sockaddr_in*>(from)->sin_addr.s_addr));
  if (from->sa_family != AF_INET6) return std::nullopt;
  IpAddress address;
  std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr, 16);
  return address;
}

Result<std::vector<IpAddress>> ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (status != 0) return fail(ErrorCode::unavailable, "{} has no address: {}", host, ::gai_strerror(status));
  std::vector<IpAddress> addresses;
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto address = address_of(entry->ai_addr);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
  }
  ::freeaddrinfo(list);
  return addresses;
}

bool is_interface_address(const IpAddress& address) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const auto* entry = list; entry != nullptr && !found; entry = entry->ifa_next)
    found = address_of(entry->ifa_addr) == address;
  ::freeifaddrs(list);
  return found;
}

}  // namespace

Result<std::vector<IpAddress>> resolve(const std::string& host, const Deadline& deadline) {
  if (const auto literal = IpAddress::parse(host)) return std::vector{*literal};
  // getaddrinfo knows no time limit. The thread that asks may outlive the caller's patience, and then its
  // answer falls into a slot that nobody reads.
  struct Slot {
    std::mutex mutex;
    std::condition_variable filled;
    std::optional<Result<std::vector<IpAddress>>> answer;
  };
  const auto slot = std::make_shared<Slot>();
  std::thread([slot, host] {
    auto answer = ask_system(host);
    const std::lock_guard lock(slot->mutex);
    slot->answer = std::move(answer);
    slot->filled.notify_one();
  }).detach();
  std::unique_lock lock(slot->mutex);
  const auto patience = std::chrono::microseconds(deadline.left().us);
  if (!slot->filled.wait_for(lock, patience, [&] { return slot->answer.has_value(); }))
    return fail(ErrorCode::unavailable, "the address of {} was not found in time", host);
  return std::move(*slot->answer);
}

Result<std::vector<IpAddress>> keep_public(const std::string& host,
                                           std::uint16_t port,
                                           const std::vector<IpAddress>& addresses,
                                           const std::vector<Endpoint>& own) {
  std::vector<IpAddress> kept;
  std::string_view first_reason;
  for (const auto& address : addresses) {
    auto reason = why_not_public(address);
    const auto is_ours = [&](const Endpoint& mine) { return mine.address == address && mine.port == port; };
    if (reason.empty() && (std::ranges::any_of(own, is_ours) || is_interface_address(address)))
      reason = "our own";
    if (reason.empty()) kept.push_back(address);
    if (first_reason.empty()) first_reason = reason;
  }
  if (kept.empty() && !addresses.empty())
    return fail(ErrorCode::denied,
                "{} is at {}, which is {}; only a peer named by roster or configuration may be there",
                host,
                addresses.front().text(),
                first_reason);
  if (kept.empty()) return fail(ErrorCode::unavailable, "{} has no address", host);
  return kept;
}

}  // namespace shieldwall::net
