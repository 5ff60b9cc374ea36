#pragma once
// A node's folder: what `init` makes, and how a node is opened from it.
//
//   shieldwall.toml   configuration          tls/ca.pem ca.key      its own authority
//   node.key          the node's secret      tls/server.pem .key    certificate for tools
//   log/              its transparency log
//   store/            what the node keeps    node.sock              the command line's way in, while it runs
//   tls/node.keys     the keys that the roster tells others          tls/member.pem .key    how other nodes
//   know it

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/config.h"
#include "server/node.h"

namespace shieldwall::server {

struct InitOptions {
  std::string folder{};
  Founding founding{};
  Config config{};
  std::vector<std::string> names{};  // DNS names and addresses in the server certificate, beside localhost
};

/// Makes the folder and all that is in it; gives the one-time token of the first account.
///   errors  conflict: there is a node already; denied, exhausted, unavailable: the disk
Result<std::string> init_folder(const InitOptions& options, Clock& clock, Random& random, Fs& fs);

std::optional<std::string> from_environment(std::string_view name);

/// From now on a file that may not grow (`ulimit -f`) is an error to tell, as a full disk is, and not the end
/// of the process by a signal.
void survive_file_limits();

/// errors: not_found: no node there
Result<Config> read_folder_config(Fs& fs, const std::string& folder);

/// "shieldwall.toml" of a folder, and whatever the configuration names relative to it.
std::string path_in(const std::string& folder, const std::string& path);

/// The certificate that this node shows to other nodes, known to them by its pin; made when there is none.
Result<net::TlsIdentity> member_identity(Fs& fs, const std::string& folder, const Clock& clock);

/// Opens the store under its exclusive lock, and the node over it. `deadlines`: as NodeOptions.
///   errors  conflict: another process has it open
Result<std::unique_ptr<Node>> open_folder(const std::string& folder,
                                          const Config& config,
                                          Seams seams,
                                          const Clock* deadlines = nullptr);

}  // namespace shieldwall::server
