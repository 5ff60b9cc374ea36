#include "exchange/federation/warning.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"
#include "model/json_writer.h"

namespace shieldwall::exchange::federation {

namespace {

using model::JsonKind;

constexpr int warnings_max = 1'000;
constexpr std::size_t reason_max = 500;

bool is_beside(const policy::RosterMember& one, const OrganisationId& about) {
  return one.organisation != about && one.host != about;
}

std::string note_text(Federation& federation,
                      const model::ObjectId& id,
                      const policy::RosterMember& about,
                      std::string_view reason,
                      Timestamp now) {
  const auto at = to_text(now);
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "note");
  out.member("spec_version", "2.1");
  out.member("id", id.text());
  out.member("created_by_ref", ledger::identity_of(federation.options().home).text());
  out.member("created", at);
  out.member("modified", at);
  out.member("abstract", "Suspended: " + about.name);
  out.member("content", reason.empty() ? "no reason given" : excerpt(reason, reason_max));
  out.key("object_refs");
  out.begin_array();
  out.value(ledger::identity_of(about.organisation).text());
  out.end_array();
  out.key("labels");
  out.begin_array();
  out.value(suspension_label);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Done release_note(Federation& federation,
                  const policy::Roster& roster,
                  const policy::RosterMember& about,
                  std::string_view reason) {
  auto& services = federation.services();
  const auto& home = federation.options().home;
  policy::AllianceAudience audience;
  audience.alliance = roster.alliance;
  audience.roster_version = roster.version;
  for (const auto& one : roster.members)
    if (is_beside(one, about.organisation)) audience.organisations.push_back(one.organisation);
  auto label = policy::owner_only(home);
  label.tlp = policy::Tlp::amber;
  label.audience = {{home, audience}};
  const auto id = TRY(model::ObjectId::parse("note--" + Uuid::random(services.random).text()));
  const auto document =
      TRY(model::JsonDocument::parse(note_text(federation, id, about, reason, services.clock.now())));
  auto object = model::read_object(document.root());
  if (!object) return fail(ErrorCode::invalid, "the note cannot be made of that reason");
  const store::NewHolding holding{.object = std::move(*object),
                                  .text = model::searchable_text(document.root()),
                                  .source = {policy::Source::Kind::own, home.uuid},
                                  .collection = ledger::circle_of(roster.alliance, home),
                                  .label = policy::canonical(label),
                                  .parts = {}};
  TRY(services.store.objects().put({&holding, 1}, Deadline::none()));
  return {};
}

store::Query all_warnings() {
  store::Query query;
  query.types = {"note"};
  query.labels = {std::string(suspension_label)};
  query.newest_first = true;
  return query;
}

/// Nothing: a note of that label that is no warning.
std::optional<Warning> read_warning(const policy::Holding& holding,
                                    const std::map<std::string, OrganisationId>& identities) {
  if (!holding.bytes) return {};
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return {};
  const auto refs = document->root().find("object_refs");
  const auto content = document->root().find("content");
  const auto created = document->root().find("created");
  if (!refs || !refs->is(JsonKind::array) || refs->size() != 1 || !content ||
      !content->is(JsonKind::string) || !created || !created->is(JsonKind::string))
    return {};
  for (const auto ref : *refs) {
    const auto about =
        ref.is(JsonKind::string) ? identities.find(std::string(ref.string())) : identities.end();
    const auto since = parse_lenient_time(created->string());
    if (about == identities.end() || !since) return {};
    return Warning{.about = about->second,
                   .by = OrganisationId{holding.source.id},
                   .since = *since,
                   .reason = excerpt(content->string(), reason_max),
                   .note = holding.id};
  }
  return {};
}

}  // namespace

Done warn_of(Federation& federation, const OrganisationId& member, std::string_view reason) {
  const auto known = federation.known();
  for (const auto& one : known->newest)
    if (const auto* const about = policy::find_member(one.roster, member))
      TRY(release_note(federation, one.roster, *about, reason));
  return {};
}

Done end_warnings(Federation& federation, const OrganisationId& member) {
  auto& services = federation.services();
  const auto& home = federation.options().home;
  for (const auto& one : TRY(warnings(federation))) {
    if (one.about != member || one.by != home) continue;
    auto query = all_warnings();
    query.ids = {one.note};
    query.select = store::VersionSelect::all;
    query.sources = {{policy::Source::Kind::own, home.uuid}};
    auto subject = TRY(ledger::subject_of(services.store.records(), home));
    TRY(services.store.objects().remove(policy::Scope::of(std::move(subject)), query));
  }
  return {};
}

Result<std::vector<Warning>> warnings(Federation& federation) {
  auto& services = federation.services();
  const auto& home = federation.options().home;
  std::map<std::string, OrganisationId> identities;
  for (const auto& one : federation.known()->others())
    identities.emplace(ledger::identity_of(one).text(), one);
  auto subject = TRY(ledger::subject_of(services.store.records(), home));
  const auto page = TRY(services.store.objects().find(policy::Scope::of(std::move(subject)),
                                                      all_warnings(),
                                                      std::nullopt,
                                                      warnings_max,
                                                      page_bytes_about,
                                                      Deadline::none()));
  std::vector<Warning> found;
  for (const auto& holding : page.holdings)
    if (auto warning = read_warning(holding, identities)) found.push_back(std::move(*warning));
  std::ranges::reverse(found);
  return found;
}

}  // namespace shieldwall::exchange::federation
