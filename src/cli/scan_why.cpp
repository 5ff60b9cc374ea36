#include "cli/scan_why.h"

#include <algorithm>

#include "base/text.h"
#include "detect/why_not.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

constexpr std::size_t sentence_bytes_max = 1000;

}  // namespace

Exit tell_why_not(const Arguments& arguments,
                  const Wanted& wanted,
                  const detect::WarningLists& lists,
                  Timestamp now) {
  const auto value = arguments.one("--why-not");
  const auto sentences = detect::why_not(
      wanted.matcher, value, now, &lists, model::value_kind_named(arguments.one("--kind")), wanted.patterns);
  const bool hits = std::ranges::any_of(
      sentences, [](const std::string& sentence) { return sentence.starts_with("hits "); });
  if (arguments.has("--json")) {
    model::JsonWriter json;
    json.begin_object();
    json.member("value", value);
    json.member("hits", hits);
    json.key("why");
    json.begin_array();
    for (const auto& sentence : sentences) json.value(sentence);
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.text());
  } else {
    for (const auto& sentence : sentences) fmt::print("{}\n", excerpt(sentence, sentence_bytes_max));
  }
  return hits ? Exit::found : Exit::done;
}

}  // namespace shieldwall::cli
