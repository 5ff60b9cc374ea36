#pragma once
// shieldwall sigma check, and what `scan --sigma` does: Sigma rules without a node.

#include <atomic>
#include <memory>

#include "cli/command.h"
#include "detect/files.h"
#include "detect/sigma/events.h"
#include "detect/sigma/rule_set.h"

namespace shieldwall::cli {

std::span<const Command> sigma_commands();

/// The rules of the files and folders, with --placeholders and --approve.
///   errors  as sigma::load_rules
Result<detect::sigma::RuleSet> read_rules(const std::vector<std::string>& paths, const Arguments& arguments);
/// Those of --sigma, one at least. Says on standard error which cannot be used, and why.
///   errors  as read_rules; invalid: none can
Result<detect::sigma::RuleSet> rules_to_look_for(const Arguments& arguments);
/// Prints hits as `scan --sigma` does; `rules` outlive it.
std::unique_ptr<detect::sigma::SigmaSink> rule_printer(const detect::sigma::RuleSet& rules, bool as_json);

/// Looks for the rules of --sigma in the files, and prints each hit with the rule's id, title and level, as a
/// line of text or (--json) of JSON.
Exit scan_with_sigma(const Arguments& arguments,
                     std::span<const detect::InputFile> files,
                     const std::atomic<bool>& stop);

}  // namespace shieldwall::cli
