// shieldwall taxii discover: what a TAXII 2.1 server offers to this account.

#include <cstdio>

#include "cli/streams.h"
#include "cli/taxii_rows.h"
#include "cli/taxii_server.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

using namespace exchange::taxii;

struct FoundRoot {
  std::string url{};
  RemoteRoot root{};
  std::vector<RemoteCollection> collections{};
  std::string fault{};  // why nothing more is known
};

struct Found {
  RemoteDiscovery discovery{};
  std::vector<FoundRoot> roots{};
};

/// errors are told with the root: one that fails does not hide the others
FoundRoot look_at(TaxiiServer& server, std::string_view written) {
  FoundRoot found{.url = std::string(written)};
  const auto url = server.url.resolve(written);
  if (!url) {
    found.fault = url.error().message;
    return found;
  }
  found.url = url->text();
  if (url->origin() != server.url.origin()) {
    found.fault = "on another server: the account is not shown there; name that address to ask it";
    return found;
  }
  auto root = server.client.root(*url);
  auto collections = root ? server.client.collections(*url) : Result<std::vector<RemoteCollection>>();
  if (!root || !collections) {
    found.fault = (root ? collections.error() : root.error()).message;
    return found;
  }
  found.root = std::move(*root);
  found.collections = std::move(*collections);
  return found;
}

void print_json(const Found& found, const Warnings& warnings) {
  model::JsonWriter out;
  out.begin_object();
  out.member("title", found.discovery.title);
  out.member("default", found.discovery.default_root);
  out.key("api_roots");
  out.begin_array();
  for (const auto& root : found.roots) {
    out.begin_object();
    out.member("url", root.url);
    if (!root.fault.empty()) out.member("fault", root.fault);
    out.member("title", root.root.title);
    out.member("max_content_length", root.root.max_content_length);
    out.key("collections");
    out.begin_array();
    for (const auto& collection : root.collections) {
      out.begin_object();
      out.member("id", collection.id);
      out.member("url", fmt::format("{}collections/{}/", root.url, collection.id));
      out.member("title", collection.title);
      out.member("alias", collection.alias);
      out.member("can_read", collection.can_read);
      out.member("can_write", collection.can_write);
      out.end_object();
    }
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.key("warnings");
  out.begin_array();
  for (const auto& warning : warnings) out.value(warning);
  out.end_array();
  out.end_object();
  fmt::print("{}\n", out.text());
}

void print(const Found& found) {
  fmt::print("{}\n", found.discovery.title);
  for (const auto& root : found.roots) {
    fmt::print("  {}  {}\n", root.url, root.fault.empty() ? root.root.title : root.fault);
    for (const auto& collection : root.collections)
      fmt::print("    {}  {}{}  {}  {}\n",
                 collection.id,
                 collection.can_read ? "r" : "-",
                 collection.can_write ? "w" : "-",
                 collection.title,
                 collection.alias);
  }
}

Exit run_discover(const Arguments& arguments) {
  if (const auto wrong = misused_server_options(arguments)) return misuse(*wrong);
  const auto server = taxii_server(arguments);
  if (!server) return report_input(server.error());
  auto& [url, net, settings, client] = **server;
  if (url.target == "/") url.target = "/taxii2/";  // TAXII 2.1 section 4.1
  auto discovery = client.discover(url);
  if (!discovery) return report_remote(discovery.error());
  Found found{.discovery = std::move(*discovery)};
  for (const auto& root : found.discovery.api_roots) found.roots.push_back(look_at(**server, root));
  if (arguments.has("--json")) {
    print_json(found, client.warnings());
  } else {
    print(found);
    print_warnings(client);
  }
  return Exit::done;
}

constexpr auto options = with_server_options(std::array{
    Option{.name = "--json", .help = "one JSON object", .takes = Takes::nothing},
});

}  // namespace

const Command taxii_discover_command{
    .words = "taxii discover",
    .summary = "show what a TAXII 2.1 server offers",
    .text =
        "Asks the server's discovery address for its API roots and their collections, with the rights that "
        "this account has in each. Exit status: 0 answered, 3 refused, 4 not understood, 5 not reached.",
    .options = options,
    .example =
        "shieldwall taxii discover https://127.0.0.1:8443/taxii2/ --ca node/tls/ca.pem --user alice "
        "--password-file alice.txt",
    .run = run_discover,
};

}  // namespace shieldwall::cli
