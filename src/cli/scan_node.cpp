// What scan asks of a node: its indicators.
#include "cli/node_call.h"
#include "cli/scan.h"

namespace shieldwall::cli {

namespace {

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

}  // namespace shieldwall::cli
