#include "exchange/ask/voprf.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "base/text.h"
#include "model/json.h"

using namespace shieldwall;
using namespace shieldwall::exchange;
using namespace shieldwall::exchange::voprf;

namespace {

/// Hands out the bytes a test vector prescribes where the protocol would draw.
class Prescribed final : public Random {
 public:
  explicit Prescribed(std::string scalar) : scalar_(std::move(scalar)) { scalar_.resize(64, '\0'); }
  void fill(std::span<std::uint8_t> bytes) override {
    REQUIRE(bytes.size() == scalar_.size());
    std::ranges::copy(scalar_, bytes.begin());
  }

 private:
  std::string scalar_;
};

std::vector<std::string> unhexed(std::string_view list) {
  std::vector<std::string> values;
  for (const auto part : split(list, ',')) values.push_back(*from_hex(part));
  return values;
}

std::string text_at(const model::Json& json, std::string_view name) {
  const auto member = json.find(name);
  REQUIRE(member);
  return std::string(member->string());
}

std::string hex_of(const Tag& tag) {
  return to_hex({reinterpret_cast<const char*>(tag.data()), tag.size()});
}

/// Plays one vector of RFC 9497 appendix A through both sides.
void check_vector(Mode mode, const KeyPair& key, const model::Json& vector) {
  const auto inputs = unhexed(text_at(vector, "Input"));
  const auto blinds = unhexed(text_at(vector, "Blind"));
  const auto blinded_elements = unhexed(text_at(vector, "BlindedElement"));
  const auto evaluated = unhexed(text_at(vector, "EvaluationElement"));
  const auto outputs = unhexed(text_at(vector, "Output"));
  std::vector<Blinded> blinded;
  std::vector<Element> elements;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Prescribed draws(blinds[i]);
    blinded.push_back(*blind(mode, inputs[i], draws));
    elements.push_back(blinded.back().element);
    CHECK(elements.back().view() == blinded_elements[i]);
  }
  const auto proof = vector.find("Proof");
  Prescribed draws(proof ? *from_hex(text_at(*proof, "r")) : std::string());
  const auto answer = *evaluate(mode, key, elements, draws);
  for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(answer.elements[i].view() == evaluated[i]);
  if (proof) {
    const auto made = std::string(answer.proof.challenge.view()) + std::string(answer.proof.response.view());
    CHECK(to_hex(made) == text_at(*proof, "proof"));
  }
  const std::vector<std::string_view> values(inputs.begin(), inputs.end());
  const auto tags = *finalize(mode, key.open, values, blinded, answer);
  for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(hex_of(tags[i]) == to_hex(outputs[i]));
}

const KeyPair& a_key() {
  static const auto key = *derive_key_pair(Mode::voprf, std::string(32, 'k'), "a test");
  return key;
}

struct Question {
  std::vector<std::string_view> values;
  std::vector<Blinded> blinded;
  std::vector<Element> elements;
};

Question question(std::vector<std::string_view> values) {
  Question asked{.values = std::move(values), .blinded = {}, .elements = {}};
  for (const auto value : asked.values) {
    asked.blinded.push_back(*blind(Mode::voprf, value, system_random()));
    asked.elements.push_back(asked.blinded.back().element);
  }
  return asked;
}

}  // namespace

TEST_CASE("the asker gets the tag that the answerer computes itself") {
  const auto asked = question({"198.51.100.7", "example.org", ""});
  const auto answer = *evaluate(Mode::voprf, a_key(), asked.elements, system_random());
  const auto tags = *finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, answer);
  for (std::size_t i = 0; i < tags.size(); ++i)
    CHECK(tags[i] == *tag_of(Mode::voprf, a_key(), asked.values[i]));
  CHECK(tags[0] != tags[1]);
}

TEST_CASE("the same value asked twice looks different both times") {
  CHECK(question({"example.org"}).elements != question({"example.org"}).elements);
}

TEST_CASE("an answer made with another key, changed, or of another question is refused") {
  const auto asked = question({"a", "b"});
  const auto other = *derive_key_pair(Mode::voprf, std::string(32, 'o'), "a test");
  const auto foreign = *evaluate(Mode::voprf, other, asked.elements, system_random());
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, foreign));
  CHECK(finalize(Mode::voprf, other.open, asked.values, asked.blinded, foreign));

  const auto answer = *evaluate(Mode::voprf, a_key(), asked.elements, system_random());
  auto changed = answer;
  std::swap(changed.elements[0], changed.elements[1]);
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, changed));
  changed = answer;
  changed.proof.response.bytes[0] ^= 1;
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, changed));
  changed = answer;
  changed.proof = {};
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, changed));
  const auto second = question({"a", "b"});
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, second.values, second.blinded, answer));
  changed = answer;
  changed.elements.pop_back();
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, changed));
}

TEST_CASE("one element of a batch evaluated with another key spoils the whole proof") {
  const auto asked = question({"a", "b", "c"});
  const auto other = *derive_key_pair(Mode::voprf, std::string(32, 'o'), "a test");
  auto answer = *evaluate(Mode::voprf, a_key(), asked.elements, system_random());
  answer.elements[2] = evaluate(Mode::voprf, other, asked.elements, system_random())->elements[2];
  CHECK_FALSE(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, answer));
}

TEST_CASE("elements and scalars that are not canonical are refused at the door") {
  CHECK_FALSE(Element::from(""));
  CHECK_FALSE(Element::from(std::string(32, '\0')));  // the identity
  CHECK_FALSE(Element::from(std::string(32, '\xff')));
  CHECK_FALSE(Element::from(std::string("\1", 1) + std::string(31, '\0')));  // negative, so no encoding
  CHECK(Element::from(a_key().open.view()));
  CHECK_FALSE(Scalar::from(std::string(32, '\xff')));
  CHECK_FALSE(Scalar::from(std::string(31, '\0')));
  // The order of the group, least significant byte first: one too many.
  const auto order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  CHECK_FALSE(Scalar::from(order));
  auto below = order;
  below[0] = static_cast<char>(below[0] - 1);
  CHECK(Scalar::from(below));
}

TEST_CASE("elements as they came are evaluated as those that were checked, and what is none is named") {
  const auto asked = question({"a", "b", "c"});
  std::vector<Bytes> received;
  for (const auto& element : asked.elements) received.emplace_back(element.view());
  const auto answer = *evaluate_received(Mode::voprf, a_key(), received, system_random());
  CHECK(answer.elements == evaluate(Mode::voprf, a_key(), asked.elements, system_random())->elements);
  CHECK(finalize(Mode::voprf, a_key().open, asked.values, asked.blinded, answer));
  for (const auto& wrong : {Bytes(), Bytes(32, '\0'), Bytes(32, '\xff'), Bytes("\1") + Bytes(31, '\0')}) {
    received[1] = wrong;
    const auto refused = evaluate_received(Mode::voprf, a_key(), received, system_random());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("elements[1]") != std::string::npos);
  }
  CHECK_FALSE(evaluate_received(Mode::voprf, a_key(), {}, system_random()));
}

TEST_CASE("an empty batch, one too large and a value too long are refused") {
  CHECK_FALSE(evaluate(Mode::voprf, a_key(), {}, system_random()));
  CHECK_FALSE(blind(Mode::voprf, std::string(value_bytes_max + 1, 'x'), system_random()));
  CHECK_FALSE(derive_key_pair(Mode::voprf, "short", ""));
}

TEST_CASE("the vectors of RFC 9497 for ristretto255-SHA512 hold") {
  std::ifstream file(SHIELDWALL_SOURCE_DIR "/../shared/data/oprf/rfc9497-vectors.json");
  if (!file) {
    MESSAGE("skipped: the test vectors are not beside the project");
    return;
  }
  const auto document = *model::JsonDocument::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  int checked = 0;
  for (const auto suite : document.root()) {
    const auto number = suite.find("mode")->number();
    // Mode 2 binds public information and is not used here; nor are the other groups.
    if (text_at(suite, "identifier") != "ristretto255-SHA512" || number == "2") continue;
    const auto mode = number == "0" ? Mode::oprf : Mode::voprf;
    const auto seed = *from_hex(text_at(suite, "seed"));
    const auto key = *derive_key_pair(mode, seed, *from_hex(text_at(suite, "keyInfo")));
    CHECK(to_hex(key.secret.view()) == text_at(suite, "skSm"));
    if (mode == Mode::voprf) CHECK(to_hex(key.open.view()) == text_at(suite, "pkSm"));
    const auto vectors = *suite.find("vectors");
    for (const auto vector : vectors) {
      check_vector(mode, key, vector);
      ++checked;
    }
  }
  CHECK(checked == 5);
}
