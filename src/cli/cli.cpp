#include "cli/cli.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>
#include <system_error>

#include <CLI/CLI.hpp>

#include "base/fs.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/streams.h"
#include "detect/files.h"

namespace shieldwall::cli {

std::string Arguments::one(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? std::string(fallback) : found->second.front();
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

Exit exit_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::denied:
    case ErrorCode::not_found:
      return Exit::refused;
    case ErrorCode::invalid:
    case ErrorCode::corrupt:
    case ErrorCode::conflict:
      return Exit::bad_input;
    case ErrorCode::exhausted:
    case ErrorCode::unavailable:
    case ErrorCode::internal:
      break;
  }
  return Exit::unavailable;
}

Exit report(const Error& error) {
  fmt::print(stderr, "shieldwall: {}\n", error.message);
  return exit_of(error);
}

Error within_once(Error error, std::string_view path) {
  return error.message.starts_with(path) ? error : std::move(error).within(path);
}

Exit misuse(std::string_view what) {
  fmt::print(stderr, "shieldwall: {}; --help lists the options\n", what);
  return Exit::usage;
}

Error here(Error error) {
  if (exit_of(error) == Exit::refused) error.code = ErrorCode::unavailable;
  return error;
}

Exit report_input(const Error& error) {
  return report(here(error));
}

Result<Bytes> read_named_file(const std::string& path, std::uint64_t bytes_max) {
  return here(read_file(system_fs(), path, bytes_max));
}

Done write_named_file(const std::string& path, std::string_view bytes) {
  return here(write_file_durably(system_fs(), path, bytes));
}

Result<std::unique_ptr<wire::ByteReader>> open_named_file(const std::string& path) {
  return here(detect::open_unpacked(path));
}

namespace {

/// One command as the parser sees it, and where the parser puts what it read.
struct Parsed {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  std::vector<std::vector<std::string>> values;  // beside command->options
};

CLI::App* app_of(CLI::App& root, std::string_view words, const Command& command) {
  const auto space = words.find(' ');
  if (space == words.npos) return root.add_subcommand(std::string(words), std::string(command.summary));
  const std::string noun(words.substr(0, space));
  const auto groups = root.get_subcommands([&](CLI::App* one) { return one->get_name() == noun; });
  auto* group = groups.empty() ? nullptr : groups.front();
  if (group == nullptr) {
    group = root.add_subcommand(noun);
    group->require_subcommand(1);
  }
  const auto rest = words.substr(space + 1);
  const auto known = group->get_subcommands({}).size();
  auto* const made = app_of(*group, rest, command);
  // A group says what can be done in it: "add, list, show".
  if (group->get_subcommands({}).size() > known)
    group->description(group->get_description() + (group->get_description().empty() ? "" : ", ") +
                       std::string(rest.substr(0, rest.find(' '))));
  return made;
}

void declare(Parsed& parsed) {
  const auto& command = *parsed.command;
  parsed.app->footer(fmt::format("{}\n\nExample:\n  {}", command.text, command.example));
  parsed.values.resize(command.options.size());
  for (std::size_t i = 0; i < command.options.size(); ++i) {
    const auto& option = command.options[i];
    const std::string name(option.name);
    const std::string help(option.help);
    if (option.takes == Takes::nothing) {
      auto& slot = parsed.values[i];
      parsed.app->add_flag_callback(name, [&slot] { slot.assign(1, "true"); }, help);
      continue;
    }
    if (option.takes == Takes::one) {
      // A callback, so that an empty value is told apart from none.
      auto& slot = parsed.values[i];
      const auto take = [&slot](const std::string& value) { slot.assign(1, value); };
      parsed.app->add_option_function<std::string>(name, take, help)->required(option.required);
      continue;
    }
    auto* added = parsed.app->add_option(name, parsed.values[i], help);
    added->required(option.required);
    if (option.takes == Takes::each)
      added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
    else
      added->expected(1, CLI::detail::expected_max_vector_size);
  }
}

Arguments arguments_of(const Parsed& parsed) {
  Arguments arguments;
  for (std::size_t i = 0; i < parsed.values.size(); ++i)
    if (!parsed.values[i].empty()) arguments.set(parsed.command->options[i].name, parsed.values[i]);
  return arguments;
}

Fault misused(const Parsed& parsed) {
  for (std::size_t i = 0; i < parsed.values.size(); ++i) {
    const auto& option = parsed.command->options[i];
    if (option.accepts == nullptr) continue;
    for (const auto& value : parsed.values[i])
      if (const auto fault = option.accepts(value)) return fmt::format("{}: {}", option.name, *fault);
  }
  return std::nullopt;
}

/// An error of the library that prints ends here.
int run_command(const Parsed& parsed) {
  if (const auto fault = misused(parsed)) return misuse(*fault);
  try {
    return parsed.command->run(arguments_of(parsed));
  } catch (const std::system_error& error) {
    return report({ErrorCode::unavailable, fmt::format("standard output: {}", error.what())});
  }
}

int lost_output() {
  return report({ErrorCode::unavailable, "standard output could not be written; is the disk full?"});
}

/// Nothing is done while its output is lost.
int end(int exit) {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? exit : lost_output();
}

/// The words that may follow `path` ("" or "circle ") in the name of a command.
std::vector<std::string_view> words_after(std::string_view path) {
  std::vector<std::string_view> words;
  for (const auto& command : commands()) {
    if (!command.words.starts_with(path)) continue;
    const auto rest = command.words.substr(path.size());
    const auto word = rest.substr(0, rest.find(' '));
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  return words;
}

bool is_command(std::string_view words) {
  return std::ranges::find(commands(), words, &Command::words) != commands().end();
}

/// Says which words name no command, and the nearest that do.
Fault unknown_command(std::span<char* const> given) {
  std::string path;
  for (const std::string_view word : given) {
    const auto known = words_after(path);
    if (word.starts_with('-') || known.empty() || (!path.empty() && is_command(trimmed(path)))) break;
    if (std::ranges::find(known, word) == known.end())
      return fmt::format("there is no command '{}{}'; did you mean '{}{}'? `shieldwall {}--help` lists them",
                         path,
                         excerpt(word),
                         path,
                         nearest(word, known),
                         path);
    path += fmt::format("{} ", word);
  }
  return std::nullopt;
}

/// Says which option the command does not have, and the nearest that it has.
Fault unknown_option(std::span<const Parsed> all) {
  for (const auto& parsed : all) {
    if (!parsed.app->parsed()) continue;
    for (const auto& word : parsed.app->remaining()) {
      if (!word.starts_with("--")) continue;
      std::vector<std::string_view> known = {"--help"};
      for (const auto& option : parsed.command->options)
        if (option.name.starts_with("--")) known.push_back(option.name);
      const auto name = std::string_view(word).substr(0, word.find('='));
      return fmt::format("`{}` has no option '{}'; did you mean '{}'? `shieldwall {} --help` lists them",
                         parsed.command->words,
                         excerpt(name),
                         nearest(name, known),
                         parsed.command->words);
    }
  }
  return std::nullopt;
}

/// One line a command, `words<TAB>example`: what the documentation's test runs.
Exit print_examples() {
  for (const auto& command : commands()) print("{}\t{}\n", command.words, command.example);
  return Exit::done;
}

}  // namespace

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--examples") return end(print_examples());
  if (const auto fault = unknown_command(std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0))) {
    fmt::print(stderr, "shieldwall: {}\n", *fault);
    return Exit::usage;
  }
  CLI::App root(
      "Shieldwall: an alliance shares what it knows of cyber threats, and nothing it did not release.",
      "shieldwall");
  root.set_version_flag("--version", "shieldwall 0.1.0");
  root.require_subcommand(1);
  std::vector<Parsed> all;
  all.reserve(commands().size());
  for (const auto& command : commands()) {
    all.push_back({&command, app_of(root, command.words, command), {}});
    declare(all.back());
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto fault = unknown_option(all); fault && error.get_exit_code() != 0) {
      fmt::print(stderr, "shieldwall: {}\n", *fault);
      return Exit::usage;
    }
    const auto exit = root.exit(error) == 0 ? Exit::done : Exit::usage;
    if (!std::cout.flush()) return lost_output();
    return exit;
  }
  for (const auto& parsed : all)
    if (parsed.app->parsed() && parsed.app->get_subcommands().empty()) return end(run_command(parsed));
  return Exit::usage;
}

}  // namespace shieldwall::cli
