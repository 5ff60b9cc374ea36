#include "cli/sigma.h"

#include <cstdio>
#include <map>

#include "base/text.h"
#include "cli/scan.h"
#include "cli/streams.h"
#include "detect/sigma/events.h"
#include "detect/sigma/load.h"
#include "detect/sigma/rule_set.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

namespace sigma = detect::sigma;

constexpr std::size_t unused_shown = 20;

/// What comes from a rule file must not reach a terminal as it is.
std::string printable(std::string_view text) {
  return excerpt(text, 300);
}

void print_verdict_json(const sigma::Rule& rule) {
  model::JsonWriter json;
  json.begin_object();
  json.member("usable", true);
  json.member("id", rule.id);
  json.member("title", rule.title);
  json.member("level", name_of(rule.level));
  json.member("source", rule.origin);
  json.key("notes");
  json.begin_array();
  for (const auto& note : rule.notes) json.value(note);
  json.end_array();
  json.end_object();
  fmt::print("{}\n", json.text());
}

void print_verdict_json(const sigma::Unusable& rule) {
  model::JsonWriter json;
  json.begin_object();
  json.member("usable", false);
  json.member("id", rule.key);
  json.member("title", rule.title);
  json.member("source", rule.origin);
  json.member("reason", rule.reason);
  json.end_object();
  fmt::print("{}\n", json.text());
}

void print_verdict(const sigma::Rule& rule) {
  fmt::print("usable    {}  {}\n", printable(rule.key()), printable(rule.title));
  for (const auto& note : rule.notes) fmt::print("          note: {}\n", printable(note));
}

void print_verdict(const sigma::Unusable& rule) {
  fmt::print("unusable  {}  {}\n          {}: {}\n",
             printable(rule.key.empty() ? "-" : rule.key),
             printable(rule.title.empty() ? "-" : rule.title),
             printable(rule.origin),
             printable(rule.reason));
}

Exit input_error(const Error& error) {
  const auto exit = report_input(error);
  return exit == Exit::unavailable ? exit : Exit::bad_input;
}

Exit run_check(const Arguments& arguments) {
  const auto rules = read_rules(arguments.all("RULE"), arguments);
  if (!rules) return input_error(rules.error());
  const bool as_json = arguments.has("--json");
  for (const auto& rule : rules->rules()) as_json ? print_verdict_json(rule) : print_verdict(rule);
  for (const auto& rule : rules->unusable()) as_json ? print_verdict_json(rule) : print_verdict(rule);
  if (!as_json)
    fmt::print("{} rules, {} usable, {} not\n",
               rules->rules().size() + rules->unusable().size(),
               rules->rules().size(),
               rules->unusable().size());
  return rules->unusable().empty() ? Exit::done : Exit::bad_input;
}

class HitPrinter final : public sigma::SigmaSink {
 public:
  HitPrinter(const sigma::RuleSet& rules, bool as_json) : rules_(rules), as_json_(as_json) {}

  void hit(const sigma::SigmaHit& hit) override {
    const auto& rule = rules_.rules()[hit.rule];
    ++totals_[hit.rule];
    as_json_ ? print_json(hit, rule) : print_text(hit, rule);
  }

  void done(const sigma::SigmaReport& report) override {
    if (report.broken > 0)
      fmt::print(stderr,
                 "shieldwall: {}: {} events could not be read{}{}\n",
                 report.source,
                 report.broken,
                 report.problem.empty() ? "" : ", first ",
                 printable(report.problem));
    if (!report.error.empty())
      fmt::print(stderr, "shieldwall: {}: {}\n", report.source, printable(report.error));
  }

  void totals(const sigma::SigmaTotals& totals) const {
    if (totals.forgotten > 0)
      fmt::print(stderr, "shieldwall: correlations could not keep {} events\n", totals.forgotten);
    if (as_json_) return;
    if (!totals_.empty()) fmt::print("\n");
    for (const auto& [rule, hits] : totals_)
      fmt::print("{:>8}  {:<13} {}\n",
                 hits,
                 name_of(rules_.rules()[rule].level),
                 printable(rules_.rules()[rule].title));
    fmt::print("{} files, {} events, {} hits of {} rules\n",
               totals.files,
               totals.events,
               totals.hits,
               totals_.size());
  }

 private:
  static void print_json(const sigma::SigmaHit& hit, const sigma::Rule& rule) {
    model::JsonWriter json;
    json.begin_object();
    json.member("source", hit.source);
    json.member("line", hit.line);
    if (hit.time) json.member("time", to_text(*hit.time));
    json.member("rule", rule.id);
    json.member("title", rule.title);
    json.member("level", name_of(rule.level));
    json.end_object();
    fmt::print("{}\n", json.text());
  }

  static void print_text(const sigma::SigmaHit& hit, const sigma::Rule& rule) {
    fmt::print("{}:{}  {}  {}  {}  {}\n",
               hit.source,
               hit.line,
               hit.time ? to_text_ms(*hit.time) : "-",
               rule.level == sigma::Level::none ? "-" : name_of(rule.level),
               printable(rule.key()),
               printable(rule.title));
  }

  const sigma::RuleSet& rules_;
  bool as_json_;
  std::map<std::uint32_t, std::uint64_t> totals_;
};

constexpr Option check_options[] = {
    {"--placeholders", "folder with NAME.txt files: the values of %NAME% for the modifier expand"},
    {"--approve", "id of a rule that may run although it matches everything; may stand again", Takes::each},
    {"--json", "one JSON object a rule and line", Takes::nothing},
    {"RULE", "rule files, or folders of *.yml", Takes::many, true},
};

}  // namespace

Result<sigma::RuleSet> read_rules(const std::vector<std::string>& paths, const Arguments& arguments) {
  std::unique_ptr<sigma::Placeholders> placeholders;
  if (arguments.has("--placeholders"))
    placeholders = TRY(sigma::placeholders_in(arguments.one("--placeholders")));
  auto file = TRY(sigma::load_rules(paths, {.placeholders = placeholders.get()}));
  const auto approved = arguments.all("--approve");
  return sigma::compile_rules(std::move(file), {.approved = approved});
}

Result<sigma::RuleSet> rules_to_look_for(const Arguments& arguments) {
  auto rules = TRY(read_rules(arguments.all("--sigma"), arguments));
  const auto unusable = rules.unusable();
  for (const auto& rule : unusable.first(std::min(unusable.size(), unused_shown)))
    fmt::print(stderr, "shieldwall: not used: {}: {}\n", printable(rule.origin), printable(rule.reason));
  if (unusable.size() > unused_shown)
    fmt::print(stderr, "shieldwall: and {} more not used\n", unusable.size() - unused_shown);
  if (rules.rules().empty())
    return fail(ErrorCode::invalid, "there is no rule to look for, so nothing was searched");
  return rules;
}

std::unique_ptr<sigma::SigmaSink> rule_printer(const sigma::RuleSet& rules, bool as_json) {
  return std::make_unique<HitPrinter>(rules, as_json);
}

Exit scan_with_sigma(const Arguments& arguments,
                     std::span<const detect::InputFile> files,
                     const std::atomic<bool>& stop) {
  constexpr int exit_interrupted = 130;
  const auto rules = rules_to_look_for(arguments);
  if (!rules) return input_error(rules.error());
  HitPrinter printer(*rules, arguments.has("--json"));
  const auto totals = sigma::scan_events(*rules, files, printer, &stop);
  printer.totals(totals);
  std::fflush(stdout);
  if (totals.stopped) return static_cast<Exit>(exit_interrupted);
  if (totals.damaged_files > 0) return tell_unread(totals.damaged_files);
  return totals.hits > 0 ? Exit::found : Exit::done;
}

std::span<const Command> sigma_commands() {
  static const Command rows[] = {{
      .words = "sigma check",
      .summary = "say which Sigma rules can be used",
      .text = "Reads Sigma rules, correlations and filters and prints a verdict for each: usable, perhaps "
              "with a note, "
              "or unusable with the reason. Exit status: 0 all usable, 4 some are not.",
      .options = check_options,
      .example = "shieldwall sigma check samples/sigma",
      .run = run_check,
  }};
  return rows;
}

}  // namespace shieldwall::cli
