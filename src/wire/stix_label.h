#pragma once
// Labels as STIX markings, in and out: TLP 1 and TLP 2 by their fixed ids, definitions that say TLP under
// another id, statements (which oblige and restrict nobody), and our own extension for what TLP cannot say
// (docs/formats/stix-extension.md). Whatever else a marking is, it means: the owner only.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"
#include "policy/released.h"

namespace shieldwall::wire {

/// The JSON text of a marking definition that is held, nothing when it is not. Ask the same source's
/// holdings: a definition from elsewhere must not decide. The nine fixed TLP ids are never asked for.
using MarkingLookup = std::function<std::shared_ptr<const std::string>(const model::ObjectId&)>;

/// What the node settled about the door or feed an object comes in by.
struct LabelSource {
  policy::Label ceiling;    // what comes in is never seen more widely; names owner and audience
  policy::Label unmarked;   // joined as well where the object carries no marking that says who may see it
  OrganisationId receiver;  // who alone sees what a marking of an unknown kind stands on
  /// Whether this node can tell who is inside that clause. A clause it knows nothing of means: the receiver
  /// only. Empty: every clause is kept as it came, and lets nobody in whose standing does not say so.
  std::function<bool(const policy::Clause&)> knows;
};

/// `ceiling` for what says nothing of its own: with `unmarked` at TLP:AMBER+STRICT.
LabelSource source_under(policy::Label ceiling, OrganisationId receiver);

/// The label an incoming object gets.
///   errors  invalid: a marking's realm is not the source's; exhausted: more clauses than a label carries
Result<policy::Label> label_of(const model::Object& object,
                               const LabelSource& source,
                               const MarkingLookup& lookup);

/// The parts of the object that granular markings narrow further than `label`; give them to the store with
/// it.
Result<std::vector<policy::GranularLabel>> parts_of(const model::Object& object,
                                                    const policy::Label& label,
                                                    const LabelSource& source,
                                                    const MarkingLookup& lookup);

/// Whether those whom a door serves are the whole community its audience names, as far as the operator says.
enum class Community : std::uint8_t { part, whole };

/// The TLP that tools see which know only TLP: at least AMBER+STRICT where the rest of the label keeps anyone
/// out. An audience keeps nobody out where it is the `whole` community.
policy::Tlp outer_tlp(const policy::Label& label, Community community = Community::part);

/// The object as it leaves by a door that knows TLP and our extension: the original bytes, in which only
/// `object_marking_refs` names the outer TLP 2.0 and the definition of marking_of(label) in place of any TLP
/// or extension of ours it named. The very same bytes when they say so already, and for marking definitions,
/// which never change.
///   lookup  tells which other ids are TLP or ours; may be empty
///   errors  invalid: not an object with readable markings
Result<Bytes> rewrite_markings(std::string_view bytes,
                               const policy::Label& label,
                               const MarkingLookup& lookup = {},
                               Community community = Community::part);

/// A marking definition and its canonical JSON text.
struct MarkingDefinition {
  model::ObjectId id;
  Bytes bytes;
};

/// Our marking definition for what TLP alone cannot say of the label; nothing when the outer TLP says it all.
/// Who may see an object so labelled needs it beside the object.
std::optional<MarkingDefinition> marking_of(const policy::Label& label);

/// The extension definition those name, to be served beside them.
const MarkingDefinition& extension_definition();

/// TLP 2.0 clear, green, amber, amber+strict, red, then TLP 1 white, green, amber, red.
const std::vector<MarkingDefinition>& tlp_definitions();

/// The TLP that a fixed id stands for.
std::optional<policy::Tlp> tlp_of(const model::ObjectId& id);

/// The parts of a label beside who may see it now.
enum class LabelPart : std::uint8_t {
  tlp,
  pap,
  use,
  classification,
  audience,
  compartments,
  originator_control,
  realm,
  persons,
  embargo,
  end,
};
std::string_view name_of(LabelPart part);

/// Which parts the peer behind a door honours, told in its row of the door's table.
struct DoorAbility {
  std::uint32_t parts = 0;

  constexpr DoorAbility with(LabelPart part) const { return {parts | 1u << static_cast<unsigned>(part)}; }
  constexpr bool honours(LabelPart part) const { return (parts >> static_cast<unsigned>(part) & 1) != 0; }

  static DoorAbility everything();  // another Shieldwall node
  /// A tool that knows only TLP: what the outer TLP stands in for, which is all that keeps readers from
  /// passing the object on, but neither what they may do with it, nor classification, nor realm.
  static DoorAbility tlp_only();
};

/// The parts of the label that say something and that the door's peer does not honour. An object passes when
/// there are none, or when its owner allowed the loss of each by name.
std::vector<LabelPart> not_honoured(const policy::Label& label, const DoorAbility& door);

}  // namespace shieldwall::wire
