#pragma once
// The verifiable oblivious pseudorandom function of RFC 9497, suite ristretto255-SHA512, modes OPRF and
// VOPRF.
//
//   asker                                   answerer, who has a key
//   blind(value)         -- element -->     evaluate(key, elements)
//   finalize(...)        <-- element, proof that the key is the published one --
//
// The asker ends with a tag of its value under a key it does not know; the answerer sees random elements.

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace shieldwall::exchange::voprf {

/// RFC 9497 section 3.1. In `oprf` no proof is made and none is asked for.
enum class Mode : std::uint8_t { oprf = 0, voprf = 1 };

inline constexpr std::size_t element_bytes = 32;
inline constexpr std::size_t scalar_bytes = 32;
inline constexpr std::size_t tag_bytes = 64;
inline constexpr std::size_t batch_max = 65'535;        // the proof counts its elements in two bytes
inline constexpr std::size_t value_bytes_max = 65'535;  // and the hash the value's

/// A point of ristretto255 in its one encoding, never the identity.
struct Element {
  std::array<std::uint8_t, element_bytes> bytes{};
  auto operator<=>(const Element&) const = default;

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// errors: invalid: another length, not a canonical encoding, or the identity (RFC 9497 section 4.1)
  static Result<Element> from(std::string_view bytes);
};

struct Scalar {
  std::array<std::uint8_t, scalar_bytes> bytes{};
  auto operator<=>(const Scalar&) const = default;

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// errors: invalid: another length, or not below the group's order
  static Result<Scalar> from(std::string_view bytes);
};

struct KeyPair {
  Scalar secret;
  Element open;
};

/// RFC 9497 section 3.2.1. errors: invalid: `seed` is not 32 bytes, `info` longer than 65,535
Result<KeyPair> derive_key_pair(Mode mode, std::string_view seed, std::string_view info);

struct Blinded {
  Scalar blind;     // stays with the asker
  Element element;  // goes to the answerer
};

/// Section 3.3.1, Blind. errors: invalid: the value is too long (or, once in 2^252, maps to the identity)
Result<Blinded> blind(Mode mode, std::string_view value, Random& random);

/// Section 2.2: that one secret key led from every blinded element to its answer.
struct Proof {
  Scalar challenge;
  Scalar response;
};

struct Evaluation {
  std::vector<Element> elements;
  Proof proof;  // of the whole batch; all zero in mode oprf
};

/// Section 3.3.2, BlindEvaluate, for a batch.
///   errors  invalid: an empty batch, or more than `batch_max`
Result<Evaluation> evaluate(Mode mode, const KeyPair& key, std::span<const Element> blinded, Random& random);

/// The same for elements as they came, each checked by the multiplication itself: to decode it once more
/// beforehand would cost a tenth of the whole.
///   errors  invalid: also when one is no element, by its number
Result<Evaluation> evaluate_received(Mode mode,
                                     const KeyPair& key,
                                     std::span<const Bytes> received,
                                     Random& random);

using Tag = std::array<std::uint8_t, tag_bytes>;

/// Section 3.3.2, Finalize: checks the proof against the published key, then unblinds. All spans are as long
/// as the batch.
///   errors  invalid: the lengths differ, or the proof does not hold
Result<std::vector<Tag>> finalize(Mode mode,
                                  const Element& published,
                                  std::span<const std::string_view> values,
                                  std::span<const Blinded> blinded,
                                  const Evaluation& evaluation);

/// Section 3.3.1, Evaluate: the same tag, by who has the key. errors: as blind
Result<Tag> tag_of(Mode mode, const KeyPair& key, std::string_view value);

}  // namespace shieldwall::exchange::voprf
