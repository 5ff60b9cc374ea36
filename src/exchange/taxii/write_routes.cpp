// Adding and deleting.

#include "base/text.h"
#include "exchange/taxii/handlers.h"
#include "exchange/taxii/intake.h"
#include "exchange/taxii/media_type.h"
#include "exchange/taxii/page.h"
#include "exchange/taxii/taxii.h"
#include "ledger/audit.h"
#include "ledger/authority.h"
#include "ledger/ceiling.h"
#include "store/steps.h"

namespace shieldwall::exchange::taxii {

namespace {

using policy::Source;

/// What the caller's organisation puts here is its own where its accounts live on this node.
Result<Way> way_into(const api::Call& call,
                     const ledger::Authorised<ledger::Act::add, ledger::Circle>& into) {
  const auto& circle = into.look();
  const auto& organisation = call.caller->organisation;
  const auto row = TRY(ledger::read_organisation(call.services.store.records(), organisation));
  return Way{.source = {.kind = row.value.hosted ? Source::Kind::own : Source::Kind::member,
                        .id = organisation.uuid},
             .collection = circle.id,
             .labels = {.ceiling = ledger::label_for(circle, organisation),
                        .unmarked = ledger::unmarked_label_for(circle, organisation),
                        .receiver = organisation,
                        .knows = {}},
             .author = row.value.identity};
}

/// The objects of an envelope. Section 3.7; a bundle has them in the same place.
struct Body {
  std::optional<model::JsonDocument> document{};
  std::optional<model::Json> objects{};
  std::optional<api::Response> refusal{};
};

Body refused(int status, std::string_view why) {
  return {.refusal = taxii_error(status, why)};
}

bool is_understood(std::string_view encoding) {
  return encoding.empty() || equal_ignoring_case(encoding, "identity") ||
         equal_ignoring_case(encoding, "gzip") || equal_ignoring_case(encoding, "x-gzip");
}

Body body_of_envelope(const api::Call& call, std::uint64_t bytes_max) {
  if (!is_taxii(call.request.headers.get("Content-Type").value_or("")))
    return refused(415, fmt::format("send {}; name it in Content-Type", media_type));
  if (!is_understood(trimmed(call.request.headers.get("Content-Encoding").value_or(""))))
    return refused(415, "Content-Encoding may be gzip or absent");
  auto text = api::body_of(call, bytes_max);
  if (!text) return refused(text.error().code == ErrorCode::exhausted ? 413 : 400, text.error().message);
  auto document = model::JsonDocument::parse(std::move(*text));
  if (!document)
    return refused(document.error().code == ErrorCode::exhausted ? 413 : 400, document.error().message);
  const auto objects = document->root().find("objects");
  if (!objects || !objects->is(model::JsonKind::array) || objects->size() == 0)
    return refused(422, "not an envelope: a JSON object whose 'objects' lists at least one object");
  return {.document = std::move(*document), .objects = objects, .refusal = {}};
}

Bytes as_it_is(const Bytes& text) {
  return text;
}

/// Whose holdings the caller may delete: its own organisation's, and every one in a circle that this owns.
void limit_to_own(store::Query& query, const api::Call& call, const ledger::Circle& circle) {
  const auto& organisation = call.caller->organisation;
  if (circle.owner == organisation) return;
  query.sources = {{Source::Kind::own, organisation.uuid},
                   {Source::Kind::member, organisation.uuid},
                   ledger::import_source(organisation)};
}

/// The selections that make up the filters, one after another: first and last are taken before exact versions
/// go, so that together they are what one look would have found.
std::vector<store::Query> selections_of(const Filters& filters, const store::Query& whole) {
  std::vector<store::Query> selections;
  const auto add = [&](store::VersionSelect select, std::vector<Timestamp> versions) {
    selections.push_back(whole);
    selections.back().select = select;
    selections.back().versions = std::move(versions);
  };
  if (filters.all) add(store::VersionSelect::all, {});
  if (filters.first) add(store::VersionSelect::first, {});
  if (filters.last) add(store::VersionSelect::last, {});
  if (!filters.versions.empty()) add(store::VersionSelect::all, filters.versions);
  return selections;
}

Result<Filters> deletion_filters(const api::Call& call) {
  auto filters = TRY(read_filters(call.target.query, object_fields));
  // Section 5.7: what no filter spares is deleted.
  if (!call.target.parameter("match[version]")) {
    filters.all = true;
    filters.last = false;
  }
  if (filters.spec_versions.empty())
    filters.spec_versions = {model::SpecVersion::v2_0, model::SpecVersion::v2_1};
  return filters;
}

}  // namespace

Result<api::Response> add_objects(api::Call& call) {
  const auto root = TRY(api_root_of(call));
  auto collection = TRY(collection_of(call, root));
  TRY(collection.must_write());
  if (!collection.circle) return fail(ErrorCode::denied, "this collection only shows; add to a circle's");
  const auto into = TRY(ledger::Authority::add(*call.caller, std::move(*collection.circle)));
  auto body = body_of_envelope(call, root.max_content_length);
  if (body.refusal) return std::move(*body.refusal);
  const auto way = TRY(way_into(call, into));
  auto text = TRY(take_in_and_tell(call, way, *body.objects, root.name));
  const auto told = TRY(
      policy::Release::of(call.scope(), policy::Owned<Bytes>{call.caller->organisation, std::move(text)}));
  return api::Response(202, told.render(as_it_is), media_type);
}

Result<api::Response> delete_object(api::Call& call) {
  const auto root = TRY(api_root_of(call));
  const auto collection = TRY(collection_of(call, root));
  TRY(collection.must_read());
  TRY(collection.must_write());
  if (!collection.circle) return fail(ErrorCode::denied, "this collection only shows; delete in a circle's");
  const auto filters = TRY(deletion_filters(call));
  const auto id = model::ObjectId::parse(call.part("object"));
  if (!id || !TRY(is_held(call, collection, *id)))
    return fail(ErrorCode::not_found, "no such object in this collection");

  auto whole = query_of(collection, *id, filters);
  limit_to_own(whole, call, collection.circle->value);
  auto& objects = call.services.store.objects();
  auto any = every_version(*id, whole.collections);
  any.sources = whole.sources;
  if (TRY(store::count(objects, call.scope(), any, 1, call.deadline)) == 0)
    return fail(ErrorCode::denied, "another organisation added it; ask that one, or the circle's owner");
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "object.delete",
                    {{"object", id->text()}, {"circle", collection.id.text()}}));
  if (!filters.impossible)
    for (const auto& selection : selections_of(filters, whole))
      TRY(store::remove(objects, call.scope(), selection, call.deadline));
  return api::Response(200, policy::Public::of({}), media_type);
}

}  // namespace shieldwall::exchange::taxii
