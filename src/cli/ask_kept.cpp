#include "cli/ask_kept.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace shieldwall::cli {

namespace {

using exchange::ask::Filter;
using exchange::ask::OpenKey;

constexpr std::uint64_t filter_bytes_max = 64ull << 20;
constexpr std::uint64_t text_bytes_max = 1ull << 20;  // 80 bytes an epoch

Result<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::corrupt, "'{}' is no number", excerpt(text));
  return number;
}

}  // namespace

AskKept::AskKept(Fs& fs, std::string folder, std::string_view peer)
    : fs_(fs), folder_(std::move(folder)), name_(sha256(peer).hex().substr(0, 16)) {}

std::string AskKept::path(std::string_view kind) const {
  return fmt::format("{}/{}.{}", folder_, name_, kind);
}

/// Lines of epoch and key in hexadecimal; none where nothing was kept yet.
Result<std::vector<OpenKey>> AskKept::pins() const {
  const auto text = read_file(fs_, path("keys"), text_bytes_max);
  if (!text && text.error().code == ErrorCode::not_found) return std::vector<OpenKey>();
  if (!text) return fail(text.error());
  std::vector<OpenKey> pins;
  for (const auto line : split(*text, '\n')) {
    if (line.empty()) continue;
    const auto space = std::min(line.find(' '), line.size() - 1);
    OpenKey pin;
    pin.epoch = static_cast<std::uint32_t>(TRY(number_in(line.substr(0, space))));
    const auto bytes = TRY(from_hex(line.substr(space + 1)));
    pin.key = TRY(exchange::voprf::Element::from(bytes));
    pins.push_back(pin);
  }
  return pins;
}

std::optional<Filter> AskKept::filter(Timestamp now) const {
  if (folder_.empty()) return std::nullopt;
  const auto fetched = read_file(fs_, path("time"), text_bytes_max);
  const auto at = fetched ? parse_time(trimmed(*fetched)) : Result<WrittenTime>(fail(fetched.error()));
  if (!at || now < at->at || now - at->at > days(1)) return std::nullopt;
  auto bytes = read_file(fs_, path("tags"), filter_bytes_max);
  if (!bytes) return std::nullopt;
  auto filter = Filter::parse(std::move(*bytes));  // a damaged one is fetched again
  if (!filter || filter->epoch() != exchange::ask::epoch_at(now)) return std::nullopt;
  return std::move(*filter);
}

Done AskKept::keep(const Filter& filter, Timestamp now) {
  if (folder_.empty()) return {};
  TRY(fs_.make_directory(folder_));
  auto known = TRY(pins());
  const auto pin = std::ranges::find(known, filter.epoch(), &OpenKey::epoch);
  if (pin != known.end() && pin->key != filter.key())
    return fail(ErrorCode::denied,
                "the node shows another key for epoch {} than before ({} instead of {}): it could tell its "
                "askers apart by that. Compare with other askers (`ask --keys`), and complain",
                filter.epoch(),
                to_hex(filter.key().view()),
                to_hex(pin->key.view()));
  if (pin == known.end()) {
    known.push_back({.epoch = filter.epoch(), .key = filter.key()});
    std::string text;
    for (const auto& one : known) text += fmt::format("{} {}\n", one.epoch, to_hex(one.key.view()));
    TRY(write_file_durably(fs_, path("keys"), text));
  }
  TRY(write_file_durably(fs_, path("tags"), filter.bytes()));
  return write_file_durably(fs_, path("time"), to_text(now));
}

}  // namespace shieldwall::cli
