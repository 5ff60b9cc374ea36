// What scan asks of a node: its indicators.
#include "cli/node_call.h"
#include "cli/scan.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

void take_page(const model::Json& answer, detect::Intel& into, std::string& newest) {
  const auto entries = answer.find("objects");
  if (!entries) return;
  for (const auto entry : *entries) {
    const auto object = entry.find("object");
    if (!object) continue;
    if (const auto added = text_of(entry, "added"); !added.empty()) newest = added;
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

/// The node notes since when they are looked for; an account that may only read does not tell it.
void tell_live(NodeDoor& door, std::span<const detect::Indicator> indicators) {
  constexpr std::size_t at_once = 10'000;
  for (std::size_t from = 0; from < indicators.size(); from += at_once) {
    model::JsonWriter out;
    out.begin_object();
    out.key("indicators");
    out.begin_array();
    for (const auto& one : indicators.subspan(from, std::min(at_once, indicators.size() - from)))
      out.value(one.id);
    out.end_array();
    out.end_object();
    if (!door.ask(net::Method::post, "/api/v1/value/live", std::move(out).text())) return;
  }
}

}  // namespace

Done read_news_of_node(const Arguments& arguments, std::string& newest, detect::Intel& into) {
  auto door = TRY(NodeDoor::open(arguments));
  const auto before = into.indicators.size();
  auto query = std::string("/api/v1/objects?type=indicator&order=oldest&limit=1000");
  if (!newest.empty()) query += "&added_after=" + net::percent_encode(newest);
  std::string cursor;
  do {
    const auto answer = TRY(door.ask(net::Method::get, cursor.empty() ? query : query + "&cursor=" + cursor));
    take_page(answer.root(), into, newest);
    const bool more = flag_of(answer.root(), "more");
    cursor = more ? std::string(text_of(answer.root(), "next")) : "";
  } while (!cursor.empty());
  tell_live(door, std::span(into.indicators).subspan(before));
  return {};
}

Done read_intel_of_node(const Arguments& arguments, detect::Intel& into) {
  std::string newest;
  return read_news_of_node(arguments, newest, into);
}

}  // namespace shieldwall::cli
