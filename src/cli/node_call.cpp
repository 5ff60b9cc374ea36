#include "cli/node_call.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "base/text.h"
#include "cli/streams.h"
#include "net/client.h"
#include "server/folder.h"

namespace shieldwall::cli {

namespace {

/// A client that reaches nothing but the node's own socket.
net::ClientOptions to_socket(std::string socket) {
  net::ClientOptions options;
  options.local_socket = std::move(socket);
  return options;
}

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::denied;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    case 429:
    case 503:
      return ErrorCode::exhausted;
    default:
      return status >= 500 ? ErrorCode::internal : ErrorCode::invalid;
  }
}

}  // namespace

std::string folder_of(const Arguments& arguments) {
  const auto given = arguments.one("--dir");
  if (!given.empty()) return given;
  return server::from_environment("SHIELDWALL_DIR").value_or(".");
}

struct NodeDoor::State {
  std::string account;
  std::unique_ptr<net::Client> socket;    // the node runs
  std::unique_ptr<net::Client> outgoing;  // or it is opened here
  std::unique_ptr<server::Node> node;

  Result<net::Response> send(net::Request request, Duration patience) {
    if (!account.empty()) request.headers.set("Shieldwall-Account", account);
    // RFC 7240 section 4.3: the node stops working on it when nobody waits any more.
    request.headers.set("Prefer", fmt::format("wait={}", patience.us / seconds(1).us));
    if (socket) {
      const auto url = TRY(net::Url::parse("http://localhost" + request.target));
      return socket->send(url, std::move(request), Deadline::in(patience, system_clock()));
    }
    request.role = net::ListenerRole::local;
    request.peer_uid = ::getuid();
    request.deadline = Deadline::in(patience, system_clock());
    return node->handle(std::move(request));
  }
};

NodeDoor::NodeDoor(std::unique_ptr<State> state) : state_(std::move(state)) {}
NodeDoor::~NodeDoor() = default;
NodeDoor::NodeDoor(NodeDoor&&) noexcept = default;

namespace {

/// No node to talk to is no refusal of what was asked.
Error no_node(Error error) {
  error.code = ErrorCode::unavailable;
  return error;
}

}  // namespace

Result<NodeDoor> NodeDoor::open(const Arguments& arguments) {
  const auto folder = folder_of(arguments);
  auto read = server::read_folder_config(system_fs(), folder);
  if (!read && read.error().code == ErrorCode::not_found) return fail(no_node(std::move(read).error()));
  const auto config = TRY(std::move(read));
  auto state = std::make_unique<State>();
  state->account = arguments.one("--as");
  const auto socket = server::path_in(folder, config.socket);
  if (TRY(system_fs().exists(socket))) {
    state->socket = std::make_unique<net::Client>(to_socket(socket));
    if (state->send({.target = "/healthz"}, call_time)) return NodeDoor(std::move(state));
    state->socket.reset();  // left behind by a node that was killed
  }
  state->outgoing = std::make_unique<net::Client>(net::ClientOptions{.allowed_hosts = config.allowed_hosts});
  auto node =
      server::open_folder(folder, config, {system_clock(), system_random(), system_fs(), *state->outgoing});
  if (!node) return fail(no_node(std::move(node).error().within(folder)));
  state->node = std::move(*node);
  return NodeDoor(std::move(state));
}

Result<net::Response> NodeDoor::send(net::Request request, Duration patience) {
  return state_->send(std::move(request), patience);
}

Result<model::JsonDocument> NodeDoor::ask(net::Method method,
                                          std::string path,
                                          Bytes body,
                                          Duration patience) {
  net::Request request{.method = method, .target = std::move(path), .body = std::move(body)};
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  const auto response = TRY(state_->send(std::move(request), patience));
  if (response.status / 100 != 2) return fail(error_of(response));
  return model::JsonDocument::parse(response.bytes().empty() ? "null" : std::string(response.bytes()));
}

Error error_of(const net::Response& response) {
  const auto document = model::JsonDocument::parse(std::string(response.bytes()));
  const auto detail = document ? text_of(document->root(), "detail") : std::string_view();
  return {code_of(response.status),
          detail.empty()
              ? fmt::format("the node answered {} {}", response.status, net::reason_of(response.status))
              : std::string(detail)};
}

void print_line(std::string_view line) {
  print("{}\n", line);
  std::fflush(stdout);
}

std::string_view text_of(const model::Json& json, std::string_view name) {
  const auto member = json.find(name);
  return member && member->is(model::JsonKind::string) ? member->string() : std::string_view();
}

bool flag_of(const model::Json& json, std::string_view name) {
  const auto member = json.find(name);
  return member && member->is(model::JsonKind::boolean) && member->boolean();
}

std::uint64_t number_of(const model::Json& json, std::string_view name) {
  const auto member = json.find(name);
  const auto digits = member && member->is(model::JsonKind::number) ? member->number() : std::string_view();
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Result<std::optional<std::string>> password_from(const Arguments& arguments) {
  constexpr std::size_t line_max = 4096;
  const auto variable = arguments.one("--password-env");
  if (!variable.empty()) {
    auto value = server::from_environment(variable);
    if (!value) return fail(ErrorCode::invalid, "the environment variable {} is not set", excerpt(variable));
    return value;
  }
  if (!arguments.has("--password-stdin")) return std::optional<std::string>();
  char line[line_max];
  if (std::fgets(line, sizeof line, stdin) == nullptr)
    return fail(ErrorCode::invalid, "no password on standard input");
  std::string_view password = line;
  while (password.ends_with('\n') || password.ends_with('\r')) password.remove_suffix(1);
  return std::optional(std::string(password));
}

Exit on_node(const Arguments& arguments,
             const std::function<Result<model::JsonDocument>(NodeDoor&)>& action,
             const std::function<void(const model::Json&)>& show) {
  auto door = NodeDoor::open(arguments);
  if (!door) return report(door.error());
  const auto answer = action(*door);
  if (!answer) return report(answer.error());
  if (arguments.has("--json"))
    print_line(answer->text());
  else
    show(answer->root());
  return Exit::done;
}

}  // namespace shieldwall::cli
