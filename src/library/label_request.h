#pragma once
// Under which label somebody wants an object to be kept: the query parameters of every door that puts
// objects, and the terms they become. The label of each object is its own markings joined with these terms.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "ledger/circle.h"
#include "wire/stix_label.h"

namespace shieldwall::library {

/// What a request may say about the label. Everything that is set can only narrow.
struct LabelRequest {
  std::string circle{};              // UUID or alias; empty: the caller's own organisation only
  std::optional<policy::Tlp> tlp{};  // at least this strict, and this for what carries no TLP
  std::optional<policy::Pap> pap{};
  policy::UseLimits use{};
  std::optional<std::vector<policy::PersonKey>> persons{};  // sorted
  std::vector<CompartmentId> compartments{};                // sorted
  std::optional<Timestamp> embargo{};
  std::optional<Timestamp> end{};
  bool originator_control = false;
};

/// How every door that puts objects describes those parameters.
inline constexpr api::Parameter label_parameters[] = {
    {"circle", "string", "UUID or alias of the circle to release into; without it the own organisation only"},
    {"tlp", "string", "clear, green, amber, amber_strict or red: at least this strict"},
    {"pap", "string", "permissible actions: clear, green, amber or red: at least this strict"},
    {"must_not", "string", "uses that are not allowed: notify_affected, attribute, resell, regulate"},
    {"persons", "string", "only these: ORGANISATION:PERSON, both UUIDs, separated by commas"},
    {"compartments", "string", "UUIDs; a reader must hold all of them"},
    {"embargo", "timestamp", "nobody but the owner sees it before"},
    {"end", "timestamp", "nobody but the owner sees it from then on"},
    {"originator_control", "boolean", "the owner decides about every passing on"},
};

bool is_label_parameter(std::string_view name);

/// "amber", "TLP:AMBER", "amber+strict", "white" (TLP 1's name for clear). errors: invalid
Result<policy::Tlp> tlp_named(std::string_view text);

/// errors: invalid, naming the parameter
Result<LabelRequest> read_label_request(std::span<const net::Parameter> query);

/// What one request settles for all objects it puts.
struct Terms {
  wire::LabelSource label;
  policy::Source source;     // the caller's organisation
  model::ObjectId identity;  // that stands for it, as creator of its objects
  std::optional<CircleId> collection;
  bool strict = false;  // SHOULD violations refuse an object
};

/// What an organisation puts here is `own` where its accounts live on this node, else `member`.
Result<policy::Source> source_of(store::Records& records, const OrganisationId& organisation);

/// Whether somebody else agreed to what is put.
enum class Consent : std::uint8_t { none, given };

/// errors: not_found: no such circle, or the caller is not inside; denied: the caller may not add to it, or
/// the circle demands a second person; invalid: the request and the circle's template exclude one another
Result<Terms> terms_of(store::Records& records,
                       const api::Caller& caller,
                       const LabelRequest& request,
                       Consent consent = Consent::none);

}  // namespace shieldwall::library
