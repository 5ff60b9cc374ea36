#include "net/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace shieldwall::net {

Inbox::Inbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Inbox::ring() {
  const std::uint64_t one = 1;
  // Cannot block: the counter overflows after 2^64 - 1 rings that nobody hears.
  [[maybe_unused]] const auto written = ::write(wake_.number(), &one, sizeof one);
}

void Inbox::put(Message message) {
  const bool first = content_.with([&](Content& content) {
    content.messages.push_back(std::move(message));
    return content.messages.size() + content.actions.size() == 1;
  });
  if (first) ring();
}

void Inbox::put(std::function<void()> action) {
  const bool first = content_.with([&](Content& content) {
    content.actions.push_back(std::move(action));
    return content.messages.size() + content.actions.size() == 1;
  });
  if (first) ring();
}

Inbox::Content Inbox::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.number(), &count, sizeof count);
  return content_.with([](Content& content) { return std::exchange(content, Content{}); });
}

}  // namespace shieldwall::net
