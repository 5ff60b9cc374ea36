#include "cli/pattern.h"

#include <cstdio>

#include "base/text.h"
#include "cli/streams.h"
#include "detect/files.h"
#include "detect/pattern/expression.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

using detect::Observation;
using detect::PatternCode;
using detect::PatternDialect;

constexpr std::size_t file_bytes_max = std::size_t{1} << 30;  // of one file, unpacked

/// Every failure of these commands means the same to a caller: the pattern or the input is at fault.
Exit cannot(const Error& error) {
  const auto status = report(error);
  return status == Exit::usage ? status : Exit::bad_input;
}

Result<PatternDialect> dialect_of(const Arguments& arguments) {
  const auto name = arguments.one("--stix", "either");
  if (name == "2.1") return PatternDialect::v2_1;
  if (name == "2.0") return PatternDialect::v2_0;
  if (name == "either") return PatternDialect::either;
  return fail(ErrorCode::invalid, "--stix: '{}' is neither 2.0 nor 2.1", excerpt(name));
}

/// Strictly: what the evaluator forgives is refused here.
Done check_spelling(const std::string& pattern, PatternDialect dialect) {
  using model::PatternSpelling;
  const auto first = dialect == PatternDialect::v2_0 ? PatternSpelling::v2_0 : PatternSpelling::v2_1;
  auto parsed = model::parse_pattern(pattern, first);
  if (!parsed && dialect == PatternDialect::either && model::parse_pattern(pattern, PatternSpelling::v2_0))
    return {};
  if (!parsed) return fail(std::move(parsed).error());
  return {};
}

Exit run_check(const Arguments& arguments) {
  const auto dialect = dialect_of(arguments);
  if (!dialect) return report(dialect.error()), Exit::usage;
  const auto pattern = arguments.one("PATTERN");
  auto checked = check_spelling(pattern, *dialect);
  if (checked)
    if (auto code = PatternCode::compile(pattern, *dialect); !code) checked = fail(std::move(code).error());
  if (arguments.has("--json")) {
    model::JsonWriter json;
    json.begin_object();
    json.member("valid", checked.has_value());
    if (!checked) json.member("reason", checked.error().message);
    json.end_object();
    fmt::print("{}\n", json.text());
  }
  if (!checked) return cannot(checked.error());
  if (!arguments.has("--json")) fmt::print("valid\n");
  return Exit::done;
}

Result<std::string> read_whole(const std::string& path) {
  const auto reader = TRY(open_named_file(path));
  std::string text;
  static constexpr std::size_t block_bytes = std::size_t{1} << 18;
  for (;;) {
    const auto before = text.size();
    if (before > file_bytes_max) return fail(ErrorCode::exhausted, "{}: over {} bytes", path, file_bytes_max);
    text.resize(before + block_bytes);
    const auto got = TRY(reader->read(std::span(text).subspan(before)));
    text.resize(before + got);
    if (got == 0) return text;
  }
}

/// All observations of all files, and which file each is from.
struct Observed {
  std::vector<Observation> observations;
  std::vector<std::size_t> file;  // beside them
};

Result<Observed> read_observed(const std::vector<std::string>& paths) {
  Observed all;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto document = model::JsonDocument::parse(TRY(read_whole(paths[i])));
    if (!document) return fail(Error(document.error()).within(paths[i]));
    auto some = detect::read_observations(*document);
    if (!some) return fail(Error(some.error()).within(paths[i]));
    all.file.insert(all.file.end(), some->size(), i);
    std::ranges::move(*some, std::back_inserter(all.observations));
  }
  return all;
}

/// The position of an observation in its own file, from 0.
std::size_t position_of(const Observed& all, std::size_t which) {
  auto first = which;
  while (first > 0 && all.file[first - 1] == all.file[which]) --first;
  return which - first;
}

void print_json(const Observed& all,
                const std::vector<std::string>& paths,
                const detect::PatternVerdict& verdict) {
  model::JsonWriter json;
  json.begin_object();
  json.member("match", verdict.matched);
  json.key("ids");
  json.begin_array();
  for (const auto which : verdict.bound)
    if (!all.observations[which].id.empty()) json.value(all.observations[which].id);
  json.end_array();
  json.key("bound");
  json.begin_array();
  for (const auto which : verdict.bound) {
    json.begin_object();
    json.member("file", paths[all.file[which]]);
    json.member("position", position_of(all, which));
    if (!all.observations[which].id.empty()) json.member("id", all.observations[which].id);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  fmt::print("{}\n", json.text());
}

void print_text(const Observed& all,
                const std::vector<std::string>& paths,
                const detect::PatternVerdict& verdict) {
  fmt::print("{}\n", verdict.matched ? "match" : "no match");
  for (const auto which : verdict.bound) {
    const auto& id = all.observations[which].id;
    fmt::print("  {}: {}\n",
               excerpt(paths[all.file[which]], 200),
               id.empty() ? fmt::format("observed-data {}", position_of(all, which) + 1) : excerpt(id, 100));
  }
}

Exit run_match(const Arguments& arguments) {
  const auto dialect = dialect_of(arguments);
  if (!dialect) return report(dialect.error()), Exit::usage;
  const auto code = PatternCode::compile(arguments.one("PATTERN"), *dialect);
  if (!code) return cannot(code.error());
  const auto paths = arguments.all("FILE");
  const auto all = read_observed(paths);
  if (!all) return all.error().code == ErrorCode::unavailable ? report(all.error()) : cannot(all.error());
  const auto verdict = match_pattern(*code, all->observations);
  if (!verdict) return cannot(verdict.error());
  if (!verdict->matched && !verdict->undecided.empty())
    return cannot({ErrorCode::invalid, "cannot be evaluated: " + verdict->undecided});
  if (arguments.has("--json"))
    print_json(*all, paths, *verdict);
  else
    print_text(*all, paths, *verdict);
  return verdict->matched ? Exit::done : Exit::found;
}

constexpr Option stix_option = {"--stix", "the spelling that is taken: 2.0 or 2.1; both without it"};

constexpr Option check_options[] = {
    stix_option,
    {"--json", "one JSON object: valid, reason", Takes::nothing},
    {"PATTERN", "a STIX pattern, in quotes for the shell", Takes::one, true},
};

constexpr Option match_options[] = {
    stix_option,
    {"--json", "one JSON object: match, ids, and where the bound observed-data stand", Takes::nothing},
    {"PATTERN", "a STIX pattern, in quotes for the shell", Takes::one, true},
    {"FILE", "JSON: observed-data, a bundle, or a list of these; - for standard input", Takes::many, true},
};

}  // namespace

std::span<const Command> pattern_commands() {
  static const Command rows[] = {
      {.words = "pattern check",
       .summary = "check a STIX pattern",
       .text =
           "Says whether a STIX pattern is written as the standard demands (2.1, or the spelling of 2.0) and "
           "can be evaluated. Exit status: 0 it is, 4 it is not; the reason is on standard error.",
       .options = check_options,
       .example = "shieldwall pattern check \"[file:name LIKE '%.scr'] FOLLOWEDBY [ipv4-addr:value ISSUBSET "
                  "'198.51.100.0/24'] WITHIN 60 SECONDS\"",
       .run = run_check},
      {.words = "pattern match",
       .summary = "hold a STIX pattern against observed-data",
       .text =
           "Looks for observed-data in the files that match the pattern together, and prints which were "
           "bound. "
           "STIX 2.0 observed-data with objects and 2.1 with object_refs into the same bundle; gzip, "
           "zstd and "
           "xz are unpacked. Exit status: 0 match, 1 no match, 4 the pattern does not parse or cannot be "
           "evaluated, or a file holds no observed-data, 5 a file cannot be read; the reason is on standard "
           "error.",
       .options = match_options,
       .example = "shieldwall pattern match \"[domain-name:value = 'update.example.net'] FOLLOWEDBY "
                  "[network-traffic:dst_ref.value = '198.51.100.7'] WITHIN 300 SECONDS\" "
                  "samples/patterns/beacon.json",
       .run = run_match},
  };
  return rows;
}

}  // namespace shieldwall::cli
