#include "detect/sightings.h"

namespace shieldwall::detect {

namespace {

Timestamp bucket_of(Timestamp at) {
  const auto into = at.us % sighting_bucket.us;
  return {at.us - (into < 0 ? into + sighting_bucket.us : into)};
}

void append_refs(std::string& out, std::string_view name, const std::vector<model::ObjectId>& refs) {
  if (refs.empty()) return;  // STIX lists are never empty
  out += fmt::format(",\"{}\":[", name);
  for (std::size_t i = 0; i < refs.size(); ++i)
    out += fmt::format("{}\"{}\"", i > 0 ? "," : "", refs[i].text());
  out += ']';
}

}  // namespace

void SightingFolder::add(const Hit& hit) {
  auto& last = last_[hit.indicator];
  if (last.line == hit.line && last.source == hit.source) return;
  last = {hit.source, hit.line};
  ++counts_[{hit.indicator, bucket_of(hit.time.value_or(scanned_at_))}];
}

std::vector<SightingCount> SightingFolder::counts() const {
  std::vector<SightingCount> counts;
  for (const auto& [key, count] : counts_)
    counts.push_back({.indicator = matcher_.indicator(key.first).id,
                      .first_seen = key.second,
                      .last_seen = key.second + sighting_bucket,
                      .count = count});
  return counts;
}

Result<std::string> sighting_object(const SightingCount& count,
                                    const Observer& observer,
                                    Timestamp now,
                                    Random& random) {
  static constexpr std::uint64_t count_max = 999'999'999;  // STIX 2.1 section 5.2.1
  const auto indicator = TRY(model::ObjectId::parse(count.indicator));
  if (count.count < 1 || count.count > count_max)
    return fail(ErrorCode::invalid, "a sighting counts 1 to {}, not {}", count_max, count.count);
  const auto at = to_text_ms(now);
  std::string out = fmt::format(
      R"({{"type":"sighting","spec_version":"2.1","id":"sighting--{}","created_by_ref":"{}","created":"{}","modified":"{}")",
      Uuid::random(random).text(),
      observer.identity.text(),
      at,
      at);
  append_refs(out, "object_marking_refs", observer.object_marking_refs);
  out += fmt::format(R"(,"first_seen":"{}","last_seen":"{}","count":{},"sighting_of_ref":"{}")",
                     to_text_ms(count.first_seen),
                     to_text_ms(count.last_seen),
                     count.count,
                     indicator.text());
  append_refs(out, "where_sighted_refs", {observer.identity});
  return out + "}";
}

}  // namespace shieldwall::detect
