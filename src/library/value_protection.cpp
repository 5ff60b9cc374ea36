// GET /api/v1/value/protection: the instants of each step, and where time is lost.

#include <algorithm>

#include "library/value_evidence.h"

namespace shieldwall::library {

namespace {

using ledger::Milestones;
using ledger::Step;
using model::JsonWriter;

/// What was noted, and what the held object itself tells where nothing was.
Milestones completed(const api::Call& call, Milestones noted, const policy::Holding& holding) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  const auto created = document ? time_in(document->root(), "created") : std::nullopt;
  const auto arrived = is_own(call, holding) ? Step::shared : Step::received;
  if (!noted[Step::observed]) noted[Step::observed] = created;
  if (!noted[arrived]) noted[arrived] = holding.added;
  return noted;
}

void write_legs(JsonWriter& out, const Milestones& milestones) {
  out.key("steps");
  out.begin_array();
  for (std::size_t i = 0; i < ledger::step_count; ++i) {
    if (!milestones.at[i]) continue;
    out.begin_object();
    out.member("step", ledger::name_of(static_cast<Step>(i)));
    out.member("at", to_text(*milestones.at[i]));
    out.end_object();
  }
  out.end_array();
  if (const auto slow = slowest(legs_of(milestones))) {
    out.member("slowest", ledger::name_of(slow->step));
    out.member("slowest_seconds", static_cast<double>(slow->took.us) / 1e6);
  }
}

Bytes one_text(const Milestones& milestones) {
  JsonWriter out;
  out.begin_object();
  out.member("indicator", milestones.object.text());
  write_legs(out, milestones);
  out.end_object();
  return std::move(out).text();
}

Bytes all_text(const std::vector<Milestones>& all) {
  const auto summary = summary_of(all);
  JsonWriter out;
  out.begin_object();
  out.member("indicators", all.size());
  out.key("legs");
  out.begin_array();
  for (const auto& leg : summary) {
    out.begin_object();
    out.member("step", ledger::name_of(leg.step));
    out.member("indicators", leg.count);
    out.member("median_seconds", static_cast<double>(leg.median.us) / 1e6);
    out.member("p90_seconds", static_cast<double>(leg.most.us) / 1e6);
    out.end_object();
  }
  out.end_array();
  const auto slow = std::ranges::max_element(summary, {}, &LegSummary::median);
  if (slow != summary.end()) out.member("slowest", ledger::name_of(slow->step));
  out.end_object();
  return std::move(out).text();
}

}  // namespace

Result<api::Response> show_protection(api::Call& call) {
  store::Query query;
  query.types = {"indicator"};
  query.select = store::VersionSelect::first;
  const bool single = call.target.parameter("indicator").has_value();
  if (single) {
    auto id = TRY(indicator_named(call));
    query.ids.push_back(std::move(id));
  }
  std::vector<Milestones> all;
  const auto holdings = TRY(all_of(call, query));
  for (const auto& holding : holdings) {
    auto noted = TRY(ledger::milestones_of(records_of(call), call.caller->organisation, holding.look().id));
    all.push_back(completed(call, std::move(noted), holding.look()));
  }
  if (single && all.empty()) return fail(ErrorCode::not_found, "no such object");
  if (single) return answer_own(call, std::move(all.front()), one_text);
  return answer_own(call, std::move(all), all_text);
}

}  // namespace shieldwall::library
