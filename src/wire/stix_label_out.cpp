// Labels out: the TLP others see, and the original bytes with their markings rewritten.

#include <algorithm>

#include "model/json.h"
#include "wire/marking.h"

namespace shieldwall::wire {
namespace {

using model::Json;
using model::JsonKind;
using policy::Label;
using policy::Tlp;

const model::ObjectId& id_of(Tlp tlp) {
  return tlp_definitions()[static_cast<std::size_t>(tlp)].id;
}

Result<std::vector<model::ObjectId>> markings_in(const std::optional<Json>& list) {
  std::vector<model::ObjectId> ids;
  if (!list) return ids;
  if (!list->is(JsonKind::array)) return fail(ErrorCode::invalid, "/object_marking_refs: not a list");
  for (const Json ref : *list) {
    if (!ref.is(JsonKind::string)) return fail(ErrorCode::invalid, "{}: not an id", ref.pointer());
    auto id = model::ObjectId::parse(ref.string());
    if (!id) return fail(std::move(id).error().within(ref.pointer()));
    ids.push_back(std::move(*id));
  }
  return ids;
}

/// What is neither TLP nor ours stays where it is; the outer TLP takes the place of the first TLP, ours comes
/// last.
std::vector<model::ObjectId> rewritten(const std::vector<model::ObjectId>& ids,
                                       const model::ObjectId& outer,
                                       const std::optional<MarkingDefinition>& ours,
                                       const MarkingLookup& lookup) {
  std::vector<model::ObjectId> out;
  const auto add = [&out](const model::ObjectId& id) {
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  };
  for (const model::ObjectId& id : ids) {
    if (ours && id == ours->id) continue;
    const Marking marking = tlp_of(id) || lookup ? read_marking(id, lookup) : Marking{};
    const bool is_replaced = (marking.tlp || marking.label) && !marking.is_unknown;
    if (!is_replaced) add(id);
    if (is_replaced && marking.tlp) add(outer);
  }
  add(outer);
  if (ours) add(ours->id);
  return out;
}

std::string list_text(const std::vector<model::ObjectId>& ids) {
  std::string text;
  for (const model::ObjectId& id : ids) {
    text += text.empty() ? "[\"" : ",\"";
    text += id.text();
    text += '"';
  }
  return text + ']';
}

/// `bytes` with the list in the place of the old one, or behind the object's last member.
Bytes spliced(std::string_view bytes,
              const Json& root,
              const std::optional<Json>& old,
              const std::string& list) {
  std::size_t from = 0;
  std::size_t count = 0;
  std::string text = list;
  if (old) {
    from = old->offset();
    count = old->raw().size();
  } else {
    for (const Json member : root) from = member.offset() + member.raw().size();
    text = ",\"object_marking_refs\":" + list;
  }
  Bytes out;
  out.reserve(bytes.size() + text.size());
  out += bytes.substr(0, from);
  out += text;
  out += bytes.substr(from + count);
  return out;
}

}  // namespace

Tlp outer_tlp(const Label& label, Community community) {
  if (label.persons) return Tlp::red;
  const bool keeps_out = community == Community::part || label.audience.size() != 1 ||
                         !label.compartments.empty() || label.classification.scheme != 0 ||
                         label.originator_control || label.embargo != Timestamp::always() ||
                         label.end != Timestamp::never();
  return keeps_out ? std::max(label.tlp, Tlp::amber_strict) : label.tlp;
}

Result<Bytes> rewrite_markings(std::string_view bytes,
                               const Label& label,
                               const MarkingLookup& lookup,
                               Community community) {
  const auto document = TRY(model::JsonDocument::parse(std::string(bytes)));
  const Json root = document.root();
  if (!root.is(JsonKind::object) || root.size() == 0) return fail(ErrorCode::invalid, "not a STIX object");
  const auto type = root.find("type");
  if (type && type->is(JsonKind::string) && type->string() == "marking-definition") return Bytes(bytes);
  const auto old = root.find("object_marking_refs");
  const auto ids = TRY(markings_in(old));
  const auto wanted = rewritten(ids, id_of(outer_tlp(label, community)), marking_of(label), lookup);
  if (wanted == ids) return Bytes(bytes);
  return spliced(bytes, root, old, list_text(wanted));
}

}  // namespace shieldwall::wire
