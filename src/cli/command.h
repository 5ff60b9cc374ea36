#pragma once
// What a command is: its words, its options as a table, an example that a test runs, and one function. Each
// command stands in a file of its own and is one row of cli/commands.cpp; only cli.cpp knows the parser
// library.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shieldwall::cli {

enum Exit : int {
  done = 0,
  found = 1,        // scan or hunt found something, verify differs
  usage = 2,        // the words or options are off
  refused = 3,      // by policy
  bad_input = 4,    // or cannot be evaluated
  unavailable = 5,  // a file, a port or a peer
};

/// The status that an error ends a command with.
Exit exit_of(const Error& error);

enum class Takes : unsigned char { nothing, one, many, each };  // each: one, and the option may stand again

/// Why a value cannot be; nothing: it can.
using Fault = std::optional<std::string>;

/// `--name` options begin with two dashes, everything else is positional, in the order of the table.
struct Option {
  std::string_view name;  // "--intel", "FILE"
  std::string_view help;  // what it means, unit, default
  Takes takes = Takes::one;
  bool required = false;
  Fault (*accepts)(std::string_view value) = nullptr;  // nothing: the command judges
};

class Arguments {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  /// The value given, or `fallback`.
  std::string one(std::string_view name, std::string_view fallback = {}) const;
  std::vector<std::string> all(std::string_view name) const;
  void set(std::string_view name, std::vector<std::string> values) {
    values_.insert_or_assign(std::string(name), std::move(values));
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Command {
  std::string_view words;    // "object check"
  std::string_view summary;  // one line
  std::string_view text;     // a paragraph: what it does, what it prints, what the exit status means
  std::span<const Option> options;
  std::string_view example;  // a whole command line that works from the source folder; a test runs it
  Exit (*run)(const Arguments& arguments);
};

/// Prints `shieldwall: message` to standard error and gives the status it ends with.
Exit report(const Error& error);
/// The same for words or options that are off; --help tells more.
Exit misuse(std::string_view what);

/// All commands, in the order in which help lists them.
std::span<const Command> commands();

}  // namespace shieldwall::cli
