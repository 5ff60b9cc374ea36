#include "cli/remember.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/node_call.h"

namespace shieldwall::cli {

namespace past = detect::past;

namespace {

constexpr std::uint64_t days_max = 100'000, megabytes_max = 1'000'000'000;

/// Nothing where it is not said.
Result<std::optional<std::uint64_t>> number_of_option(const Arguments& arguments,
                                                      std::string_view name,
                                                      std::uint64_t most) {
  const auto text = arguments.one(name);
  if (text.empty()) return std::nullopt;
  const auto number = as_number<std::uint64_t>(text);  // cli::accepts looked at it
  if (!number || *number > most) return fail(ErrorCode::invalid, "{}: at most {}", name, most);
  return number;
}

Result<past::RetentionWish> retention_wish_of(const Arguments& arguments) {
  past::RetentionWish wish;
  const auto days_kept = TRY(number_of_option(arguments, remember_days_option.name, days_max));
  const auto megabytes = TRY(number_of_option(arguments, remember_mb_option.name, megabytes_max));
  if (days_kept) wish.days = static_cast<std::uint32_t>(*days_kept);
  if (megabytes) wish.bytes_max = *megabytes * 1'000'000;
  return wish;
}

}  // namespace

std::string past_folder_of(const Arguments& arguments) {
  const auto named = arguments.one("--past");
  return named.empty() ? folder_of(arguments) + "/past" : named;
}

Result<Remembering> remembering_by(const Arguments& arguments) {
  if (!arguments.has(remember_option.name)) return Remembering{};
  const auto wish = TRY(retention_wish_of(arguments));
  auto folder =
      TRY(past::PastFolder::make(system_fs(), system_random(), arguments.one(remember_option.name)));
  const auto retention = TRY(past::settle_retention(system_fs(), folder, wish));
  const auto text = arguments.has("--inside") ? detect::FreeText::inside : detect::FreeText::whole;
  auto recorder =
      TRY(past::Recorder::begin(system_fs(), system_random(), system_clock(), std::move(folder), text));
  return Remembering{std::move(recorder), retention};
}

Done close(const Remembering& remembering) {
  if (!remembering.recorder) return {};
  auto& recorder = *remembering.recorder;
  TRY(recorder.close(remembering.retention));
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
               remembering.retention.days);
  return {};
}

}  // namespace shieldwall::cli
