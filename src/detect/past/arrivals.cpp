#include "detect/past/arrivals.h"

#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "detect/past/hunt.h"
#include "model/json_writer.h"

namespace shieldwall::detect::past {

namespace {

constexpr int changes_at_once = 500;
constexpr std::string_view cursor_key = "past/arrivals";

Result<store::Sequence> position(store::Records& records) {
  const auto row = records.read(store::Table::cursor, cursor_key);
  if (!row && row.error().code == ErrorCode::not_found) return store::Sequence{0};
  if (!row) return fail(Error(row.error()));
  store::Sequence at = 0;
  std::from_chars(row->value.data(), row->value.data() + row->value.size(), at);
  return at;
}

Done keep_position(store::Records& records, store::Sequence at) {
  const store::Write write{.table = store::Table::cursor,
                           .key = std::string(cursor_key),
                           .value = std::to_string(at),
                           .expected = {}};
  return records.write({&write, 1});
}

std::vector<Indicator> indicators_in(const std::vector<store::Change>& changes) {
  std::vector<Indicator> indicators;
  for (const auto& change : changes) {
    const bool comes = change.kind == store::ChangeKind::added || change.kind == store::ChangeKind::opened;
    if (!comes || !change.holding.bytes || !change.holding.id.text().starts_with("indicator--")) continue;
    const auto document = model::JsonDocument::parse(*change.holding.bytes);
    if (!document) continue;
    if (auto indicator = indicator_of(document->root(), "node")) indicators.push_back(std::move(*indicator));
  }
  return indicators;
}

std::string line_of(const PastHit& hit, const Indicator& indicator, Timestamp now) {
  model::JsonWriter out;
  out.begin_object();
  out.member("asked", to_text(now));
  out.member("indicator", indicator.id);
  if (!indicator.name.empty()) out.member("name", indicator.name);
  out.member("log", hit.found_in.empty() ? hit.source : hit.found_in);
  out.member("line", hit.line);
  out.member("first_seen", to_text(hit.first_seen));
  out.member("last_seen", to_text(hit.last_seen));
  out.member("count", hit.count);
  out.member("state", hit.confirmed == true ? "confirmed" : "unconfirmed");
  if (!hit.why_not.empty()) out.member("why", hit.why_not);
  if (hit.confirmed == true) out.member("value", hit.value);
  out.end_object();
  return std::move(out).text() + "\n";
}

/// Durable on return.
Done append(Fs& fs, const std::string& folder, std::string_view lines) {
  const auto path = fmt::format("{}/{}", folder, results_name);
  auto file = TRY(fs.open(path, OpenMode::write));
  auto size = TRY(file->size());
  if (size > results_bytes_max) {
    file.reset();
    TRY(fs.rename(path, path + ".1"));
    file = TRY(fs.open(path, OpenMode::write));
    size = 0;
  }
  TRY(file->write_at(size, lines));
  return file->sync();
}

}  // namespace

Result<bool> hunt_arrivals(
    store::Store& store, Fs& fs, const Clock& clock, const policy::Scope& scope, const std::string& path) {
  const auto at = TRY(position(store.records()));
  const auto changes = TRY(store.objects().changes(scope, at, changes_at_once));
  if (changes.last == at) return false;
  auto indicators = indicators_in(changes.changes);
  const auto folder = PastFolder::open(fs, path);
  if (!folder && folder.error().code != ErrorCode::not_found) return fail(Error(folder.error()));
  if (folder && !indicators.empty()) {
    const auto now = clock.now();
    const auto matcher = compile(std::move(indicators), {.now = now});
    const auto result = TRY(hunt(fs, *folder, matcher, {}));
    std::string lines;
    for (const auto& hit : result.hits) lines += line_of(hit, matcher.indicator(hit.indicator), now);
    if (!lines.empty()) {
      TRY(append(fs, path, lines));
      log::info("indicators that arrived were seen in the past", {{"hits", result.hits.size()}});
    }
    for (const auto& refused : result.refused)
      log::warn("a part of the past was left out", {{"why", refused}});
  }
  TRY(keep_position(store.records(), changes.last));
  return true;
}

}  // namespace shieldwall::detect::past
