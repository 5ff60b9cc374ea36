#include <charconv>

#include "detect/watch/nats_log.h"

namespace shieldwall::detect {

namespace {

bool take(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<DoneNumbers> DoneNumbers::parse(std::string_view text) {
  DoneNumbers numbers;
  while (!text.empty()) {
    std::uint64_t first = 0, last = 0;
    if (!take(text, first) || !take(text, '-') || !take(text, last) || last < first)
      return fail(ErrorCode::corrupt, "the numbers of a stream that were done are damaged");
    numbers.ranges_[first] = last;
    if (!take(text, ',') && !text.empty())
      return fail(ErrorCode::corrupt, "the numbers of a stream that were done are damaged");
  }
  return numbers;
}

std::string DoneNumbers::text() const {
  std::string text;
  for (const auto& [first, last] : ranges_)
    text += fmt::format("{}{}-{}", text.empty() ? "" : ",", first, last);
  return text;
}

bool DoneNumbers::contains(std::uint64_t number) const {
  const auto behind = ranges_.upper_bound(number);
  return behind != ranges_.begin() && std::prev(behind)->second >= number;
}

void DoneNumbers::add(std::uint64_t number) {
  if (contains(number)) return;
  auto behind = ranges_.upper_bound(number);
  std::uint64_t last = number;
  if (behind != ranges_.end() && behind->first == number + 1) {
    last = behind->second;
    behind = ranges_.erase(behind);
  }
  if (behind != ranges_.begin() && std::prev(behind)->second + 1 == number)
    std::prev(behind)->second = last;
  else
    ranges_[number] = last;
}

void DoneNumbers::add(const DoneNumbers& others) {
  for (const auto& [first, last] : others.ranges_)
    for (auto number = first; number <= last; ++number) add(number);
}

void DoneNumbers::forget_below(std::uint64_t number) {
  while (!ranges_.empty() && ranges_.begin()->second < number) ranges_.erase(ranges_.begin());
}

}  // namespace shieldwall::detect
