// Markings in and out: what each kind means here, and that only markings change on the way out.

#include "wire/stix_label.h"

#include <map>

#include <doctest/doctest.h>

#include "base/random.h"
#include "policy/label_json.h"

namespace shieldwall::wire {
namespace {

using policy::Label;
using policy::Tlp;

const auto receiver = *OrganisationId::parse("aaaaaaaa-0000-4000-8000-000000000001");
const auto partner = *OrganisationId::parse("aaaaaaaa-0000-4000-8000-000000000002");
const auto circle = *CircleId::parse("cccccccc-0000-4000-8000-000000000001");
const auto far_circle = *CircleId::parse("cccccccc-0000-4000-8000-000000000002");

constexpr const char* statement_id = "marking-definition--10000000-0000-4000-8000-000000000001";
constexpr const char* foreign_tlp_id = "marking-definition--10000000-0000-4000-8000-000000000002";
constexpr const char* iep_id = "marking-definition--10000000-0000-4000-8000-000000000003";
constexpr const char* absent_id = "marking-definition--10000000-0000-4000-8000-000000000004";
constexpr const char* foreign_tlp_2_id = "marking-definition--10000000-0000-4000-8000-000000000005";
constexpr const char* broken_id = "marking-definition--10000000-0000-4000-8000-000000000006";
constexpr const char* extended_id = "marking-definition--10000000-0000-4000-8000-000000000007";
constexpr const char* tlp_1_green = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
constexpr const char* tlp_1_amber = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82";
constexpr const char* tlp_2_green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
constexpr const char* tlp_2_strict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";
constexpr const char* tlp_2_red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

std::map<std::string, std::string> held_definitions() {
  const auto definition = [](const std::string& id, const std::string& rest) {
    return R"({"type":"marking-definition","spec_version":"2.1","created":"2026-01-01T00:00:00.000Z","id":")" +
           id + "\"," + rest + "}";
  };
  return {
      {statement_id,
       definition(statement_id, R"("definition_type":"statement","definition":{"statement":"ours"})")},
      {foreign_tlp_id, definition(foreign_tlp_id, R"("definition_type":"tlp","definition":{"tlp":"amber"})")},
      {iep_id, definition(iep_id, R"("definition_type":"iep","definition":{"name":"x"})")},
      {foreign_tlp_2_id,
       definition(foreign_tlp_2_id,
                  R"("extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":)"
                  R"({"extension_type":"property-extension","tlp_2_0":"amber+strict"}})")},
      {broken_id, "{"},
      {extended_id,
       definition(extended_id,
                  R"("definition_type":"tlp","definition":{"tlp":"white"},"extensions":{)"
                  R"("extension-definition--99999999-0000-4000-8000-000000000001":{}})")}};
}

MarkingLookup lookup_in(std::map<std::string, std::string> definitions) {
  return [definitions =
              std::move(definitions)](const model::ObjectId& id) -> std::shared_ptr<const std::string> {
    const auto found = definitions.find(id.text());
    return found == definitions.end() ? nullptr : std::make_shared<const std::string>(found->second);
  };
}

Label ceiling() {
  Label label;
  label.audience = {{receiver, policy::CircleAudience{circle, 3}}};
  return label;
}

std::string object_text(const std::string& more) {
  return R"({"type":"identity","spec_version":"2.1","id":"identity--11111111-1111-4111-8111-111111111111",)"
         R"("created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"x","roles":["a","b"])" +
         more + "}";
}

std::string marked(const std::vector<std::string>& ids) {
  std::string list;
  for (const auto& id : ids) list += (list.empty() ? "\"" : ",\"") + id + "\"";
  return object_text(R"(,"object_marking_refs":[)" + list + "]");
}

model::Object read(const std::string& text) {
  const auto document = model::JsonDocument::parse(text);
  REQUIRE(document);
  auto object = model::read_object(document->root());
  REQUIRE_MESSAGE(object, object.error().findings.front().message);
  return *object;
}

Label in(const std::string& text, const LabelSource& source = source_under(ceiling(), receiver)) {
  auto label = label_of(read(text), source, lookup_in(held_definitions()));
  REQUIRE_MESSAGE(label, label.error().message);
  return *label;
}

Label with(Label label, Tlp tlp) {
  label.tlp = tlp;
  return label;
}

Label owner_too(Label label) {
  return *policy::join(label, policy::owner_only(receiver));
}

std::string out(const std::string& text, const Label& label, Community community = Community::part) {
  auto bytes = rewrite_markings(text, label, lookup_in(held_definitions()), community);
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  return *bytes;
}

}  // namespace

TEST_CASE("TLP 1 and TLP 2 markings become the TLP of the label, the strictest of several") {
  const std::pair<int, Tlp> rows[] = {{0, Tlp::clear},
                                      {1, Tlp::green},
                                      {2, Tlp::amber},
                                      {3, Tlp::amber_strict},
                                      {4, Tlp::red},
                                      {5, Tlp::clear},
                                      {6, Tlp::green},
                                      {7, Tlp::amber},
                                      {8, Tlp::red}};
  for (const auto& [row, tlp] : rows) {
    const auto& id = tlp_definitions()[static_cast<std::size_t>(row)].id;
    CHECK(tlp_of(id) == tlp);
    CHECK(in(marked({id.text()})) == with(ceiling(), tlp));
  }
  CHECK(in(marked({tlp_1_green, tlp_2_strict, tlp_2_green})).tlp == Tlp::amber_strict);
}

TEST_CASE("an unmarked object takes the source's label, TLP:AMBER+STRICT if none is set") {
  CHECK(in(object_text("")) == with(ceiling(), Tlp::amber_strict));
  LabelSource source = source_under(ceiling(), receiver);
  source.unmarked.tlp = Tlp::green;
  CHECK(in(object_text(""), source) == with(ceiling(), Tlp::green));
}

TEST_CASE("a statement restricts nobody, and does not count as a marking of who may see") {
  CHECK(in(marked({statement_id, tlp_2_green})) == with(ceiling(), Tlp::green));
  CHECK(in(marked({statement_id})) == with(ceiling(), Tlp::amber_strict));
}

TEST_CASE("a definition that says TLP under another id means that TLP") {
  CHECK(in(marked({foreign_tlp_id})) == with(ceiling(), Tlp::amber));
  CHECK(in(marked({foreign_tlp_2_id})) == with(ceiling(), Tlp::amber_strict));
}

TEST_CASE("an unknown, unreadable or absent definition means the receiver only") {
  for (const char* id : {iep_id, absent_id, broken_id, extended_id}) {
    const Label label = in(marked({tlp_2_green, id}));
    CHECK(label.tlp == Tlp::amber_strict);
    CHECK(label.audience == owner_too(ceiling()).audience);
    CHECK_FALSE(label.discoverable);
  }
}

TEST_CASE("a foreign marking never widens the ceiling") {
  LabelSource source = source_under(with(ceiling(), Tlp::amber), receiver);
  CHECK(in(marked({tlp_2_green}), source).tlp == Tlp::amber);
  CHECK(in(object_text(""), source).tlp == Tlp::amber_strict);
}

TEST_CASE("the definitions of TLP are the published objects, in canonical form") {
  REQUIRE(tlp_definitions().size() == 9);
  for (const MarkingDefinition& definition : tlp_definitions()) {
    const auto document = model::JsonDocument::parse(definition.bytes);
    REQUIRE(document);
    CHECK(model::canonical_json(document->root()) == definition.bytes);
    const auto object = model::read_object(document->root());
    REQUIRE_MESSAGE(object, object.error().findings.front().message);
    CHECK(object->id == definition.id);
  }
  CHECK(
      tlp_definitions()[3].bytes ==
      R"({"created":"2022-10-01T00:00:00.000Z","extensions":{)"
      R"("extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension",)"
      R"("tlp_2_0":"amber+strict"}},"id":"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",)"
      R"("name":"TLP:AMBER+STRICT","spec_version":"2.1","type":"marking-definition"})");
  CHECK(tlp_definitions()[5].bytes ==
        R"({"created":"2017-01-20T00:00:00.000Z","definition":{"tlp":"white"},"definition_type":"tlp",)"
        R"("id":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","name":"TLP:WHITE",)"
        R"("spec_version":"2.1","type":"marking-definition"})");
}

TEST_CASE("our own definitions are valid STIX in canonical form, one id for one label") {
  Label label = ceiling();
  CHECK_FALSE(marking_of(label));
  label.pap = policy::Pap::amber;
  const auto one = marking_of(label);
  REQUIRE(one);
  label.embargo = {1'000'000};
  const auto other = marking_of(label);
  CHECK(one->id != other->id);
  CHECK(marking_of(label)->bytes == other->bytes);
  for (const MarkingDefinition& definition : {*one, *other, extension_definition()}) {
    const auto document = model::JsonDocument::parse(definition.bytes);
    REQUIRE(document);
    CHECK(model::canonical_json(document->root()) == definition.bytes);
    const auto object = model::read_object(document->root());
    REQUIRE_MESSAGE(object, object.error().findings.front().message);
  }
}

TEST_CASE("outside, an audience or anything else that keeps readers out is at least TLP:AMBER+STRICT") {
  for (const Tlp tlp : {Tlp::clear, Tlp::green, Tlp::amber, Tlp::amber_strict})
    CHECK(outer_tlp(with(ceiling(), tlp)) == Tlp::amber_strict);
  CHECK(outer_tlp(with(ceiling(), Tlp::red)) == Tlp::red);
  CHECK(outer_tlp(with(ceiling(), Tlp::green), Community::whole) == Tlp::green);
  std::vector<Label> narrower(7, with(ceiling(), Tlp::green));
  narrower[0].compartments = {*CompartmentId::parse("dddddddd-0000-4000-8000-000000000001")};
  narrower[1].embargo = {5};
  narrower[2].end = {5};
  narrower[3].originator_control = true;
  narrower[4].classification = {1, 1};
  narrower[5].audience.push_back({partner, {}});
  narrower[6].audience.clear();
  for (const Label& label : narrower) CHECK(outer_tlp(label, Community::whole) == Tlp::amber_strict);
  Label named = ceiling();
  named.persons.emplace();
  CHECK(outer_tlp(named, Community::whole) == Tlp::red);
}

TEST_CASE("going out only the markings change, to TLP 2.0") {
  const Label strict = with(ceiling(), Tlp::amber_strict);
  CHECK(out(marked({tlp_1_amber}), strict) == marked({tlp_2_strict}));
  CHECK(out(marked({tlp_2_strict}), strict) == marked({tlp_2_strict}));
  CHECK(out(marked({statement_id, tlp_1_green, absent_id, foreign_tlp_id}), strict) ==
        marked({statement_id, tlp_2_strict, absent_id}));
  CHECK(out(marked({statement_id}), with(ceiling(), Tlp::red)) == marked({statement_id, tlp_2_red}));
  CHECK(out(object_text(""), strict) == marked({tlp_2_strict}));
  CHECK(out(marked({tlp_2_green}), with(ceiling(), Tlp::green), Community::whole) == marked({tlp_2_green}));
}

TEST_CASE("going out every byte beside the markings stays as it came") {
  const std::string odd =
      "{ \"type\" : \"identity\",\n\t\"id\":\"identity--11111111-1111-4111-8111-111111111111\","
      "\"x_number\" : 1.50e+01 ,\"object_marking_refs\" : [ \"" +
      std::string(tlp_1_green) + "\" ] , \"x_last\":\"\\u0041\"\n}";
  std::string expected = odd;
  expected.replace(expected.find("[ \""),
                   std::string("[ \"\" ]").size() + std::string(tlp_1_green).size(),
                   "[\"" + std::string(tlp_2_strict) + "\"]");
  CHECK(out(odd, with(ceiling(), Tlp::amber)) == expected);
  CHECK(out("{\"x\":1 \n}", ceiling()) ==
        "{\"x\":1,\"object_marking_refs\":[\"" + std::string(tlp_2_strict) + "\"] \n}");
}

TEST_CASE("marking definitions leave as they are, and what has no readable markings is refused") {
  const std::string definition = held_definitions()[statement_id];
  CHECK(out(definition, with(ceiling(), Tlp::red)) == definition);
  for (const char* bad : {"",
                          "[]",
                          "{}",
                          R"({"object_marking_refs":1})",
                          R"({"object_marking_refs":[1]})",
                          R"({"object_marking_refs":["x"]})"})
    CHECK_FALSE(rewrite_markings(bad, ceiling()));
}

TEST_CASE("what goes out comes back in as the same label") {
  Label label = with(ceiling(), Tlp::green);
  label.pap = policy::Pap::red;
  label.use.attribute = policy::Use::must_not;
  label.compartments = {*CompartmentId::parse("dddddddd-0000-4000-8000-000000000001")};
  label.embargo = {1'700'000'000'000'000};
  const std::string text = out(marked({tlp_2_green}), label);
  auto definitions = held_definitions();
  const auto ours = marking_of(label);
  REQUIRE(ours);
  CHECK(text == marked({tlp_2_strict, ours->id.text()}));
  definitions[ours->id.text()] = ours->bytes;
  const LabelSource source = source_under(ceiling(), receiver);
  CHECK(*label_of(read(text), source, lookup_in(definitions)) == label);
  // Somebody on the way marked it more strictly: that holds too.
  CHECK(label_of(read(marked({tlp_2_red, ours->id.text()})), source, lookup_in(definitions))->tlp ==
        Tlp::red);
  // Another label of ours takes the old one's place.
  Label next = label;
  next.pap = policy::Pap::amber;
  CHECK(*rewrite_markings(text, next, lookup_in(definitions)) ==
        marked({tlp_2_strict, marking_of(next)->id.text()}));
}

TEST_CASE("our extension with a member we do not know means the receiver only") {
  Label label = ceiling();
  label.pap = policy::Pap::red;
  const auto ours = marking_of(label);
  auto definitions = held_definitions();
  std::string changed = ours->bytes;
  changed.replace(changed.find("\"label\":{"), 9, "\"label\":{\"later\":1,");
  definitions[ours->id.text()] = changed;
  const auto read_back =
      label_of(read(marked({ours->id.text()})), source_under(ceiling(), receiver), lookup_in(definitions));
  CHECK(read_back->audience == owner_too(ceiling()).audience);
}

TEST_CASE("an audience this node does not know means the receiver only, and nobody where more is asked") {
  Label foreign;
  foreign.audience = {{partner, policy::CircleAudience{far_circle, 1}}};
  foreign.pap = policy::Pap::red;
  LabelSource source = source_under(ceiling(), receiver);
  source.knows = [](const policy::Clause& clause) {
    const auto* inside = std::get_if<policy::CircleAudience>(&clause.inside);
    return inside != nullptr && inside->circle == circle;
  };
  const auto read_back = [&](const Label& label) {
    const auto ours = marking_of(label);
    return *label_of(read(marked({ours->id.text()})), source, lookup_in({{ours->id.text(), ours->bytes}}));
  };
  CHECK(read_back(foreign).audience == owner_too(ceiling()).audience);
  foreign.persons = {{{partner, {}}}};
  CHECK(std::find(read_back(foreign).audience.begin(),
                  read_back(foreign).audience.end(),
                  foreign.audience[0]) != read_back(foreign).audience.end());
}

TEST_CASE("a label of another realm is refused") {
  Label exercise = ceiling();
  exercise.realm = *policy::Realm::parse("eeeeeeee-0000-4000-8000-000000000001");
  const auto ours = marking_of(exercise);
  const auto label = label_of(read(marked({ours->id.text()})),
                              source_under(ceiling(), receiver),
                              lookup_in({{ours->id.text(), ours->bytes}}));
  CHECK(label.error().code == ErrorCode::invalid);
}

TEST_CASE("granular markings become parts where they narrow the label") {
  const auto object = read(object_text(
      R"(,"granular_markings":[{"marking_ref":")" + std::string(tlp_2_red) +
      R"(","selectors":["name","roles.[0]"]},)" + R"({"marking_ref":")" + tlp_2_green +
      R"(","selectors":["roles.[1]"]},{"lang":"fr","selectors":["name"]},)" + R"({"marking_ref":")" +
      statement_id + R"(","selectors":["roles"]},)" + R"({"marking_ref":")" + tlp_2_red +
      R"(","selectors":["roles.[1]"]},{"marking_ref":")" + absent_id + R"(","selectors":["created"]}])"));
  const LabelSource source = source_under(ceiling(), receiver);
  const Label label = with(ceiling(), Tlp::amber_strict);
  const auto parts = parts_of(object, label, source, lookup_in(held_definitions()));
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  std::map<Label, std::vector<std::string>> found;
  for (const auto& part : *parts) found[part.label] = part.selectors;
  CHECK(found[with(label, Tlp::red)] == std::vector<std::string>{"name", "roles.[0]", "roles.[1]"});
  CHECK(found[owner_too(label)] == std::vector<std::string>{"created"});
}

TEST_CASE("a door is told which parts of a label its peer cannot honour") {
  Label label = with(ceiling(), Tlp::amber);
  CHECK(not_honoured(label, DoorAbility::tlp_only()).empty());
  CHECK(not_honoured(label, DoorAbility{}) == std::vector{LabelPart::tlp, LabelPart::audience});
  label.pap = policy::Pap::amber;
  label.embargo = {1};
  label.realm = *policy::Realm::parse("eeeeeeee-0000-4000-8000-000000000001");
  CHECK(not_honoured(label, DoorAbility::tlp_only()) == std::vector{LabelPart::pap, LabelPart::realm});
  CHECK(not_honoured(label, DoorAbility::everything()).empty());
  CHECK(name_of(LabelPart::originator_control) == "originator control");
}

}  // namespace shieldwall::wire
