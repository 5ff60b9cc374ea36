#pragma once
// What the routes of value read: objects as the caller may see them, and what is said of indicators in them.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/response.h"
#include "library/value.h"
#include "library/view.h"

namespace shieldwall::library {

/// Who looks, and when.
struct Look {
  store::Store& store;
  policy::Scope scope;
  Timestamp now{};
  Deadline deadline;
};
Look look_of(const api::Call& call);

/// All that the query selects, as whoever looks may see it. errors: exhausted: more than 100,000 objects
Result<ReleasedHoldings> all_of(const Look& look, const store::Query& query);
Result<ReleasedHoldings> all_of(const api::Call& call, const store::Query& query);

std::string text_in(const model::Json& json, std::string_view name);
std::optional<Timestamp> time_in(const model::Json& json, std::string_view name);

/// Whether the sighting names nobody: a relay vouches for it, and nobody may count the relay for who saw it.
bool is_anonymous(const model::Json& sighting);

/// Whether the caller's organisation gave it.
bool is_own(const api::Call& call, const policy::Holding& holding);

/// Sightings and opinions about those indicators; about all where none are named.
Result<std::vector<Testimony>> testimonies_of(const Look& look, std::vector<model::ObjectId> indicators);
Result<std::vector<Testimony>> testimonies_of(const api::Call& call, std::vector<model::ObjectId> indicators);

/// The indicators of which somebody says that they are wrong or over; however many say it.
Result<std::set<model::ObjectId>> corrected(const Look& look);

/// The parameter `indicator`. errors: invalid
Result<model::ObjectId> indicator_named(const api::Call& call);

/// What was reckoned for the caller's organisation from what it may see.
template <typename T>
Result<api::Response> answer_own(const api::Call& call, T value, Bytes (*writer)(const T&)) {
  const auto released =
      TRY(policy::Release::of(call.scope(), policy::Owned<T>{call.caller->organisation, std::move(value)}));
  return api::Response(200, released.render(writer));
}

// The handlers that stand in files of their own.
Result<api::Response> correct_indicator(api::Call& call);
Result<api::Response> show_protection(api::Call& call);

}  // namespace shieldwall::library
