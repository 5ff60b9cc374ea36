// shieldwall taxii pull: reads a foreign collection into a circle of the own node, or into a file.

#include <cstdio>
#include <optional>

#include <unistd.h>

#include "base/text.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "cli/taxii_file.h"
#include "cli/taxii_node.h"
#include "cli/taxii_rows.h"
#include "cli/taxii_server.h"

namespace shieldwall::cli {

namespace {

using namespace exchange::taxii;

constexpr std::size_t messages_shown = 10;

struct Tally {
  std::uint64_t stored = 0;
  std::uint64_t refused = 0;
  std::vector<std::string> messages{};
};

std::optional<int> number_of(const Arguments& arguments, std::string_view option) {
  const auto text = arguments.one(option, "0");
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != text.npos)
    return std::nullopt;
  return std::stoi(text);
}

std::optional<std::string> misused(const Arguments& arguments) {
  if (auto wrong = misused_server_options(arguments)) return wrong;
  for (const auto* option : {"--limit", "--pages"})
    if (!number_of(arguments, option)) return fmt::format("{} takes a number up to 999999", option);
  if (arguments.has("--out") == arguments.has("--circle"))
    return "name --circle (of the node in --dir) or --out FILE, one of them";
  if (arguments.has("--state") && !arguments.has("--out")) return "--state goes with --out";
  if (arguments.has("--ceiling") && !arguments.has("--circle")) return "--ceiling goes with --circle";
  if (const auto after = arguments.one("--added-after"); !after.empty() && !parse_lenient_time(after))
    return fmt::format("--added-after '{}' is no RFC 3339 time", excerpt(after));
  return std::nullopt;
}

PullWish wish_of(const Arguments& arguments) {
  PullWish wish{.limit = number_of(arguments, "--limit").value_or(0),
                .pages_max = number_of(arguments, "--pages").value_or(0)};
  for (const auto* name : {"id", "type", "version", "spec_version"}) {
    const auto values =
        arguments.all(fmt::format("--match-{}", name == std::string_view("spec_version") ? "spec" : name));
    std::string joined;
    for (const auto& value : values) joined += (joined.empty() ? "" : ",") + value;
    if (!joined.empty()) wish.filters.push_back({fmt::format("match[{}]", name), joined});
  }
  return wish;
}

/// `--added-after` counts where nothing was pulled before, and with `--again`.
PullPlace begin_at(const Arguments& arguments, const PullPlace& kept) {
  const auto wished = arguments.one("--added-after");
  if (arguments.has("--again") || kept == PullPlace{}) return PullPlace{.added_after = wished};
  return kept;
}

class Progress {
 public:
  void tell(const Pulled& pulled) const {
    if (isatty(STDERR_FILENO) != 0)
      fmt::print(stderr, "\r\x1b[K{} pages, {} objects", pulled.pages, pulled.objects);
  }
  ~Progress() {
    if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\x1b[K");
  }
};

Exit end(const Arguments& arguments, const TaxiiServer& server, const Pulled& pulled, const Tally& tally) {
  if (arguments.has("--json")) {
    model::JsonWriter out;
    out.begin_object();
    out.member("pages", pulled.pages);
    out.member("objects", pulled.objects);
    out.member("stored", tally.stored);
    out.member("refused", tally.refused);
    out.member("at_end", pulled.at_end);
    out.member("added_after", pulled.place.added_after);
    out.end_object();
    (arguments.one("--out") == "-" ? fmt::print(stderr, "{}\n", out.text()) : print_line(out.text()));
  } else {
    fmt::print(stderr,
               "{} objects in {} pages: {} taken, {} refused{}\n",
               pulled.objects,
               pulled.pages,
               tally.stored,
               tally.refused,
               pulled.at_end ? "" : "; there is more");
    for (std::size_t i = 0; i < std::min(tally.messages.size(), messages_shown); ++i)
      fmt::print(stderr, "  {}\n", tally.messages[i]);
  }
  print_warnings(server.client);
  return tally.refused > 0 ? Exit::bad_input : Exit::done;
}

Exit pull_into_file(const Arguments& arguments, TaxiiServer& server, const PullWish& wish) {
  PulledFile file(system_fs(), arguments.one("--out"), arguments.one("--state"));
  const auto kept = file.place();
  if (!kept) return report_input(kept.error());
  auto from = begin_at(arguments, *kept);
  Tally tally;
  const auto pulled =
      pull(server.client, server.url, std::move(from), wish, [&](auto objects, const PullPlace& place) {
        tally.stored += objects.size();
        return file.take(objects, place);
      });
  if (!pulled) return report_remote(pulled.error());
  return end(arguments, server, *pulled, tally);
}

Exit pull_into_circle(const Arguments& arguments, TaxiiServer& server, const PullWish& wish) {
  auto door = NodeDoor::open(arguments);
  if (!door) return report(door.error());
  FeedNode node([&](net::Method method, std::string target, Bytes body) {
    return door->ask(method, std::move(target), std::move(body));
  });
  auto feed = node.feed(server.url.text(), arguments.one("--circle"), arguments.one("--ceiling"));
  if (!feed) return report(feed.error());
  auto from = begin_at(arguments, feed->pulled);
  Tally tally;
  Pulled so_far;
  const Progress progress;
  const auto take = [&](std::span<const std::string> objects, const PullPlace& place) -> Done {
    auto taken = TRY(node.take(*feed, objects, place));
    tally.stored += taken.successes;
    tally.refused += taken.failures;
    for (auto& message : taken.messages) tally.messages.push_back(std::move(message));
    ++so_far.pages;
    so_far.objects += objects.size();
    progress.tell(so_far);
    return {};
  };
  const auto pulled = pull(server.client, server.url, std::move(from), wish, take);
  if (!pulled) return report_remote(pulled.error());
  return end(arguments, server, *pulled, tally);
}

Exit run_pull(const Arguments& arguments) {
  if (const auto wrong = misused(arguments)) return misuse(*wrong);
  const auto wish = wish_of(arguments);
  auto server = taxii_server(arguments);
  if (!server) return report_input(server.error());
  return arguments.has("--out") ? pull_into_file(arguments, **server, wish)
                                : pull_into_circle(arguments, **server, wish);
}

constexpr auto options = with_server_options(std::array{
    dir_option,
    as_option,
    Option{.name = "--circle", .help = "id or alias of the circle of ours that takes the objects"},
    Option{.name = "--ceiling",
           .help = "clear, green, amber, amber+strict or red: nothing comes in more openly; default: clear"},
    Option{.name = "--out",
           .help = "instead of a circle: file to which objects are added, one a line; - for "
                   "standard output"},
    Option{.name = "--state", .help = "with --out: file that keeps where the pull ended"},
    Option{.name = "--added-after", .help = "where the first pull begins, an RFC 3339 time"},
    Option{.name = "--again", .help = "begin at --added-after once more", .takes = Takes::nothing},
    Option{.name = "--limit", .help = "objects a page; default: the server's choice"},
    Option{.name = "--pages", .help = "pages at most; default: to the end"},
    Option{.name = "--match-id", .help = "only these ids", .takes = Takes::many},
    Option{.name = "--match-type", .help = "only these types", .takes = Takes::many},
    Option{.name = "--match-version", .help = "first, last, all or exact times", .takes = Takes::many},
    Option{.name = "--match-spec", .help = "2.0, 2.1", .takes = Takes::many},
    Option{.name = "--json", .help = "one JSON object at the end", .takes = Takes::nothing},
});

}  // namespace

const Command taxii_pull_command{
    .words = "taxii pull",
    .summary = "read a foreign TAXII 2.1 collection",
    .text =
        "Reads the collection at URL (.../collections/ID/) from where the last pull ended. Objects become "
        "holdings of the circle under the source of this feed, never seen more widely than the circle and "
        "--ceiling allow; or lines of a file. Each page is kept with its place, so a pull that breaks goes "
        "on there. Exit status: 0 done, 3 refused, 4 objects were refused or the server is not understood, "
        "5 not reached.",
    .options = options,
    .example =
        "shieldwall taxii pull https://127.0.0.1:8443/default/collections/energy/ --ca node/tls/ca.pem "
        "--user alice "
        "--password-file alice.txt --out pulled.ndjson --state pulled.state",
    .run = run_pull,
};

}  // namespace shieldwall::cli
