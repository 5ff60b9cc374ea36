// An import through the node that runs: its objects in envelopes, each judged there as any other.
#include <algorithm>

#include "cli/import_target.h"
#include "cli/node_call.h"
#include "library/import_text.h"
#include "library/outcome.h"

namespace shieldwall::cli {

namespace {

using library::ImportReport;
using library::Status;

constexpr std::size_t read_bytes = 1u << 20;
constexpr std::size_t request_bytes = 8u << 20;  // of one request
constexpr std::size_t request_objects = 5'000;

/// Who the values of a list will be said by: the account's organisation. errors: as NodeDoor
Result<library::ListAuthor> author_at(NodeDoor& door) {
  const auto me = TRY(door.ask(net::Method::get, "/api/v1/me"));
  const std::string organisation(text_of(me.root(), "organisation"));
  const auto member = TRY(door.ask(net::Method::get, "/api/v1/members/" + organisation));
  library::ListAuthor author{.at = system_clock().now()};
  author.organisation = TRY(OrganisationId::parse(organisation));
  author.identity = TRY(model::ObjectId::parse(text_of(member.root(), "identity")));
  return author;
}

/// What a list says is said again without being news.
std::string as_list(const std::string& target) {
  return target + (target.find('?') == target.npos ? "?" : "&") + "unless_held=true";
}

class NodeTarget final : public ImportTarget {
 public:
  NodeTarget(NodeDoor door, library::ListAuthor author, std::string target)
      : door_(std::move(door)), author_(std::move(author)), target_(std::move(target)) {}

  Done take(wire::ByteReader& file, ImportProgress& progress, ImportReport& report) override {
    library::ImportText text(author_);
    envelope_.clear();
    indexes_.clear();
    auto done = feed(text, file, progress, report);
    if (auto flushed = flush(report); done) done = std::move(flushed);
    report.format = text.format();
    return done;
  }

  Result<std::optional<std::pair<std::size_t, double>>> catch_up() override { return std::nullopt; }

 private:
  Done feed(library::ImportText& text,
            wire::ByteReader& file,
            ImportProgress& progress,
            ImportReport& report) {
    std::string buffer(read_bytes, '\0');
    std::vector<std::string> objects;
    while (const auto got = TRY(file.read(buffer))) {
      report.bytes += got;
      const auto pushed = text.push(std::string_view(buffer).substr(0, got), objects);
      TRY(add(text, std::exchange(objects, {}), report));
      if (!pushed) return fail(pushed.error());
      progress.tell(report);
      if (is_interrupted())
        return fail(ErrorCode::conflict, "interrupted; what was taken in until now is kept");
    }
    const auto finished = text.finish(objects);
    TRY(add(text, std::move(objects), report));
    if (!finished) return fail(finished.error());
    return {};
  }

  Done add(library::ImportText& text, std::vector<std::string> objects, ImportReport& report) {
    is_list_ = text.format() == library::TextFormat::list;
    for (auto& line : text.take_bad_lines()) {
      ++report.objects;
      refuse(report,
             {.index = static_cast<std::size_t>(line.line - 1), .id = std::move(line.text)},
             {ErrorCode::invalid, fmt::format("line {}: {}", line.line, line.why)},
             "list");
    }
    for (auto& object : objects) {
      const auto index = static_cast<std::size_t>(report.objects++);
      // One that is no JSON would break the envelope around the others.
      if (const auto document = model::JsonDocument::parse(object); !document) {
        refuse(report, {.index = index}, document.error(), "RFC 8259");
        continue;
      }
      envelope_ += (envelope_.empty() ? R"({"objects":[)" : ",") + object;
      indexes_.push_back(index);
      if (envelope_.size() >= request_bytes || indexes_.size() >= request_objects) TRY(flush(report));
    }
    return {};
  }

  Done flush(ImportReport& report) {
    if (indexes_.empty()) return {};
    auto response = TRY(door_.send({.method = net::Method::post,
                                    .target = is_list_ ? as_list(target_) : target_,
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = std::exchange(envelope_, {}) + "]}"}));
    const auto indexes = std::exchange(indexes_, {});
    const auto document = TRY(model::JsonDocument::parse(std::string(response.bytes())));
    const auto outcomes = document.root().find("objects");
    if (!outcomes) return fail(error_of(response));
    std::size_t place = 0;
    for (const auto outcome : *outcomes)
      if (place < indexes.size()) note(outcome, indexes[place++], report);
    return {};
  }

  static void keep(ImportReport& report, library::Outcome outcome) {
    report.tally.count(outcome.status);
    const bool is_held = outcome.status == Status::stored || outcome.status == Status::duplicate;
    if (is_held && std::ranges::none_of(outcome.findings, library::tells_of_breadth)) return;
    if (report.findings.size() < import_findings_max) report.findings.push_back(std::move(outcome));
  }

  static void refuse(ImportReport& report,
                     library::Outcome outcome,
                     const Error& error,
                     std::string_view section) {
    outcome.findings = {library::finding_of(error, section)};
    keep(report, std::move(outcome));
  }

  static void note(const model::Json& told, std::size_t index, ImportReport& report) {
    library::Outcome outcome{.index = index, .id = std::string(text_of(told, "id"))};
    for (const auto status : {Status::stored, Status::duplicate, Status::conflict, Status::refused})
      if (text_of(told, "status") == library::name_of(status)) outcome.status = status;
    if (const auto findings = told.find("findings"))
      for (const auto finding : *findings)
        outcome.findings.push_back({.severity = text_of(finding, "severity") == "warning"
                                                    ? model::Severity::warning
                                                    : model::Severity::error,
                                    .section = std::string(text_of(finding, "section")),
                                    .pointer = std::string(text_of(finding, "pointer")),
                                    .message = std::string(text_of(finding, "message"))});
    keep(report, std::move(outcome));
  }

  NodeDoor door_;
  const library::ListAuthor author_;
  const std::string target_;
  bool is_list_ = false;
  std::string envelope_;
  std::vector<std::size_t> indexes_;  // in the file, of the objects in the envelope
};

}  // namespace

Result<std::unique_ptr<ImportTarget>> import_through_node(const Arguments& arguments) {
  auto door = TRY(NodeDoor::open(arguments));
  auto author = TRY(author_at(door));
  return std::make_unique<NodeTarget>(
      std::move(door), std::move(author), "/api/v1/objects" + label_query_of(arguments));
}

}  // namespace shieldwall::cli
