#include "library/vouch.h"

#include <algorithm>

#include "ledger/audit.h"
#include "ledger/circle.h"
#include "ledger/delegated.h"
#include "ledger/organisation.h"
#include "library/intake.h"
#include "library/label_request.h"
#include "library/search.h"
#include "library/value_evidence.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

/// Members that say whose it is, or under which markings it came.
bool tells_its_creator(std::string_view name) {
  return name == "created_by_ref" || name == "object_marking_refs" || name == "granular_markings" ||
         name == "labels";
}

constexpr int versions_max = 1'000;  // of one object, as for amendments

Error nobody_asked(const model::ObjectId& id) {
  return {ErrorCode::denied,
          fmt::format("no other member asked for {} to be published without its name: its labels do not say "
                      "'{}'",
                      id.text(),
                      ledger::delegation_wish)};
}

bool is_asked_for(const model::Json& object) {
  const auto labels = object.find("labels");
  if (!labels || !labels->is(model::JsonKind::array)) return false;
  for (const auto label : *labels)
    if (label.is(model::JsonKind::string) && label.string() == ledger::delegation_wish) return true;
  return false;
}

/// Every member as it was written, but for those that tell of the creator; of its labels, all but the wish.
std::string without_creator(const model::Json& object) {
  std::string text = "{";
  for (const auto member : object)
    if (!tells_its_creator(member.key())) {
      text += text.size() > 1 ? "," : "";
      text += fmt::format("\"{}\":{}", member.key(), member.raw());
    }
  std::string kept;
  const auto labels = object.find("labels");
  for (const auto label : *labels)
    if (label.string() != ledger::delegation_wish)
      kept += (kept.empty() ? "" : ",") + std::string(label.raw());
  if (!kept.empty()) text += fmt::format(",\"labels\":[{}]", kept);
  return text + "}";
}

/// The circle's label for the organisation's own, and in all but the audience at least as strict as it came,
/// its strictest part too: the markings of parts do not leave.
Result<policy::Label> label_in(const ledger::Circle& circle,
                               const OrganisationId& who,
                               const policy::Holding& held) {
  const auto own = ledger::label_for(circle, who);
  auto strict = held.label;
  for (const auto& part : held.parts) strict = TRY(policy::join(strict, part.label));
  strict.audience = own.audience;
  return policy::join(own, strict);
}

/// The newest version that another organisation released here, whatever this one said of it itself.
///   errors  not_found
Result<policy::Holding> released_here(const api::Call& call, const model::ObjectId& id) {
  store::Query query;
  query.ids = {id};
  query.select = store::VersionSelect::all;
  auto page = TRY(call.services.store.objects().find(
      call.scope(), query, std::nullopt, versions_max, page_bytes_max, call.deadline));
  if (page.next) return fail(ErrorCode::exhausted, "{} has too many versions", id.text());
  if (page.holdings.empty()) return fail(ErrorCode::not_found, "no such object");
  std::erase_if(page.holdings, [&](const policy::Holding& one) {
    return one.source.kind == policy::Source::Kind::feed || one.source.id == call.caller->organisation.uuid;
  });
  const auto newest = std::ranges::max_element(page.holdings, {}, &policy::Holding::version);
  if (newest == page.holdings.end()) return fail(nobody_asked(id));
  return std::move(*newest);
}

/// What is left of it must not name the one who asked, by an id: `where_sighted_refs` of a sighting would.
Done check_names(std::string_view text, const ledger::Organisation& owner, const std::string& creator) {
  for (const auto& name : {owner.id.text(), owner.identity.uuid.text(), creator})
    if (!name.empty() && text.find(name) != text.npos)
      return fail(ErrorCode::denied,
                  "it names its owner in itself ({}): ask for it without, or its owner would be known",
                  name);
  return {};
}

Bytes write_circle(const std::string& title) {
  model::JsonWriter out;
  out.begin_object();
  out.member("circle", title);
  out.end_object();
  return std::move(out).text();
}

constexpr api::Field vouched_fields[] = {{"circle", "string", "title of the circle it was released into"}};

}  // namespace

const api::Type vouch_answer{"ObjectVouchedFor", vouched_fields};

Result<api::Response> vouch_for_object(api::Call& call) {
  TRY(only_known(call.target, vouch_parameters));
  const auto id = TRY(model::ObjectId::parse(call.part("id")));
  auto& records = call.services.store.records();
  const auto request = TRY(read_label_request(call.target.query));
  const auto terms = TRY(terms_of(records, *call.caller, request));
  if (!terms.collection) return fail(ErrorCode::invalid, "name the circle: ?circle=");
  const auto circle = TRY(ledger::read_circle(records, *terms.collection));
  auto found = TRY(released_here(call, id));
  const auto owner = TRY(ledger::read_organisation(records, OrganisationId{found.source.id}));
  auto label = TRY(label_in(circle.value, call.caller->organisation, found));
  const auto released = TRY(policy::release(call.scope(), std::move(found), call.now));  // what hides stays
  const auto document = TRY(model::JsonDocument::parse(*released.look().bytes));
  if (!is_asked_for(document.root())) return fail(nobody_asked(id));
  auto text = without_creator(document.root());
  TRY(check_names(text, owner.value, text_in(document.root(), "created_by_ref")));
  auto judged = judge(std::move(text), false);
  if (!judged) return fail(ErrorCode::invalid, "without its creator it is no STIX");
  const store::NewHolding holding{.object = std::move(judged->object),
                                  .text = std::move(judged->text),
                                  .source = terms.source,
                                  .collection = circle.value.id,
                                  .label = std::move(label),
                                  .parts = {}};
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    "object.vouch",
                    {{"object", id.text()}, {"circle", circle.value.id.text()}}));
  const auto noted = ledger::note_delegated(id);
  TRY(records.write({&noted, 1}));
  TRY(call.services.store.objects().put({&holding, 1}, call.deadline));
  return api::Response(200, policy::Release::fact(circle.value.title).render(write_circle));
}

}  // namespace shieldwall::library
