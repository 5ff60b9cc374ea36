#include "ledger/log/note.h"

#include <doctest/doctest.h>

#include "ledger/log/checkpoint.h"

using namespace shieldwall;
using namespace shieldwall::ledger;

namespace {

// The example of the Go package sumdb/note: made by a program that is not ours.
constexpr const char* foreign_key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* foreign_note =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

struct Person {
  SigningKey key;
  NoteKey as;
};

Person person(std::string_view name, NoteKeyType type, char seed) {
  auto key = *SigningKey::from_seed(std::string(32, seed));
  auto as = *NoteKey::make(name, type, key.verify_key());
  return {std::move(key), std::move(as)};
}

const Person est = person("est.example/log", NoteKeyType::ed25519, 'e');
const Person lva = person("lva.example/witness", NoteKeyType::cosignature, 'l');

Note signed_checkpoint() {
  const Checkpoint checkpoint{.origin = "est.example/log", .size = 7, .root = sha256("root")};
  return {.text = checkpoint.text(), .signatures = {sign_note(checkpoint.text(), est.as, est.key)}};
}

}  // namespace

TEST_CASE("a note signed by another program verifies, and is written again as it was") {
  const auto key = *NoteKey::parse(foreign_key);
  const auto note = *read_note(foreign_note);
  CHECK(key.name() == "PeterNeumann");
  CHECK(key.text() == foreign_key);
  CHECK(*signed_by(note, key));
  CHECK(write_note(note) == foreign_note);
}

TEST_CASE("a changed text, signature or key does not verify; an unknown key is passed over") {
  auto note = *read_note(foreign_note);
  const auto key = *NoteKey::parse(foreign_key);
  CHECK_FALSE(*signed_by(note, est.as));
  note.text[0] = 'i';
  CHECK(signed_by(note, key).error().code == ErrorCode::invalid);
  note = *read_note(foreign_note);
  note.signatures[0].signature[5] ^= 1;
  CHECK_FALSE(signed_by(note, key));
  note.signatures[0].signature.pop_back();
  CHECK_FALSE(signed_by(note, key));
}

TEST_CASE("what is not a note is refused with the rule it breaks") {
  for (const std::string& bytes : std::vector<std::string>{"",
                                                           "text\n",
                                                           "text\n\n",
                                                           "text\n\n\u2014 a\n",
                                                           "text\n\n- a AAAAAAA=\n",
                                                           "text\n\n\u2014 a AAAAAAA",
                                                           "text\n\n\u2014 a+b AAAAAAA=\n",
                                                           "te\txt\n\n\u2014 a AAAAAAA=\n",
                                                           "te\xff\n\n\u2014 a AAAAAAA=\n",
                                                           "text\n\n\u2014 a AAA\n",
                                                           "text\n\n\u2014 a AAAA\n"}) {
    CAPTURE(bytes);
    CHECK(read_note(bytes).error().code == ErrorCode::invalid);
  }
  std::string many = "text\n\n";
  for (std::size_t i = 0; i <= note_signatures_max; ++i) many += "\u2014 a AAAAAAA=\n";
  CHECK_FALSE(read_note(many));
  CHECK_FALSE(read_note(std::string(note_bytes_max, 'x') + foreign_note));
}

TEST_CASE("a key's text is refused when any of its parts is wrong") {
  for (const auto* text : {"",
                           "name",
                           "name+00000000",
                           "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                           "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                           "PeterNeumann+c74f20a3+AhpcxQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                           "PeterNeumann+c74f20a3+ARpc2QcUPDhM"}) {
    CAPTURE(text);
    CHECK_FALSE(NoteKey::parse(text));
  }
}

TEST_CASE("a cosignature says when, and holds for that checkpoint alone") {
  auto note = signed_checkpoint();
  CHECK_FALSE(cosigned_by(note, lva.as)->has_value());
  const Timestamp at{1'763'800'000'000'000};
  note.signatures.push_back(cosign(note.text, lva.as, lva.key, at));
  const auto back = *read_note(write_note(note));
  CHECK(**cosigned_by(back, lva.as) == at);
  CHECK(*signed_by(back, est.as));

  auto later = back;
  later.signatures[1].signature[7] ^= 1;  // another second
  CHECK_FALSE(cosigned_by(later, lva.as));
  auto other = back;
  other.text = Checkpoint{.origin = "est.example/log", .size = 8, .root = sha256("root")}.text();
  CHECK_FALSE(cosigned_by(other, lva.as));
}

TEST_CASE("a checkpoint is opened only under the log's own name and signature") {
  auto note = signed_checkpoint();
  CHECK(open_checkpoint(note, est.as)->size == 7);
  const auto impostor = person("est.example/log", NoteKeyType::ed25519, 'i');
  CHECK_FALSE(open_checkpoint(note, impostor.as));
  const Checkpoint foreign{.origin = "lva.example/log", .size = 7, .root = sha256("root")};
  note = {.text = foreign.text(), .signatures = {sign_note(foreign.text(), est.as, est.key)}};
  CHECK(open_checkpoint(note, est.as).error().message.contains("lva.example/log"));
}

TEST_CASE("a checkpoint's three lines are read strictly, lines after them are passed over") {
  const auto root = to_base64(sha256("root").view());
  CHECK(Checkpoint::parse("a\n0\n" + root + "\nextension\n"));
  for (const std::string& text : {std::string("a\n7\n"),
                                  "a\n07\n" + root + "\n",
                                  "a\n-1\n" + root + "\n",
                                  "a\n18446744073709551616\n" + root + "\n",
                                  "\n7\n" + root + "\n",
                                  "a\n7\n" + root.substr(4) + "\n",
                                  "a\n7\n" + root}) {
    CAPTURE(text);
    CHECK_FALSE(Checkpoint::parse(text));
  }
}

TEST_CASE("a proof file convinces a stranger of its entry, and of no other") {
  const auto leaf = leaf_hash("entry");
  const auto sibling = leaf_hash("sibling");
  const Checkpoint checkpoint{.origin = "est.example/log", .size = 2, .root = node_hash(sibling, leaf)};
  ProofFile file{.index = 1,
                 .proof = {sibling},
                 .checkpoint = {.text = checkpoint.text(),
                                .signatures = {sign_note(checkpoint.text(), est.as, est.key)}},
                 .extra = "what this is about"};
  const auto back = *ProofFile::parse(file.text());
  CHECK(back.text() == file.text());
  CHECK(*back.extra == "what this is about");
  CHECK(check_proof(back, "entry", est.as)->size == 2);
  CHECK_FALSE(check_proof(back, "another", est.as));
  file.index = 0;
  CHECK_FALSE(check_proof(file, "entry", est.as));
  for (std::size_t cut = 0; cut < back.text().size(); ++cut)
    CHECK_FALSE(ProofFile::parse(back.text().substr(0, cut)));
}
