// What a door's peer can be trusted to honour of a label.

#include "wire/stix_label.h"

namespace shieldwall::wire {
namespace {

struct PartRow {
  LabelPart part;
  std::string_view name;
  bool (*says_something)(const policy::Label&);
};

constexpr PartRow part_rows[] = {
    {LabelPart::tlp, "TLP", [](const policy::Label& label) { return label.tlp != policy::Tlp::clear; }},
    {LabelPart::pap, "PAP", [](const policy::Label& label) { return label.pap != policy::Pap::clear; }},
    {LabelPart::use,
     "use limits",
     [](const policy::Label& label) { return label.use != policy::UseLimits{}; }},
    {LabelPart::classification,
     "classification",
     [](const policy::Label& label) { return label.classification.scheme != 0; }},
    {LabelPart::audience, "audience", [](const policy::Label&) { return true; }},
    {LabelPart::compartments,
     "compartments",
     [](const policy::Label& label) { return !label.compartments.empty(); }},
    {LabelPart::originator_control,
     "originator control",
     [](const policy::Label& label) { return label.originator_control; }},
    {LabelPart::realm, "realm", [](const policy::Label& label) { return !label.realm.is_nil(); }},
    {LabelPart::persons, "persons", [](const policy::Label& label) { return label.persons.has_value(); }},
    {LabelPart::embargo,
     "embargo",
     [](const policy::Label& label) { return label.embargo != Timestamp::always(); }},
    {LabelPart::end, "end", [](const policy::Label& label) { return label.end != Timestamp::never(); }},
};

}  // namespace

std::string_view name_of(LabelPart part) {
  return part_rows[static_cast<std::size_t>(part)].name;
}

DoorAbility DoorAbility::everything() {
  DoorAbility door;
  for (const PartRow& row : part_rows) door = door.with(row.part);
  return door;
}

DoorAbility DoorAbility::tlp_only() {
  DoorAbility door;
  for (const LabelPart part : {LabelPart::tlp,
                               LabelPart::audience,
                               LabelPart::compartments,
                               LabelPart::originator_control,
                               LabelPart::persons,
                               LabelPart::embargo,
                               LabelPart::end})
    door = door.with(part);
  return door;
}

std::vector<LabelPart> not_honoured(const policy::Label& label, const DoorAbility& door) {
  std::vector<LabelPart> parts;
  for (const PartRow& row : part_rows)
    if (row.says_something(label) && !door.honours(row.part)) parts.push_back(row.part);
  return parts;
}

}  // namespace shieldwall::wire
