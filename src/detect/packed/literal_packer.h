#pragma once
// Makes the image of literals.

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "detect/packed/large_pages.h"
#include "detect/packed/literal_image.h"

namespace shieldwall::detect {

/// The parts of an image that are asked for every value; the text goes where the caller wants it.
struct PackedLiterals {
  HashKey key = {};
  LargeVector<std::uint64_t> filter = {};
  LargeVector<TableLine> lines = {};
  LargeVector<std::uint64_t> addresses = {};  // as AddressFilter has them
  unsigned address_bits = 0;
  std::uint64_t homes = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t literals = 0;
  std::uint64_t counts[literal_kinds] = {};

  LiteralImage image(std::string_view text) const;
};

class LiteralPacker {
 public:
  explicit LiteralPacker(const HashKey& key) : key_(key) {}

  /// `indicator` looks for this key; may be said again. `key` has at most 2^26 - 16 bytes.
  void add(LiteralKind kind, std::string_view key, std::uint32_t indicator);

  /// Packs what was added and forgets it; `write_text` is given the text piece by piece.
  ///   errors  exhausted: over 32 GiB of text; as `write_text`
  Result<PackedLiterals> pack(const std::function<Done(std::string_view)>& write_text);

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint64_t at;  // block, offset within it
  };
  struct Added {
    std::uint32_t indicator = 0;
    LiteralKind kind{};
    std::string_view key;
  };
  Added added(const Entry& entry) const;

  HashKey key_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // what was added, one behind the other
  std::size_t used_ = 0;                         // of the last block
  std::vector<Entry> entries_;
  std::uint64_t in_filter_alone_ = 0, v4_networks_ = 0;
};

}  // namespace shieldwall::detect
