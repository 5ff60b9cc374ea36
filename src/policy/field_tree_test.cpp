// The salted field tree: what is shown verifies, what is not shown stays unknown.

#include "policy/field_tree.h"

#include <set>

#include <doctest/doctest.h>

#include "model/object.h"
#include "policy/test_forms.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

constexpr const char* report = R"({"type":"report","spec_version":"2.1",
 "id":"report--11111111-1111-4111-8111-111111111111","created":"2026-01-01T00:00:00.000Z",
 "modified":"2026-01-01T00:00:00.000Z","name":"one, \"two\"","published":"2026-01-01T00:00:00Z","a/b#c~d":1.0,
 "labels":["a", "b"],"object_refs":["malware--11111111-1111-4111-8111-111111111111",
 "malware--22222222-2222-4222-8222-222222222222"],
 "external_references":[{"source_name":"x","url":"https://example.org/a"},{"source_name":"y"}],
 "extensions":{"extension-definition--33333333-3333-4333-8333-333333333333":{"seen_refs":["a"],"n":7}},
 "granular_markings":[{"lang":"fr","selectors":["external_references.[0].url","name","nothing.there"]}]})";

const VersionSecret secret = sha256("a secret of one version");

FieldTree tree_of(std::string_view text, const VersionSecret& with = secret) {
  auto tree = FieldTree::of(text, with);
  REQUIRE_MESSAGE(tree, tree.error().message);
  return std::move(*tree);
}

std::vector<std::string> paths_of(const FieldTree& tree) {
  std::vector<std::string> paths;
  for (const OpenedField& field : tree.fields()) paths.push_back(field.path);
  return paths;
}

}  // namespace

TEST_CASE("leaves are the members, the elements of lists of references, and what granular markings select") {
  const FieldTree tree = tree_of(report);
  const std::set<std::string> expected = {
      "/type",
      "/spec_version",
      "/id",
      "/created",
      "/modified",
      "/name",
      "/published",
      "/a~1b~2c~0d",
      "/labels",
      "/object_refs#0",
      "/object_refs#1",
      "/external_references#0/source_name",
      "/external_references#0/url",
      "/external_references#1",
      "/extensions/extension-definition--33333333-3333-4333-8333-333333333333/seen_refs#0",
      "/extensions/extension-definition--33333333-3333-4333-8333-333333333333/n",
      "/granular_markings"};
  const auto paths = paths_of(tree);
  CHECK(std::set<std::string>(paths.begin(), paths.end()) == expected);
  CHECK(paths.size() == expected.size());
  for (const OpenedField& field : tree.fields()) {
    if (field.path == "/a~1b~2c~0d") CHECK(field.text == "1.0");
    if (field.path == "/labels") CHECK(field.text == R"(["a", "b"])");
  }
}

TEST_CASE("an object without a time of its own has its digest among its leaves, where its id is hidden too") {
  const std::string text =
      R"({"type":"file","id":"file--2aa96f59-3b9f-5b2e-9f5e-6f2b5e0a7a11","spec_version":"2.1","name":"a"})";
  const FieldTree tree = tree_of(text);
  const auto paths = paths_of(tree);
  CHECK(std::count(paths.begin(), paths.end(), "") == 1);
  const auto whole = tree.open(std::vector<std::string>{""});
  const auto fields = verified_fields(*whole, tree.root());
  REQUIRE(fields);
  const auto document = model::JsonDocument::parse(text);
  CHECK(fields->front().text == "\"" + model::content_digest(document->root()).hex() + "\"");
}

TEST_CASE("whatever is shown leads to the root, and shows no more") {
  const FieldTree tree = tree_of(report);
  const auto paths = paths_of(tree);
  Draw draw(41);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> shown;
    for (const std::string& path : paths)
      if (draw.one_in(1 + static_cast<std::uint64_t>(i % 6))) shown.push_back(path);
    const auto opening = tree.open(shown);
    REQUIRE(opening);
    const auto fields = verified_fields(*opening, tree.root());
    REQUIRE_MESSAGE(fields, fields.error().message);
    std::set<std::string> found;
    for (const OpenedField& field : *fields) found.insert(field.path);
    CHECK(found == std::set<std::string>(shown.begin(), shown.end()));
    const Bytes bytes = encode(*opening);
    CHECK(*decode_opening(bytes) == *opening);
    for (const OpenedField& field : tree.fields())
      if (!found.contains(field.path))
        CHECK_MESSAGE(bytes.find(field.salt.view()) == Bytes::npos, field.path);
  }
}

TEST_CASE("one field alone is a path of a few hashes") {
  const FieldTree tree = tree_of(report);
  const auto opening = tree.open(std::vector<std::string>{"/object_refs#1"});
  REQUIRE(opening);
  CHECK(opening->nodes.size() <= 2 * 6 + 1);
  CHECK(verified_fields(*opening, tree.root())->size() == 1);
  CHECK(tree.open(std::vector<std::string>{"/object_refs"}).error().code == ErrorCode::not_found);
  CHECK(tree.open(std::vector<std::string>{})->nodes.size() == 1);
}

TEST_CASE("a changed text, path, salt or hash leads to another root") {
  const FieldTree tree = tree_of(report);
  const Opening opening = *tree.open(std::vector<std::string>{"/name", "/labels"});
  for (std::size_t i = 0; i < opening.nodes.size(); ++i) {
    const auto fails = [&](auto&& change) {
      Opening changed = opening;
      change(changed.nodes[i]);
      return !verified_fields(changed, tree.root());
    };
    if (opening.nodes[i].kind == OpeningNode::Kind::hidden)
      CHECK(fails([](OpeningNode& node) { node.hash.bytes[7] ^= 1; }));
    if (opening.nodes[i].kind != OpeningNode::Kind::field) continue;
    CHECK(fails([](OpeningNode& node) { node.field.text = "1"; }));
    CHECK(fails([](OpeningNode& node) { node.field.path += "x"; }));
    CHECK(fails([](OpeningNode& node) { node.field.salt.bytes[0] ^= 1; }));
  }
}

TEST_CASE("another secret gives another root, the same one the same") {
  CHECK(tree_of(report).root() == tree_of(report).root());
  const FieldTree other = tree_of(report, sha256("another"));
  CHECK(tree_of(report).root() != other.root());
  for (std::size_t i = 0; i < other.fields().size(); ++i)
    CHECK(tree_of(report).fields()[i].salt != other.fields()[i].salt);
  CHECK(commitment_to(report, commitment_salt(secret)) != commitment_to(report, commitment_salt(Digest{})));
}

TEST_CASE("how many fields are hidden shows only to the next power of two") {
  const auto nodes = [](int members) {
    std::string text = R"({"created":"x","name":1)";
    for (int i = 2; i < members; ++i) text += fmt::format(",\"m{}\":1", i);
    return tree_of(text + "}").open(std::vector<std::string>{"/name"})->nodes.size();
  };
  for (int members = 10; members <= 16; ++members) CHECK(nodes(members) == nodes(9));
  CHECK(nodes(17) != nodes(9));
}

TEST_CASE("an opening that is no single tree, or shows one place twice, is refused") {
  const OpeningNode hidden{.kind = OpeningNode::Kind::hidden, .hash = sha256("h"), .field = {}};
  const OpeningNode branch{.kind = OpeningNode::Kind::branch, .hash = {}, .field = {}};
  const auto field = [](const char* path) {
    return OpeningNode{
        .kind = OpeningNode::Kind::field, .hash = {}, .field = {.path = path, .salt = {}, .text = "1"}};
  };
  const auto taken = [](std::vector<OpeningNode> nodes) {
    return decode_opening(encode(Opening{.nodes = std::move(nodes)})).has_value();
  };
  CHECK(taken({branch, hidden, field("/a")}));
  CHECK_FALSE(taken({}));
  CHECK_FALSE(taken({branch, hidden}));
  CHECK_FALSE(taken({branch, hidden, hidden}));
  CHECK_FALSE(taken({hidden, hidden}));
  for (const char* path : {"a", "/a~", "/a~3", "#", "#01", "#x", "/\xff"}) CHECK_FALSE(taken({field(path)}));
  for (const char* path : {"", "/", "/a~0~1~2", "#0", "/a#10/b"}) CHECK(taken({field(path)}));

  const auto verifies = [&](const char* a, const char* b) {
    const Opening opening{.nodes = {branch, field(a), field(b)}};
    const Digest root = sha256("\1" + Bytes(leaf_of(opening.nodes[1].field).view()) +
                               Bytes(leaf_of(opening.nodes[2].field).view()));
    return verified_fields(opening, root).has_value();
  };
  CHECK(verifies("/a", "/b"));
  CHECK(verifies("/a", "/ab"));
  CHECK(verifies("/a", ""));
  CHECK_FALSE(verifies("/a", "/a"));
  CHECK_FALSE(verifies("/a", "/a/b"));
  CHECK_FALSE(verifies("/a#0", "/a"));
}

TEST_CASE("a tree without end in an opening is refused before it costs the stack") {
  Opening deep;
  deep.nodes.resize(100'000, OpeningNode{.kind = OpeningNode::Kind::branch, .hash = {}, .field = {}});
  CHECK(decode_opening(encode(deep)).error().code == ErrorCode::exhausted);
}

TEST_CASE("what is no object has no tree") {
  for (const char* text : {"", "{}", "[]", "1", "{\"a\":1,\"a\":2}"})
    CHECK_FALSE(FieldTree::of(text, secret));
}

}  // namespace shieldwall::policy
