#include "library/vouch.h"

#include <algorithm>

#include "ledger/audit.h"
#include "ledger/circle.h"
#include "ledger/delegated.h"
#include "library/intake.h"
#include "library/label_request.h"
#include "library/search.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

/// Members that say whose it is, or under which markings it came.
bool tells_its_creator(std::string_view name) {
  return name == "created_by_ref" || name == "object_marking_refs" || name == "granular_markings" ||
         name == "labels";
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

/// The circle's label for the organisation's own, and in all but the audience at least as strict as it came.
Result<policy::Label> label_in(const ledger::Circle& circle,
                               const OrganisationId& who,
                               const policy::Label& came_under) {
  const auto own = ledger::label_for(circle, who);
  auto strict = came_under;
  strict.audience = own.audience;
  return policy::join(own, strict);
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
  const auto held = TRY(call.services.store.objects().get(call.scope(), id));
  const auto& me = call.caller->organisation;
  const auto document = TRY(model::JsonDocument::parse(*held.bytes));
  if (held.source.kind != policy::Source::Kind::member || held.source.id == me.uuid ||
      !is_asked_for(document.root()))
    return fail(ErrorCode::denied,
                "no other member asked for {} to be published without its name: its labels do not say '{}'",
                id.text(),
                ledger::delegation_wish);
  auto judged = judge(without_creator(document.root()), false);
  if (!judged) return fail(ErrorCode::invalid, "without its creator it is no STIX");
  auto label = TRY(label_in(circle.value, me, held.label));
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
