// shieldwall taxii push: sends what the organisation put into a circle to a foreign collection.

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/text.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "cli/taxii_node.h"
#include "cli/taxii_rows.h"
#include "cli/taxii_server.h"

namespace shieldwall::cli {

namespace {

using namespace exchange::taxii;

constexpr std::uint64_t envelope_bytes_default = 8u << 20;  // for servers that do not say what they take
constexpr int polls_max = 30;
constexpr auto poll_every = std::chrono::seconds(1);
constexpr std::size_t messages_shown = 10;

struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  std::uint64_t pending = 0;
  std::uint64_t held_back = 0;
  std::vector<std::string> messages{};
};

class Pusher {
 public:
  Pusher(TaxiiServer& server, net::Url root, std::uint64_t bytes_max)
      : server_(server), root_(std::move(root)), bytes_max_(bytes_max) {}

  /// Sends the objects, in as many envelopes as the server's limit makes of them.
  Done send(const std::vector<std::string>& objects) {
    std::string body;
    for (const auto& object : objects) {
      if (object.size() + 32 > bytes_max_) {
        ++tally_.refused;
        tally_.messages.push_back(
            fmt::format("an object of {} bytes is more than the server takes", object.size()));
        continue;
      }
      if (!body.empty() && body.size() + object.size() + 32 > bytes_max_) TRY(post(std::exchange(body, {})));
      body += (body.empty() ? "" : ",") + object;
    }
    return body.empty() ? Done{} : post(std::move(body));
  }

  Tally& tally() { return tally_; }

 private:
  Done post(std::string objects) {
    auto status = TRY(server_.client.add(server_.url, fmt::format(R"({{"objects":[{}]}})", objects)));
    for (int polls = 0; status.pending && !status.id.empty() && polls < polls_max; ++polls) {
      std::this_thread::sleep_for(poll_every);
      status = TRY(server_.client.status(root_, status.id));
    }
    tally_.sent += status.successes;
    tally_.refused += status.failures;
    tally_.pending += status.pendings;
    for (auto& message : status.messages) tally_.messages.push_back(std::move(message));
    return {};
  }

  TaxiiServer& server_;
  net::Url root_;
  std::uint64_t bytes_max_;
  Tally tally_;
};

/// The API root of a collection's address.
Result<net::Url> root_of(const net::Url& collection) {
  const auto cut = collection.target.rfind("/collections/");
  if (cut == std::string::npos)
    return fail(ErrorCode::invalid, "{} is no collection: its path has no /collections/", collection.text());
  auto root = collection;
  root.target.resize(cut + 1);
  return root;
}

Result<Pusher> pusher_for(TaxiiServer& server) {
  const auto root = TRY(root_of(server.url));
  const auto collection = TRY(server.client.collection(server.url));
  if (!collection.can_write)
    return fail(ErrorCode::denied, "the server says that this account may not write to the collection");
  const auto told = TRY(server.client.root(root));
  return Pusher(server, root, told.max_content_length.value_or(envelope_bytes_default));
}

Done push_all(const Arguments& arguments, FeedNode& node, Pusher& pusher, const TaxiiServer& server) {
  const auto feed = TRY(node.feed(server.url.text(), arguments.one("--circle"), {}));
  std::string next;
  for (bool more = true; more;) {
    Query query;
    if (!feed.sent_after.empty() && !arguments.has("--again"))
      query.push_back({"added_after", feed.sent_after});
    if (arguments.has("--allow")) query.push_back({"allow", arguments.one("--allow")});
    if (!next.empty()) query.push_back({"next", next});
    const auto page = TRY(node.outgoing(feed.id, query));
    pusher.tally().held_back += page.held_back;
    TRY(pusher.send(page.objects));
    // After the server has them: a push that breaks sends this page again, which does no harm.
    if (!page.date_added_last.empty()) TRY(node.sent(feed.id, page.date_added_last));
    more = page.more;
    next = page.next;
  }
  return {};
}

void print(const Arguments& arguments, const Tally& tally) {
  if (arguments.has("--json")) {
    model::JsonWriter out;
    out.begin_object();
    out.member("sent", tally.sent);
    out.member("refused", tally.refused);
    out.member("pending", tally.pending);
    out.member("held_back", tally.held_back);
    out.end_object();
    return print_line(out.text());
  }
  fmt::print("{} objects sent, {} refused by the server, {} pending, {} held back\n",
             tally.sent,
             tally.refused,
             tally.pending,
             tally.held_back);
  for (std::size_t i = 0; i < std::min(tally.messages.size(), messages_shown); ++i)
    fmt::print(stderr, "  {}\n", tally.messages[i]);
}

Exit run_push(const Arguments& arguments) {
  if (const auto wrong = misused_server_options(arguments)) return misuse(*wrong);
  if (auto root = net::Url::parse(arguments.one("URL")); !root_of(*root))
    return misuse("URL must name a collection: .../collections/ID/");
  auto server = taxii_server(arguments);
  if (!server) return report_input(server.error());
  auto door = NodeDoor::open(arguments);
  if (!door) return report(door.error());
  FeedNode node([&](net::Method method, std::string target, Bytes body) {
    return door->ask(method, std::move(target), std::move(body));
  });
  auto pusher = pusher_for(**server);
  if (!pusher) return report_remote(pusher.error());
  const auto done = push_all(arguments, node, *pusher, **server);
  print(arguments, pusher->tally());
  print_warnings((*server)->client);
  if (!done) return report_remote(done.error());
  return pusher->tally().refused > 0 ? Exit::bad_input : Exit::done;
}

constexpr auto options = with_server_options(std::array{
    dir_option,
    as_option,
    Option{.name = "--circle",
           .help = "id or alias of the circle whose objects of ours are sent",
           .required = true},
    Option{.name = "--allow",
           .help =
               "parts of labels that a foreign server does not honour and whose loss you allow, with commas: "
               "PAP, use limits, classification, realm"},
    Option{.name = "--again", .help = "send what was sent before once more", .takes = Takes::nothing},
    Option{.name = "--json", .help = "one JSON object at the end", .takes = Takes::nothing},
});

}  // namespace

const Command taxii_push_command{
    .words = "taxii push",
    .summary = "send own objects of a circle to a foreign TAXII 2.1 collection",
    .text =
        "Sends what this organisation itself put into the circle, and has not sent before, to the collection "
        "at URL, with markings rewritten for tools that know TLP. An object whose label says more than the "
        "foreign server can honour is held back unless --allow names the loss. Exit status: 0 done, 3 "
        "refused, 4 some objects were refused, 5 not reached.",
    .options = options,
    .example =
        "shieldwall taxii push https://127.0.0.1:8443/default/collections/energy/ --ca node/tls/ca.pem "
        "--user alice "
        "--password-file alice.txt --circle energy --dir node",
    .run = run_push,
};

}  // namespace shieldwall::cli
