// "/api/v1/control-values": why a value is given to controls, or not.

#include <algorithm>

#include "library/feed/feed.h"
#include "library/feed/feed_answer.h"
#include "library/feed/feed_routes.h"
#include "library/search.h"
#include "library/value_evidence.h"

namespace shieldwall::library {

namespace {

using api::Right;
using feed::answer;
using feed::Feed;
using model::JsonWriter;
using net::Method;

std::string action_name(feed::Action action) {
  return action == feed::Action::block ? "block" : "alert";
}

void write_hit(JsonWriter& out,
               const Feed& feed,
               const feed::Value& value,
               std::optional<Timestamp> fetched) {
  out.begin_object();
  out.member("control", feed.name);
  out.member("format", name_of(feed.format));
  out.member("value", value.line.value.text);
  out.member("action", action_name(value.line.action));
  out.member("indicator", value.indicator.text());
  out.member("from", value.from.text());
  out.member("since", to_text(value.since));
  if (value.until != Timestamp::never()) out.member("until", to_text(value.until));
  if (fetched) out.member("fetched", to_text(*fetched));
  out.end_object();
}

/// Why the value is not in the feed, for each indicator that names it.
Result<std::vector<std::string>> why_absent(api::Call& call,
                                            const Feed& feed,
                                            const model::CanonicalValue& value) {
  std::vector<std::string> reasons;
  const auto guard = TRY(feed::guard_of(call.services.store, feed.organisation));
  if (const auto objection = guard.objection(value)) reasons.push_back(*objection);
  store::Query query;
  query.types = {"indicator"};
  query.values = {value};
  constexpr int shown_max = 20;
  const auto page = TRY(find_seen(call, query, std::nullopt, shown_max));
  for (const auto& holding : page.holdings) {
    std::vector<Testimony> said;
    if (feed.demand.confidence_min > 0) said = TRY(testimonies_of(call, {holding.look().id}));
    const auto judged =
        feed::judge_indicator(*holding.look().bytes, holding.look().label, feed.demand, call.now, said);
    if (!judged.refused.empty())
      reasons.push_back(fmt::format("{}: {}", holding.look().id.text(), judged.refused));
  }
  if (page.holdings.empty()) reasons.emplace_back("no indicator that you may see names it");
  if (!feed::can_say(feed.format, value.kind))
    reasons.push_back(fmt::format("the format {} cannot say it", name_of(feed.format)));
  return reasons;
}

Result<api::Response> why_value(api::Call& call) {
  const auto text = call.target.parameter("value");
  if (!text) return fail(ErrorCode::invalid, "'value' is missing");
  const auto value = TRY(value_named(*text));
  JsonWriter out;
  out.begin_object();
  out.member("value", value.text);
  out.key("controls");
  out.begin_array();
  std::vector<std::pair<Feed, std::vector<std::string>>> absent;
  for (const auto& row : TRY(feed::list(records_of(call), call.caller->organisation))) {
    const auto& feed = row.value;
    const auto current = TRY(feed::refresh(call.services, feed, call.now, call.deadline));
    const auto found =
        std::ranges::find(current.values, value, [](const feed::Value& one) { return one.line.value; });
    if (found == current.values.end()) {
      auto reasons = TRY(why_absent(call, feed, value));
      absent.emplace_back(feed, std::move(reasons));
      continue;
    }
    const auto fetched = TRY(feed::fetched_first(records_of(call), feed, found->serial));
    write_hit(out, feed, *found, fetched);
  }
  out.end_array();
  out.key("absent");
  out.begin_array();
  for (const auto& [feed, reasons] : absent) {
    out.begin_object();
    out.member("control", feed.name);
    out.key("reasons");
    out.begin_array();
    for (const auto& reason : reasons) out.value(reason);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return answer(200, std::move(out));
}

constexpr api::Field why_fields[] = {
    {"value", "string", "in canonical form"},
    {"controls", "[]object", "that hold it: action, indicator, from, since, fetched"},
    {"absent", "[]object", "that do not, and the reasons"},
};
constexpr api::Type why_type{"ControlWhy", why_fields};
constexpr api::Parameter value_parameters[] = {{"value", "string", "in any spelling, or KIND:TEXT"}};

constexpr auto dialect = api::Dialect::api;

const api::Route rows[] = {
    {Method::get,
     "/api/v1/control-values",
     Right::operate,
     why_value,
     "why a value is given to controls, or not",
     dialect,
     value_parameters,
     nullptr,
     &why_type},
};

}  // namespace

std::span<const api::Route> control_value_routes() {
  return rows;
}

}  // namespace shieldwall::library
