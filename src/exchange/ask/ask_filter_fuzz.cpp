// Whatever bytes come as a set of tags: refused, or a filter that answers any tag.

#include "exchange/ask/filter.h"

using namespace shieldwall;
using namespace shieldwall::exchange;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 32) {  // what an attacker can do as well: make the checksum fit
    const auto body = std::string_view(bytes).substr(0, size - 32);
    const auto check = sha256(body);
    bytes.replace(size - 32, 32, check.view());
  }
  const auto filter = ask::Filter::parse(std::move(bytes));
  if (!filter) return 0;
  voprf::Tag tag{};
  for (std::size_t i = 0; i < tag.size(); ++i) tag[i] = data[i * 31 % size];
  (void)filter->find(tag);
  return 0;
}
