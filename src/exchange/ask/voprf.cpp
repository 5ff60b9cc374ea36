#include "exchange/ask/voprf.h"

#include <algorithm>

#include <sodium.h>

namespace shieldwall::exchange::voprf {

namespace {

using Wide = std::array<std::uint8_t, 64>;  // what SHA-512 gives

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

class Sha512 {
 public:
  Sha512() { crypto_hash_sha512_init(&state_); }
  Sha512& add(std::string_view bytes) {
    crypto_hash_sha512_update(&state_, raw(bytes), bytes.size());
    return *this;
  }
  Sha512& add_number(std::size_t number) {  // I2OSP(number, 2)
    const unsigned char bytes[2] = {static_cast<unsigned char>(number >> 8 & 0xff),
                                    static_cast<unsigned char>(number & 0xff)};
    crypto_hash_sha512_update(&state_, bytes, sizeof bytes);
    return *this;
  }
  Sha512& add_prefixed(std::string_view bytes) { return add_number(bytes.size()).add(bytes); }
  Wide finish() {
    Wide hash;
    crypto_hash_sha512_final(&state_, hash.data());
    return hash;
  }

 private:
  crypto_hash_sha512_state state_;
};

std::string_view view(const Wide& wide) {
  return {reinterpret_cast<const char*>(wide.data()), wide.size()};
}

/// CreateContextString, section 3.1.
std::string context(Mode mode) {
  return std::string("OPRFV1-") + static_cast<char>(mode) + "-ristretto255-SHA512";
}

/// expand_message_xmd of RFC 9380 section 5.3.1 for 64 bytes: one block of SHA-512.
Wide expand(std::string_view message, std::string_view domain) {
  static const std::string zeros(crypto_hash_sha512_BYTES * 2, '\0');  // SHA-512's input block
  const auto domain_end = std::string(domain) + static_cast<char>(domain.size());
  const auto first =
      Sha512().add(zeros).add(message).add_number(64).add(std::string_view("\0", 1)).add(domain_end).finish();
  return Sha512().add(view(first)).add("\1").add(domain_end).finish();
}

Scalar reduced(const Wide& wide) {
  Scalar scalar;
  crypto_core_ristretto255_scalar_reduce(scalar.bytes.data(), wide.data());
  return scalar;
}

Scalar hash_to_scalar(Mode mode, std::string_view message) {
  return reduced(expand(message, "HashToScalar-" + context(mode)));
}

Result<Element> hash_to_group(Mode mode, std::string_view value) {
  if (value.size() > value_bytes_max)
    return fail(
        ErrorCode::invalid, "a value of {} bytes; at most {} can be asked", value.size(), value_bytes_max);
  Element element;
  crypto_core_ristretto255_from_hash(element.bytes.data(),
                                     expand(value, "HashToGroup-" + context(mode)).data());
  if (sodium_is_zero(element.bytes.data(), element.bytes.size()) != 0)
    return fail(ErrorCode::invalid, "this value cannot be asked");
  return element;
}

Scalar random_scalar(Random& random) {
  for (;;) {  // zero comes once in 2^252
    Wide wide;
    random.fill(wide);
    const auto scalar = reduced(wide);
    sodium_memzero(wide.data(), wide.size());
    if (sodium_is_zero(scalar.bytes.data(), scalar.bytes.size()) == 0) return scalar;
  }
}

/// scalar * element. Both are valid and not zero, so the product is no identity: the group has prime order.
Element times(const Scalar& scalar, const Element& element) {
  Element product;
  [[maybe_unused]] const int status =
      crypto_scalarmult_ristretto255(product.bytes.data(), scalar.bytes.data(), element.bytes.data());
  return product;
}

Element times_base(const Scalar& scalar) {
  Element product;
  [[maybe_unused]] const int status =
      crypto_scalarmult_ristretto255_base(product.bytes.data(), scalar.bytes.data());
  return product;
}

/// 1/x of each, for one inversion and three products an element (Montgomery's trick). None is zero.
std::vector<Scalar> inverses(std::span<const Blinded> blinded) {
  const auto product = [](const Scalar& a, const Scalar& b) {
    Scalar c;
    crypto_core_ristretto255_scalar_mul(c.bytes.data(), a.bytes.data(), b.bytes.data());
    return c;
  };
  std::vector<Scalar> results(blinded.size());
  Scalar all{{1}};
  for (std::size_t i = 0; i < blinded.size(); ++i) {
    results[i] = all;  // the product of those before
    all = product(all, blinded[i].blind);
  }
  Scalar inverse;
  crypto_core_ristretto255_scalar_invert(inverse.bytes.data(), all.bytes.data());
  for (std::size_t i = blinded.size(); i-- > 0;) {
    results[i] = product(results[i], inverse);
    inverse = product(inverse, blinded[i].blind);
  }
  sodium_memzero(inverse.bytes.data(), inverse.bytes.size());
  return results;
}

/// A sum may be the identity where a prover lies; its encoding, 32 zeros, is then hashed like any other.
Element plus(const Element& a, const Element& b) {
  Element sum;
  [[maybe_unused]] const int status =
      crypto_core_ristretto255_add(sum.bytes.data(), a.bytes.data(), b.bytes.data());
  return sum;
}

/// The batch folded into two elements by weights that nobody can choose (section 2.2.1, ComputeComposites).
class Composites {
 public:
  Composites(Mode mode, const Element& published) : mode_(mode) {
    const auto domain = "Seed-" + context(mode);
    seed_ = Sha512().add_prefixed(published.view()).add_prefixed(domain).finish();
  }

  void add(const Element& blinded, const Element* evaluated, const Element& evaluated_name) {
    std::string transcript;
    append(transcript, view(seed_));
    transcript += static_cast<char>(count_ >> 8 & 0xff);
    transcript += static_cast<char>(count_ & 0xff);
    append(transcript, blinded.view());
    append(transcript, evaluated_name.view());
    transcript += "Composite";
    const auto weight = hash_to_scalar(mode_, transcript);
    m_ = count_ == 0 ? times(weight, blinded) : plus(m_, times(weight, blinded));
    if (evaluated != nullptr)
      z_ = count_ == 0 ? times(weight, *evaluated) : plus(z_, times(weight, *evaluated));
    ++count_;
  }

  const Element& m() const { return m_; }
  const Element& z() const { return z_; }

  static void append(std::string& text, std::string_view bytes) {
    text += static_cast<char>(bytes.size() >> 8 & 0xff);
    text += static_cast<char>(bytes.size() & 0xff);
    text += bytes;
  }

 private:
  Mode mode_;
  Wide seed_;
  std::size_t count_ = 0;
  Element m_;
  Element z_;
};

Scalar challenge_of(Mode mode,
                    const Element& published,
                    const Element& m,
                    const Element& z,
                    const Element& t2,
                    const Element& t3) {
  std::string transcript;
  for (const auto* element : {&published, &m, &z, &t2, &t3}) Composites::append(transcript, element->view());
  return hash_to_scalar(mode, transcript + "Challenge");
}

/// GenerateProof, section 2.2.1.
Proof prove(Mode mode,
            const KeyPair& key,
            std::span<const Element> blinded,
            std::span<const Element> evaluated,
            Random& random) {
  Composites composites(mode, key.open);
  for (std::size_t i = 0; i < blinded.size(); ++i) composites.add(blinded[i], nullptr, evaluated[i]);
  const auto z = times(key.secret, composites.m());
  auto nonce = random_scalar(random);
  const auto t2 = times_base(nonce);
  const auto t3 = times(nonce, composites.m());
  Proof proof{.challenge = challenge_of(mode, key.open, composites.m(), z, t2, t3), .response = {}};
  Scalar product;
  crypto_core_ristretto255_scalar_mul(
      product.bytes.data(), proof.challenge.bytes.data(), key.secret.bytes.data());
  crypto_core_ristretto255_scalar_sub(proof.response.bytes.data(), nonce.bytes.data(), product.bytes.data());
  sodium_memzero(nonce.bytes.data(), nonce.bytes.size());
  return proof;
}

/// VerifyProof, section 2.2.2.
bool holds(Mode mode,
           const Element& published,
           std::span<const Blinded> blinded,
           std::span<const Element> evaluated,
           const Proof& proof) {
  Composites composites(mode, published);
  for (std::size_t i = 0; i < blinded.size(); ++i)
    composites.add(blinded[i].element, &evaluated[i], evaluated[i]);
  const auto t2 = plus(times_base(proof.response), times(proof.challenge, published));
  const auto t3 = plus(times(proof.response, composites.m()), times(proof.challenge, composites.z()));
  return challenge_of(mode, published, composites.m(), composites.z(), t2, t3) == proof.challenge;
}

Tag tag(std::string_view value, const Element& element) {
  return Sha512().add_prefixed(value).add_prefixed(element.view()).add("Finalize").finish();
}

}  // namespace

Result<Element> Element::from(std::string_view bytes) {
  Element element;
  if (bytes.size() != element.bytes.size())
    return fail(ErrorCode::invalid, "an element of {} bytes; it has {}", bytes.size(), element.bytes.size());
  std::ranges::copy(bytes, element.bytes.begin());
  if (crypto_core_ristretto255_is_valid_point(element.bytes.data()) != 1)
    return fail(ErrorCode::invalid, "not the encoding of an element of ristretto255");
  if (sodium_is_zero(element.bytes.data(), element.bytes.size()) != 0)
    return fail(ErrorCode::invalid, "the identity is no valid element");
  return element;
}

Result<Scalar> Scalar::from(std::string_view bytes) {
  Scalar scalar;
  if (bytes.size() != scalar.bytes.size())
    return fail(ErrorCode::invalid, "a scalar of {} bytes; it has {}", bytes.size(), scalar.bytes.size());
  std::ranges::copy(bytes, scalar.bytes.begin());
  Wide wide{};
  std::ranges::copy(scalar.bytes, wide.begin());
  if (reduced(wide) != scalar)
    return fail(ErrorCode::invalid, "a scalar that is not below the group's order");
  return scalar;
}

Result<KeyPair> derive_key_pair(Mode mode, std::string_view seed, std::string_view info) {
  if (seed.size() != 32 || info.size() > 65'535)
    return fail(ErrorCode::invalid,
                "a key is derived from a seed of 32 bytes and up to 65,535 bytes of information");
  std::string input(seed);
  Composites::append(input, info);
  for (int counter = 0; counter < 256; ++counter) {
    const auto secret = reduced(expand(input + static_cast<char>(counter), "DeriveKeyPair" + context(mode)));
    if (secret != Scalar{}) return KeyPair{.secret = secret, .open = times_base(secret)};
  }
  return fail(ErrorCode::invalid, "no key comes of this seed");
}

Result<Blinded> blind(Mode mode, std::string_view value, Random& random) {
  const auto element = TRY(hash_to_group(mode, value));
  const auto factor = random_scalar(random);
  return Blinded{.blind = factor, .element = times(factor, element)};
}

Result<Evaluation> evaluate(Mode mode, const KeyPair& key, std::span<const Element> blinded, Random& random) {
  if (blinded.empty() || blinded.size() > batch_max)
    return fail(ErrorCode::invalid, "a batch of {} elements; it has 1 to {}", blinded.size(), batch_max);
  Evaluation evaluation;
  evaluation.elements.reserve(blinded.size());
  for (const auto& element : blinded) evaluation.elements.push_back(times(key.secret, element));
  if (mode == Mode::voprf) evaluation.proof = prove(mode, key, blinded, evaluation.elements, random);
  return evaluation;
}

Result<Evaluation> evaluate_received(Mode mode,
                                     const KeyPair& key,
                                     std::span<const Bytes> received,
                                     Random& random) {
  if (received.empty() || received.size() > batch_max)
    return fail(ErrorCode::invalid, "a batch of {} elements; it has 1 to {}", received.size(), batch_max);
  Evaluation evaluation;
  std::vector<Element> blinded(received.size());
  for (std::size_t i = 0; i < received.size(); ++i) {
    if (received[i].size() != element_bytes)
      return fail(
          ErrorCode::invalid, "elements[{}]: {} bytes; it has {}", i, received[i].size(), element_bytes);
    std::ranges::copy(received[i], blinded[i].bytes.begin());
    Element product;
    // It reads the element as strictly as Element::from, and refuses the identity: the key is not zero.
    if (crypto_scalarmult_ristretto255(
            product.bytes.data(), key.secret.bytes.data(), blinded[i].bytes.data()) != 0)
      return fail(ErrorCode::invalid, "elements[{}]: not the encoding of an element", i);
    evaluation.elements.push_back(product);
  }
  if (mode == Mode::voprf) evaluation.proof = prove(mode, key, blinded, evaluation.elements, random);
  return evaluation;
}

Result<std::vector<Tag>> finalize(Mode mode,
                                  const Element& published,
                                  std::span<const std::string_view> values,
                                  std::span<const Blinded> blinded,
                                  const Evaluation& evaluation) {
  const auto& evaluated = evaluation.elements;
  if (values.size() != blinded.size() || values.size() != evaluated.size() || values.empty() ||
      values.size() > batch_max)
    return fail(ErrorCode::invalid, "{} values were asked and {} answered", values.size(), evaluated.size());
  if (mode == Mode::voprf && !holds(mode, published, blinded, evaluated, evaluation.proof))
    return fail(ErrorCode::invalid, "the answer was not made with the published key");
  std::vector<Tag> tags;
  tags.reserve(values.size());
  const auto unblind = inverses(blinded);
  for (std::size_t i = 0; i < values.size(); ++i)
    tags.push_back(tag(values[i], times(unblind[i], evaluated[i])));
  return tags;
}

Result<Tag> tag_of(Mode mode, const KeyPair& key, std::string_view value) {
  const auto element = TRY(hash_to_group(mode, value));
  return tag(value, times(key.secret, element));
}

}  // namespace shieldwall::exchange::voprf
