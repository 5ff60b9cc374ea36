#pragma once
// The own node's feeds, as the taxii commands use them: /api/v1/feeds.

#include <string>

#include "cli/command.h"
#include "exchange/taxii/pull.h"
#include "model/json.h"

namespace shieldwall::cli {

/// A feed of the node in --dir, as GET /api/v1/feeds/{id} tells it.
struct NodeFeed {
  std::string id{};
  std::string url{};
  exchange::taxii::PullPlace pulled{};
  std::string sent_after{};
};

/// What became of one page of objects.
struct NodeTaken {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::vector<std::string> messages{};  // "id: why", of those that failed
};

/// One page of objects that may leave.
struct NodeOutgoing {
  std::vector<std::string> objects{};
  bool more = false;
  std::string next{};
  std::string date_added_last{};
  std::uint64_t held_back = 0;
};

class FeedNode {
 public:
  /// Asks the node: method, target, JSON body; gives the JSON of a 2xx answer, the problem's detail
  /// otherwise.
  using Ask = std::function<Result<model::JsonDocument>(net::Method method, std::string target, Bytes body)>;

  explicit FeedNode(Ask ask) : ask_(std::move(ask)) {}

  /// The feed of that collection into (and out of) that circle; made when there is none.
  Result<NodeFeed> feed(std::string_view url, std::string_view circle, std::string_view ceiling);
  /// Keeps the objects, and with them the place in feed.pulled.
  Result<NodeTaken> take(NodeFeed& feed,
                         std::span<const std::string> objects,
                         const exchange::taxii::PullPlace& place);
  Result<NodeOutgoing> outgoing(const std::string& feed, const exchange::taxii::Query& query);
  Done sent(const std::string& feed, std::string_view after);

 private:
  Ask ask_;
};

}  // namespace shieldwall::cli
