// Statements, batches and their bytes.

#include <set>

#include <doctest/doctest.h>

#include "policy/test_forms.h"
#include "test_size.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

Statement first_of_release() {
  DrawForms draw(31);
  Statement statement = draw.statement();
  statement.kind = StatementKind::publish;
  statement.number = 1;
  statement.predecessor.reset();
  statement.source.reset();
  statement.field_root = draw.digest();
  statement.object = StatedObject{.id = {"indicator", Uuid::random(draw.random())}, .version = {1'000}};
  statement.label = owner_only(organisation('A'));
  statement.label.tlp = Tlp::green;
  return statement;
}

Statement after(const Statement& before, StatementKind kind) {
  Statement next = before;
  next.kind = kind;
  next.number = before.number + 1;
  next.predecessor = statement_digest(encode(before));
  return next;
}

template <typename Change>
std::string refusal(Change&& change) {
  Statement statement = first_of_release();
  change(statement);
  const auto done = check(statement);
  if (!decode_statement(encode(statement)) != !done) return "the reader disagrees with check";
  return done ? "" : done.error().message;
}

}  // namespace

TEST_CASE("a statement survives its binary form, and only canonical bytes are taken") {
  DrawForms draw(32);
  const auto count = shieldwall::tests::test_size("form_properties");
  std::set<StatementKind> kinds;
  for (std::int64_t i = 0; i < count; ++i) {
    const Statement statement = draw.statement();
    kinds.insert(statement.kind);
    const Bytes bytes = encode(statement);
    const auto read = decode_statement(bytes);
    REQUIRE_MESSAGE(read, read.error().message);
    if (*read != statement) FAIL(to_hex(bytes));
    if (i % 50 != 0) continue;
    each_damaged(bytes, [&](const Bytes& damaged) {
      const auto taken = decode_statement(damaged);
      if (taken && (encode(*taken) != damaged || *taken == statement)) FAIL(to_hex(damaged));
    });
  }
  CHECK(kinds.size() == 8);
}

TEST_CASE("a signed statement survives its binary form, and only canonical bytes are taken") {
  DrawForms draw(33);
  for (int i = 0; i < 20; ++i) {
    const SignedStatement made = draw.signed_statement();
    const Bytes bytes = encode(made);
    const auto read = decode_signed_statement(bytes);
    REQUIRE_MESSAGE(read, read.error().message);
    CHECK(*read == made);
    if (i > 0) continue;
    each_damaged(bytes, [&](const Bytes& damaged) {
      const auto taken = decode_signed_statement(damaged);
      if (taken && (encode(*taken) != damaged || *taken == made)) FAIL(to_hex(damaged));
    });
  }
}

TEST_CASE("what a statement of its kind must say is refused where it does not say it") {
  CHECK(refusal([](Statement&) {}).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.alliance = {}; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.origin = {}; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.release.uuid = Uuid::named({}, "x"); }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.number = 0; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.number = 2; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.predecessor = Digest{}; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.kind = StatementKind::recall; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.kind = StatementKind::import; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.source = Source{}; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.field_root.reset(); }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.label.audience.clear(); }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.object->id.type = "Indicator"; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.object->id.type = ""; }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.object->version = Timestamp::never(); }).empty());
  CHECK_FALSE(refusal([](Statement& s) { s.algorithm = Algorithm::x25519; }).empty());
  CHECK(refusal([](Statement& s) { s.object.reset(); }).empty());
}

TEST_CASE("a cyber-observable is in clear by its release and number alone") {
  Statement observable = first_of_release();
  const std::size_t with_object = encode(observable).size();
  observable.object.reset();
  CHECK(encode(observable).size() == with_object - 24 - std::string_view("indicator").size());
}

TEST_CASE("statements of a release follow each other, and a label only narrows") {
  const Statement first = first_of_release();
  Statement amended = after(first, StatementKind::amend);
  amended.label.tlp = Tlp::amber;
  CHECK(check_successor(first, amended));
  CHECK(check_successor(amended, after(amended, StatementKind::recall)));

  Statement wider = after(first, StatementKind::amend);
  wider.label.tlp = Tlp::clear;
  CHECK_FALSE(check_successor(first, wider));
  Statement other_bytes = amended;
  other_bytes.commitment = sha256("other");
  CHECK_FALSE(check_successor(first, other_bytes));
  other_bytes.kind = StatementKind::publish;  // a new version of the object
  CHECK(check_successor(first, other_bytes));
  Statement skipped = amended;
  skipped.number = 3;
  CHECK_FALSE(check_successor(first, skipped));
  Statement forked = amended;
  forked.predecessor = sha256("another");
  CHECK_FALSE(check_successor(first, forked));
  Statement foreign = amended;
  foreign.origin = organisation('B');
  CHECK_FALSE(check_successor(first, foreign));
  Statement other_object = amended;
  other_object.kind = StatementKind::publish;
  other_object.object->id.type = "malware";
  CHECK_FALSE(check_successor(first, other_object));
}

TEST_CASE("every statement of a batch leads to its root, and nothing else does") {
  DrawForms draw(34);
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{700}, batch_leaves}) {
    std::vector<Digest> leaves;
    while (leaves.size() < size) leaves.push_back(draw.digest());
    const auto batch = make_batch(leaves, draw.random());
    REQUIRE(batch);
    std::set<std::uint16_t> positions;
    for (std::size_t i = 0; i < size; ++i) {
      CHECK(root_of(batch->paths[i], leaves[i]) == batch->root);
      positions.insert(batch->paths[i].position);
    }
    CHECK(positions.size() == size);
    CHECK(root_of(batch->paths[0], draw.digest()) != batch->root);
    BatchPath moved = batch->paths[0];
    moved.position ^= 1;
    CHECK(root_of(moved, leaves[0]) != batch->root);
  }
  CHECK_FALSE(make_batch({}, draw.random()));
  CHECK_FALSE(make_batch(std::vector<Digest>(batch_leaves + 1), draw.random()));
}

TEST_CASE("positions in a batch are random, so that a path tells nothing of the others") {
  DrawForms draw(35);
  std::set<std::uint16_t> positions;
  for (int i = 0; i < 200; ++i) {
    const Digest leaf = draw.digest();
    positions.insert(make_batch({&leaf, 1}, draw.random())->paths.front().position);
  }
  CHECK(positions.size() > 150);
}

}  // namespace shieldwall::policy
