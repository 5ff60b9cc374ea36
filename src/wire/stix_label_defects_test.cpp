// TLP in and out against tables written from FIRST's TLP 1.0 and 2.0 and STIX 2.1 section 7.2.1.4 - and the
// check against seeded defects, each of which it must report.

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include <doctest/doctest.h>

#include "wire/stix_label.h"

namespace shieldwall::wire {
namespace {

using policy::Label;
using policy::Tlp;
using Difference = std::optional<std::string>;

const OrganisationId receiver{Uuid::named({}, "receiver")};
const CircleId circle{Uuid::named({}, "circle")};

struct Fixed {
  const char* id;
  Tlp means;
};
/// The nine ids that never change.
constexpr Fixed fixed[] = {
    {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::clear},  // 1.0 WHITE
    {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::green},
    {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp::amber},
    {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::red},
    {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::clear},  // 2.0
    {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::green},
    {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::amber},
    {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::amber_strict},
    {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::red}};

LabelSource door() {
  Label ceiling;
  ceiling.audience = {{receiver, policy::CircleAudience{circle, 3}}};
  return source_under(ceiling, receiver);
}

std::string object_text(const std::vector<std::string>& markings) {
  std::string list;
  for (const auto& id : markings) list += (list.empty() ? "\"" : ",\"") + id + "\"";
  return R"({"type":"identity","spec_version":"2.1","id":"identity--11111111-1111-4111-8111-111111111111",)"
         R"("created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"x")" +
         (markings.empty() ? std::string() : ",\"object_marking_refs\":[" + list + "]") + "}";
}

// ---------------------------------------------------------------- in

using In = std::function<Label(const model::Object&)>;

Label right_in(const model::Object& object) {
  return *label_of(object, door(), {});
}

Difference in_difference(const In& read) {
  const auto tlp_under = [&](const std::vector<std::string>& markings) {
    const auto document = model::JsonDocument::parse(object_text(markings));
    return read(*model::read_object(document->root()));
  };
  if (tlp_under({}).tlp != Tlp::amber_strict) return "no marking is not AMBER+STRICT";
  for (const Fixed& one : fixed) {
    const Label label = tlp_under({one.id});
    if (label.tlp != one.means) return std::string(one.id);
    if (label.audience != door().ceiling.audience) return "a TLP changes the audience";
    for (const Fixed& other : fixed)
      if (tlp_under({one.id, other.id}).tlp != std::max(one.means, other.means))
        return std::string(one.id) + " with " + other.id + " is not the stricter";
  }
  const Label unknown = tlp_under({fixed[4].id, "marking-definition--99999999-9999-4999-8999-999999999999"});
  if (std::ranges::find(unknown.audience, policy::Clause{receiver, {}}) == unknown.audience.end())
    return "a marking that is not held is not for the receiver alone";
  return std::nullopt;
}

In spoilt_in(std::function<void(Label&, const model::Object&)> spoil) {
  return [spoil = std::move(spoil)](const model::Object& object) {
    Label label = right_in(object);
    spoil(label, object);
    return label;
  };
}

bool names(const model::Object& object, std::size_t number) {
  return std::ranges::find(object.object_marking_refs, *model::ObjectId::parse(fixed[number].id)) !=
         object.object_marking_refs.end();
}

const std::map<std::string, In> in_defects = {
    {"unmarked is open", spoilt_in([](Label& label, const model::Object& object) {
       if (object.object_marking_refs.empty()) label.tlp = Tlp::clear;
     })},
    {"WHITE is taken for GREEN", spoilt_in([](Label& label, const model::Object& object) {
       if (names(object, 0)) label.tlp = std::max(label.tlp, Tlp::green);
     })},
    {"AMBER+STRICT is taken for AMBER", spoilt_in([](Label& label, const model::Object& object) {
       if (names(object, 7) && label.tlp == Tlp::amber_strict) label.tlp = Tlp::amber;
     })},
    {"AMBER of 1.0 is not known", spoilt_in([](Label& label, const model::Object& object) {
       if (names(object, 2) && object.object_marking_refs.size() == 1) label.tlp = Tlp::amber_strict;
     })},
    {"the first marking wins", spoilt_in([](Label& label, const model::Object& object) {
       for (const Fixed& one : fixed)
         if (!object.object_marking_refs.empty() && object.object_marking_refs.front().text() == one.id)
           label.tlp = one.means;
     })},
    {"an unknown marking is ignored", spoilt_in([](Label& label, const model::Object&) {
       std::erase(label.audience, policy::Clause{receiver, {}});
     })},
    {"RED names the receiver alone", spoilt_in([](Label& label, const model::Object&) {
       if (label.tlp == Tlp::red) label.audience = {{receiver, {}}};
     })}};

// ---------------------------------------------------------------- out

using Out = std::function<Tlp(const Label&, Community)>;

/// "Outer TLP at least AMBER+STRICT where audience, compartment, embargo or end restrict it."
Difference out_difference(const Out& outer) {
  for (const Tlp tlp : {Tlp::clear, Tlp::green, Tlp::amber, Tlp::amber_strict, Tlp::red}) {
    Label open;
    open.tlp = tlp;
    open.audience = {{receiver, policy::CircleAudience{circle, 1}}};
    const Tlp strict = std::max(tlp, Tlp::amber_strict);
    if (outer(open, Community::whole) != tlp) return "TLP alone does not leave as it is";
    if (outer(open, Community::part) != strict) return "an audience does not restrict";
    std::vector<std::pair<std::string, Label>> restricted(6, {"", open});
    restricted[0] = {"compartments", open};
    restricted[0].second.compartments = {CompartmentId{Uuid::named({}, "c")}};
    restricted[1] = {"embargo", open};
    restricted[1].second.embargo = {1};
    restricted[2] = {"end", open};
    restricted[2].second.end = {1};
    restricted[3] = {"classification", open};
    restricted[3].second.classification = {1, 1};
    restricted[4] = {"originator control", open};
    restricted[4].second.originator_control = true;
    restricted[5] = {"two clauses", open};
    restricted[5].second.audience.push_back({receiver, {}});
    for (const auto& [part, label] : restricted)
      if (outer(label, Community::whole) != strict) return part + " does not restrict";
    Label persons = open;
    persons.persons.emplace();
    if (outer(persons, Community::whole) != Tlp::red) return "persons are not RED";
  }
  return std::nullopt;
}

const std::map<std::string, Out> out_defects = {
    {"the label's own TLP leaves", [](const Label& label, Community) { return label.tlp; }},
    {"always AMBER+STRICT",
     [](const Label& label, Community) { return std::max(label.tlp, Tlp::amber_strict); }},
    {"every audience is the whole community",
     [](const Label& label, Community) { return outer_tlp(label, Community::whole); }},
    {"no audience is the whole community",
     [](const Label& label, Community) { return outer_tlp(label, Community::part); }},
    {"persons are forgotten",
     [](Label label, Community community) {
       label.persons.reset();
       return outer_tlp(label, community);
     }},
    {"compartments are forgotten",
     [](Label label, Community community) {
       label.compartments.clear();
       return outer_tlp(label, community);
     }},
    {"embargo is forgotten",
     [](Label label, Community community) {
       label.embargo = Timestamp::always();
       return outer_tlp(label, community);
     }},
    {"end is forgotten",
     [](Label label, Community community) {
       label.end = Timestamp::never();
       return outer_tlp(label, community);
     }},
    {"classification is forgotten",
     [](Label label, Community community) {
       label.classification = {};
       return outer_tlp(label, community);
     }},
    {"originator control is forgotten",
     [](Label label, Community community) {
       label.originator_control = false;
       return outer_tlp(label, community);
     }},
    {"only the first clause counts", [](Label label, Community community) {
       label.audience.resize(1);
       return outer_tlp(label, community);
     }}};

}  // namespace

TEST_CASE("TLP of both versions comes in as the standard says") {
  const auto found = in_difference(right_in);
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("every defect seeded in reading TLP is noticed") {
  for (const auto& [name, defect] : in_defects) CHECK_MESSAGE(in_difference(defect), name);
}

TEST_CASE("TLP goes out no more openly than the whole label allows") {
  const auto found =
      out_difference([](const Label& label, Community community) { return outer_tlp(label, community); });
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("every defect seeded in writing TLP is noticed") {
  for (const auto& [name, defect] : out_defects) CHECK_MESSAGE(out_difference(defect), name);
}

}  // namespace shieldwall::wire
