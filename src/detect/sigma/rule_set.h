#pragma once
// Rules made ready for a stream of events. A RuleSet is immutable and shared by threads; each thread looks
// through its own Scanner.
//
//   const auto rules = compile_rules(TRY(load_rules(paths, {})), {});
//   Scanner scanner(rules);
//   for (const auto rule : scanner.scan(record)) report(rules.rules()[rule]);
//
// An event is looked at by the rules of its log sources only (log_source.h). Of these, a rule is evaluated
// when one of the texts that it cannot hold without stands in the event.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "detect/record.h"
#include "detect/sigma/log_source.h"
#include "detect/sigma/rule.h"

namespace shieldwall::detect::sigma {

struct CompileOptions {
  std::span<const LogRow> log_rows = built_in_log_rows();
  std::span<const std::string> approved = {};  // ids of rules that may run although they match everything
};

struct Tables;

class RuleSet {
 public:
  /// The rules in use, correlations included. Scanner and Correlator name rules by their index here.
  std::span<const Rule> rules() const;
  std::span<const Unusable> unusable() const;
  /// False for a rule that only feeds correlations (correlation rules specification, "generate").
  bool reports(std::size_t rule) const;
  std::size_t bytes() const;  // of the literals' tables, for people

 private:
  friend RuleSet compile_rules(RuleFile file, const CompileOptions& options);
  friend class Scanner;
  friend class Correlator;
  std::shared_ptr<const Tables> tables_;
};

/// What cannot be used is listed with its reason, never an error: a rule that would match every event of its
/// log source is held until it is approved; a correlation whose rules are missing or in a circle.
RuleSet compile_rules(RuleFile file, const CompileOptions& options);

class Scanner {
 public:
  explicit Scanner(RuleSet rules);
  ~Scanner();
  Scanner(Scanner&&) noexcept;

  /// The rules whose condition holds for the event, in ascending order; correlations never.
  ///   comparison  ASCII letters compare without case unless `cased`; other characters as they are
  ///   a field     that stands several times: one of its values has to pass
  std::span<const std::uint32_t> scan(const Record& event);

  std::uint64_t evaluated() const;  // rules evaluated so far, for measuring

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect::sigma
