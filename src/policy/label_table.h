#pragma once
// How interned labels lie in memory for Decider. Internal to label_table.cpp and decider.cpp.

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <unordered_map>

#include "base/bytes.h"
#include "base/guarded.h"
#include "policy/growing_array.h"
#include "policy/scope.h"

namespace shieldwall::policy {

/// Small numbers for ids, from 1 in order of first use; 0 is nobody.
using Number = std::uint32_t;

/// What the first `nation_numbers` nations and `compartment_numbers` compartments get bits for; labels that
/// name later ones are decided by the plain rules. The first `near_nations` stand in the label's own row.
inline constexpr Number nation_numbers = 256;
inline constexpr Number near_nations = 64;
inline constexpr Number compartment_numbers = 64;

/// Those whom a clause names that its row has no room for.
struct alignas(64) AudienceForm {
  std::array<std::uint64_t, nation_numbers / 64> nations{};
  const std::uint64_t* organisations = nullptr;  // bits from organisation number first_word * 64 on
  std::uint32_t first_word = 0;
  std::uint32_t words = 0;

  bool names_nation(Number number) const { return (nations[number / 64] >> number % 64 & 1) != 0; }
  bool names_organisation(Number number) const {
    const std::uint32_t word = number / 64 - first_word;  // wraps below first_word
    return word < words && (organisations[word] >> number % 64 & 1) != 0;
  }
};

/// A clause in half a cache line. Most are decided by it alone.
struct ClauseForm {
  static constexpr std::uint64_t everyone =
      1;  // in `nations`: whoever is in the group; no nation is number 0

  Number owner = 0;
  Number group = 0;           // alliance_group or circle_group of its number; 0: the owner alone
  std::uint32_t version = 0;  // of its roster or membership
  Number audience = 0;        // index in audiences + 1; asked where `far` has the organisation's bit
  std::uint64_t nations = 0;  // bit n: nation number n
  std::uint64_t far = 0;      // bit n: the audience's row may name an organisation whose number % 64 is n
};

/// A label in one cache line: a decision over many labels costs what reading them from memory costs.
struct alignas(64) LabelForm {
  Tlp tlp = Tlp::clear;
  bool plain = false;  // does not fit this form: ask the plain rules
  std::uint16_t clause_count = 0;
  Classification classification{};
  Number realm = 0;         // 0: operation
  Number owner_of_all = 0;  // 0: the clauses have different owners
  std::uint64_t compartments = 0;
  ClauseForm first{};
  Number rest = 0;  // index of the second clause in `clauses`, the others behind it
};
static_assert(sizeof(LabelForm) == 64);

/// A SHA-256 is its own hash: nobody chooses its first bytes.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.bytes.data(), sizeof hash);
    return hash;
  }
};

/// Numbers given so far, and the forms they are used in.
struct LabelNumbers {
  std::unordered_map<Digest, LabelId, DigestHash> labels;
  std::unordered_map<Digest, Number, DigestHash> audiences;
  std::unordered_map<OrganisationId, Number> organisations;
  std::unordered_map<AllianceId, Number> alliances;
  std::unordered_map<CircleId, Number> circles;
  std::unordered_map<CompartmentId, Number> compartments;
  std::unordered_map<Realm, Number> realms;
  std::unordered_map<std::uint32_t, Number> nations;
  std::deque<std::vector<std::uint64_t>> words;  // what AudienceForm::organisations points into

  Number alliance_group(const AllianceId& id) { return number_of(alliances, id) * 2; }
  Number circle_group(const CircleId& id) { return number_of(circles, id) * 2 + 1; }
  Number nation_number(const Nation& nation) {
    std::uint32_t key = 0;
    for (const char c : nation.code) key = key << 8 | static_cast<std::uint8_t>(c);
    return number_of(nations, key);
  }

  /// The number of `key` in one of the maps above, the next free one when it has none yet.
  template <typename Map>
  static Number number_of(Map& map, const typename Map::key_type& key) {
    return map.try_emplace(key, static_cast<Number>(map.size() + 1)).first->second;
  }
};

/// What label rows point into; appended to before the row is.
struct LabelForms {
  GrowingArray<AudienceForm> audiences;
  GrowingArray<ClauseForm> clauses;  // all but the first of each label
};

struct LabelTable::State : LabelForms {
  GrowingArray<Label> labels;
  GrowingArray<LabelForm> forms;  // appended last: its size is the table's
  Guarded<LabelNumbers> numbers;
};

}  // namespace shieldwall::policy
