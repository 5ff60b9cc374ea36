#pragma once
// How an object is shown: its own bytes, and beside them its label in plain form, where it came from and
// when.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/call.h"
#include "api/route.h"
#include "model/json_writer.h"
#include "policy/released.h"

namespace shieldwall::library {

/// Names to say beside the ids of organisations and circles.
using Names = std::map<Uuid, std::string>;

/// Some released holdings and the names that their labels and sources need.
using Shown = std::pair<std::vector<policy::Holding>, Names>;

using ReleasedHoldings = std::vector<policy::Released<policy::Holding>>;

/// Releases the holdings to the caller and leaves out what it may not see: what its label hides at the
/// instant of the call, and what is no whole object without its hidden parts.
Result<ReleasedHoldings> release_all(const api::Call& call, std::vector<policy::Holding> holdings);

/// Who notes that the holdings leave: `show`, in an entry of their own, or whoever called it, for many at
/// once.
enum class Noted : std::uint8_t { here, by_caller };

/// Notes the delivery, and adds names: of organisations, and of circles that the caller's organisation is
/// inside of.
Result<policy::Released<Shown>> show(const api::Call& call,
                                     ReleasedHoldings holdings,
                                     Noted noted = Noted::here);

/// Whether the door must note that this holding leaves: always, but that the console notes AMBER+STRICT and
/// RED alone, since whoever reads there sees everything many times a day.
bool must_note(const api::Call& call, const policy::Holding& holding);
/// The door's name in delivery entries.
std::string_view door_of(const api::Call& call);

/// One object as search, changes and single reads give it.
void write_entry(model::JsonWriter& out, const policy::Holding& holding, const Names& names);
void write_label(model::JsonWriter& out, const policy::Label& label, const Names& names);

extern const api::Type entry_type;

}  // namespace shieldwall::library
