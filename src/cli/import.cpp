#include "cli/import.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "cli/import_file.h"
#include "cli/node_call.h"
#include "ledger/audit.h"
#include "ledger/subject.h"
#include "library/import_job.h"
#include "library/importer.h"
#include "net/url.h"
#include "server/folder.h"

namespace shieldwall::cli {

namespace {

using library::ImportReport;

constexpr int workers = 2;
constexpr std::size_t queue_max = 256;
constexpr Duration told_every = milliseconds(200);
constexpr std::size_t findings_shown = 10;
constexpr std::size_t findings_max = 100;
constexpr std::size_t read_bytes = 1u << 20;
constexpr std::size_t request_bytes = 8u << 20;  // of one request to a running node
constexpr std::size_t request_objects = 5'000;

double seconds_since(Duration begun) {
  return static_cast<double>(system_clock().steady().us - begun.us) / 1e6;
}

/// The label options as query parameters.
std::string query_of(const Arguments& arguments) {
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

/// One line on a terminal, rewritten.
class Progress {
 public:
  explicit Progress(bool shown)
      : shown_(shown && isatty(STDERR_FILENO) != 0), begun_(system_clock().steady()) {}
  ~Progress() {
    if (told_) fmt::print(stderr, "\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void tell(const ImportReport& report) {
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

 private:
  const bool shown_;
  const Duration begun_;
  Duration next_{};
  bool told_ = false;
};

/// Where files go: into the store itself, or to the node that holds it.
class Target {
 public:
  virtual ~Target() = default;
  virtual Result<ImportReport> take(wire::ByteReader& file, Progress& progress) = 0;
  /// How many objects are not findable by their words yet, and how long it took to make them so; nothing
  /// where a running node sees to that.
  virtual Result<std::optional<std::pair<std::size_t, double>>> catch_up() = 0;
};

// ---------------------------------------------------------------- the store itself

Result<api::Caller> operator_of(store::Store& store) {
  const auto home = TRY(ledger::home_organisation(store.settings()));
  auto subject = TRY(ledger::subject_of(store.records(), home));
  using enum api::Right;
  return api::Caller{.account = {},
                     .name = "command line",
                     .organisation = home,
                     .rights = {read, sight, publish, operate},
                     .scope = policy::Scope::of(std::move(subject)),
                     .local = true};
}

class StoreTarget final : public Target {
 public:
  StoreTarget(std::unique_ptr<store::Store> store,
              api::Caller caller,
              library::Terms terms,
              library::ListAuthor author)
      : store_(std::move(store)),
        caller_(std::move(caller)),
        terms_(std::move(terms)),
        author_(std::move(author)),
        pool_(workers, queue_max) {}

  static Result<std::unique_ptr<Target>> over(std::unique_ptr<store::Store> store,
                                              const Arguments& arguments) {
    auto caller = TRY(operator_of(*store));
    const auto target = TRY(net::parse_target("/" + query_of(arguments)));
    const auto request = TRY(library::read_label_request(target.query));
    auto terms = TRY(library::terms_of(store->records(), caller, request));
    terms.strict = arguments.has("--strict");
    auto author = TRY(library::author_of(store->records(), caller.organisation, system_clock().now()));
    return std::unique_ptr<Target>(
        new StoreTarget(std::move(store), std::move(caller), std::move(terms), std::move(author)));
  }

  Result<ImportReport> take(wire::ByteReader& file, Progress& progress) override {
    library::Importer importer(
        *store_, terms_, caller_.scope, {.pool = &pool_, .findings_max = findings_max, .author = author_});
    auto report = library::import_stream(importer, file, [&](const ImportReport& now) {
      progress.tell(now);
      return true;
    });
    const auto told = importer.progress();
    TRY(ledger::audit(
        *store_, caller_, "object.import", {{"stored", told.tally.stored}, {"refused", told.tally.refused}}));
    return report;
  }

  Result<std::optional<std::pair<std::size_t, double>>> catch_up() override {
    const auto lag = store_->objects().text_lag();
    const auto begun = system_clock().steady();
    while (TRY(store_->objects().tend(milliseconds(500)))) {
    }
    return std::pair{lag, seconds_since(begun)};
  }

 private:
  std::unique_ptr<store::Store> store_;
  const api::Caller caller_;
  const library::Terms terms_;
  const library::ListAuthor author_;
  ThreadPool pool_;
};

// ---------------------------------------------------------------- a running node

/// Sends the objects of a file in envelopes.
class NodeTarget final : public Target {
 public:
  NodeTarget(NodeDoor door, std::string target) : door_(std::move(door)), target_(std::move(target)) {}

  Result<ImportReport> take(wire::ByteReader& file, Progress& progress) override {
    library::ImportText text({});
    ImportReport report;
    std::string buffer(read_bytes, '\0');
    std::vector<std::string> objects;
    while (const auto got = TRY(file.read(buffer))) {
      report.bytes += got;
      TRY(text.push(std::string_view(buffer).substr(0, got), objects));
      if (text.format() == library::TextFormat::list)
        return fail(ErrorCode::invalid,
                    "a list of values is taken in by POST /api/v1/imports, or while the node does not run");
      TRY(send(std::exchange(objects, {}), report));
      progress.tell(report);
    }
    TRY(text.finish(objects));
    TRY(send(std::move(objects), report));
    TRY(flush(report));
    report.format = text.format();
    return report;
  }

  Result<std::optional<std::pair<std::size_t, double>>> catch_up() override { return std::nullopt; }

 private:
  Done send(std::vector<std::string> objects, ImportReport& report) {
    for (const auto& object : objects) {
      envelope_ += (envelope_.empty() ? R"({"objects":[)" : ",") + object;
      ++waiting_;
      if (envelope_.size() >= request_bytes || waiting_ >= request_objects) TRY(flush(report));
    }
    return {};
  }

  Done flush(ImportReport& report) {
    if (waiting_ == 0) return {};
    auto response = TRY(door_.send({.method = net::Method::post,
                                    .target = target_,
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = std::exchange(envelope_, {}) + "]}"}));
    const auto document = TRY(model::JsonDocument::parse(std::string(response.bytes())));
    const auto outcomes = document.root().find("objects");
    if (!outcomes) return fail(error_of(response));
    for (const auto outcome : *outcomes) note(outcome, report);
    report.objects += std::exchange(waiting_, 0);
    return {};
  }

  static void note(const model::Json& told, ImportReport& report) {
    using library::Status;
    library::Outcome outcome{.id = std::string(text_of(told, "id"))};
    for (const auto status : {Status::stored, Status::duplicate, Status::conflict, Status::refused})
      if (text_of(told, "status") == library::name_of(status)) outcome.status = status;
    report.tally.count(outcome.status);
    if (outcome.status == Status::stored || outcome.status == Status::duplicate) return;
    if (report.findings.size() >= findings_max) return;
    outcome.index = static_cast<std::size_t>(report.tally.objects() - 1);
    if (const auto findings = told.find("findings"))
      for (const auto finding : *findings)
        outcome.findings.push_back({.severity = model::Severity::error,
                                    .section = std::string(text_of(finding, "section")),
                                    .pointer = std::string(text_of(finding, "pointer")),
                                    .message = std::string(text_of(finding, "message"))});
    report.findings.push_back(std::move(outcome));
  }

  NodeDoor door_;
  const std::string target_;
  std::string envelope_;
  std::size_t waiting_ = 0;
};

/// The store itself where nobody else holds it and no other account was named; the node otherwise.
Result<std::unique_ptr<Target>> target_of(const Arguments& arguments) {
  const auto folder = folder_of(arguments);
  TRY(server::read_folder_config(system_fs(), folder));
  if (!arguments.has("--as")) {
    auto store =
        store::open_sqlite(server::path_in(folder, "store"), {system_clock(), system_random(), system_fs()});
    if (store) return StoreTarget::over(std::move(*store), arguments);
    if (store.error().code != ErrorCode::conflict) return fail(std::move(store).error());
  }
  auto door = TRY(NodeDoor::open(arguments));
  return std::make_unique<NodeTarget>(std::move(door), "/api/v1/objects" + query_of(arguments));
}

// ---------------------------------------------------------------- what people and programs read

std::string quoted(std::string_view text) {
  std::string out;
  model::append_json_string(out, text);
  return out;
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
    std::string why;
    for (const auto& finding : outcome.findings)
      if (finding.severity == model::Severity::error && why.empty())
        why = fmt::format(": {} {}: {}", finding.section, finding.pointer, finding.message);
    print_line(
        fmt::format("  object {} {} {}{}", outcome.index, outcome.id, library::name_of(outcome.status), why));
  }
  const auto all = report.tally.refused + report.tally.conflict;
  if (all > findings_shown) print_line(fmt::format("  and {} more", all - findings_shown));
}

Result<bool> import_one(Target& target, const std::string& path, bool json) {
  const auto begun = system_clock().steady();
  const auto file = TRY(open_import_file(path));
  Progress progress(!json);
  const auto told = TRY(target.take(*file, progress));
  if (json)
    print_line(fmt::format(R"({{"file":{},"seconds":{:.3f},"report":{}}})",
                           quoted(path),
                           seconds_since(begun),
                           library::write_report(told)));
  else
    show(path, told, seconds_since(begun));
  return told.tally.refused + told.tally.conflict == 0;
}

Exit run_import(const Arguments& arguments) {
  const bool json = arguments.has("--json");
  auto target = target_of(arguments);
  if (!target) return report(target.error());
  bool all_taken = true;
  for (const auto& path : arguments.all("FILE")) {
    auto taken = import_one(**target, path, json);
    if (!taken) return report(std::move(taken).error().within(path));
    all_taken = all_taken && *taken;
  }
  const auto caught_up = (*target)->catch_up();
  if (!caught_up) return report(caught_up.error());
  if (*caught_up) {
    const auto [lag, took] = **caught_up;
    print_line(json ? fmt::format(R"({{"text_lag":{},"text_seconds":{:.3f}}})", lag, took)
                    : fmt::format("full text: {} objects behind, caught up in {:.2f} s", lag, took));
  }
  return all_taken ? Exit::done : Exit::bad_input;
}

constexpr Option options[] = {
    {"FILE",
     "STIX (a bundle, envelope or array, or one object a line) or a list of values; gzip and zstd are "
     "unpacked; - for "
     "standard input",
     Takes::many,
     true},
    {"--circle", "UUID or alias of the circle to release into; default: nobody but the organisation"},
    {"--tlp", "clear, green, amber, amber_strict or red: at least this strict"},
    {"--pap", "clear, green, amber or red: at least this strict"},
    {"--must-not", "notify_affected, attribute, resell, regulate, separated by commas"},
    {"--persons", "only these: ORGANISATION:PERSON, both UUIDs, separated by commas"},
    {"--embargo", "instant before which nobody but the organisation sees it"},
    {"--end", "instant from which on nobody but the organisation sees it"},
    {"--strict", "what STIX says an object should be, it must be", Takes::nothing},
    dir_option,
    as_option,
    {"--json", "one JSON object a line: of each file, then of the full text", Takes::nothing},
};

constexpr Command commands_here[] = {
    {"import",
     "take files into a node's store",
     "Reads, checks and stores every object, each on its own: a bad one is reported and the others are kept. "
     "Goes "
     "through the node while it runs, else straight into its store. Exit 0 when all were taken, 4 when some "
     "were "
     "refused or in conflict, 5 when the node or a file cannot be used.",
     options,
     "shieldwall import --dir node samples/demo/shared.json",
     run_import},
};

}  // namespace

std::span<const Command> import_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
