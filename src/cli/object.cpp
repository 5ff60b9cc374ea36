#include "cli/object.h"

#include <algorithm>
#include <unordered_set>

#include "base/hash.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/object_stream.h"
#include "cli/streams.h"
#include "model/json_writer.h"
#include "model/object_rules.h"

namespace shieldwall::cli {

namespace {

using namespace model;

std::string text_at(const Json& json, std::string_view name) {
  const auto value = json.find(name);
  return value && value->is(JsonKind::string) ? std::string(value->string()) : "";
}

/// What is said of one object, or of the bundle around them.
struct Verdict {
  std::string_view what;  // "object" or "bundle"
  std::uint64_t index = 0;
  std::string id;
  std::string type;
  std::vector<Finding> findings;

  bool valid() const {
    return std::ranges::none_of(findings,
                                [](const Finding& finding) { return finding.severity == Severity::error; });
  }
};

std::string_view name_of(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

/// Control characters, which ids and pointers may carry, must not reach a terminal.
std::string printable(std::string_view text) {
  return excerpt(text, 1000);
}

void print_text(const Verdict& verdict) {
  print("{} {} {}\n",
        verdict.valid() ? "valid  " : "invalid",
        verdict.what,
        verdict.id.empty() ? fmt::format("number {}", verdict.index + 1) : printable(verdict.id));
  for (const Finding& finding : verdict.findings)
    print("  {:<7} {} at {}: {} [{}]\n",
          name_of(finding.severity),
          finding.section,
          finding.pointer.empty() ? "the whole object" : printable(finding.pointer),
          finding.message,
          finding.rule);
}

void print_json(const Verdict& verdict) {
  JsonWriter json;
  json.begin_object();
  if (verdict.what == "object") json.member("index", verdict.index);
  json.member("kind", verdict.what);
  json.member("id", verdict.id);
  json.member("type", verdict.type);
  json.member("valid", verdict.valid());
  json.key("findings");
  json.begin_array();
  for (const Finding& finding : verdict.findings) {
    json.begin_object();
    json.member("severity", name_of(finding.severity));
    json.member("rule", finding.rule);
    json.member("section", finding.section);
    json.member("pointer", finding.pointer);
    json.member("message", finding.message);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  print("{}\n", json.text());
}

/// A text that is no JSON breaks the serialization that STIX 2.1 section 1.2.10 demands.
Finding json_finding(const Error& error) {
  const bool twice = error.message.contains("stands twice");
  const bool limit = error.code == ErrorCode::exhausted;
  return {Severity::error,
          twice ? "RFC 7493 §2.3" : "RFC 8259",
          "",
          error.message,
          limit   ? "limit"
          : twice ? "duplicate-key"
                  : "json"};
}

class Check {
 public:
  explicit Check(const Arguments& arguments)
      : strict_(arguments.has("--strict")), as_json_(arguments.has("--json")) {
    const std::string rules = arguments.one("--ignore");
    for (const auto rule : split(rules, ',')) ignored_.emplace(trimmed(rule));
  }

  Done file(const std::string& path) {
    seen_.clear();
    const StreamReader reader = {.object = [this](const StreamedObject& object) { take(object); },
                                 .envelope = [this](const StreamedEnvelope& envelope) { take(envelope); }};
    return stream_objects(path, reader);
  }

  Exit finish() const {
    if (!as_json_)
      print("{} objects, {} valid, {} not; {} errors, {} warnings\n",
            objects_,
            objects_ - bad_objects_,
            bad_objects_,
            errors_,
            warnings_);
    return bad_ ? Exit::bad_input : Exit::done;
  }

  void failed() { bad_ = true; }

 private:
  void take(const StreamedObject& object) {
    Verdict verdict{"object", object.index, "", "", {}};
    const auto document = JsonDocument::parse(object.text);
    if (!document) {
      verdict.findings.push_back(json_finding(document.error()));
    } else {
      verdict.id = text_at(document->root(), "id");
      verdict.type = text_at(document->root(), "type");
      verdict.findings = check_object(document->root());
      note_repetition(verdict, document->root());
    }
    ++objects_;
    say(verdict);
    if (!verdict.valid()) ++bad_objects_;
  }

  /// The wrapper itself: STIX 2.1 section 8 for a bundle; a TAXII envelope has no rules of STIX.
  void take(const StreamedEnvelope& envelope) {
    const auto document = JsonDocument::parse(std::string(envelope.text));
    if (!document || text_at(document->root(), "type") != "bundle") return;
    Verdict verdict{"bundle", 0, text_at(document->root(), "id"), "bundle", check_object(document->root())};
    if (envelope.objects > 0)
      std::erase_if(verdict.findings, [](const Finding& finding) { return finding.rule == "empty-list"; });
    say(verdict);
    seen_.clear();
  }

  void note_repetition(Verdict& verdict, const Json& object) {
    const std::string version = text_at(object, "modified");
    if (verdict.id.empty() || version.empty()) return;
    if (seen_.insert(keyed_hash(verdict.id + " " + version)).second) return;
    verdict.findings.push_back({Severity::warning,
                                "STIX 2.1 §3.6",
                                "/id",
                                "the same id stood before with the same 'modified'",
                                "duplicate-id"});
  }

  void say(Verdict& verdict) {
    std::erase_if(verdict.findings, [&](const Finding& finding) {
      return finding.severity == Severity::warning && ignored_.contains(std::string(finding.rule));
    });
    if (strict_)
      for (Finding& finding : verdict.findings) finding.severity = Severity::error;
    for (const Finding& finding : verdict.findings)
      ++(finding.severity == Severity::error ? errors_ : warnings_);
    bad_ = bad_ || !verdict.valid();
    as_json_ ? print_json(verdict) : print_text(verdict);
  }

  bool strict_;
  bool as_json_;
  std::unordered_set<std::string> ignored_;
  std::unordered_set<std::uint64_t> seen_;  // of id and version: 8 bytes an object, whatever its size
  std::uint64_t objects_ = 0, bad_objects_ = 0, errors_ = 0, warnings_ = 0;
  bool bad_ = false;
};

/// Whether it is the file's content that is off, rather than that it cannot be read.
bool is_about_content(const Error& error) {
  return error.code == ErrorCode::invalid || error.code == ErrorCode::corrupt ||
         error.code == ErrorCode::exhausted;
}

/// Whoever misspells a rule would think that nothing breaks it.
Fault unknown_rules(std::string_view text) {
  const auto known = advice_rules();
  for (const auto part : split(text, ',')) {
    const auto rule = trimmed(part);
    if (!std::ranges::binary_search(known, rule))
      return fmt::format("no SHOULD rule is called '{}'; did you mean '{}'? There are: {}",
                         excerpt(rule),
                         nearest(rule, known),
                         fmt::join(known, ", "));
  }
  return std::nullopt;
}

Exit run_check(const Arguments& arguments) {
  Check check(arguments);
  for (const auto& path : arguments.all("FILE")) {
    const auto done = check.file(path);
    if (done) continue;
    const auto exit = report_input(done.error());
    if (!is_about_content(done.error())) return exit;
    check.failed();
  }
  return check.finish();
}

Exit run_id(const Arguments& arguments) {
  const bool as_json = arguments.has("--json");
  bool bad = false;
  const auto print_id = [&](const StreamedObject& object) {
    const auto document = JsonDocument::parse(object.text);
    if (!document) {
      report(document.error());
      bad = true;
      return;
    }
    const auto id = deterministic_id(document->root());
    if (!id) return;
    const auto stated = text_at(document->root(), "id");
    if (as_json) {
      JsonWriter json;
      json.begin_object();
      json.member("index", object.index);
      json.member("deterministic_id", id->text());
      json.member("id", stated);
      json.end_object();
      print("{}\n", json.text());
    } else {
      print("{}{}\n",
            id->text(),
            stated.empty() || stated == id->text() ? "" : "  instead of " + printable(stated));
    }
  };
  const StreamReader reader = {.object = print_id, .envelope = [](const StreamedEnvelope&) {}};
  for (const auto& path : arguments.all("FILE"))
    if (const auto done = stream_objects(path, reader); !done) {
      const auto exit = report_input(done.error());
      return is_about_content(done.error()) ? Exit::bad_input : exit;
    }
  return bad ? Exit::bad_input : Exit::done;
}

constexpr Option check_options[] = {
    {"FILE",
     "a bundle, a TAXII envelope, a list, an object, or one object a line; - for standard input",
     Takes::many,
     true},
    {"--strict", "what the standard says SHOULD be is an error too", Takes::nothing},
    {"--ignore",
     "SHOULD rules to leave out, by the names in square brackets, separated by commas",
     Takes::one,
     false,
     unknown_rules},
    {"--json", "one JSON object a line", Takes::nothing},
};

constexpr Option id_options[] = {
    {"FILE", "as for object check", Takes::many, true},
    {"--json", "one JSON object a line", Takes::nothing},
};

}  // namespace

std::span<const Command> object_commands() {
  static const Command commands_of_object[] = {
      {
          .words = "object check",
          .summary = "check STIX objects against the standard",
          .text = "Prints a verdict for each object, and for a bundle itself: every broken rule with its "
                  "section of "
                  "STIX 2.1 and the "
                  "JSON pointer to its place. A broken MUST makes an object invalid, a broken SHOULD is a "
                  "warning. "
                  "Objects are read "
                  "one at a time, whatever the size of the file. Exit status: 0 all valid, 4 not, 5 the file "
                  "cannot be "
                  "read.",
          .options = check_options,
          .example = "shieldwall object check --strict samples/objects/bundle.json",
          .run = run_check,
      },
      {
          .words = "object id",
          .summary = "print the ids that follow from cyber-observables",
          .text = "Prints the id that STIX 2.1 section 2.9 derives from each cyber-observable in the file, "
                  "and beside "
                  "it the one it "
                  "has where that is another. Observables without contributing properties have none and "
                  "print nothing.",
          .options = id_options,
          .example = "shieldwall object id samples/objects/bundle.json",
          .run = run_id,
      }};
  return commands_of_object;
}

}  // namespace shieldwall::cli
