// The test vectors of docs/formats/roster.md and statement.md. tests/formats/ holds a second implementation
// to the same files. SHIELDWALL_WRITE_VECTORS=1 writes them anew: for a new version of a format, never to
// make a test pass.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "model/json_writer.h"
#include "policy/field_tree.h"
#include "policy/label_json.h"
#include "policy/test_forms.h"

namespace shieldwall::policy {
namespace {

using namespace tests;
using model::JsonWriter;

void hold_to_file(const std::string& path, const std::string& text) {
  const std::string whole = SHIELDWALL_SOURCE_DIR "/samples/formats/" + path;
  if (std::getenv("SHIELDWALL_WRITE_VECTORS") != nullptr) std::ofstream(whole, std::ios::binary) << text;
  std::ifstream in(whole, std::ios::binary);
  std::ostringstream held;
  held << in.rdbuf();
  CHECK_MESSAGE(held.str() == text, path << " differs from what this program writes");
}

/// One vector a line, so that a change shows as a line.
std::string vectors_text(const std::vector<std::string>& vectors) {
  std::string text = "{\"vectors\":[\n";
  for (std::size_t i = 0; i < vectors.size(); ++i)
    text += vectors[i] + (i + 1 < vectors.size() ? ",\n" : "\n");
  return text + "]}\n";
}

template <typename List, typename Write>
void list(JsonWriter& out, std::string_view name, const List& elements, Write&& write) {
  out.key(name);
  out.begin_array();
  for (const auto& element : elements) write(element);
  out.end_array();
}

void write_level(JsonWriter& out, std::string_view name, const Classification& level) {
  out.key(name);
  out.begin_array();
  out.value(level.scheme);
  out.value(level.ordinal);
  out.end_array();
}

void write_member(JsonWriter& out, const RosterMember& member) {
  const auto id = [&](const OrganisationId& one) { out.value(one.text()); };
  out.begin_object();
  out.member("organisation", member.organisation.text());
  out.member("name", member.name);
  out.member("kind", static_cast<int>(member.kind));
  out.member("nation", member.nation == Nation{} ? "" : std::string(member.nation.text()));
  out.member("host", member.host ? member.host->text() : "");
  list(out, "clients", member.clients, id);
  list(out, "keys", member.keys, [&](const MemberKey& key) {
    out.begin_object();
    out.member("use", static_cast<int>(key.use));
    out.member("algorithm", static_cast<int>(key.algorithm));
    out.member("key", to_hex(key.key));
    out.member("key_id", key_id(key).hex());
    out.end_object();
  });
  list(out, "pins", member.pins, [&](const Digest& pin) { out.value(pin.hex()); });
  list(out, "contacts", member.contacts, [&](const Contact& contact) {
    out.begin_object();
    out.member("name", contact.name);
    out.member("address", contact.address);
    out.member("around_the_clock", contact.around_the_clock);
    out.end_object();
  });
  list(out, "expertise", member.expertise, [&](const std::string& field) { out.value(field); });
  list(out, "terms", member.terms, [&](const AcceptedTerms& terms) {
    out.begin_object();
    out.member("document", terms.document.hex());
    out.member("accepted", terms.accepted.us);
    out.end_object();
  });
  out.end_object();
}

std::string roster_vector(const Roster& roster) {
  JsonWriter out;
  out.begin_object();
  out.member("hex", to_hex(encode(roster)));
  out.member("digest", digest_of(roster).hex());
  out.key("roster");
  out.begin_object();
  out.member("alliance", roster.alliance.text());
  out.member("name", roster.name);
  out.member("version", roster.version);
  out.member("predecessor", roster.predecessor ? roster.predecessor->hex() : "");
  list(out, "founders", roster.founders, [&](const OrganisationId& id) { out.value(id.text()); });
  out.member("founders_needed", roster.founders_needed);
  list(out, "delegations", roster.delegations, [&](const Delegation& delegation) {
    out.begin_object();
    out.member("nation", delegation.nation.text());
    out.member("to", delegation.to.text());
    out.end_object();
  });
  list(out, "equivalences", roster.equivalences, [&](const Equivalence& equivalence) {
    out.begin_object();
    write_level(out, "held", equivalence.held);
    write_level(out, "reached", equivalence.reached);
    out.end_object();
  });
  list(out, "members", roster.members, [&](const RosterMember& member) { write_member(out, member); });
  out.end_object();
  out.end_object();
  return std::move(out).text();
}

std::string statement_vector(const Statement& statement, const SignedStatement& made) {
  JsonWriter out;
  out.begin_object();
  out.member("hex", to_hex(encode(statement)));
  out.member("digest", statement_digest(encode(statement)).hex());
  out.key("statement");
  out.begin_object();
  out.member("alliance", statement.alliance.text());
  out.member("origin", statement.origin.text());
  out.member("release", statement.release.text());
  out.member("object", statement.object ? statement.object->id.text() : "");
  out.member("object_version", statement.object ? statement.object->version.us : 0);
  out.member("number", statement.number);
  out.member("predecessor", statement.predecessor ? statement.predecessor->hex() : "");
  out.member("commitment", statement.commitment.hex());
  out.member("field_root", statement.field_root ? statement.field_root->hex() : "");
  out.key("label");
  out.raw(label_json(statement.label));
  out.member("audience", statement.audience.hex());
  out.member("kind", static_cast<int>(statement.kind));
  out.member("source_kind", statement.source ? static_cast<int>(statement.source->kind) : 0);
  out.member("source", statement.source ? statement.source->id.text() : "");
  out.member("key", statement.key.hex());
  out.member("algorithm", static_cast<int>(statement.algorithm));
  out.end_object();
  out.key("signed");
  out.begin_object();
  out.member("hex", to_hex(encode(made)));
  out.member("position", made.path.position);
  list(out, "beside", made.path.beside, [&](const Digest& beside) { out.value(beside.hex()); });
  out.member("signature", to_hex(made.signature));
  out.member("root", made.root().hex());
  out.member("signed_text", to_hex(batch_text(made.root())));
  out.end_object();
  out.end_object();
  return std::move(out).text();
}

std::string tree_vector(std::string_view object,
                        const VersionSecret& secret,
                        const std::vector<std::string>& shown) {
  const auto tree = FieldTree::of(object, secret);
  REQUIRE(tree);
  const auto opening = tree->open(shown);
  REQUIRE(opening);
  JsonWriter out;
  out.begin_object();
  out.member("object", object);
  out.member("secret", secret.hex());
  out.member("commitment_salt", commitment_salt(secret).hex());
  out.member("commitment", commitment_to(object, commitment_salt(secret)).hex());
  out.member("root", tree->root().hex());
  list(out, "fields", tree->fields(), [&](const OpenedField& field) {
    out.begin_object();
    out.member("path", field.path);
    out.member("salt", field.salt.hex());
    out.member("text", field.text);
    out.member("leaf", leaf_of(field).hex());
    out.end_object();
  });
  list(out, "shown", shown, [&](const std::string& path) { out.value(path); });
  out.member("opening", to_hex(encode(*opening)));
  out.end_object();
  return std::move(out).text();
}

}  // namespace

TEST_CASE("the vectors of rosters are what this program writes") {
  DrawForms draw(51);
  std::vector<std::string> vectors;
  Roster least;
  least.alliance = alliance_x;
  least.name = "two";
  least.members.resize(1);
  least.members[0].organisation = organisation('A');
  least.members[0].name = "A";
  least.members[0].nation = nation("AAA");
  least.founders = {organisation('A')};
  vectors.push_back(roster_vector(least));
  for (int i = 0; i < 5; ++i) vectors.push_back(roster_vector(draw.roster()));
  hold_to_file("roster-vectors.json", vectors_text(vectors));
}

TEST_CASE("the vectors of statements are what this program writes") {
  DrawForms draw(52);
  std::vector<std::string> vectors;
  for (int i = 0; i < 24; ++i) {
    Statement statement = draw.statement();
    while (i < 8 && statement.kind != static_cast<StatementKind>(i + 1))
      statement = draw.statement();  // each kind
    SignedStatement made = draw.signed_statement();
    made.statement = encode(statement);
    vectors.push_back(statement_vector(statement, made));
  }
  hold_to_file("statement-vectors.json", vectors_text(vectors));
}

TEST_CASE("the vectors of field trees are what this program writes") {
  const VersionSecret secret = sha256("field tree vectors");
  hold_to_file(
      "field-tree-vectors.json",
      vectors_text(
          {tree_vector(R"({"type":"x","created":"2026-01-01T00:00:00Z"})", secret, {"/type"}),
           tree_vector(R"({ "type":"file","id":"file--2aa96f59-3b9f-5b2e-9f5e-6f2b5e0a7a11", "size" : 25,)"
                       R"("name":"caf\u00e9","hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"} })",
                       secret,
                       {"", "/hashes"}),
           tree_vector(
               R"({"type":"report","spec_version":"2.1","id":"report--11111111-1111-4111-8111-111111111111",)"
               R"("created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"n","a/b#c~d":1.0,)"
               R"("labels":["a", "b"],"object_refs":["malware--11111111-1111-4111-8111-111111111111","x","y"],)"
               R"("external_references":[{"source_name":"x","url":"https://example.org/a"},{"source_name":"y"}],)"
               R"("extensions":{"e":{"seen_refs":["a"],"n":[[1],{}]},"empty_refs":[]},)"
               R"("granular_markings":[{"lang":"fr","selectors":["external_references.[0].url","name","none.[9]"]}]})",
               sha256("another secret"),
               {"/object_refs#1", "/name", "/a~1b~2c~0d", "/external_references#0/source_name"})}));
}

}  // namespace shieldwall::policy
