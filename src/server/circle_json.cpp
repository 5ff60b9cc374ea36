#include "server/circle_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace shieldwall::server {

namespace {

using api::Fields;
using model::JsonWriter;

constexpr policy::Tlp tlps[] = {
    policy::Tlp::clear, policy::Tlp::green, policy::Tlp::amber, policy::Tlp::amber_strict, policy::Tlp::red};
constexpr std::array<std::string_view, 4> paps = {"PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"};

/// The names of the use limits, IEP 2.0 in our spelling, beside where they stand.
constexpr std::pair<std::string_view, policy::Use policy::UseLimits::*> uses[] = {
    {"notify_affected", &policy::UseLimits::notify_affected},
    {"attribute", &policy::UseLimits::attribute},
    {"resell", &policy::UseLimits::resell},
    {"regulate", &policy::UseLimits::regulate},
};

Result<policy::Pap> pap_named(std::string_view name) {
  for (std::size_t i = 0; i < paps.size(); ++i)
    if (equal_ignoring_case(name, paps[i]) || equal_ignoring_case(name, paps[i].substr(4)))
      return static_cast<policy::Pap>(i);
  return fail(ErrorCode::invalid, "'{}' is no PAP level: clear, green, amber or red", excerpt(name));
}

void write_label(JsonWriter& out, const ledger::LabelTemplate& label) {
  out.begin_object();
  out.member("unmarked", policy::name_of(label.unmarked));
  out.member("at_least", policy::name_of(label.at_least));
  out.member("pap", paps[static_cast<std::size_t>(label.pap)]);
  out.key("must_not");
  out.begin_array();
  for (const auto& [name, use] : uses)
    if (label.use.*use == policy::Use::must_not) out.value(name);
  out.end_array();
  out.key("compartments");
  out.begin_array();
  for (const auto& compartment : label.compartments) out.value(compartment.text());
  out.end_array();
  out.member("originator_control", label.originator_control);
  out.member("discoverable", label.discoverable);
  out.end_object();
}

void write_members(JsonWriter& out, const CircleView& view) {
  out.key("members");
  out.begin_array();
  for (const auto& member : view.circle.members) {
    if (!ledger::is_inside(view.circle, member.organisation)) continue;
    out.begin_object();
    out.member("organisation", member.organisation.text());
    // What a member lets return is its own matter, and of those it concerns: nobody.
    if (member.organisation == view.caller.organisation) out.member("sightings", name_of(member.sightings));
    out.end_object();
  }
  out.end_array();
}

}  // namespace

Result<policy::Tlp> tlp_named(std::string_view name) {
  for (const auto tlp : tlps) {
    const auto full = policy::name_of(tlp);
    if (equal_ignoring_case(name, full) || equal_ignoring_case(name, full.substr(4))) return tlp;
  }
  return fail(ErrorCode::invalid,
              "'{}' is no TLP 2.0 label: clear, green, amber, amber+strict or red",
              excerpt(name));
}

void write_circle(JsonWriter& out, const CircleView& view) {
  const auto& circle = view.circle;
  const auto access = ledger::access_of(circle, view.caller);
  out.begin_object();
  out.member("id", circle.id.text());
  out.member("owner", circle.owner.text());
  out.member("title", circle.title);
  if (!circle.alias.empty()) out.member("alias", circle.alias);
  out.member("description", circle.description);
  if (!circle.api_root.empty()) out.member("api_root", circle.api_root);
  out.key("media_types");
  out.begin_array();
  for (const auto& type : circle.media_types) out.value(type);
  out.end_array();
  out.member("membership_version", circle.membership_version);
  write_members(out, view);
  out.member("members_read", circle.members_read);
  out.member("members_write", circle.members_write);
  out.member("can_read", access.can_read);
  out.member("can_write", access.can_write);
  out.key("grants");
  out.begin_array();
  for (const auto& grant : view.grants) {
    out.begin_object();
    out.member("account", grant.account.text());
    out.member("can_read", grant.can_read);
    out.member("can_write", grant.can_write);
    out.end_object();
  }
  out.end_array();
  out.key("label");
  write_label(out, circle.label);
  out.member("second_person", circle.second_person);
  out.member("created", to_text(circle.created));
  out.end_object();
}

Done read_label_template(const model::Json& json, ledger::LabelTemplate& label) {
  auto fields = TRY(Fields::of(json, "label"));
  if (const auto tlp = TRY(fields.optional_text("unmarked"))) label.unmarked = TRY(tlp_named(*tlp));
  if (const auto tlp = TRY(fields.optional_text("at_least"))) label.at_least = TRY(tlp_named(*tlp));
  if (const auto pap = TRY(fields.optional_text("pap"))) label.pap = TRY(pap_named(*pap));
  if (const auto names = TRY(fields.optional_texts("must_not"))) {
    label.use = {};
    for (const auto& name : *names) {
      const auto* const use = std::ranges::find(uses, name, [](const auto& row) { return row.first; });
      if (use == std::end(uses))
        return fail(ErrorCode::invalid,
                    "label: '{}' is no use limit: notify_affected, attribute, resell or regulate",
                    excerpt(name));
      label.use.*(use->second) = policy::Use::must_not;
    }
  }
  if (const auto texts = TRY(fields.optional_texts("compartments"))) {
    label.compartments.clear();
    for (const auto& text : *texts) label.compartments.push_back(TRY(CompartmentId::parse(text)));
    std::ranges::sort(label.compartments);
    const auto repeated = std::ranges::unique(label.compartments);
    label.compartments.erase(repeated.begin(), repeated.end());
  }
  label.originator_control = TRY(fields.flag("originator_control", label.originator_control));
  label.discoverable = TRY(fields.flag("discoverable", label.discoverable));
  return fields.finish();
}

}  // namespace shieldwall::server
