#include "detect/stream_source.h"

#include <algorithm>

#include <poll.h>

namespace shieldwall::detect {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t read_bytes_each = 64u << 10;  // what a pipe holds
constexpr milliseconds look_for_stop_every(200);

}  // namespace

Done StreamSource::open() {
  stream_ = TRY(open_stream(path_, read_bytes_));
  return {};
}

/// What is packed tells nothing about when more of it can be unpacked, and is waited for.
bool StreamSource::comes_within(milliseconds most) const {
  if (stream_.descriptor < 0 || !was_read_) return true;
  pollfd wanted{.fd = stream_.descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, static_cast<int>(most.count())) != 0;
}

Done StreamSource::read_more() {
  const auto before = waiting_.size();
  if (before > 0) waiting_.reserve(piece_bytes + read_bytes_each);  // it is more than what a pause cut
  waiting_.resize(before + read_bytes_each);
  const auto size = stream_.bytes->read(std::span(waiting_).subspan(before));
  waiting_.resize(before + size.value_or(0));
  was_read_ = true;
  if (!size) return fail(size.error());
  ended_ = *size == 0;
  if (const auto at = std::string_view(waiting_).substr(before).rfind('\n'); at != std::string_view::npos)
    line_end_ = before + at;
  return {};
}

Done StreamSource::gather(std::size_t size, Patience patience) {
  if (failed_) return fail(*failed_);
  auto done = read_until(size, patience);
  if (!done) failed_ = done.error();
  return done;
}

Done StreamSource::read_until(std::size_t size, Patience patience) {
  const auto until = Clock::now() + patience.whole;
  while (!ended_ && waiting_.size() < size) {
    if (has_line()) {
      const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
      if (left.count() <= 0 || !comes_within(std::min(left, patience.pause))) return {};
    } else {
      while (!comes_within(look_for_stop_every))
        if (stop_ != nullptr && stop_->load())
          return fail(ErrorCode::unavailable, "interrupted before its first line");
    }
    TRY(read_more());
  }
  return {};
}

std::string_view StreamSource::beginning(std::size_t size) {
  (void)gather(size, {.pause = milliseconds(300), .whole = milliseconds(600)});  // next() says what failed
  return std::string_view(waiting_).substr(0, size);
}

Result<std::string> StreamSource::next() {
  const auto gathered = gather(piece_bytes, {.pause = milliseconds(10), .whole = milliseconds(100)});
  if (!gathered && waiting_.empty()) return fail(gathered.error());
  if (!has_line() || ended_ || failed_) {
    line_end_ = std::string::npos;
    return std::exchange(waiting_, {});
  }
  std::string rest = waiting_.substr(line_end_ + 1);
  waiting_.resize(line_end_ + 1);
  line_end_ = std::string::npos;
  return std::exchange(waiting_, std::move(rest));
}

}  // namespace shieldwall::detect
