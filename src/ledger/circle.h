#pragma once
// A circle: some organisations that share with one another. To TAXII it is a collection.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "ledger/row.h"
#include "policy/label.h"
#include "policy/subject.h"

namespace shieldwall::ledger {

inline constexpr int circle_members_max = 2'000;  // every organisation of the largest alliance foreseen
inline constexpr int circle_grants_max = 1'000;
inline constexpr int circles_max = 10'000;  // that one organisation may be in
inline constexpr std::size_t alias_bytes_max = 256;

/// What a member lets return to the others of what it saw. Nothing returns before it chose.
enum class SightingChoice : std::uint8_t { undecided, none, counts, detail };

std::string_view name_of(SightingChoice choice);  // "counts"
Result<SightingChoice> sighting_choice_named(std::string_view name);

/// An organisation that is or was inside.
struct Member {
  OrganisationId organisation{};
  std::vector<policy::Stay> stays{};  // in membership versions, sorted; the last one open while it is inside
  SightingChoice sightings = SightingChoice::undecided;
};

/// What one account may do in the circle, instead of what its rights say.
struct Grant {
  AccountId account{};
  bool can_read = true;
  bool can_write = true;
};

/// What the circle asks of every label that enters it.
struct LabelTemplate {
  policy::Tlp unmarked = policy::Tlp::amber_strict;  // for objects that carry no TLP of their own
  policy::Tlp at_least = policy::Tlp::clear;         // no object enters more openly than this
  policy::Pap pap = policy::Pap::clear;
  policy::UseLimits use{};
  policy::Classification classification{};
  std::vector<CompartmentId> compartments{};  // sorted
  bool originator_control = false;
  bool discoverable = true;
  policy::Realm realm{};
};

struct Circle {
  CircleId id{};           // also the id of the TAXII collection
  OrganisationId owner{};  // whose operators decide about it
  std::string title{};
  std::string alias{};  // empty: none
  std::string description{};
  std::string api_root{};                  // name of the root that shows it; empty: TAXII does not
  std::vector<std::string> media_types{};  // TAXII 2.1 section 5.2; empty: STIX 2.1
  std::uint32_t membership_version = 0;    // grows with every entry and exit
  std::vector<Member> members{};           // sorted by organisation
  bool members_read = true;                // accounts of members without a grant may read, given the right
  bool members_write = true;               // the same for adding
  std::vector<Grant> grants{};             // sorted by account
  LabelTemplate label{};
  bool second_person = false;  // a release into it needs another person's consent
  Timestamp created{};
};

/// What a caller may do in a circle that it is inside of.
struct Access {
  bool can_read = false;
  bool can_write = false;
  bool any() const { return can_read || can_write; }
};

bool is_inside(const Circle& circle, const OrganisationId& organisation);  // now
const Member* member_of(const Circle& circle, const OrganisationId& organisation);
policy::CircleStanding standing_in(const Circle& circle, const OrganisationId& organisation);
/// A grant decides; without one the caller's rights and the circle's members_read and members_write do.
/// Who is not inside may do nothing.
Access access_of(const Circle& circle, const api::Caller& caller);

/// The organisation enters or leaves: a new membership version, unless nothing changes.
void enter(Circle& circle, const OrganisationId& organisation);
void leave(Circle& circle, const OrganisationId& organisation);

/// The least label of what `owner` adds: its clause {owner, the circle at its present membership}, and what
/// the circle's template asks. Join it with what the object's own markings say.
policy::Label label_for(const Circle& circle, const OrganisationId& owner);
/// The same for an object without a TLP marking: never more open than the template's `unmarked`.
policy::Label unmarked_label_for(const Circle& circle, const OrganisationId& owner);

/// errors: not_found. Asks no policy: for the node itself; doors use the functions below.
Result<Row<Circle>> read_circle(store::Records& records, const CircleId& id);

/// Circles that the organisation owns, is or was inside of.
Result<std::vector<CircleId>> circle_ids_of(store::Records& records, const OrganisationId& organisation);
/// The same with what they are, by creation.
Result<std::vector<Row<Circle>>> circles_of(store::Records& records, const OrganisationId& organisation);
/// By UUID or alias, among those that the organisation owns or is inside of; aliases are unique within an API
/// root (TAXII 2.1 section 5.2), so `api_root` tells two apart.
///   errors  not_found, also for a circle of others; conflict: two circles have that alias in different roots
Result<Row<Circle>> circle_by_name(store::Records& records,
                                   const OrganisationId& organisation,
                                   std::string_view id_or_alias,
                                   std::string_view api_root = {});
/// Circles that the API root shows and the caller is inside of, by creation; what the caller may do in each
/// is access_of's answer.
Result<std::vector<Row<Circle>>> circles_shown(store::Records& records,
                                               const api::Caller& caller,
                                               std::string_view api_root);

/// The writes that put `circle` in the place of `before` (nothing: new), its index rows included, for
/// Authority::save.
///   errors  invalid, says why; conflict: the owner has another circle with that alias
Result<std::vector<store::Write>> writes_of(store::Records& records,
                                            const Circle& circle,
                                            const Row<Circle>* before);

Bytes encode(const Circle& circle);
Result<Circle> decode_circle(std::string_view row);

}  // namespace shieldwall::ledger
