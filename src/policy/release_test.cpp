// What a reader is given: the label asked once more, hidden parts and references gone, every other byte kept.

#include <bit>
#include <type_traits>

#include <doctest/doctest.h>

#include "policy/redact.h"
#include "policy/released.h"
#include "policy/test_labels.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

// Nobody outside makes a Released, whatever it has in hand.
static_assert(!std::is_default_constructible_v<Released<Holding>>);
static_assert(!std::is_constructible_v<Released<Holding>, Holding>);
static_assert(!std::is_constructible_v<Released<Bytes>, Bytes>);
static_assert(!std::is_constructible_v<Released<Bytes>, const char*>);
static_assert(!std::is_convertible_v<Holding, Released<Holding>>);
static_assert(!std::is_constructible_v<Released<Bytes>, Released<Holding>>);
static_assert(!std::is_constructible_v<Released<Bytes>, Public>);
static_assert(!std::is_constructible_v<Public, Bytes>);
static_assert(!std::is_convertible_v<Bytes, Public>);
static_assert(!std::is_default_constructible_v<Scope>);
static_assert(!std::is_assignable_v<Released<Bytes>&, Bytes>);
static_assert(std::is_same_v<decltype(std::declval<const Released<Bytes>&>().look()), const Bytes&>);
// A writer that captures could bring something unreleased into the bytes.
template <typename Writer>
constexpr bool renders =
    requires(const Released<Holding>& released, Writer writer) { released.render(writer); };
static_assert(renders<Bytes (*)(const Holding&)>);
static_assert(!renders<decltype([text = Bytes()](const Holding&) { return text; })>);

constexpr const char* text =
    R"({ "type" : "malware", "spec_version":"2.1",
  "id":"malware--11111111-1111-4111-8111-111111111111", "created":"2026-01-01T00:00:00.000Z",
  "modified":"2026-01-01T00:00:00.000Z", "name":"one, \"two\"", "description" : "secret",
  "is_family" : true, "labels":["a", "b" ,"c"],
  "external_references":[{"source_name":"x","url":"https://example.org/a"},{"source_name":"y","description":"d"}],
  "sample_refs":["file--11111111-1111-4111-8111-111111111111","file--22222222-2222-4222-8222-222222222222"],
  "granular_markings":[
    {"marking_ref":"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1","selectors":["description"]},
    {"lang":"fr","selectors":["labels.[2]","labels.[0]","external_references.[0].url"]},
    {"lang":"de","selectors":["name"]} ] })";

std::string after(std::string from, const std::string& what, const std::string& with) {
  const auto at = from.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, what);
  return from.replace(at, what.size(), with);
}

Bytes cut(std::vector<std::string_view> selectors, std::vector<std::string_view> pointers = {}) {
  auto bytes = redact(text, {.selectors = std::move(selectors), .pointers = std::move(pointers), .id = ""});
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  return *bytes;
}

Label label_of(Tlp tlp, char owner = 'A') {
  Label label;
  label.tlp = tlp;
  label.audience = {{organisation(owner), CircleAudience{circle_p, 1}}};
  return label;
}

Scope reader(char who) {
  return Scope::of(subject_of(
      small_world(), {.who = who, .person = pat, .compartments = {}, .clearances = {}, .exercises = {}}));
}

Holding holding_of(std::string_view json, Label label) {
  Holding holding;
  holding.bytes = std::make_shared<const std::string>(json);
  const auto document = model::JsonDocument::parse(std::string(json));
  REQUIRE(document);
  const auto object = model::read_object(document->root());
  REQUIRE_MESSAGE(object, object.error().findings.front().message);
  holding.id = object->id;
  holding.version = object->version;
  holding.label = std::move(label);
  return holding;
}

GranularLabel red_part(const Label& label, std::vector<std::string> selectors) {
  Label red = label;
  red.tlp = Tlp::red;
  return {.selectors = std::move(selectors), .label = std::move(red)};
}

constexpr const char* file_text =
    R"({"type":"file","spec_version":"2.1","id":"file--2aa96f59-3b9f-5b2e-9f5e-6f2b5e0a7a11",)"
    R"("name":"invoice.exe","hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"},"size":25})";

}  // namespace

TEST_CASE("a hidden property goes with its comma, its granular markings follow, every other byte stays") {
  const std::string expected = after(after(text,
                                           R"( "description" : "secret",)"
                                           "\n",
                                           "\n"),
                                     R"(
    {"marking_ref":"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1","selectors":["description"]},)",
                                     "");
  CHECK(cut({"description"}) == expected);
}

TEST_CASE("a list item goes, and selectors of the items behind it are renumbered") {
  const std::string shorter = after(text, R"(["a", "b" ,"c"])", R"([ "b" ,"c"])");
  CHECK(cut({"labels.[0]"}) ==
        after(shorter, R"("labels.[2]","labels.[0]","external)", R"("labels.[1]","external)"));
}

TEST_CASE("a container that loses all it held goes, and so do the markings that named it") {
  const Bytes none = cut({"labels.[0]", "labels.[1]", "labels.[2]"});
  CHECK(none.find("labels") == Bytes::npos);
  CHECK(none.find(R"("selectors":["external_references.[0].url"])") != Bytes::npos);
  const Bytes whole = cut({"labels", "external_references"});
  CHECK(whole.find("\"fr\"") == Bytes::npos);
  CHECK(whole.find("\"de\"") != Bytes::npos);
}

TEST_CASE("granular markings that lost every target go altogether") {
  const Bytes bytes = cut({"description", "labels", "external_references", "name"});
  CHECK(bytes.find("granular_markings") == Bytes::npos);
  CHECK(model::JsonDocument::parse(bytes));
}

TEST_CASE("a part of a list item goes by itself") {
  CHECK(cut({"external_references.[0].url"}) ==
        after(after(text, R"("source_name":"x","url":"https://example.org/a")", R"("source_name":"x")"),
              R"(,"external_references.[0].url")",
              ""));
}

TEST_CASE("a reference is cut by its pointer") {
  const Bytes bytes = cut({}, {"/sample_refs/0"});
  CHECK(bytes == after(text, R"("file--11111111-1111-4111-8111-111111111111",)", ""));
  CHECK(cut({}, {"/sample_refs/0", "/sample_refs/1"}).find("sample_refs") == Bytes::npos);
}

TEST_CASE("what names nothing, or what the rest needs, is refused") {
  for (const char* selector : {"nothing",
                               "labels.[3]",
                               "labels.[-1]",
                               "labels.[]",
                               "labels.0",
                               "name.[0]",
                               "id",
                               "type",
                               "modified",
                               "granular_markings.[0]",
                               "object_marking_refs",
                               ""}) {
    CHECK_FALSE_MESSAGE(redact(text, {.selectors = {selector}, .pointers = {}, .id = ""}), selector);
  }
  for (const char* pointer : {"", "/", "labels", "/labels/3", "/id", "/labels/00x"})
    CHECK_FALSE_MESSAGE(redact(text, {.selectors = {}, .pointers = {pointer}, .id = ""}), pointer);
}

TEST_CASE("whatever is cut, what is left is JSON that names none of it") {
  const std::vector<std::string> all = {"name",
                                        "description",
                                        "is_family",
                                        "labels.[0]",
                                        "labels.[1]",
                                        "labels.[2]",
                                        "external_references.[0]",
                                        "external_references.[0].url",
                                        "external_references.[1].source_name",
                                        "sample_refs.[1]"};
  for (unsigned chosen = 0; chosen < 1u << all.size(); ++chosen) {
    std::vector<std::string_view> selectors;
    for (std::size_t i = 0; i < all.size(); ++i)
      if ((chosen >> i & 1) != 0) selectors.push_back(all[i]);
    const auto bytes = redact(text, {.selectors = selectors, .pointers = {}, .id = ""});
    if (!bytes) FAIL(bytes.error().message);
    const auto document = model::JsonDocument::parse(*bytes);
    if (!document) FAIL(document.error().message << *bytes);
    if ((chosen & 1) != 0 && document->root().find("name")) FAIL("name");
    const std::size_t labels = 3 - static_cast<std::size_t>(std::popcount(chosen >> 3 & 7));
    const auto left = document->root().find("labels");
    if ((left ? left->size() : 0) != labels) FAIL(*bytes);
  }
}

TEST_CASE("who may not see the holding is told that there is none") {
  const Holding holding = holding_of(text, label_of(Tlp::amber_strict));
  CHECK(release(reader('B'), holding, {0}));
  CHECK(release(reader('C'), holding, {0}).error().code == ErrorCode::not_found);
}

TEST_CASE("where nothing is hidden the original bytes pass untouched") {
  Holding holding = holding_of(text, label_of(Tlp::green));
  const auto bytes = holding.bytes;
  CHECK(release(reader('B'), holding, {0})->look().bytes == bytes);
  Label part = holding.label;
  part.tlp = Tlp::amber_strict;
  holding.parts = {{.selectors = {"description"}, .label = part}};
  CHECK(release(reader('B'), holding, {0})->look().bytes == bytes);
}

TEST_CASE("a part under a narrower marking is not given, the owner and a backup get all") {
  Holding holding = holding_of(text, label_of(Tlp::amber));
  holding.parts = {red_part(holding.label, {"description", "labels.[1]"})};
  holding.removed = {"/sample_refs/0"};
  holding.alias = an_id<ExerciseId>(5).uuid;
  const auto given = release(reader('B'), holding, {0});
  REQUIRE(given);
  CHECK(given->look().bytes->find("secret") == Bytes::npos);
  CHECK(given->look().bytes->find("\"b\"") == Bytes::npos);
  CHECK(given->look().bytes->find("11111111-1111-4111-8111-111111111111\",\"file--2") == Bytes::npos);
  CHECK(given->look().id == holding.id);
  CHECK(given->look().version == holding.version);
  CHECK(given->look().parts.empty());
  CHECK(given->look().removed.empty());
  CHECK(given->look().alias.is_nil());
  CHECK_FALSE(sees_all_parts(reader('B'), holding, {0}));
  for (const Scope& scope : {reader('A'), Scope::everything("test")}) {
    CHECK(release(scope, holding, {0})->look().bytes == holding.bytes);
    CHECK(sees_all_parts(scope, holding, {0}));
  }
}

TEST_CASE("two owners of a joined label get no more than its readers") {
  Label both = *join(label_of(Tlp::amber, 'A'), label_of(Tlp::amber, 'B'));
  Holding holding = holding_of(text, both);
  holding.parts = {red_part(both, {"description"})};
  CHECK(release(reader('A'), holding, {0})->look().bytes->find("secret") == Bytes::npos);
}

TEST_CASE("what would break the standard without its hidden part is not given") {
  Holding holding = holding_of(text, label_of(Tlp::amber));
  holding.parts = {red_part(holding.label, {"is_family"})};  // a malware must say whether it is one
  CHECK(release(reader('B'), holding, {0}).error().code == ErrorCode::not_found);
  holding.parts = {red_part(holding.label, {"no_such_part"})};
  CHECK(release(reader('B'), holding, {0}).error().code == ErrorCode::not_found);
  holding.parts = {red_part(holding.label, {"modified"})};
  CHECK(release(reader('B'), holding, {0}).error().code == ErrorCode::not_found);
}

TEST_CASE("a redacted observable travels under its alias, for its own id tells its value") {
  Holding holding = holding_of(file_text, label_of(Tlp::amber));
  holding.parts = {red_part(holding.label, {"name"})};
  CHECK_MESSAGE(!release(reader('B'), holding, {0}), "without an alias it is not given");
  holding.alias = Uuid::parse("33333333-3333-4333-8333-333333333333").value();
  const auto given = release(reader('B'), holding, {0});
  REQUIRE(given);
  CHECK(given->look().id.text() == "file--33333333-3333-4333-8333-333333333333");
  CHECK(given->look().version != holding.version);
  CHECK(*given->look().bytes ==
        R"({"type":"file","spec_version":"2.1","id":"file--33333333-3333-4333-8333-333333333333",)"
        R"("hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"},"size":25})");
  CHECK(release(reader('A'), holding, {0})->look().id == holding.id);
}

TEST_CASE("a reference may name an observable only as widely as its narrowest part") {
  Holding holding = holding_of(file_text, label_of(Tlp::amber));
  CHECK(at_least_as_wide(label_when_named(holding), holding.label));
  holding.parts = {red_part(holding.label, {"name"})};
  CHECK_FALSE(at_least_as_wide(label_when_named(holding), holding.label));
  Holding malware = holding_of(text, label_of(Tlp::amber));
  malware.parts = {red_part(malware.label, {"name"})};
  CHECK(at_least_as_wide(label_when_named(malware), malware.label));
}

TEST_CASE("a tombstone of a redacted observable carries the alias too") {
  Holding holding = holding_of(file_text, label_of(Tlp::amber));
  holding.parts = {red_part(holding.label, {"name"})};
  holding.alias = Uuid::parse("33333333-3333-4333-8333-333333333333").value();
  holding.bytes.reset();
  CHECK(release(reader('B'), holding, {0})->look().id.uuid == holding.alias);
}

TEST_CASE("marked parts survive their stored form, and only it is taken") {
  Draw draw(11);
  std::vector<GranularLabel> parts;
  CHECK(encode_parts(parts).empty());
  for (int i = 0; i < 5; ++i) {
    parts.push_back({.selectors = {"name", fmt::format("labels.[{}]", i)}, .label = draw.label()});
    const Bytes bytes = encode_parts(parts);
    const auto decoded = decode_parts(bytes);
    REQUIRE(decoded);
    CHECK(*decoded == parts);
    for (std::size_t size = 1; size < bytes.size(); ++size)
      if (decode_parts(std::string_view(bytes).substr(0, size))) FAIL("cut at " << size);
    CHECK_FALSE(decode_parts(bytes + 'x'));
  }
  CHECK_FALSE(decode_parts(std::string_view("\1\0\0\0\0", 5)));
}

TEST_CASE("rows of another organisation are not released") {
  const Owned<int> row{.organisation = organisation('A'), .value = 7};
  CHECK(Release::of(reader('A'), row)->look() == 7);
  CHECK(Release::of(Scope::everything("test"), row)->look() == 7);
  CHECK(Release::of(reader('B'), row).error().code == ErrorCode::not_found);
}

}  // namespace shieldwall::policy
