#include "library/objects.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/audit.h"
#include "ledger/circle.h"
#include "library/intake.h"
#include "library/search.h"
#include "library/view.h"
#include "store/steps.h"

namespace shieldwall::library {

namespace {

/// In the same words whether it is hidden or not there.
std::unexpected<Error> absent() {
  return fail(ErrorCode::not_found, "no such object");
}

Result<model::ObjectId> id_in_path(const api::Call& call) {
  return model::ObjectId::parse(call.part("id"));
}

Result<std::optional<CircleId>> circle_parameter(const api::Call& call) {
  const auto name = call.target.parameter("circle");
  if (!name) return std::nullopt;
  const auto row =
      TRY(ledger::circle_by_name(call.services.store.records(), call.caller->organisation, *name));
  return row.value.id;
}

/// All versions that the caller may be shown, oldest first. A history of an object is short; ATT&CK's longest
/// has some 30.
Result<ReleasedHoldings> versions_seen(const api::Call& call, store::Query query) {
  query.select = store::VersionSelect::all;
  auto page = TRY(find_seen(call, query, std::nullopt, page_max));
  std::ranges::stable_sort(page.holdings, {}, [](const auto& holding) {
    const auto* at = std::get_if<Timestamp>(&holding.look().version);
    return at != nullptr ? *at : holding.look().added;
  });
  return std::move(page.holdings);
}

/// The version that the parameter of that name selects, as the caller may be shown it.
Result<policy::Released<policy::Holding>> version_in_query(const api::Call& call, const model::ObjectId& id) {
  const auto wanted = call.target.parameter("version").value_or("last");
  if (wanted == "last") return last_seen(call, id);
  store::Query query;
  query.ids = {id};
  if (wanted != "first") {
    const auto time = parse_time(wanted);
    if (!time)
      return fail(ErrorCode::invalid, "version: '{}' is none of last, first, a time", excerpt(wanted));
    query.versions = {time->at};
  }
  auto versions = TRY(versions_seen(call, query));
  if (versions.empty()) return absent();
  return std::move(versions.front());
}

Bytes write_one(const Shown& shown) {
  model::JsonWriter out;
  write_entry(out, shown.first.front(), shown.second);
  return std::move(out).text();
}

Bytes write_versions(const std::vector<policy::Holding>& versions) {
  model::JsonWriter out;
  out.begin_object();
  out.key("versions");
  out.begin_array();
  for (const auto& holding : versions) {
    out.begin_object();
    out.member("version", text_of(holding.version));
    out.member("added", to_text(holding.added));
    out.member("spec_version", holding.spec_version == model::SpecVersion::v2_0 ? "2.0" : "2.1");
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

constexpr api::Field version_fields[] = {
    {"versions", "[]object", "version, added, spec_version; oldest first"},
};

}  // namespace

const api::Type versions_answer{"ObjectVersions", version_fields};

bool is_own(const policy::Holding& holding, const OrganisationId& organisation) {
  return holding.source.kind != policy::Source::Kind::feed && holding.source.id == organisation.uuid &&
         !holding.label.audience.empty() &&
         std::ranges::all_of(holding.label.audience,
                             [&](const policy::Clause& clause) { return clause.owner == organisation; });
}

Result<policy::Released<policy::Holding>> last_seen(const api::Call& call, const model::ObjectId& id) {
  auto held = call.services.store.objects().get(call.scope(), id);
  if (!held && held.error().code == ErrorCode::not_found) return absent();
  auto released = policy::release(call.scope(), TRY(std::move(held)), call.now);
  if (released || released.error().code != ErrorCode::not_found) return released;
  // Too much of the last version is hidden; an earlier one may be whole.
  store::Query query;
  query.ids = {id};
  auto versions = TRY(versions_seen(call, query));
  if (versions.empty()) return absent();
  return std::move(versions.back());
}

Result<api::Response> get_object(api::Call& call) {
  TRY(only_known(call.target, get_parameters));
  const auto id = TRY(id_in_path(call));
  ReleasedHoldings one;
  one.push_back(TRY(version_in_query(call, id)));
  const auto shown = TRY(show(call, std::move(one)));
  return api::Response(200, shown.render(write_one));
}

Result<api::Response> get_versions(api::Call& call) {
  TRY(only_known(call.target, versions_parameters));
  store::Query query;
  query.ids = {TRY(id_in_path(call))};
  if (const auto circle = TRY(circle_parameter(call))) query.collections = {*circle};
  auto versions = TRY(versions_seen(call, query));
  if (versions.empty()) return absent();
  return api::Response(200, policy::Release::gather(std::move(versions)).render(write_versions));
}

Result<api::Response> delete_object(api::Call& call) {
  TRY(only_known(call.target, delete_parameters));
  const auto& me = call.caller->organisation;
  const auto id = TRY(id_in_path(call));
  const auto circle = TRY(circle_parameter(call));
  auto& objects = call.services.store.objects();
  TRY(last_seen(call, id));  // what the caller may not see is not there to be deleted

  store::Query query;
  query.ids = {id};
  query.select = store::VersionSelect::all;
  query.sources = {{policy::Source::Kind::own, me.uuid}, {policy::Source::Kind::member, me.uuid}};
  if (circle) query.collections = {*circle};
  if (const auto text = call.target.parameter("version")) {
    const auto time = parse_time(*text);
    if (!time) return fail(ErrorCode::invalid, "version: '{}' is not a time", *text);
    query.versions = {time->at};
  }
  const auto own = TRY(objects.find(call.scope(), query, std::nullopt, 1, page_bytes_max, call.deadline));
  if (own.holdings.empty()) return fail(ErrorCode::denied, "only the owner may delete {}", id.text());
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "object.delete",
                    {{"object", id.text()}, {"circle", circle ? circle->text() : "all"}}));
  TRY(store::remove(objects, call.scope(), query, call.deadline));
  return api::Response::nothing();
}

}  // namespace shieldwall::library
