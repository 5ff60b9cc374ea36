#pragma once
// The label ("marking" to users): who may see a holding, and what they may do with it.
// Bytes in docs/formats/label.md.
//
// Default deny; every part can only remove viewers. Each part has a neutral value and a join (the strictest
// of two), so that what is derived from several sources is never seen more widely than any of them.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"

namespace shieldwall::policy {

enum class Tlp : std::uint8_t { clear, green, amber, amber_strict, red };  // most open first; TLP 2.0
enum class Pap : std::uint8_t { clear, green, amber, red };                // permissible actions protocol

/// Use limits, FIRST IEP 2.0: what a reader may do that sharing rules do not say. `must_not` wins a join.
enum class Use : std::uint8_t { may, must_not };

struct UseLimits {
  Use notify_affected = Use::may;  // tell the victims
  Use attribute = Use::may;        // name the provider
  Use resell = Use::may;
  Use regulate = Use::may;  // use against the reporter by a regulator
  auto operator<=>(const UseLimits&) const = default;
};

/// ISO 3166-1 alpha-3, upper case.
struct Nation {
  std::array<char, 3> code{};
  auto operator<=>(const Nation&) const = default;
  std::string_view text() const { return {code.data(), code.size()}; }
  /// errors: invalid
  static Result<Nation> parse(std::string_view text);
};

/// A classification level: a scheme of the roster and its place there. Scheme 0 means unclassified.
struct Classification {
  std::uint16_t scheme = 0;
  std::uint8_t ordinal = 0;
  auto operator<=>(const Classification&) const = default;
};

/// What levels of two different schemes join to: no clearance reaches it, so only the owner passes.
inline constexpr Classification classification_beyond_all{.scheme = 0xffff, .ordinal = 0xff};

/// Any of these nations and organisations, as the alliance's roster stood at that version.
struct AllianceAudience {
  AllianceId alliance;
  std::uint32_t roster_version = 0;
  std::vector<Nation> nations;                // sorted, unique
  std::vector<OrganisationId> organisations;  // sorted, unique
  auto operator<=>(const AllianceAudience&) const = default;
};

/// The members of one circle, as its membership stood at that version.
struct CircleAudience {
  CircleId circle;
  std::uint32_t membership_version = 0;
  auto operator<=>(const CircleAudience&) const = default;
};

/// The owner, or whoever is inside; the owner alone where nothing else is named.
struct Clause {
  OrganisationId owner;
  std::variant<std::monostate, AllianceAudience, CircleAudience> inside;
  auto operator<=>(const Clause&) const = default;
};

/// A person is known by the organisation that named them; nil stands for that organisation's service
/// (matcher, feeds).
struct PersonKey {
  OrganisationId organisation;
  PersonId person;
  auto operator<=>(const PersonKey&) const = default;
};

/// Operation (nil) or one exercise; what belongs to one never mixes with another.
using Realm = ExerciseId;

struct Label {
  Tlp tlp = Tlp::clear;
  Pap pap = Pap::clear;
  UseLimits use{};
  Classification classification{};
  std::vector<Clause> audience;             // all must hold; sorted, unique; empty: nobody passes
  std::vector<CompartmentId> compartments;  // all of these; sorted, unique
  bool originator_control = false;
  bool discoverable = true;  // its existence may be asked (neutral for the join: false wins)
  Realm realm{};
  // Columns of the holding, not part of what is interned:
  std::optional<std::vector<PersonKey>>
      persons;                              // nothing: not limited to persons (TLP:RED then means owner only)
  Timestamp embargo = Timestamp::always();  // nobody but the owner before
  Timestamp end = Timestamp::never();       // nobody but the owner from then on
  auto operator<=>(const Label&) const = default;
};

/// A label for a new object of `owner`: TLP:AMBER+STRICT, owner only, not discoverable.
Label owner_only(OrganisationId owner);

/// The same label with its lists in order and each thing named once. Makers of labels call it; join, encode
/// and interning do so themselves.
Label canonical(Label label);

/// Whether a label keeps the bounds of its binary form (policy/label_limits.h), asked where outsiders make
/// labels.
///   errors  exhausted: says which bound; invalid: not a nation's code, an instant outside the years
///   0000-9999
Done check_limits(const Label& label);

/// The strictest of both, part by part. errors: invalid when the realms differ; exhausted: over check_limits
Result<Label> join(const Label& a, const Label& b);

/// True when whoever passes `narrow` passes `wide` too, as far as the labels alone can tell.
bool at_least_as_wide(const Label& wide, const Label& narrow);

/// The canonical binary form, docs/formats/label.md; equal labels and only those give equal bytes.
Bytes encode(const Label& label);
/// Only canonical bytes are taken. errors: invalid
Result<Label> decode_label(std::string_view bytes);

/// `label` with the holding's columns at their neutral values: what is interned under a 32-bit id.
Label shared_part(const Label& label);

std::string_view name_of(Tlp tlp);  // "TLP:AMBER+STRICT"

}  // namespace shieldwall::policy
