// Markings in: from what an object names to the label it gets here.

#include "wire/stix_label.h"

#include <algorithm>
#include <map>

#include "wire/marking.h"

namespace shieldwall::wire {
namespace {

using policy::Label;
using policy::Tlp;

/// The most selectors that the store keeps for one object; more would be a list of what to hide, not an
/// object.
constexpr std::size_t selectors_max = 65'536;

/// A label that says only this TLP and leaves the rest to `beside`.
Label with_tlp(Tlp tlp, const Label& beside) {
  Label label;
  label.tlp = tlp;
  label.audience = beside.audience;
  label.realm = beside.realm;
  return label;
}

Label only_for(OrganisationId receiver, const Label& beside) {
  Label label = policy::owner_only(receiver);
  label.realm = beside.realm;
  return label;
}

/// Whether being an owner would lift something beside the audience.
bool restricts_beside_audience(const Label& label) {
  return label.tlp == Tlp::red || label.persons || !label.compartments.empty() ||
         label.classification.scheme != 0 || label.embargo != Timestamp::always() ||
         label.end != Timestamp::never();
}

/// A clause this node knows nothing of becomes the receiver alone, unless the receiver would then pass, as
/// its owner, what else the label asks: it is kept then, and nobody passes it until the node knows who is
/// inside.
Label understood(Label label, const LabelSource& source) {
  if (!source.knows || restricts_beside_audience(label)) return label;
  for (policy::Clause& clause : label.audience)
    if (!source.knows(clause)) clause = {.owner = source.receiver, .inside = {}};
  return policy::canonical(std::move(label));
}

Result<Label> joined_with(const Marking& marking, Label label, const LabelSource& source) {
  if (marking.is_unknown) label = TRY(policy::join(label, only_for(source.receiver, label)));
  if (marking.tlp) label = TRY(policy::join(label, with_tlp(*marking.tlp, label)));
  if (marking.label) label = TRY(policy::join(label, understood(*marking.label, source)));
  return label;
}

/// Our own rewriting puts the outer TLP beside our extension, which says the TLP that was meant: where both
/// agree the extension speaks.
void drop_outer_tlp(std::vector<Marking>& markings) {
  const auto ours =
      std::find_if(markings.begin(), markings.end(), [](const Marking& m) { return m.label.has_value(); });
  if (ours == markings.end()) return;
  const Tlp outer = outer_tlp(*ours->label);
  for (Marking& marking : markings)
    if (marking.tlp == outer && !marking.label) {
      marking.tlp.reset();
      marking.is_statement = true;
    }
}

}  // namespace

LabelSource source_under(Label ceiling, OrganisationId receiver) {
  Label unmarked = with_tlp(Tlp::amber_strict, ceiling);
  return {.ceiling = std::move(ceiling), .unmarked = std::move(unmarked), .receiver = receiver, .knows = {}};
}

Result<Label> label_of(const model::Object& object, const LabelSource& source, const MarkingLookup& lookup) {
  std::vector<Marking> markings;
  markings.reserve(object.object_marking_refs.size());
  for (const model::ObjectId& id : object.object_marking_refs) markings.push_back(read_marking(id, lookup));
  const bool is_marked = std::any_of(
      markings.begin(), markings.end(), [](const Marking& m) { return m.tlp || m.label || m.is_unknown; });
  Label label = source.ceiling;
  if (!is_marked) return policy::join(label, source.unmarked);
  drop_outer_tlp(markings);
  for (const Marking& marking : markings) label = TRY(joined_with(marking, std::move(label), source));
  return label;
}

Result<std::vector<policy::GranularLabel>> parts_of(const model::Object& object,
                                                    const Label& label,
                                                    const LabelSource& source,
                                                    const MarkingLookup& lookup) {
  std::map<Label, std::vector<std::string>> by_label;
  std::size_t selectors = 0;
  for (const model::GranularMarking& marking : object.granular_markings) {
    if (!marking.marking_ref) continue;  // a language keeps nobody out
    Label part = TRY(joined_with(read_marking(*marking.marking_ref, lookup), label, source));
    if (part == label) continue;
    auto& all = by_label[std::move(part)];
    all.insert(all.end(), marking.selectors.begin(), marking.selectors.end());
    selectors += marking.selectors.size();
    if (selectors > selectors_max)
      return fail(ErrorCode::exhausted, "granular_markings select more than {} parts", selectors_max);
  }
  std::vector<policy::GranularLabel> parts;
  for (auto& [part, all] : by_label) parts.push_back({.selectors = std::move(all), .label = part});
  return parts;
}

}  // namespace shieldwall::wire
