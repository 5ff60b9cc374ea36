#include "cli/remember.h"

#include <charconv>

#include "base/clock.h"
#include "base/text.h"
#include "cli/node_call.h"

namespace shieldwall::cli {

namespace past = detect::past;

namespace {

Result<std::uint64_t> number_of_option(const Arguments& arguments,
                                       std::string_view name,
                                       std::uint64_t fallback) {
  const auto text = arguments.one(name);
  if (text.empty()) return fallback;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "{}: '{}' is no number", name, excerpt(text));
  return number;
}

}  // namespace

Result<past::Retention> retention_of(const Arguments& arguments) {
  past::Retention retention;
  const auto days_kept = TRY(number_of_option(arguments, remember_days_option.name, retention.days));
  const auto megabytes = TRY(number_of_option(arguments, remember_mb_option.name, 0));
  static constexpr std::uint64_t days_max = 100'000, megabytes_max = 1'000'000'000;
  if (days_kept > days_max || megabytes > megabytes_max)
    return fail(
        ErrorCode::invalid, "--remember-days and --remember-mb: at most {} and {}", days_max, megabytes_max);
  retention.days = static_cast<std::uint32_t>(days_kept);
  retention.bytes_max = megabytes * 1'000'000;
  return retention;
}

std::string past_folder_of(const Arguments& arguments) {
  const auto named = arguments.one("--past");
  return named.empty() ? folder_of(arguments) + "/past" : named;
}

Result<std::unique_ptr<past::Recorder>> recorder_of(const Arguments& arguments) {
  if (!arguments.has(remember_option.name)) return std::unique_ptr<past::Recorder>();
  TRY(retention_of(arguments));
  auto folder =
      TRY(past::PastFolder::make(system_fs(), system_random(), arguments.one(remember_option.name)));
  const auto text = arguments.has("--inside") ? detect::FreeText::inside : detect::FreeText::whole;
  return past::Recorder::begin(system_fs(), system_random(), system_clock(), std::move(folder), text);
}

Done close(past::Recorder& recorder, const Arguments& arguments) {
  const auto retention = TRY(retention_of(arguments));
  TRY(recorder.close(retention));
  const auto totals = recorder.totals();
  fmt::print(
      stderr,
      "shieldwall: remembered {} entries of {} lines in {} logs{}{}\n",
      totals.entries,
      totals.lines,
      totals.logs,
      totals.known_logs == 0 ? "" : fmt::format("; {} held nothing new", totals.known_logs),
      totals.recovered_dropped_bytes == 0
          ? ""
          : fmt::format("; {} bytes that a crash left torn were dropped", totals.recovered_dropped_bytes));
  if (totals.forgotten > 0)
    fmt::print(stderr,
               "shieldwall: forgot {} whole months of it, older than {} days or beyond --remember-mb; "
               "--remember-days 0 keeps logs of any age\n",
               totals.forgotten,
               retention.days);
  return {};
}

}  // namespace shieldwall::cli
