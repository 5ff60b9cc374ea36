#include "cli/node.h"

#include <filesystem>

#include "base/fs.h"
#include "base/text.h"
#include "cli/node_call.h"
#include "cli/streams.h"

namespace shieldwall::cli {

namespace {

using net::Method;

constexpr std::uint64_t small_file_bytes_max = 1u << 20;  // of configuration, keys and certificates

/// The files of a folder, for whoever may read them there; nothing where the folder is not.
Done copy_files(const std::string& from, const std::string& to) {
  auto& fs = system_fs();
  if (!TRY(fs.exists(from))) return {};
  TRY(fs.make_directory(to));
  for (const auto& name : TRY(fs.list(from))) {
    const auto bytes = read_file(fs, from + "/" + name, small_file_bytes_max);
    if (!bytes) return fail(within_once(bytes.error(), from + "/" + name));
    TRY(write_file_durably(fs, to + "/" + name, *bytes));
  }
  return {};
}

Done copy_file(const std::string& from, const std::string& to, std::string_view name) {
  const auto path = fmt::format("{}/{}", from, name);
  const auto bytes = read_file(system_fs(), path, small_file_bytes_max);
  if (!bytes) return fail(within_once(bytes.error(), path));
  return write_file_durably(system_fs(), fmt::format("{}/{}", to, name), *bytes);
}

/// The configuration last: a folder with one is a whole node.
Done copy_node(NodeDoor& door, const std::string& from, const std::string& to) {
  auto& fs = system_fs();
  if (TRY(fs.exists(to)))
    return fail(ErrorCode::invalid, "{} is there already; a backup overwrites nothing", excerpt(to));
  TRY(here(fs.make_directory(to + "/store")));
  // The log first: what it notes after its copy is then in the copy of the store, and none of it is lost.
  model::JsonWriter log;
  log.begin_object();
  log.member("path", std::filesystem::absolute(to + "/log").string());
  log.end_object();
  TRY(door.ask(Method::post, "/api/v1/log/backup", std::move(log).text(), whole_store_time));
  model::JsonWriter body;
  body.begin_object();
  body.member("path", std::filesystem::absolute(to + "/store/node.db").string());
  body.end_object();
  TRY(door.ask(Method::post, "/api/v1/store/backup", std::move(body).text(), whole_store_time));
  TRY(here(copy_files(from + "/tls", to + "/tls")));
  TRY(here(copy_file(from, to, "node.key")));
  return here(copy_file(from, to, "shieldwall.toml"));
}

std::string folder_answer(std::string_view folder) {
  model::JsonWriter out;
  out.begin_object();
  out.member("folder", folder);
  out.end_object();
  return std::move(out).text();
}

Exit run_backup(const Arguments& arguments) {
  auto door = NodeDoor::open(arguments);
  if (!door) return report(door.error());
  const auto to = arguments.one("FOLDER");
  if (const auto copied = copy_node(*door, folder_of(arguments), to); !copied) return report(copied.error());
  if (arguments.has("--json"))
    print("{}\n", folder_answer(to));
  else
    print("{} is a copy of the node, with its keys: keep it as safe as the node\n", to);
  return Exit::done;
}

Exit run_check(const Arguments& arguments) {
  bool clean = true;
  const auto exit = on_node(
      arguments,
      [&](NodeDoor& door) -> Result<model::JsonDocument> {
        auto answer = TRY(door.ask(Method::post, "/api/v1/store/check", {}, whole_store_time));
        const auto findings = answer.root().find("findings");
        clean = findings && findings->size() == 0;
        return answer;
      },
      [](const model::Json& answer) {
        const auto findings = answer.find("findings");
        if (!findings) return;
        for (const auto finding : *findings) print_line(excerpt(finding.string(), 1000));
        print_line(fmt::format("{} findings", findings->size()));
      });
  return exit == Exit::done && !clean ? Exit::found : exit;
}

constexpr Option backup_options[] = {
    {"FOLDER", "a new folder for the copy", Takes::one, true},
    dir_option,
    json_option,
};
constexpr Option check_options[] = {dir_option, json_option};

constexpr Command commands_here[] = {
    {"node backup",
     "copy a node while it runs",
     "The copy is a node's folder of its own: its store as it was at one instant, configuration, keys and "
     "certificates. To restore, stop the node, put the copy in its folder's place and serve it. Never serve "
     "both.",
     backup_options,
     "shieldwall node backup node-copy --dir node",
     run_backup},
    {"node check",
     "verify all that a node keeps",
     "Reads everything and compares it with what was noted when it was stored; names each damaged object. "
     "Exit "
     "status: 0 all is well, 1 something does not verify.",
     check_options,
     "shieldwall node check --dir node",
     run_check},
};

}  // namespace

std::span<const Command> node_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
