#pragma once
// Who got an object, when, under which label: for people, in words that are signed as a note.

#include <map>
#include <string>
#include <vector>

#include "ledger/delivery.h"

namespace shieldwall::ledger {

/// All that the answer about one object says.
struct DeliveredAnswer {
  model::ObjectId object;
  Timestamp asked{};
  std::string node{};    // "CERT (its UUID)": whose node answers
  std::string origin{};  // of its log; empty: it keeps none
  Checkpoint log{};      // what it had signed then
  std::vector<Delivery> deliveries{};
  std::map<Digest, policy::Label> labels{};  // those that are still kept
  std::map<Uuid, std::string> names{};       // of organisations and circles
};

inline constexpr std::size_t deliveries_told_max = 10'000;

/// What is known, from the node's store. `organisation`: only what was under labels that it owns wholly; nil:
/// all.
///   errors  exhausted: more than deliveries_told_max entries; as the store
Result<DeliveredAnswer> delivered_answer(const api::Call& call,
                                         const model::ObjectId& object,
                                         const OrganisationId& home,
                                         const OrganisationId& organisation);

/// The label in a sentence: "TLP:AMBER, of CERT, for the members of circle Energy at version 3".
std::string words_of(const policy::Label& label, const std::map<Uuid, std::string>& names);

/// The text of a signed note, and no checkpoint: its first line says so. Ends with what cannot be known.
std::string text_of(const DeliveredAnswer& answer);

}  // namespace shieldwall::ledger
