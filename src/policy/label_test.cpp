// How labels join, and their binary and readable forms.

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "policy/label_json.h"
#include "policy/label_limits.h"
#include "policy/test_labels.h"
#include "test_size.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

std::string file(const std::string& path) {
  std::ifstream in(SHIELDWALL_SOURCE_DIR "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Label from_json(const std::string& text) {
  const auto document = model::JsonDocument::parse(text);
  REQUIRE(document);
  auto label = read_label_json(document->root());
  REQUIRE_MESSAGE(label, label.error().message);
  return *label;
}

std::string refusal(const std::string& text) {
  const auto document = model::JsonDocument::parse(text);
  REQUIRE(document);
  const auto label = read_label_json(document->root());
  return label ? "" : label.error().message;
}

}  // namespace

TEST_CASE("the test vectors of docs/formats/label.md hold") {
  const auto document = model::JsonDocument::parse(file("samples/formats/label-vectors.json"));
  REQUIRE_MESSAGE(document, "samples/formats/label-vectors.json");
  int vectors = 0;
  const auto accepted = document->root().find("accepted");
  REQUIRE(accepted);
  for (const model::Json vector : *accepted) {
    const auto name = std::string(vector.find("name")->string());
    const auto bytes = from_hex(vector.find("hex")->string());
    REQUIRE_MESSAGE(bytes, name);
    const auto label = decode_label(*bytes);
    REQUIRE_MESSAGE(label, name);
    CHECK_MESSAGE(label_json(*label) == vector.find("label")->raw(), name);
    CHECK_MESSAGE(
        to_hex(encode(from_json(std::string(vector.find("label")->raw())))) == vector.find("hex")->string(),
        name);
    ++vectors;
  }
  const auto refused = document->root().find("refused");
  REQUIRE(refused);
  for (const model::Json vector : *refused) {
    CHECK_MESSAGE(!decode_label(*from_hex(vector.find("hex")->string())), vector.find("why")->string());
    ++vectors;
  }
  CHECK(vectors >= 20);
}

TEST_CASE("a label survives its binary and its readable form") {
  Draw draw(1);
  const auto count = shieldwall::tests::test_size("label_properties");
  for (std::int64_t i = 0; i < count; ++i) {
    const Label label = draw.label(draw.one_in(5) ? exercise : Realm{});
    const auto decoded = decode_label(encode(label));
    if (!decoded) FAIL(decoded.error().message);
    if (*decoded != label) FAIL(label_json(label));
    if (from_json(label_json(label)) != label) FAIL(label_json(label));
  }
}

TEST_CASE("different labels have different bytes") {
  Draw draw(2);
  std::map<Bytes, Label> seen;
  for (int i = 0; i < 2'000; ++i) {
    const Label label = draw.label();
    const auto [entry, is_new] = seen.try_emplace(encode(label), label);
    if (entry->second != label) FAIL(label_json(label));
  }
}

TEST_CASE("only canonical bytes are taken: whatever one changed bit decodes to encodes to itself") {
  Draw draw(3);
  std::int64_t taken = 0;
  std::int64_t refused = 0;
  for (int i = 0; i < 20; ++i) {
    const Bytes bytes = encode(draw.label(draw.one_in(5) ? exercise : Realm{}));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes changed = bytes;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      const auto label = decode_label(changed);
      if (label && encode(*label) != changed) FAIL(to_hex(changed));
      ++(label ? taken : refused);
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
      if (decode_label(bytes.substr(0, size))) FAIL(to_hex(bytes));
    if (decode_label(bytes + '\0')) FAIL(to_hex(bytes));
  }
  CHECK(taken > 0);
  CHECK(refused > 0);
}

TEST_CASE(
    "a list out of order or with one thing twice is refused in the binary form and put right in memory") {
  Label label;
  label.audience = {{organisation('A'), AllianceAudience{alliance_x, 1, {nation("AAA"), nation("BBB")}, {}}}};
  Bytes bytes = encode(label);
  const std::size_t at = bytes.find("AAABBB");
  REQUIRE(at != Bytes::npos);
  CHECK(decode_label(bytes));
  CHECK_FALSE(decode_label(Bytes(bytes).replace(at, 6, "BBBAAA")));
  CHECK_FALSE(decode_label(Bytes(bytes).replace(at, 6, "AAAAAA")));
  CHECK_FALSE(decode_label(Bytes(bytes).replace(at, 6, "aaabbb")));
  Label unsorted = label;
  unsorted.audience = {
      {organisation('A'), AllianceAudience{alliance_x, 1, {nation("BBB"), nation("AAA"), nation("BBB")}, {}}},
      label.audience[0]};
  CHECK(canonical(unsorted) == label);
  CHECK(encode(unsorted) == bytes);
}

TEST_CASE("an audience that names nobody is the owner alone") {
  Label label;
  label.audience = {{organisation('A'), AllianceAudience{alliance_x, 1, {}, {}}}};
  CHECK(std::holds_alternative<std::monostate>(canonical(label).audience[0].inside));
}

TEST_CASE("a label beyond its bounds is refused") {
  Label label = owner_only(organisation('A'));
  CHECK(check_limits(label));
  for (int i = 0; i < static_cast<int>(compartments_max) + 1; ++i)
    label.compartments.push_back(an_id<CompartmentId>(i));
  CHECK(check_limits(label).error().code == ErrorCode::exhausted);
  CHECK_FALSE(decode_label(encode(label)));
  Label nations = owner_only(organisation('A'));
  nations.audience[0].inside = AllianceAudience{alliance_x, 1, {Nation{{'a', 'b', 'c'}}}, {}};
  CHECK(check_limits(nations).error().code == ErrorCode::invalid);
  Label far = owner_only(organisation('A'));
  far.end = {latest_instant.us + 1};
  CHECK(check_limits(far).error().code == ErrorCode::invalid);
  CHECK_FALSE(decode_label(encode(far)));
}

TEST_CASE("the readable form is strict about what it does not know") {
  const std::string owner = R"({"owner":"00000000-0000-4000-8000-000000000001"})";
  CHECK(refusal(R"({"tlp":"amber","audience":[)" + owner + "]}").empty());
  CHECK(refusal(R"({"audience":[)" + owner + "]}").find("tlp") != std::string::npos);
  CHECK(refusal(R"({"tlp":"amber"})").find("audience") != std::string::npos);
  CHECK(refusal(R"({"tlp":"amber","audience":[],"colour":"blue"})").find("no known meaning") !=
        std::string::npos);
  CHECK_FALSE(refusal(R"({"tlp":"Amber","audience":[]})").empty());
  CHECK_FALSE(refusal(R"({"tlp":"amber","audience":[{"owner":"x"}]})").empty());
  CHECK_FALSE(refusal(R"({"tlp":"amber","audience":[],"classification":{"scheme":0,"ordinal":1}})").empty());
  CHECK_FALSE(refusal(R"({"tlp":"amber","audience":[],"embargo":"2026-01-01T00:00:00.0000001Z"})").empty());
  CHECK_FALSE(refusal(R"({"tlp":"amber","audience":[],"embargo":"tomorrow"})").empty());
  CHECK_FALSE(refusal(R"({"tlp":"amber","audience":[],"use_limits":{"resell":"must"}})").empty());
  CHECK_FALSE(refusal(R"({"tlp":"amber","audience":[{"owner":"00000000-0000-4000-8000-000000000001",)"
                      R"("circle":"00000000-0000-4000-8000-000000000002"}]})")
                  .empty());
}

TEST_CASE("join is commutative, associative and idempotent") {
  Draw draw(4);
  const auto count = shieldwall::tests::test_size("label_properties");
  for (std::int64_t i = 0; i < count; ++i) {
    const Label a = draw.label();
    const Label b = draw.label();
    const Label c = draw.label();
    if (*join(a, a) != a) FAIL(label_json(a));
    if (*join(a, b) != *join(b, a)) FAIL(label_json(a) << label_json(b));
    if (*join(*join(a, b), c) != *join(a, *join(b, c))) FAIL(label_json(a) << label_json(b) << label_json(c));
  }
}

TEST_CASE("what is derived is never seen more widely than what it came from") {
  // Seen through the join means seen through each. The other way round holds for whoever owns nothing of it
  // and is nobody's client: an owner passes the other rules only where it owns every clause, a client only up
  // to AMBER.
  const World world = small_world();
  Draw draw(5);
  const auto count = shieldwall::tests::test_size("label_properties");
  std::int64_t seen = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Label a = draw.label();
    const Label b = draw.label();
    const Label both = *join(a, b);
    const Subject subject = subject_of(world, draw.asker());
    const auto owns_some = [&](const Label& label) {
      return std::any_of(label.audience.begin(), label.audience.end(), [&](const Clause& clause) {
        return clause.owner == subject.own.organisation;
      });
    };
    const bool is_plain = !owns_some(both) && subject.patrons.empty();
    const bool comparable = both.classification != classification_beyond_all;
    for (const std::int64_t at : {0, 12, 25}) {
      const bool each = may_see(subject, a, {at}) && may_see(subject, b, {at});
      const bool joined = may_see(subject, both, {at});
      if (joined && !each) FAIL("wider: " << label_json(a) << label_json(b));
      if (is_plain && comparable && joined != each) FAIL("narrower: " << label_json(a) << label_json(b));
      seen += joined ? 1 : 0;
    }
  }
  CHECK(seen > count / 100);
}

TEST_CASE("labels of different realms never join") {
  Label a = owner_only(organisation('A'));
  Label b = a;
  b.realm = exercise;
  CHECK(join(a, b).error().code == ErrorCode::invalid);
  CHECK(join(b, b));
}

TEST_CASE("a label that lets nobody pass stays so in every join") {
  Label nobody;
  Label some = owner_only(organisation('A'));
  CHECK(join(nobody, some)->audience.empty());
}

TEST_CASE("joining TLP:RED without names to a list of names lets none of them in") {
  Label red;
  red.tlp = Tlp::red;
  red.audience = {{organisation('A'), CircleAudience{circle_p, 1}}};
  Label named = red;
  named.tlp = Tlp::amber;
  named.persons = {{PersonKey{organisation('B'), pat}}};
  CHECK(join(red, named)->persons == std::vector<PersonKey>{});
  CHECK(join(red, red)->persons == std::nullopt);
}

TEST_CASE("a join too large to carry is refused, not cut") {
  Label a;
  Label b;
  for (int i = 0; i < 200; ++i) {
    a.audience.push_back({an_id<OrganisationId>(1'000 + i), {}});
    b.audience.push_back({an_id<OrganisationId>(2'000 + i), {}});
  }
  CHECK(join(a, a));
  CHECK(join(a, b).error().code == ErrorCode::exhausted);
}

TEST_CASE("every restriction only removes viewers") {
  const World world = small_world();
  Draw draw(6);
  const auto count = shieldwall::tests::test_size("label_properties");
  std::int64_t removed = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Label label = draw.label();
    const Subject subject = subject_of(world, draw.asker());
    std::vector<Label> narrower(8, label);
    narrower[0].tlp = static_cast<Tlp>(std::min(4, static_cast<int>(label.tlp) + 1));
    if (!label.audience.empty()) narrower[1].audience.push_back(draw.clause());
    narrower[2].compartments = {compartments[0], compartments[1]};
    if (label.classification.scheme != 0) narrower[3].classification.ordinal = 0xff;
    narrower[4].embargo = {std::max<std::int64_t>(label.embargo.us, 15)};
    narrower[5].end = {std::min<std::int64_t>(label.end.us, 11)};
    if (label.persons && !label.persons->empty()) narrower[6].persons->pop_back();
    narrower[7].realm = exercise;
    for (const Label& narrow : narrower) {
      const Label made = canonical(narrow);
      for (const std::int64_t at : {0, 10, 14, 30}) {
        const bool before = may_see(subject, label, {at});
        const bool after = may_see(subject, made, {at});
        if (after && !before) FAIL(label_json(label) << " became " << label_json(made));
        removed += before && !after ? 1 : 0;
      }
    }
  }
  CHECK(removed > count / 100);
}

TEST_CASE("a label that is at least as wide admits whoever the other admits") {
  const World world = small_world();
  Draw draw(7);
  const auto count = shieldwall::tests::test_size("label_properties");
  std::int64_t wider = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Label a = draw.label();
    const Label b = draw.one_in(2) ? *join(a, draw.label()) : draw.label();
    if (!at_least_as_wide(a, b)) continue;
    ++wider;
    const Subject subject = subject_of(world, draw.asker());
    for (const std::int64_t at : {0, 12, 25})
      if (may_see(subject, b, {at}) && !may_see(subject, a, {at})) FAIL(label_json(a) << label_json(b));
  }
  CHECK(wider > count / 4);
}

TEST_CASE(
    "who joins a circle later does not see what was shared before, and who leaves sees nothing any more") {
  Draw draw(8);
  for (int i = 0; i < 500; ++i) {
    World world;
    auto& versions = world.circles[circle_p].versions;
    for (int version = 0; version < 5; ++version) {
      std::set<Member> members;
      for (const char letter : {'B', 'C', 'D'})
        if (draw.one_in(2)) members.insert(letter);
      versions.push_back(members);
    }
    for (std::uint32_t shared_at = 1; shared_at <= 5; ++shared_at) {
      Label label;
      label.audience = {{organisation('A'), CircleAudience{circle_p, shared_at}}};
      for (const char letter : {'B', 'C', 'D'}) {
        const Asker asker{
            .who = letter, .person = pat, .compartments = {}, .clearances = {}, .exercises = {}};
        const bool then = versions[shared_at - 1].contains(letter);
        const bool now = versions.back().contains(letter);
        if (may_see(subject_of(world, asker), label, {0}) != (then && now)) FAIL(label_json(label));
      }
    }
  }
}

TEST_CASE("a node that has not heard of a removal does not show what was shared after it") {
  World behind = small_world();
  Label label;
  label.audience = {{organisation('A'), CircleAudience{circle_p, 3}}};  // the node knows two memberships
  const Asker asker{.who = 'B', .person = pat, .compartments = {}, .clearances = {}, .exercises = {}};
  CHECK_FALSE(may_see(subject_of(behind, asker), label, {0}));
  behind.circles[circle_p].versions.push_back({'A', 'B'});
  CHECK(may_see(subject_of(behind, asker), label, {0}));
}

TEST_CASE("an owner always sees its own") {
  const World world = small_world();
  Draw draw(9);
  for (int i = 0; i < 2'000; ++i) {
    Label label = draw.label(draw.one_in(2) ? exercise : Realm{});
    if (label.audience.empty()) continue;
    for (Clause& clause : label.audience) clause.owner = organisation('A');
    Asker asker = draw.asker();
    asker.who = 'A';
    asker.exercises.insert(exercise);
    if (!may_see(subject_of(world, asker), canonical(label), {0})) FAIL(label_json(label));
  }
}

TEST_CASE("equal scopes have equal fingerprints, and whatever decides changes them") {
  const World world = small_world();
  const Asker asker{
      .who = 'B', .person = pat, .compartments = {}, .clearances = {{1, 2}}, .exercises = {exercise}};
  const Subject subject = subject_of(world, asker);
  const Digest same = Scope::of(subject).fingerprint();
  Subject turned = subject;
  std::reverse(turned.own.circles.begin(), turned.own.circles.end());
  std::reverse(turned.patrons.begin(), turned.patrons.end());
  CHECK(Scope::of(turned).fingerprint() == same);
  std::vector<Subject> others(8, subject);
  others[0].person.reset();
  others[1].own.organisation = organisation('C');
  others[2].compartments.push_back(compartments[0]);
  others[3].clearances[0].ordinal = 3;
  others[4].exercises.clear();
  others[5].own.alliances[0].stays[0].to = 9;
  others[6].own.circles[0].known_version = 77;
  others[7].patrons.push_back(standing_of(world, 'A'));
  for (const Subject& other : others) CHECK(Scope::of(other).fingerprint() != same);
  CHECK(Scope::everything("backup").fingerprint() != same);
}

}  // namespace shieldwall::policy
