#pragma once
// Identifiers. Each kind is a type of its own, so that swapped arguments do not compile.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace shieldwall {

/// A UUID, RFC 9562. Ordered by its bytes.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;

  bool is_nil() const { return *this == Uuid{}; }
  int version() const { return bytes[6] >> 4; }
  std::string text() const;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  /// 8-4-4-4-12 hexadecimal digits, either case. errors: invalid
  static Result<Uuid> parse(std::string_view text);
  /// Exactly 16 bytes. errors: invalid
  static Result<Uuid> of_bytes(std::string_view bytes);
  static Uuid random(Random& random);                                // version 4
  static Uuid named(const Uuid& name_space, std::string_view name);  // version 5 (SHA-1)
};

/// A Uuid that stands for one kind of thing. Converts to another kind only through `.uuid`.
template <typename Tag>
struct Id {
  Uuid uuid{};
  auto operator<=>(const Id&) const = default;

  std::string text() const { return uuid.text(); }
  bool is_nil() const { return uuid.is_nil(); }

  static Result<Id> parse(std::string_view text) {
    auto uuid = Uuid::parse(text);
    if (!uuid) return fail(std::move(uuid).error());
    return Id{*uuid};
  }
  static Id random(Random& source) { return Id{Uuid::random(source)}; }
};

using AllianceId = Id<struct AllianceTag>;  // a bilateral pair is an alliance of two
using OrganisationId = Id<struct OrganisationTag>;
using CircleId = Id<struct CircleTag>;  // also the id of the TAXII collection that shows it
using PersonId = Id<struct PersonTag>;  // given by the person's organisation
using AccountId = Id<struct AccountTag>;
using CompartmentId = Id<struct CompartmentTag>;
using FeedId = Id<struct FeedTag>;
using ExerciseId = Id<struct ExerciseTag>;
using JobId = Id<struct JobTag>;

}  // namespace shieldwall

template <>
struct std::hash<shieldwall::Uuid> {
  std::size_t operator()(const shieldwall::Uuid& uuid) const noexcept;  // keyed: outsiders choose ids
};

template <typename Tag>
struct std::hash<shieldwall::Id<Tag>> {
  std::size_t operator()(const shieldwall::Id<Tag>& id) const noexcept {
    return std::hash<shieldwall::Uuid>{}(id.uuid);
  }
};
