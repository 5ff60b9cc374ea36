// No pattern over no observations makes the evaluator crash, hang or contradict itself: the bytes are a
// pattern, a line end, and JSON. A stream with the same pattern hits exactly when evaluating all at once
// matches.
#include <algorithm>
#include <cstdlib>

#include "detect/pattern/expression.h"
#include "detect/pattern/pattern_set.h"

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

constexpr std::uint64_t steps_max = 1'000'000;  // so that no input takes long

/// Nothing when the stream gave up somewhere.
std::optional<bool> stream_hits(std::string_view pattern, const std::vector<Observation>& observations) {
  static constexpr PatternSetOptions everything = {.window = days(10'000'000), .waiting_max = 1u << 20};
  PatternStream stream(PatternSet::compile({{"p", std::string(pattern)}}, everything));
  bool hit = false;
  for (const auto& one : observations) hit = !stream.feed(one).empty() || hit;
  if (stream.counts().unsearched > 0) return std::nullopt;
  return hit;
}

/// Observations of huge numbers would give as many hits.
bool is_small(const Observation& one) {
  return one.number_observed <= 100;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = bytes.find('\n');
  if (end == bytes.npos) return 0;
  const auto pattern = bytes.substr(0, end);
  const auto code = PatternCode::compile(pattern);
  const auto document =
      model::JsonDocument::parse(std::string(bytes.substr(end + 1)), {.values_max = 10'000});
  if (!code || !document) return 0;
  auto observations = read_observations(*document);
  if (!observations) return 0;
  std::ranges::stable_sort(*observations, {}, &Observation::first_observed);
  const auto verdict = match_pattern(*code, *observations, steps_max);
  if (!verdict) return 0;
  if (verdict->matched == verdict->bound.empty()) std::abort();
  for (const auto which : verdict->bound)
    if (which >= observations->size()) std::abort();
  if (!std::ranges::all_of(*observations, is_small)) return 0;
  const auto hits = stream_hits(pattern, *observations);
  if (hits && *hits != verdict->matched) std::abort();
  return 0;
}
