#pragma once
// How circles look in requests and answers.

#include "api/fields.h"
#include "api/route.h"
#include "ledger/circle.h"
#include "model/json_writer.h"

namespace shieldwall::server {

/// For an account inside, or of the owner. Members of the past are not named; grants are told to the owner's
/// operators, to others only those of their own accounts (`of_own`).
struct CircleView {
  const ledger::Circle& circle;
  const api::Caller& caller;
  std::vector<ledger::Grant> grants{};
};
void write_circle(model::JsonWriter& out, const CircleView& view);

/// Changes the parts of `label` that the members of `json` name. errors: invalid
Done read_label_template(const model::Json& json, ledger::LabelTemplate& label);

/// "amber+strict" or "TLP:AMBER+STRICT". errors: invalid
Result<policy::Tlp> tlp_named(std::string_view name);

inline constexpr api::Field circle_fields[] = {
    {"id", "string", "UUID, also of the TAXII collection"},
    {"owner", "string", "UUID of the organisation that decides about it"},
    {"title", "string", "in words"},
    {"alias", "string", "a name to call it by", false},
    {"description", "string", "in words"},
    {"api_root", "string", "TAXII API root that shows it", false},
    {"media_types", "[]string", "TAXII media types; empty: STIX 2.1"},
    {"membership_version", "integer", "grows with every entry and exit"},
    {"members", "[]object", "{organisation, sightings}"},
    {"members_read", "boolean", "accounts of members without a grant may read"},
    {"members_write", "boolean", "accounts of members without a grant may add"},
    {"can_read", "boolean", "what you may do"},
    {"can_write", "boolean", "what you may do"},
    {"grants", "[]object", "{account, can_read, can_write}"},
    {"label",
     "object",
     "{unmarked, at_least, pap, must_not, compartments, originator_control, discoverable}"},
    {"second_person", "boolean", "a release into it needs another person's consent"},
    {"created", "timestamp", "when it was made"},
};
inline constexpr api::Type circle_type{"Circle", circle_fields};

}  // namespace shieldwall::server
