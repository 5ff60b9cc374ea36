#include "cli/serve.h"

#include <csignal>

#include "cli/node_call.h"
#include "cli/streams.h"
#include "server/serve.h"

namespace shieldwall::cli {

namespace {

constexpr Option options[] = {
    dir_option,
    {"--json", "print where it listens as one line of JSON", Takes::nothing},
};

volatile std::sig_atomic_t asked_to_stop = 0;

void ask_to_stop(int) {
  asked_to_stop = 1;
}

void tell_json(const std::vector<server::Listening>& listening) {
  model::JsonWriter out;
  out.begin_object();
  for (const auto& listener : listening) out.member(net::name_of(listener.role), listener.where);
  out.end_object();
  print_line(out.text());
}

void tell(const std::vector<server::Listening>& listening) {
  for (const auto& listener : listening)
    print_line(fmt::format("{:<8} {}", net::name_of(listener.role), listener.where));
  print_line("The node serves. Ctrl-C stops it.");
}

Exit run_serve(const Arguments& arguments) {
  const auto folder = folder_of(arguments);
  const auto config = server::read_folder_config(system_fs(), folder);
  if (!config) return report_input(config.error());
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  std::signal(SIGPIPE, SIG_IGN);
  const auto done = server::serve(
      folder, *config, arguments.has("--json") ? tell_json : tell, [] { return asked_to_stop != 0; });
  if (done) return Exit::done;
  const auto exit = report_input(done.error());
  return done.error().code == ErrorCode::conflict ? Exit::unavailable
                                                  : exit;  // somebody else holds the store
}

constexpr Command commands_here[] = {
    {"serve",
     "run a node",
     "Serves the node in the folder until SIGINT or SIGTERM, then lets running requests finish. Prints where "
     "it "
     "listens, one listener a line. Exit 5 when a port is taken or the store is held by another process.",
     options,
     "shieldwall serve --dir node",
     run_serve},
};

}  // namespace

std::span<const Command> serve_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
