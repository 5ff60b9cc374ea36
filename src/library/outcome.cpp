#include "library/outcome.h"

#include <algorithm>

#include "library/objects.h"

namespace shieldwall::library {

namespace {

using model::JsonWriter;

void write_finding(JsonWriter& out, const model::Finding& finding) {
  out.begin_object();
  out.member("severity", finding.severity == model::Severity::error ? "error" : "warning");
  out.member("section", finding.section);
  out.member("pointer", finding.pointer);
  out.member("message", finding.message);
  out.end_object();
}

constexpr api::Field put_fields[] = {
    {"objects",
     "[]object",
     "id, version, status (stored, duplicate, conflict, refused) and findings of each"},
    {"stored", "integer", "new holdings"},
    {"duplicate", "integer", "the same content was held already"},
    {"conflict", "integer", "the same version was held with other content; the first is kept"},
    {"refused", "integer", "not STIX; the findings say why"},
};

}  // namespace

const api::Type put_answer{"PutOutcome", put_fields};

void Tally::count(Status status) {
  switch (status) {
    case Status::stored:
      ++stored;
      break;
    case Status::duplicate:
      ++duplicate;
      break;
    case Status::conflict:
      ++conflict;
      break;
    case Status::refused:
      ++refused;
      break;
  }
}

Tally tally_of(const std::vector<Outcome>& outcomes) {
  Tally tally;
  for (const auto& outcome : outcomes) tally.count(outcome.status);
  return tally;
}

Status status_of(store::PutStatus status) {
  switch (status) {
    case store::PutStatus::stored:
      return Status::stored;
    case store::PutStatus::duplicate:
      return Status::duplicate;
    case store::PutStatus::conflict:
      return Status::conflict;
  }
  return Status::conflict;
}

std::size_t first_stored(const std::vector<Outcome>& outcomes) {
  const auto found = std::ranges::find(outcomes, Status::stored, &Outcome::status);
  return static_cast<std::size_t>(found - outcomes.begin());
}

void write_outcome(JsonWriter& out, const Outcome& outcome) {
  out.begin_object();
  out.member("index", outcome.index);
  out.member("id", outcome.id);
  if (!outcome.version.empty()) out.member("version", outcome.version);
  out.member("status", name_of(outcome.status));
  out.key("findings");
  out.begin_array();
  for (const auto& finding : outcome.findings) write_finding(out, finding);
  out.end_array();
  out.end_object();
}

void write_tally(JsonWriter& out, const Tally& tally) {
  out.member("stored", tally.stored);
  out.member("duplicate", tally.duplicate);
  out.member("conflict", tally.conflict);
  out.member("refused", tally.refused);
}

Bytes write_outcomes(const std::vector<Outcome>& outcomes) {
  JsonWriter out;
  out.begin_object();
  write_tally(out, tally_of(outcomes));
  out.key("objects");
  out.begin_array();
  for (const auto& outcome : outcomes) write_outcome(out, outcome);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Bytes problem_text(int status, std::string_view detail) {
  JsonWriter out;
  out.begin_object();
  out.member("type", "about:blank");
  out.member("title", net::reason_of(status));
  out.member("status", status);
  out.member("detail", detail);
  out.end_object();
  return std::move(out).text();
}

}  // namespace shieldwall::library
