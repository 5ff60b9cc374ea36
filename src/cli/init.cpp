#include "cli/init.h"

#include <charconv>

#include "base/text.h"
#include "cli/accepts.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "server/folder.h"

namespace shieldwall::cli {

namespace {

constexpr Option options[] = {
    {"--dir", "the new node's folder", Takes::one, true},
    {"--organisation", "name of the organisation whose node this is", Takes::one, true},
    {"--id", "UUID of the organisation; drawn when absent", Takes::one, false, accepts::uuid},
    {"--nation", "ISO 3166-1 alpha-3 code of its nation, as in EST", Takes::one, false, accepts::nation},
    {"--identity",
     "id of its STIX identity; default identity--<the organisation's id>",
     Takes::one,
     false,
     accepts::stix_id},
    {"--name", "what the node calls itself; default: the organisation's name"},
    {"--host", "DNS name or address in the server certificate, beside localhost", Takes::many},
    {"--address", "address on which tools reach it; default 127.0.0.1"},
    {"--port",
     "port on which tools reach it; default 8443; 0: any free one",
     Takes::one,
     false,
     accepts::port},
    {"--members-port",
     "listen for other members' nodes on this port of the address; default: do not listen",
     Takes::one,
     false,
     accepts::port},
    {"--hub", "only carry for other members what it can't read; with --members-port", Takes::nothing},
    {"--air-gapped", "call no other node and take files alone", Takes::nothing},
    {"--clear", "no TLS for tools; loopback addresses only", Takes::nothing},
    {"--metrics-port", "serve /metrics on this port of 127.0.0.1", Takes::one, false, accepts::port},
    {"--api-root",
     "name of the first TAXII API root; default `default`",
     Takes::one,
     false,
     accepts::api_root},
    {"--no-api-root", "make none", Takes::nothing},
    json_option,
};

Result<std::uint16_t> port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (status != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "'{}' is no port: 0 to 65535", excerpt(text));
  return port;
}

Result<server::InitOptions> wish_of(const Arguments& arguments) {
  server::InitOptions wish{.folder = arguments.one("--dir")};
  auto& organisation = wish.founding.organisation;
  organisation.name = arguments.one("--organisation");
  organisation.id = OrganisationId::random(system_random());
  if (arguments.has("--id")) organisation.id = TRY(OrganisationId::parse(arguments.one("--id")));
  if (arguments.has("--nation")) organisation.nation = TRY(policy::Nation::parse(arguments.one("--nation")));
  organisation.identity = ledger::identity_of(organisation.id);
  if (arguments.has("--identity"))
    organisation.identity = TRY(model::ObjectId::parse(arguments.one("--identity")));
  wish.founding.api_root = arguments.has("--no-api-root") ? "" : arguments.one("--api-root", "default");
  wish.founding.api_root_title = organisation.name;
  wish.config.name = arguments.one("--name", organisation.name);
  wish.names = arguments.all("--host");
  wish.config.tools.address = arguments.one("--address", wish.config.tools.address);
  wish.config.tools.tls = !arguments.has("--clear");
  if (arguments.has("--port")) wish.config.tools.port = TRY(port_of(arguments.one("--port")));
  if (arguments.has("--members-port")) {
    wish.config.members.enabled = true;
    wish.config.members.address = wish.config.tools.address;
    wish.config.members.port = TRY(port_of(arguments.one("--members-port")));
  }
  wish.config.alliance_hub = arguments.has("--hub");
  wish.config.alliance_calls = !arguments.has("--air-gapped");
  if (wish.config.alliance_hub && (!wish.config.members.enabled || arguments.has("--air-gapped")))
    return fail(ErrorCode::invalid,
                "--hub needs --members-port, and calls: others reach each other through it");
  if (arguments.has("--metrics-port")) {
    wish.config.metrics.enabled = true;
    wish.config.metrics.port = TRY(port_of(arguments.one("--metrics-port")));
  }
  return wish;
}

void tell(const Arguments& arguments, const server::InitOptions& wish, std::string_view token) {
  const auto& id = wish.founding.organisation.id;
  if (arguments.has("--json")) {
    model::JsonWriter out;
    out.begin_object();
    out.member("dir", wish.folder);
    out.member("organisation", id.text());
    out.member("ca", server::path_in(wish.folder, "tls/ca.pem"));
    out.member("token", token);
    out.end_object();
    print_line(out.text());
    return;
  }
  print_line(
      fmt::format("A node for {} ({}) is in {}.", wish.founding.organisation.name, id.text(), wish.folder));
  print_line("");
  print_line(fmt::format("  start it            shieldwall serve --dir {}", wish.folder));
  print_line(
      fmt::format("  make an account     shieldwall user add NAME --role analyst --dir {}", wish.folder));
  print_line(fmt::format("  trust it elsewhere  {}/tls/ca.pem", wish.folder));
  print_line("");
  print_line(
      "One-time token for the first account (POST /api/v1/first-run), valid for 7 days, shown only now:");
  print_line(fmt::format("  {}", token));
  print_line("Its body is JSON, and makes an account with every role:");
  print_line(
      fmt::format(R"(  {{"token":"{}","account":"NAME","password":"a sentence of four words"}})", token));
}

Exit run_init(const Arguments& arguments) {
  const auto wish = wish_of(arguments);
  if (!wish) return misuse(wish.error().message);
  const auto token = server::init_folder(*wish, system_clock(), system_random(), system_fs());
  if (!token) return report_input(token.error());
  tell(arguments, *wish, *token);
  return Exit::done;
}

constexpr Command commands_here[] = {
    {"init",
     "make a node: folder, configuration, certificates, organisation",
     "Makes the folder with a commented configuration, an own certificate authority and a server certificate "
     "of "
     "it, the node's secret, and a store with the organisation and one TAXII API root. Prints a one-time "
     "token "
     "for the first account; there is no default password. Exit 4 when the folder holds a node already.",
     options,
     "shieldwall init --dir node --organisation 'CERT Example' --nation EST",
     run_init},
};

}  // namespace

std::span<const Command> init_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
