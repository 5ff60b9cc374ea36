#include "cli/import.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "cli/import_target.h"
#include "cli/interrupt.h"
#include "cli/label_options.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "library/import_job.h"
#include "net/url.h"
#include "server/folder.h"

namespace shieldwall::cli {

bool is_interrupted() {
  return interrupted();
}

std::string label_query_of(const Arguments& arguments) {
  std::string query;
  for (const std::string_view name :
       {"circle", "tlp", "pap", "must-not", "persons", "embargo", "end", "strict"}) {
    const auto option = fmt::format("--{}", name);
    if (!arguments.has(option)) continue;
    query += fmt::format("{}{}={}",
                         query.empty() ? "?" : "&",
                         name == "must-not" ? "must_not" : name,
                         net::percent_encode(arguments.one(option)));
  }
  return query;
}

namespace {

using library::ImportReport;

constexpr Duration told_every = milliseconds(200);
constexpr std::size_t findings_shown = 10;

/// The store itself where nobody else holds it and no other account was named; the node otherwise.
Result<std::unique_ptr<ImportTarget>> target_of(const Arguments& arguments) {
  const auto folder = folder_of(arguments);
  if (const auto config = server::read_folder_config(system_fs(), folder); config && !arguments.has("--as")) {
    auto store =
        store::open_sqlite(server::path_in(folder, "store"), {system_clock(), system_random(), system_fs()});
    if (store) return import_into_store(std::move(*store), arguments);
    if (store.error().code != ErrorCode::conflict) return fail(std::move(store).error());
  }
  return import_through_node(arguments);
}

// ---------------------------------------------------------------- what people and programs read

std::string quoted(std::string_view text) {
  std::string out;
  model::append_json_string(out, text);
  return out;
}

/// The first error; else the first warning of what is told though it is held.
std::string why_of(const library::Outcome& outcome) {
  using library::Status;
  const bool is_held = outcome.status == Status::stored || outcome.status == Status::duplicate;
  const auto told = std::ranges::find_if(outcome.findings, [&](const model::Finding& finding) {
    return is_held ? library::tells_of_breadth(finding) : finding.severity == model::Severity::error;
  });
  if (told == outcome.findings.end()) return "";
  return fmt::format(": {}{} {}: {}",
                     is_held ? "warning: " : "",
                     told->section,
                     told->pointer.empty() ? "(the whole object)" : told->pointer,
                     told->message);
}

void show(const std::string& path, const ImportReport& report, double took_s) {
  print_line(fmt::format(
      "{}: {} objects ({:.1f} MB) in {:.2f} s: {} stored, {} held already, {} in conflict, {} refused",
      path,
      report.objects,
      static_cast<double>(report.bytes) / 1e6,
      took_s,
      report.tally.stored,
      report.tally.duplicate,
      report.tally.conflict,
      report.tally.refused));
  for (std::size_t i = 0; i < std::min(findings_shown, report.findings.size()); ++i) {
    const auto& outcome = report.findings[i];
    print_line(fmt::format(
        "  object {} {} {}{}", outcome.index, outcome.id, library::name_of(outcome.status), why_of(outcome)));
  }
  const auto all =
      std::max<std::uint64_t>(report.tally.refused + report.tally.conflict, report.findings.size());
  if (all > findings_shown) print_line(fmt::format("  and {} more", all - findings_shown));
}

/// Tells of one file, also where it ended early. The status it asks for.
Exit import_one(ImportTarget& target, const std::string& path, bool json) {
  const auto begun = system_clock().steady();
  const auto file = open_named_file(path);
  if (!file) return report_input(file.error());
  ImportReport told;
  Done done;
  {
    ImportProgress progress(!json);
    done = target.take(**file, progress, told);
  }
  if (json)
    print_line(fmt::format(R"({{"file":{},"seconds":{:.3f},"report":{}}})",
                           quoted(path),
                           seconds_since(begun),
                           library::write_report(told)));
  else
    show(path, told, seconds_since(begun));
  if (!done) return report_input(within_once(done.error(), path));
  return told.tally.refused + told.tally.conflict == 0 ? Exit::done : Exit::bad_input;
}

Exit run_import(const Arguments& arguments) {
  const bool json = arguments.has("--json");
  auto target = target_of(arguments);
  if (!target) return report(target.error());
  interrupted();
  Exit worst = Exit::done;
  for (const auto& path : arguments.all("FILE")) {
    worst = std::max(worst, import_one(**target, path, json));
    if (interrupted()) return static_cast<Exit>(exit_interrupted);
  }
  const auto caught_up = (*target)->catch_up();
  if (!caught_up) return report(caught_up.error());
  if (*caught_up) {
    const auto [lag, took] = **caught_up;
    print_line(json ? fmt::format(R"({{"text_lag":{},"text_seconds":{:.3f}}})", lag, took)
                    : fmt::format("full text: {} objects behind, caught up in {:.2f} s", lag, took));
  }
  return worst;
}

constexpr Option options[] = {
    {"FILE",
     "STIX (a bundle, envelope or array, or one object a line) or a list of values; gzip, zstd and xz are "
     "unpacked; - for "
     "standard input",
     Takes::many,
     true},
    {"--circle", "UUID or alias of the circle to release into; default: nobody but the organisation"},
    label_tlp_option,
    label_pap_option,
    label_must_not_option,
    label_persons_option,
    label_embargo_option,
    label_end_option,
    {"--strict", "what STIX says an object should be, it must be", Takes::nothing},
    dir_option,
    as_option,
    {"--json", "one JSON object a line: of each file, then of the full text", Takes::nothing},
};

constexpr Command commands_here[] = {
    {"import",
     "take files into a node's store",
     "Reads, checks and stores every object, each on its own: a bad one is reported and the others are kept. "
     "Of each file it counts: stored, new here; held already, the same version with the same content from "
     "you, which changes nothing, as a value of a list that is in force already; in conflict, the same "
     "version "
     "with other content: the first is kept, and a change needs a later `modified`; refused, against a MUST "
     "of STIX or against policy. What would match everything (0.0.0.0/0, a public suffix) is stored with a "
     "warning, and not looked for. "
     "Goes "
     "through the node while it runs, else straight into its store. Exit 0 when all were taken, 4 when some "
     "were "
     "refused or in conflict, 5 when the node or a file cannot be used.",
     options,
     "shieldwall import --dir node samples/demo/shared.json",
     run_import},
};

}  // namespace

ImportProgress::ImportProgress(bool shown)
    : shown_(shown && isatty(STDERR_FILENO) != 0), begun_(system_clock().steady()) {}

ImportProgress::~ImportProgress() {
  if (told_) fmt::print(stderr, "\r\x1b[K");
}

void ImportProgress::tell(const ImportReport& report) {
  const auto now = system_clock().steady();
  if (!shown_ || now < next_) return;
  next_ = Duration{now.us + told_every.us};
  told_ = true;
  fmt::print(stderr,
             "\r\x1b[K{:.1f} MB, {} objects, {} stored, {} refused, {:.0f} objects/s",
             static_cast<double>(report.bytes) / 1e6,
             report.objects,
             report.tally.stored,
             report.tally.refused,
             static_cast<double>(report.objects) / std::max(0.001, seconds_since(begun_)));
  std::fflush(stderr);
}

std::span<const Command> import_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
