#include "library/view.h"

#include "ledger/circle.h"
#include "ledger/delivery.h"
#include "ledger/organisation.h"
#include "library/intake.h"

namespace shieldwall::library {

namespace {

using model::JsonWriter;

std::string_view name_of(policy::Source::Kind kind) {
  switch (kind) {
    case policy::Source::Kind::own:
      return "own";
    case policy::Source::Kind::member:
      return "member";
    case policy::Source::Kind::feed:
      return "feed";
  }
  return "feed";
}

std::string_view name_of(policy::Pap pap) {
  switch (pap) {
    case policy::Pap::clear:
      return "PAP:CLEAR";
    case policy::Pap::green:
      return "PAP:GREEN";
    case policy::Pap::amber:
      return "PAP:AMBER";
    case policy::Pap::red:
      return "PAP:RED";
  }
  return "PAP:RED";
}

/// Fills in the names of what the holdings mention.
class NameFinder {
 public:
  explicit NameFinder(const api::Call& call) : call_(call) {}

  Done add(const policy::Holding& holding) {
    if (holding.source.kind != policy::Source::Kind::feed) TRY(organisation({holding.source.id}));
    if (holding.collection) TRY(circle(*holding.collection));
    for (const auto& clause : holding.label.audience) {
      TRY(organisation(clause.owner));
      if (const auto* alliance = std::get_if<policy::AllianceAudience>(&clause.inside))
        for (const auto& member : alliance->organisations) TRY(organisation(member));
      if (const auto* inside = std::get_if<policy::CircleAudience>(&clause.inside))
        TRY(circle(inside->circle));
    }
    return {};
  }

  Names take() && { return std::move(names_); }

 private:
  Done organisation(const OrganisationId& id) {
    if (names_.contains(id.uuid)) return {};
    auto row = ledger::read_organisation(call_.services.store.records(), id);
    if (!row && row.error().code != ErrorCode::not_found) return fail(std::move(row).error());
    names_.emplace(id.uuid, row ? row->value.name : std::string());
    return {};
  }

  Done circle(const CircleId& id) {
    if (names_.contains(id.uuid)) return {};
    auto row = ledger::read_circle(call_.services.store.records(), id);
    if (!row && row.error().code != ErrorCode::not_found) return fail(std::move(row).error());
    const bool known = row && (row->value.owner == call_.caller->organisation ||
                               ledger::is_inside(row->value, call_.caller->organisation));
    names_.emplace(id.uuid, known ? row->value.title : std::string());
    return {};
  }

  const api::Call& call_;
  Names names_;
};

void write_named(JsonWriter& out, const Uuid& id, const Names& names) {
  out.begin_object();
  out.member("id", id.text());
  const auto name = names.find(id);
  if (name != names.end() && !name->second.empty()) out.member("name", name->second);
  out.end_object();
}

void write_clause(JsonWriter& out, const policy::Clause& clause, const Names& names) {
  out.begin_object();
  out.key("owner");
  write_named(out, clause.owner.uuid, names);
  if (const auto* alliance = std::get_if<policy::AllianceAudience>(&clause.inside)) {
    out.member("alliance", alliance->alliance.text());
    out.key("nations");
    out.begin_array();
    for (const auto& nation : alliance->nations) out.value(nation.text());
    out.end_array();
    out.key("organisations");
    out.begin_array();
    for (const auto& member : alliance->organisations) write_named(out, member.uuid, names);
    out.end_array();
  }
  if (const auto* inside = std::get_if<policy::CircleAudience>(&clause.inside)) {
    out.key("circle");
    write_named(out, inside->circle.uuid, names);
  }
  out.end_object();
}

void write_must_not(JsonWriter& out, const policy::UseLimits& use) {
  if (use == policy::UseLimits{}) return;
  out.key("must_not");
  out.begin_array();
  if (use.notify_affected == policy::Use::must_not) out.value("notify_affected");
  if (use.attribute == policy::Use::must_not) out.value("attribute");
  if (use.resell == policy::Use::must_not) out.value("resell");
  if (use.regulate == policy::Use::must_not) out.value("regulate");
  out.end_array();
}

/// A browser's session, and no tool's key.
bool is_console(const api::Call& call) {
  return call.request.headers.has("Cookie") && !call.request.headers.has("Authorization");
}

Done note(const api::Call& call, const ReleasedHoldings& holdings) {
  std::vector<ledger::DeliveredVersion> versions;
  for (const auto& holding : holdings) {
    if (!must_note(call, holding.look())) continue;
    auto version = TRY(ledger::delivered(call, holding.look()));
    versions.push_back(std::move(version));
  }
  return ledger::note_delivery(call, door_of(call), versions);
}

void write_persons(JsonWriter& out, const std::vector<policy::PersonKey>& persons) {
  out.key("persons");
  out.begin_array();
  for (const auto& key : persons) out.value(key.organisation.text() + ":" + key.person.text());
  out.end_array();
}

}  // namespace

Result<ReleasedHoldings> release_all(const api::Call& call, std::vector<policy::Holding> holdings) {
  ReleasedHoldings released;
  released.reserve(holdings.size());
  for (auto& holding : holdings) {
    auto one = policy::release(call.scope(), std::move(holding), call.now);
    if (!one && one.error().code == ErrorCode::not_found) continue;
    released.push_back(TRY(std::move(one)));
  }
  return released;
}

std::string_view door_of(const api::Call& call) {
  if (call.caller->local) return "command line";
  return is_console(call) ? "console" : "api";
}

bool must_note(const api::Call& call, const policy::Holding& holding) {
  return !is_console(call) || holding.label.tlp >= policy::Tlp::amber_strict;
}

Result<policy::Released<Shown>> show(const api::Call& call, ReleasedHoldings holdings, Noted noted) {
  if (noted == Noted::here) TRY(note(call, holdings));
  NameFinder finder(call);
  for (const auto& holding : holdings) TRY(finder.add(holding.look()));
  auto names = TRY(policy::Release::of(
      call.scope(), policy::Owned<Names>{call.caller->organisation, std::move(finder).take()}));
  return policy::Release::both(policy::Release::gather(std::move(holdings)), std::move(names));
}

void write_label(JsonWriter& out, const policy::Label& label, const Names& names) {
  out.begin_object();
  out.member("tlp", policy::name_of(label.tlp));
  if (label.pap != policy::Pap::clear) out.member("pap", name_of(label.pap));
  write_must_not(out, label.use);
  out.key("audience");
  out.begin_array();
  for (const auto& clause : label.audience) write_clause(out, clause, names);
  out.end_array();
  if (label.persons) write_persons(out, *label.persons);
  if (!label.compartments.empty()) {
    out.key("compartments");
    out.begin_array();
    for (const auto& id : label.compartments) out.value(id.text());
    out.end_array();
  }
  if (label.classification != policy::Classification{}) {
    out.key("classification");
    out.begin_object();
    out.member("scheme", label.classification.scheme);
    out.member("ordinal", label.classification.ordinal);
    out.end_object();
  }
  if (label.embargo != Timestamp::always()) out.member("embargo", to_text(label.embargo));
  if (label.end != Timestamp::never()) out.member("end", to_text(label.end));
  if (label.originator_control) out.member("originator_control", true);
  if (!label.realm.is_nil()) out.member("exercise", label.realm.text());
  out.end_object();
}

void write_entry(JsonWriter& out, const policy::Holding& holding, const Names& names) {
  out.begin_object();
  out.member("id", holding.id.text());
  out.member("version", text_of(holding.version));
  out.member("spec_version", holding.spec_version == model::SpecVersion::v2_0 ? "2.0" : "2.1");
  out.member("added", to_text(holding.added));
  out.key("source");
  out.begin_object();
  out.member("kind", name_of(holding.source.kind));
  out.member("id", holding.source.id.text());
  const auto name = names.find(holding.source.id);
  if (name != names.end() && !name->second.empty()) out.member("name", name->second);
  out.end_object();
  if (holding.collection) {
    out.key("circle");
    write_named(out, holding.collection->uuid, names);
  }
  out.key("label");
  write_label(out, holding.label, names);
  out.key("object");
  out.raw(*holding.bytes);
  out.end_object();
}

namespace {

constexpr api::Field entry_fields[] = {
    {"id", "string", "the object's id"},
    {"version", "string", "its modified time, or a digest for a cyber-observable"},
    {"spec_version", "string", "2.0 or 2.1"},
    {"added", "timestamp", "when it became visible to the caller"},
    {"source", "object", "kind (own, member, feed), id and name of where it came from"},
    {"circle", "object", "id and name of the circle it was released into", false},
    {"label", "object", "who may see it and what they may do with it"},
    {"object", "object", "the STIX object as received, without what the caller may not see"},
};

}  // namespace

const api::Type entry_type{"ObjectEntry", entry_fields};

}  // namespace shieldwall::library
