#include "cli/taxii_node.h"

#include "api/fields.h"
#include "exchange/taxii/remote.h"
#include "model/json_writer.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using api::Fields;

/// A page into the node is cut where the node's own limit of a request would be reached.
constexpr std::size_t request_bytes_max = 24u << 20;

Result<NodeFeed> feed_of(const model::Json& json) {
  auto fields = TRY(Fields::of(json, "the node's answer"));
  NodeFeed feed;
  feed.id = TRY(fields.text("id"));
  feed.url = TRY(fields.text("url"));
  feed.pulled.added_after = TRY(fields.text("added_after"));
  feed.pulled.next = TRY(fields.text("next"));
  feed.sent_after = TRY(fields.text("sent_after"));
  return feed;
}

/// How many of the objects go into one request; one at least.
std::size_t fitting(std::span<const std::string> objects) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    bytes += objects[i].size() + 1;
    if (bytes > request_bytes_max && i > 0) return i;
  }
  return objects.size();
}

Bytes objects_body(std::span<const std::string> objects, const exchange::taxii::PullPlace& place) {
  model::JsonWriter out;
  out.begin_object();
  out.key("objects");
  out.begin_array();
  for (const auto& object : objects) out.raw(object);
  out.end_array();
  out.member("added_after", place.added_after);
  out.member("next", place.next);
  out.end_object();
  return std::move(out).text();
}

}  // namespace

Result<NodeFeed> FeedNode::feed(std::string_view url, std::string_view circle, std::string_view ceiling) {
  model::JsonWriter out;
  out.begin_object();
  out.member("url", url);
  out.member("circle", circle);
  if (!ceiling.empty()) out.member("ceiling", ceiling);
  out.end_object();
  const auto answer = TRY(ask_(net::Method::post, "/api/v1/feeds", std::move(out).text()));
  return feed_of(answer.root());
}

Result<NodeTaken> FeedNode::take(NodeFeed& feed,
                                 std::span<const std::string> objects,
                                 const exchange::taxii::PullPlace& place) {
  NodeTaken taken;
  const auto target = fmt::format("/api/v1/feeds/{}/objects", feed.id);
  for (bool last = false; !last;) {
    const auto count = fitting(objects);
    last = count == objects.size();
    // The place goes with the last part: a pull that breaks before it begins with this page again.
    auto body = objects_body(objects.first(count), last ? place : feed.pulled);
    const auto answer = TRY(ask_(net::Method::post, target, std::move(body)));
    objects = objects.subspan(count);
    exchange::taxii::Warnings warnings;
    const auto status = TRY(exchange::taxii::read_status(std::string(answer.text()), warnings));
    taken.successes += status.successes;
    taken.failures += status.failures;
    taken.messages.insert(taken.messages.end(), status.messages.begin(), status.messages.end());
  }
  feed.pulled = place;
  return taken;
}

Result<NodeOutgoing> FeedNode::outgoing(const std::string& feed, const exchange::taxii::Query& query) {
  auto target = fmt::format("/api/v1/feeds/{}/outgoing", feed);
  char joint = '?';
  for (const auto& [name, value] : query) {
    target += fmt::format("{}{}={}", joint, name, net::percent_encode(value));
    joint = '&';
  }
  const auto answer = TRY(ask_(net::Method::get, target, {}));
  auto fields = TRY(Fields::of(answer.root(), "the node's answer"));
  NodeOutgoing outgoing;
  for (const auto& object : TRY(fields.elements("objects"))) outgoing.objects.emplace_back(object.raw());
  outgoing.more = TRY(fields.flag("more", false));
  outgoing.next = TRY(fields.optional_text("next")).value_or("");
  outgoing.date_added_last = TRY(fields.optional_text("date_added_last")).value_or("");
  outgoing.held_back = static_cast<std::uint64_t>(TRY(fields.number("held_back")));
  return outgoing;
}

Done FeedNode::sent(const std::string& feed, std::string_view after) {
  model::JsonWriter out;
  out.begin_object();
  out.member("sent_after", after);
  out.end_object();
  TRY(ask_(net::Method::post, fmt::format("/api/v1/feeds/{}/sent", feed), std::move(out).text()));
  return {};
}

}  // namespace shieldwall::cli
