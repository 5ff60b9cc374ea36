#pragma once
// A body that may be packed, unpacked piece by piece while it arrives: gzip, zstd and xz are known by their
// first bytes, as in files; a Content-Encoding only says what these must be.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/compression.h"

namespace shieldwall::library {

/// Bounds for what strangers send. STIX shrinks to a thirtieth, lists of repeated values to a hundredth.
inline constexpr wire::ExpansionLimits upload_expansion = {
    .bytes_max = 64ull << 30, .ratio_max = 500, .ratio_from_bytes = 64ull << 20};

class Unpacker {
 public:
  using Take = std::function<Done(std::string_view text)>;

  /// What a Content-Encoding says; nothing for none or `identity`. errors: invalid: none that is read here
  static Result<std::optional<wire::Compression>> encoding_named(std::string_view name);

  /// `expected`: nothing means that the first bytes decide.
  explicit Unpacker(std::optional<wire::Compression> expected,
                    const wire::ExpansionLimits& limits = upload_expansion);
  ~Unpacker();
  Unpacker(Unpacker&&) noexcept;

  /// Gives what can be unpacked now to `take`, in pieces.
  ///   errors  corrupt, exhausted: as the readers of wire/compression.h; as `take`
  Done push(std::string_view packed, const Take& take);
  /// Says that the body ended. errors: as push; corrupt: cut short
  Done finish(const Take& take);

 private:
  class Feed;

  Done begin();
  Done drain(const Take& take);

  std::optional<wire::Compression> compression_;
  wire::ExpansionLimits limits_;
  std::string head_;  // until its first bytes tell what it is
  std::string buffer_;
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<wire::ByteReader> reader_;  // of feed_; nothing: not packed
};

}  // namespace shieldwall::library
