#include "server/folder.h"

#include <csignal>
#include <cstdlib>

#include <unistd.h>

#include "base/text.h"
#include "ledger/api_root.h"
#include "net/certificate.h"

namespace shieldwall::server {

namespace {

constexpr std::string_view config_name = "shieldwall.toml";
constexpr std::string_view secret_name = "node.key";
constexpr std::string_view store_name = "store";
constexpr std::string_view keys_name = "tls/node.keys";
constexpr std::string_view member_certificate = "tls/member.pem";
constexpr std::string_view member_key = "tls/member.key";
const std::string next_certificate = "tls/member-next.pem";  // while it replaces that one
const std::string next_key = "tls/member-next.key";

using exchange::federation::TlsKey;
constexpr Duration member_certificate_life = days(3650);  // known by its pin; its end says nothing

Done make_certificates(const InitOptions& options, Clock& clock, Fs& fs) {
  TRY(fs.make_directory(path_in(options.folder, "tls")));
  const auto start = clock.now() - days(1);  // clocks differ
  const auto authority =
      TRY(net::make_authority({.common_name = options.founding.organisation.name + " Shieldwall CA",
                               .valid_from = start,
                               .valid_for = days(3650)}));
  TRY(net::save_identity(
      fs, path_in(options.folder, "tls/ca.pem"), path_in(options.folder, "tls/ca.key"), authority));
  auto names = options.names;
  for (const auto* name : {"localhost", "127.0.0.1", "::1"}) names.emplace_back(name);
  const auto server = TRY(net::make_certificate(
      {.common_name = options.config.name, .names = names, .valid_from = start}, authority));
  return net::save_identity(fs,
                            path_in(options.folder, options.config.certificate),
                            path_in(options.folder, options.config.key),
                            server);
}

Result<Bytes> read_secret(Fs& fs, const std::string& folder) {
  const auto text = TRY(read_file(fs, path_in(folder, std::string(secret_name)), 1024));
  auto secret = from_hex(std::string_view(text).substr(0, text.find('\n')));
  if (!secret) return fail(ErrorCode::corrupt, "{} cannot be read", secret_name);
  return secret;
}

/// The node's keys; a node of before there were any gets them now.
Result<ledger::NodeKeys> keys_in(const std::string& folder, Fs& fs, Random& random) {
  const auto path = path_in(folder, std::string(keys_name));
  if (!TRY(fs.exists(path))) {
    const auto keys = ledger::NodeKeys::make(random);
    TRY(fs.make_directory(path_in(folder, "tls")));
    TRY(write_file_durably(fs, path, ledger::encode(keys)));
    return keys;
  }
  const auto text = TRY(read_file(fs, path, ledger::key_file_bytes_max));
  auto keys = ledger::decode_keys(text);
  if (!keys) return fail(ErrorCode::corrupt, "{}: {}", path, keys.error().message);
  return keys;
}

/// Where other members' nodes reach this one, as far as its configuration tells.
std::string announced_address(const Config& config) {
  if (!config.alliance_address.empty()) return config.alliance_address;
  const auto& listener = config.members;
  const bool everywhere = listener.address == "0.0.0.0" || listener.address == "::";
  if (!listener.enabled || everywhere || listener.port == 0) return {};
  const bool v6 = listener.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", listener.address, v6 ? "]" : "", listener.port);
}

Result<net::TlsIdentity> new_member_identity(const Clock& clock) {
  return net::make_self_signed({.common_name = "Shieldwall node",
                                .valid_from = clock.now() - days(1),
                                .valid_for = member_certificate_life});
}

/// The new key stays beside until both files of the present one are those of the new: a power cut in between
/// is mended at the next start.
Done adopt_next(Fs& fs, const std::string& folder) {
  const auto next = TRY(net::load_identity(fs, path_in(folder, next_certificate), path_in(folder, next_key)));
  TRY(net::save_identity(
      fs, path_in(folder, std::string(member_certificate)), path_in(folder, std::string(member_key)), next));
  TRY(fs.remove(path_in(folder, next_certificate)));
  return fs.remove(path_in(folder, next_key));
}

Result<std::optional<TlsKey>> next_identity(Fs& fs, const std::string& folder) {
  if (!TRY(fs.exists(path_in(folder, next_certificate)))) return std::optional<TlsKey>();
  TlsKey next;
  next.identity = TRY(net::load_identity(fs, path_in(folder, next_certificate), path_in(folder, next_key)));
  next.pin = TRY(net::pin_of(next.identity->certificate_chain_pem));
  return std::optional(std::move(next));
}

Result<exchange::federation::FederationOptions> federation_in(const std::string& folder,
                                                              const Config& config,
                                                              const Seams& seams) {
  exchange::federation::FederationOptions options;
  options.identity = TRY(member_identity(seams.fs, folder, seams.clock));
  options.pin = TRY(net::pin_of(options.identity->certificate_chain_pem));
  options.next_tls = TRY(next_identity(seams.fs, folder));
  options.make_tls = [&fs = seams.fs, &clock = seams.clock, folder]() -> Result<TlsKey> {
    TlsKey made;
    made.identity = TRY(new_member_identity(clock));
    TRY(net::save_identity(fs, path_in(folder, next_certificate), path_in(folder, next_key), *made.identity));
    made.pin = TRY(net::pin_of(made.identity->certificate_chain_pem));
    return made;
  };
  options.adopt_tls = [&fs = seams.fs, folder] { return adopt_next(fs, folder); };
  options.address = announced_address(config);
  options.relay = config.alliance_relay;
  options.hub = config.alliance_hub;
  options.calls = config.alliance_calls;
  options.save_keys = [&fs = seams.fs,
                       path = path_in(folder, std::string(keys_name))](const ledger::NodeKeys& keys) {
    return write_file_durably(fs, path, ledger::encode(keys));
  };
  return options;
}

exchange::TaxiiNames names_of(const Config& config) {
  exchange::TaxiiNames names;
  names.title = config.taxii_title.empty() ? config.name : config.taxii_title;
  if (!config.taxii_description.empty()) names.description = config.taxii_description;
  names.contact = config.taxii_contact;
  return names;
}

}  // namespace

std::string path_in(const std::string& folder, const std::string& path) {
  return path.starts_with('/') ? path : folder + "/" + path;
}

std::optional<std::string> from_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional(std::string(value));
}

void survive_file_limits() {
  std::signal(SIGXFSZ, SIG_IGN);
}

namespace {

/// A folder that something else uses must not become a node's; what an init left that was cut off is ours.
Done check_empty(const std::string& folder, Fs& fs) {
  if (!TRY(fs.exists(folder))) return {};
  for (const auto& name : TRY(fs.list(folder)))
    if (name != secret_name && name != store_name && name != "tls" && name != "lost+found")
      return fail(ErrorCode::conflict,
                  "{} is not empty (it holds {}) and no node; choose a new folder, or an empty one",
                  folder,
                  excerpt(name));
  return {};
}

}  // namespace

Result<std::string> init_folder(const InitOptions& options, Clock& clock, Random& random, Fs& fs) {
  survive_file_limits();
  const auto config_path = path_in(options.folder, std::string(config_name));
  if (TRY(fs.exists(config_path)))
    return fail(ErrorCode::conflict, "{} holds a node already; choose another folder", options.folder);
  TRY(check_empty(options.folder, fs));
  // Checked before anything is written, so that a slip leaves nothing behind.
  TRY(read_config(config_template(options.config), [](std::string_view) { return std::nullopt; }));
  TRY(ledger::write_of(options.founding.organisation, 0));
  if (const auto& root = options.founding.api_root; !root.empty() && !ledger::is_api_root_name(root))
    return fail(ErrorCode::invalid, "'{}' cannot be the name of an API root", excerpt(root));
  TRY(fs.make_directory(options.folder));
  TRY(make_certificates(options, clock, fs));
  TRY(member_identity(fs, options.folder, clock));
  TRY(keys_in(options.folder, fs, random));
  const auto secret = random.bytes(Node::secret_bytes);
  TRY(write_file_durably(fs, path_in(options.folder, std::string(secret_name)), to_hex(secret) + "\n"));
  std::string token;
  {
    const auto store = TRY(store::open_sqlite(path_in(options.folder, std::string(store_name)),
                                              {.clock = clock, .random = random, .fs = fs}));
    token = TRY(found_node(*store, secret, options.founding, clock.now(), random));
  }
  // Last: a folder with a configuration is a whole node.
  TRY(write_file_durably(fs, config_path, config_template(options.config)));
  return token;
}

Result<net::TlsIdentity> member_identity(Fs& fs, const std::string& folder, const Clock& clock) {
  const auto certificate = path_in(folder, std::string(member_certificate));
  const auto key = path_in(folder, std::string(member_key));
  if (!TRY(fs.exists(certificate))) {
    const auto identity = TRY(new_member_identity(clock));
    TRY(fs.make_directory(path_in(folder, "tls")));
    TRY(net::save_identity(fs, certificate, key, identity));
  }
  const auto identity = net::load_identity(fs, certificate, key);
  const bool is_half_replaced = !identity || !net::check_identity(*identity);
  if (is_half_replaced && TRY(fs.exists(path_in(folder, next_certificate)))) TRY(adopt_next(fs, folder));
  return net::load_identity(fs, certificate, key);
}

Result<Config> read_folder_config(Fs& fs, const std::string& folder) {
  const auto path = path_in(folder, std::string(config_name));
  auto text = read_file(fs, path, config_bytes_max);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail(
        ErrorCode::not_found, "{} holds no node; make one with `shieldwall init --dir {}`", folder, folder);
  if (!text && text.error().code == ErrorCode::exhausted)
    return fail(ErrorCode::invalid, "{}; this is no configuration of a node", text.error().message);
  if (!text) return fail(std::move(text).error());
  auto config = read_config(*text, from_environment);
  if (!config) return fail(std::move(config).error().within(path));
  return config;
}

Result<std::unique_ptr<Node>> open_folder(const std::string& folder,
                                          const Config& config,
                                          Seams seams,
                                          const Clock* deadlines) {
  auto secret = TRY(read_secret(seams.fs, folder));
  auto keys = TRY(keys_in(folder, seams.fs, seams.random));
  auto federation = TRY(federation_in(folder, config, seams));
  auto store = TRY(store::open_sqlite(path_in(folder, std::string(store_name)),
                                      {.clock = seams.clock, .random = seams.random, .fs = seams.fs}));
  return Node::open({.name = config.name,
                     .taxii = names_of(config),
                     .secret = std::move(secret),
                     .federation = std::move(federation),
                     .keys = std::move(keys),
                     .log_folder = path_in(folder, "log"),
                     .uid = ::getuid(),
                     .deadlines = deadlines,
                     .hashing = PasswordHasher::Limits::beside(threads_of(config)),
                     .tries_per_account = {.tries = static_cast<std::size_t>(config.tries_per_account),
                                           .window = minutes(config.tries_minutes)},
                     .tries_per_address = {.tries = static_cast<std::size_t>(config.tries_per_address),
                                           .window = minutes(config.tries_minutes)},
                     .requests = request_rules_of(config)},
                    std::move(store),
                    seams);
}

}  // namespace shieldwall::server
