#include "server/serve.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include "base/guarded.h"
#include "base/log.h"
#include "net/address.h"
#include "net/certificate.h"
#include "net/client.h"
#include "server/arrivals.h"
#include "server/federating.h"
#include "server/stopping_clock.h"
#include "server/witnessing.h"

namespace shieldwall::server {

namespace {

constexpr Duration pause = milliseconds(250);  // between two looks for work and for the end
constexpr Duration last_words = seconds(1);    // for handlers to notice that it is too late, and to say so

/// 10,000 connections need more descriptors than the 1,024 that a shell gives.
void raise_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// The error with what an operator can do about it.
Error advised(Error error, const std::string& folder) {
  if (error.code == ErrorCode::exhausted)
    error.message += fmt::format("; make room on the disk of {}, then start again", folder);
  if (error.code == ErrorCode::denied)
    error.message += fmt::format(
        "; the node writes in its folder: let {} and all in it belong to the user that "
        "runs it, on a disk that is not read-only",
        folder);
  if (error.code == ErrorCode::corrupt)
    error.message += "; keep this folder as it is, and go on from the last backup";
  return error;
}

/// Instants that are written must not go back: embargoes, sessions and the order of what was added hang on
/// them.
Done check_clock(Node& node, const Config& config, const Clock& clock) {
  constexpr Duration forgiven = hours(1);  // a time server's correction, a summer's hour
  auto& log = node.store().audit();
  const auto size = TRY(log.size());
  if (size == 0 || config.trust_clock) return {};
  const auto last = TRY(log.read(size - 1, 1));
  if (last.empty() || clock.now() + forgiven >= last.front().at) return {};
  return fail(
      ErrorCode::unavailable,
      "this machine's clock says {}, and the node wrote at {} already: set the clock and start again; if it "
      "was wrong then and is right now, start once with SHIELDWALL_NODE_TRUST_CLOCK=true",
      to_text(clock.now()),
      to_text(last.front().at));
}

/// A misspelt setting would be silently without effect.
void warn_of_environment() {
  std::vector<std::string> names;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry = *one;
    names.emplace_back(entry.substr(0, entry.find('=')));
  }
  for (const auto& warning : unknown_settings(names))
    fmt::print(stderr, "shieldwall: warning: {}\n", warning);
}

struct Plan {
  std::vector<net::ListenerOptions> listeners{};
  std::vector<net::ListenerRole> roles{};
};

Result<Plan> plan_of(const std::string& folder, const Config& config, Fs& fs, Node& node) {
  Plan plan;
  const auto add = [&](net::ListenerRole role, const ListenerConfig& from) -> Done {
    if (!from.enabled) return {};
    net::ListenerOptions listener{.role = role, .address = from.address, .port = from.port};
    if (from.tls)
      listener.tls =
          TRY(net::load_identity(fs, path_in(folder, config.certificate), path_in(folder, config.key)));
    if (role == net::ListenerRole::members) {
      auto* const federation = node.federation();
      listener.tls = federation->tls().with([](const auto& stand) { return stand.present.identity; });
      listener.admits = [federation](const Digest& pin) { return federation->admits(pin); };
    }
    plan.listeners.push_back(std::move(listener));
    plan.roles.push_back(role);
    return {};
  };
  TRY(add(net::ListenerRole::tools, config.tools));
  TRY(add(net::ListenerRole::members, config.members));
  TRY(add(net::ListenerRole::metrics, config.metrics));
  plan.listeners.push_back({.role = net::ListenerRole::local, .address = path_in(folder, config.socket)});
  plan.roles.push_back(net::ListenerRole::local);
  return plan;
}

net::Limits limits_of(const Config& config) {
  net::Limits limits;
  limits.body_bytes = static_cast<std::uint64_t>(config.body_bytes);
  limits.connections = static_cast<std::size_t>(config.connections);
  limits.connections_per_address = static_cast<std::size_t>(config.connections_per_address);
  limits.head_time = seconds(config.head_seconds);
  limits.idle_time = seconds(config.idle_seconds);
  limits.handler_time = seconds(config.handler_seconds);
  return limits;
}

std::vector<Listening> where(const Plan& plan, const net::Server& server) {
  std::vector<Listening> all;
  for (std::size_t i = 0; i < plan.listeners.size(); ++i) {
    const auto& listener = plan.listeners[i];
    if (plan.roles[i] == net::ListenerRole::local) {
      all.push_back({plan.roles[i], listener.address});
      continue;
    }
    const bool v6 = listener.address.find(':') != std::string::npos;
    all.push_back({plan.roles[i],
                   fmt::format("{}://{}{}{}:{}",
                               listener.tls ? "https" : "http",
                               v6 ? "[" : "",
                               listener.address,
                               v6 ? "]" : "",
                               server.port(i))});
  }
  return all;
}

/// A TLS key that was replaced is shown by the listener for members from that moment.
void show_new_identities(exchange::federation::Federation& federation,
                         const Plan& plan,
                         const std::shared_ptr<Guarded<net::Server*>>& current) {
  const auto found = std::ranges::find(plan.roles, net::ListenerRole::members);
  if (found == plan.roles.end()) return;
  const auto listener = static_cast<std::size_t>(found - plan.roles.begin());
  federation.on_identity([current, listener](const net::TlsIdentity& identity) {
    const auto done = current->with([&](net::Server* one) {
      return one == nullptr ? Done{} : one->replace_identity(listener, identity);
    });
    if (!done) log::error("the new TLS key is not shown", {{"why", done.error().message}});
  });
}

void work_until(Node& node, const std::function<bool()>& stop) {
  while (!stop()) {
    const auto more = node.tick(pause);
    if (!more || !*more) std::this_thread::sleep_for(std::chrono::microseconds(pause.us));
  }
}

}  // namespace

Done serve(const std::string& folder,
           const Config& config,
           const std::function<void(const std::vector<Listening>&)>& ready,
           const std::function<bool()>& stop) {
  raise_descriptors();
  warn_of_environment();
  survive_file_limits();
  net::ClientOptions outgoing{.allowed_hosts = config.allowed_hosts};
  if (!config.proxy.empty()) outgoing.proxy = TRY(net::Url::parse(config.proxy));
  StoppingClock deadlines(system_clock());
  net::Client client(std::move(outgoing), deadlines);  // who waits for another node is let go too
  auto opened =
      open_folder(folder, config, {system_clock(), system_random(), system_fs(), client}, &deadlines);
  if (!opened) return fail(advised(std::move(opened).error(), folder));
  const auto node = std::move(*opened);
  TRY(check_clock(*node, config, system_clock()));
  const auto plan = TRY(plan_of(folder, config, system_fs(), *node));

  // Asked by handlers that may outlast the server's loop by a moment.
  const auto current = std::make_shared<Guarded<net::Server*>>(nullptr);
  node->count_connections([current] {
    return current->with(
        [](const net::Server* one) { return one ? one->counters() : net::ServerCounters{}; });
  });
  ThreadPool pool(threads_of(config), static_cast<std::size_t>(config.queue));
  auto* const answers = node.get();
  auto started = net::Server::start(
      {.listeners = plan.listeners,
       .limits = limits_of(config),
       .intake = [answers](const net::Request& head) { return answers->intake(head); },
       .deadlines = &deadlines},
      [answers](net::Request&& request) { return answers->handle(std::move(request)); },
      pool);
  if (!started && started.error().code == ErrorCode::unavailable)
    started.error().message += fmt::format(
        "; is another process there (`ss -ltnp` tells)? Stop it, or set another address or port in {}",
        path_in(folder, "shieldwall.toml"));
  if (!started) return fail(std::move(started).error());
  const auto server = std::move(*started);
  current->with([&](net::Server*& one) { one = server.get(); });
  show_new_identities(*node->federation(), plan, current);
  ready(where(plan, *server));
  log::info("node serves", {{"folder", folder}, {"listeners", plan.listeners.size()}});
  {
    const Federating federating(*node->federation(), [current] {
      current->with([](net::Server* one) {
        if (one != nullptr) one->wake();
      });
    });
    const Witnessing witnessing(*node->federation());
    const ArrivalHunter hunter(node->store(), system_fs(), system_clock(), path_in(folder, "past"));
    work_until(*node, stop);
    node->stopping();
    deadlines.stop_in(seconds(config.stop_seconds));
  }
  server->stop(Duration{deadlines.left().us + last_words.us});
  current->with([](net::Server*& one) { one = nullptr; });
  log::info("node stopped", {{"folder", folder}});
  return {};
}

}  // namespace shieldwall::server
