// "/feeds/{control}": what a control fetches, with a token of its own instead of an account.

#include <algorithm>

#include "base/text.h"
#include "ledger/delivery.h"
#include "ledger/subject.h"
#include "library/feed/feed.h"
#include "library/feed/feed_routes.h"

namespace shieldwall::library {

namespace {

using api::Right;
using feed::Feed;
using net::Method;

/// In the same words for a control that is not there and a token that is wrong.
Result<Feed> feed_by_token(const api::Call& call) {
  const auto header = call.request.headers.get("X-Feed-Token");
  const auto token = header ? header : call.target.parameter("token");
  auto feed = feed::by_id(records_of(call), call.part("control"));
  if (!feed && feed.error().code != ErrorCode::not_found) return feed;
  const bool is_right = feed && token && equal_in_constant_time(sha256(*token).view(), feed->token.view());
  if (!is_right) return fail(ErrorCode::not_found, "no such feed, or another token");
  return feed;
}

/// The control as a caller of its organisation, for the delivery entry.
Result<api::Caller> control_of(const api::Call& call, const Feed& feed) {
  auto subject = TRY(ledger::subject_of(records_of(call), feed.organisation));
  return api::Caller{.account = AccountId{feed.id.uuid},
                     .name = "control " + feed.name,
                     .organisation = feed.organisation,
                     .rights = {},
                     .scope = policy::Scope::of(std::move(subject))};
}

Done note(const api::Call& call, const feed::Current& current) {
  std::vector<ledger::DeliveredVersion> versions;
  for (const auto& holding : current.holdings) {
    auto version = TRY(ledger::delivered(call, holding));
    versions.push_back(std::move(version));
  }
  for (std::size_t i = 0; i < versions.size(); i += ledger::delivered_max) {
    const auto some = std::span(versions).subspan(i, std::min(ledger::delivered_max, versions.size() - i));
    TRY(ledger::note_delivery(call, "feed", some));
  }
  return {};
}

std::vector<feed::Line> lines_of(const std::vector<feed::Value>& values) {
  std::vector<feed::Line> lines;
  for (const auto& one : values) lines.push_back(one.line);
  return lines;
}

/// Against an earlier serial that the control still has; nothing: it must take the whole.
Result<std::optional<std::string>> change_since(const api::Call& call,
                                                const Feed& feed,
                                                const feed::Current& current) {
  const auto text = call.target.parameter("since");
  if (!text) return std::optional<std::string>();
  const auto since = as_number<std::uint64_t>(*text);
  if (!since) return fail(ErrorCode::invalid, "since: the X-Feed-Serial of an earlier answer");
  const auto lines = lines_of(current.values);
  const feed::Rendering as{feed.name, current.state.serial};
  if (*since == current.state.serial) return render_change(feed.format, lines, lines, as);
  for (const auto& earlier : current.state.earlier)
    if (earlier.serial == *since) {
      const auto blob = TRY(call.services.store.blobs().get(earlier.values));
      const auto before = TRY(feed::decode_values(blob));
      return render_change(feed.format, lines_of(before), lines, as);
    }
  return std::optional<std::string>();
}

Result<api::Response> fetch(api::Call& call) {
  const auto feed = TRY(feed_by_token(call));
  call.caller = TRY(control_of(call, feed));
  const auto current = TRY(feed::refresh(call.services, feed, call.now, call.deadline));
  const auto serial = std::to_string(current.state.serial);
  const auto tag = fmt::format("\"{}\"", serial);
  const auto with_facts = [&](api::Response response) {
    response.header("ETag", policy::Release::fact(tag));
    response.header("X-Feed-Serial", policy::Release::fact(serial));
    response.header("Cache-Control", policy::Public::of("no-cache, private"));
    return response;
  };
  if (call.request.headers.get("If-None-Match") == tag)
    return with_facts({304, policy::Public::of(""), media_type_of(feed.format)});
  const auto change = TRY(change_since(call, feed, current));
  auto text =
      change ? *change : render(feed.format, lines_of(current.values), {feed.name, current.state.serial});
  TRY(note(call, current));
  TRY(feed::note_fetch(records_of(call), feed, current.state.serial, call.now));
  auto response = with_facts({200, policy::Release::fact(std::move(text)), media_type_of(feed.format)});
  response.header("X-Feed-Change", policy::Public::of(change ? "delta" : "full"));
  return response;
}

constexpr api::Parameter fetch_parameters[] = {
    {"token", "string", "the control's token, where it cannot send X-Feed-Token"},
    {"since",
     "integer",
     "X-Feed-Serial of an earlier answer: what changed alone, where the format knows changes"},
};

constexpr auto dialect = api::Dialect::api;

const api::Route rows[] = {
    {Method::get,
     "/feeds/{control}",
     Right::none,
     fetch,
     "what a control fetches, with the control's own token",
     dialect,
     fetch_parameters,
     nullptr,
     nullptr,
     nullptr,
     true},
};

}  // namespace

std::span<const api::Route> fetch_routes() {
  return rows;
}

}  // namespace shieldwall::library
