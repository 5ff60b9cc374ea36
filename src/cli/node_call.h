#pragma once
// How a command talks to a node: over its local socket while it runs, else through the same handlers in this
// process, under the store's exclusive lock. One path either way: the node's API.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "model/json.h"
#include "model/json_writer.h"
#include "net/http.h"

namespace shieldwall::cli {

/// The options that every command about a node has; first in its table.
inline constexpr Option dir_option{"--dir",
                                   "the node's folder; default: SHIELDWALL_DIR, else the current one"};
inline constexpr Option as_option{"--as", "act as this account; default: this machine's operator"};
inline constexpr Option json_option{"--json", "print the node's answer as JSON", Takes::nothing};

inline constexpr Duration call_time = minutes(5);  // an import of a large file is a job; this is for the rest
inline constexpr Duration whole_store_time = hours(12);  // to read or copy all that a node keeps

std::string folder_of(const Arguments& arguments);

class NodeDoor {
 public:
  /// The node in --dir, as the account in --as.
  ///   errors  unavailable: no node there, or its store is held, but nobody answers at its socket
  static Result<NodeDoor> open(const Arguments& arguments);
  ~NodeDoor();
  NodeDoor(NodeDoor&&) noexcept;

  /// `path` from the slash on; `body` is JSON, or empty for none. The answer's JSON, null when it has no
  /// body.
  ///   patience  how long the node may work on it
  ///   errors    what the node's problem details say
  Result<model::JsonDocument> ask(net::Method method,
                                  std::string path,
                                  Bytes body = {},
                                  Duration patience = call_time);
  /// The answer as it came, whatever its status.
  Result<net::Response> send(net::Request request, Duration patience = call_time);

 private:
  struct State;
  explicit NodeDoor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The error that an answer other than 2xx stands for.
Error error_of(const net::Response& response);

/// Prints to standard output, and flushes.
void print_line(std::string_view line);

/// The text member of that name, or "".
std::string_view text_of(const model::Json& json, std::string_view name);
bool flag_of(const model::Json& json, std::string_view name);
/// The number of that name, or 0.
std::uint64_t number_of(const model::Json& json, std::string_view name);

/// A password without the command line seeing it: --password-stdin (first line) or --password-env NAME.
/// Nothing when neither was given.
Result<std::optional<std::string>> password_from(const Arguments& arguments);

/// Runs `action` on the node; prints its answer as JSON for --json, else by `show`.
Exit on_node(const Arguments& arguments,
             const std::function<Result<model::JsonDocument>(NodeDoor&)>& action,
             const std::function<void(const model::Json&)>& show);

}  // namespace shieldwall::cli
