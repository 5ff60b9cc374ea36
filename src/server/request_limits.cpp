#include "server/request_limits.h"

#include "net/address.h"

namespace shieldwall::server {

namespace {

using By = RequestLimits::By;
using Count = RequestLimits::Count;

// Each name is 16 bytes. Beyond, those who sent least are forgotten, which gives them a full bucket.
constexpr std::size_t accounts_max = 16'384;
constexpr std::size_t addresses_max = 65'536;
constexpr std::size_t members_max = 4'096;

std::optional<RequestLimits::Limited> ask(TokenBuckets& buckets, std::string_view name, By by, Count count) {
  const auto wait = count == Count::now ? buckets.take(name) : buckets.wait_of(name);
  if (!wait) return std::nullopt;
  return RequestLimits::Limited{.by = by, .wait = *wait};
}

}  // namespace

std::string_view name_of(By by) {
  constexpr std::string_view names[] = {"account", "address", "member"};
  return names[static_cast<std::size_t>(by)];
}

RequestLimits::RequestLimits(const Clock& clock, Rules rules)
    : accounts_(clock, rules.account, accounts_max),
      addresses_(clock, rules.address, addresses_max),
      members_(clock, rules.member, members_max) {}

std::optional<RequestLimits::Limited> RequestLimits::on_arrival(const net::Request& request, Count count) {
  if (request.role == net::ListenerRole::local) return std::nullopt;
  if (request.role == net::ListenerRole::members && request.client_certificate_pin)
    return ask(members_, request.client_certificate_pin->view(), By::member, count);
  // An IPv4 address has one spelling here; of an IPv6 one the network counts.
  const std::string_view text = request.peer_address;
  if (text.find(':') == text.npos) return ask(addresses_, text, By::address, count);
  const auto address = net::IpAddress::parse(text);
  if (!address) return ask(addresses_, text, By::address, count);
  const auto network = address->subscriber().bytes;
  return ask(addresses_, {reinterpret_cast<const char*>(network.data()), network.size()}, By::address, count);
}

std::optional<RequestLimits::Limited> RequestLimits::of_account(const net::Request& request,
                                                                const AccountId& account,
                                                                Count count) {
  if (request.role == net::ListenerRole::local) return std::nullopt;
  return ask(accounts_, account.uuid.view(), By::account, count);
}

}  // namespace shieldwall::server
