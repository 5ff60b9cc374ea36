// URLs and request targets: what is taken reads back as itself, and never names an address in disguise.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/address.h"
#include "net/url.h"

namespace {

using namespace shieldwall::net;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_url(std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return;
  const auto again = Url::parse(url->text());
  require(again.has_value() && again->text() == url->text() && again->host == url->host &&
          again->port == url->port);
  require(url->target.starts_with('/'));
  require(url->target.find_first_of(" \r\n\t\\#") == std::string::npos);
  require(url->host.find_first_of("@/\\%[] ") == std::string::npos);
  const auto last = url->host.back();
  if (last >= '0' && last <= '9' && url->host.find_first_not_of("0123456789.") == std::string::npos)
    require(IpAddress::parse(url->host).has_value());
  if (const auto next = url->resolve(text)) require(Url::parse(next->text()).has_value());
}

void check_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) return;
  for (const auto& segment : target->segments) {
    require(!segment.empty() && segment != "." && segment != "..");
    const auto round = percent_decode(percent_encode(segment));
    require(round.has_value() && *round == segment);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_url(text);
  check_target(text);
  if (const auto address = IpAddress::parse(text)) {
    const auto again = IpAddress::parse(address->text());
    require(again.has_value() && *again == *address);
    (void)why_not_public(*address);
  }
  if (const auto base = Url::parse("https://a.example/x/y?z")) {
    if (const auto next = base->resolve(text)) require(Url::parse(next->text()).has_value());
  }
  return 0;
}
