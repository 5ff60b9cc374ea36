#include "cli/scan_print.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "base/text.h"
#include "cli/streams.h"
#include "detect/why_not.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

constexpr std::chrono::seconds progress_after(1);  // shorter scans show none
constexpr std::size_t printed_bytes_max = 200;     // of a value in the table

/// Text of a log must not steer a terminal.
std::string printable(std::string_view text) {
  return excerpt(text, printed_bytes_max);
}

std::string time_text(const std::optional<Timestamp>& time) {
  return time ? to_text(*time) : "-";
}

void tell(const detect::SourceReport& report, std::string_view what, std::uint64_t lines) {
  if (lines > 0) fmt::print(stderr, "shieldwall: {}: {} lines {}\n", printable(report.source), lines, what);
}

/// Why the hit is believed, and where its indicator came from.
void add_belief(model::JsonWriter& json, const detect::Indicator& indicator) {
  json.member("from", indicator.source);
  json.key("confidence");
  indicator.confidence ? json.value(static_cast<std::int64_t>(*indicator.confidence)) : json.null();
  json.key("valid_from");
  indicator.valid_from == Timestamp::always() ? json.null() : json.value(to_text(indicator.valid_from));
  json.key("valid_until");
  indicator.valid_until == Timestamp::never() ? json.null() : json.value(to_text(indicator.valid_until));
}

}  // namespace

ScanPrinter::ScanPrinter(const Wanted& wanted, bool as_json)
    : wanted_(wanted),
      as_json_(as_json),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()) {}

void ScanPrinter::hit(const detect::Hit& hit) {
  hits_wait_ = true;
  auto& total = totals_[hit.indicator];
  ++total.hits;
  if (hit.time && (!total.first || *hit.time < *total.first)) total.first = hit.time;
  if (hit.time && (!total.last || *hit.time > *total.last)) total.last = hit.time;
  clear_progress();
  const auto indicator = wanted_.matcher.indicator(hit.indicator);
  if (as_json_) {
    model::JsonWriter json;
    json.begin_object();
    json.member("source", hit.source);
    json.member("line", hit.line);
    json.key("time");
    hit.time ? json.value(to_text(*hit.time)) : json.null();
    json.member("field", hit.field);
    json.member("value", hit.value);
    json.member("indicator", indicator.id);
    json.member("pattern", indicator.pattern);
    add_belief(json, indicator);
    json.end_object();
    print("{}\n", json.text());
    return;
  }
  if (!std::exchange(header_shown_, true))
    print("{:<28} {:<27} {:<20} {:<40} {}\n", "where", "time", "field", "value", "indicator");
  print("{:<28} {:<27} {:<20} {:<40} {}\n",
        printable(fmt::format("{}:{}", hit.source, hit.line)),
        time_text(hit.time),
        printable(hit.field.empty() ? "(text)" : hit.field),
        printable(hit.value),
        printable(indicator.id));
}

void ScanPrinter::done(const detect::SourceReport& report) {
  clear_progress();
  if (!report.error.empty())
    fmt::print(stderr, "shieldwall: {}: {}\n", printable(report.source), report.error);
  const auto& counts = report.counts;
  tell(report, "could not be read in the file's format and were looked through as text", counts.broken_lines);
  tell(report, "were too long and only looked at in part", counts.cut_lines);
  tell(report, "are not UTF-8", counts.not_utf8_lines);
  tell(report, "hold a NUL", counts.nul_lines);
  for (const auto& problem : report.problems)
    fmt::print(stderr, "  line {}: {}\n", problem.line, printable(problem.what));
}

void ScanPrinter::progress(const detect::Progress& progress) {
  if (std::exchange(hits_wait_, false))
    std::fflush(stdout);  // who reads them may not wait for a buffer to fill
  if (!is_terminal_ || std::chrono::steady_clock::now() - started_ < progress_after) return;
  const double mb = static_cast<double>(progress.bytes_read) / 1e6;
  if (progress.bytes_total > 0) {
    fmt::print(
        stderr, "\r\x1b[K{:.0f} of {:.0f} MB read", mb, static_cast<double>(progress.bytes_total) / 1e6);
  } else {
    fmt::print(stderr, "\r\x1b[K{:.0f} MB read", mb);
  }
  std::fflush(stderr);
  progress_shown_ = true;
}

void ScanPrinter::clear_progress() {
  if (std::exchange(progress_shown_, false)) fmt::print(stderr, "\r\x1b[K");
}

void ScanPrinter::totals(const detect::ScanTotals& totals) {
  clear_progress();
  if (as_json_) return;
  if (!totals_.empty()) print("\n{:>9} {:<27} {:<27} {}\n", "hits", "first seen", "last seen", "indicator");
  for (const auto& [number, total] : totals_) {
    const auto indicator = wanted_.matcher.indicator(number);
    print("{:>9} {:<27} {:<27} {}  {}\n",
          total.hits,
          time_text(total.first),
          time_text(total.last),
          printable(detect::belief_in(indicator)),
          printable(indicator.pattern));
  }
  for (const auto& [list, count] : totals.held_back)
    print("{:>9} not reported: on the warning list {}\n", count, printable(list));
  print("{}{} hits of {} indicators, {} looked for, in {} lines of {} files\n",
        totals_.empty() ? "" : "\n",
        totals.hits,
        totals_.size(),
        wanted_.indicators(),
        totals.counts.lines,
        totals.files);
}

}  // namespace shieldwall::cli
