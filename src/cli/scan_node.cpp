// What scan asks of a node: its indicators, and to take note of what was seen.
#include "cli/node_call.h"
#include "cli/scan.h"
#include "cli/scan_print.h"

namespace shieldwall::cli {

namespace {

constexpr std::size_t counts_of_report_max = 10'000;  // one request of the node's API

void take_page(const model::Json& answer, detect::Intel& into) {
  const auto entries = answer.find("objects");
  if (!entries) return;
  for (const auto entry : *entries) {
    const auto object = entry.find("object");
    if (!object) continue;
    auto indicator = detect::indicator_of(*object, "node");
    if (indicator) {
      into.indicators.push_back(std::move(*indicator));
    } else {
      into.unused.push_back(
          {.id = std::string(text_of(*object, "id")), .source = "node", .reason = indicator.error().message});
      ++into.unused_count;
    }
  }
}

std::string report_of(std::span<const detect::SightingCount> counts) {
  model::JsonWriter body;
  body.begin_object();
  body.key("sightings");
  body.begin_array();
  for (const auto& count : counts) {
    body.begin_object();
    body.member("indicator", count.indicator);
    body.member("at", to_text(count.first_seen));
    body.member("count", count.count);
    body.end_object();
  }
  body.end_array();
  body.end_object();
  return std::move(body).text();
}

}  // namespace

Done read_intel_of_node(const Arguments& arguments, detect::Intel& into) {
  auto door = TRY(NodeDoor::open(arguments));
  std::string cursor;
  do {
    const auto path =
        "/api/v1/objects?type=indicator&limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor);
    const auto answer = TRY(door.ask(net::Method::get, path));
    take_page(answer.root(), into);
    const bool more = flag_of(answer.root(), "more");
    cursor = more ? std::string(text_of(answer.root(), "next")) : "";
  } while (!cursor.empty());
  return {};
}

Done report_to_node(const Arguments& arguments, std::span<const detect::SightingCount> counts) {
  if (counts.empty()) return {};
  auto door = TRY(NodeDoor::open(arguments));
  for (; !counts.empty(); counts = counts.subspan(std::min(counts.size(), counts_of_report_max)))
    TRY(door.ask(net::Method::post,
                 "/api/v1/sightings",
                 report_of(counts.first(std::min(counts.size(), counts_of_report_max)))));
  return {};
}

}  // namespace shieldwall::cli
