#pragma once
// The whole set of tags that one asker may compare with, as one block of bytes that tells no more of the set
// than its size class: a binary fuse filter of 40-bit cells, filled up with tags of nothing to the class's
// size. Bytes in docs/formats/ask.md.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "exchange/ask/voprf.h"

namespace shieldwall::exchange::ask {

/// A set of class c holds 2^c tags, the tags of nothing included.
inline constexpr int size_class_min = 10;  // below 1,024 values one would learn much from the number
inline constexpr int size_class_max = 23;  // 8.4 million values, 47 MB: what one answer may have

/// What is told of a held value beside that it is held.
inline constexpr std::uint8_t may_request = 1;  // its reference may be sent back to ask for the object

/// A held value as the filter knows it.
struct Entry {
  std::uint64_t place = 0;  // decides where it stands: the tag's first 8 bytes
  std::uint32_t check = 0;  // the next 4: a value that is not held passes once in 2^32
  std::uint8_t flags = 0;
  auto operator<=>(const Entry&) const = default;
};

Entry entry_of(const voprf::Tag& tag, std::uint8_t flags);

inline constexpr std::size_t reference_bytes = 16;
/// What the asker shows to ask for the object: a part of the tag that is never in a filter, so that only who
/// asked for the value has it.
Bytes reference_of(const voprf::Tag& tag);

/// The bytes depend on the arguments alone.
///   padding_key  32 secret bytes: fix the tags of nothing and the layout
///   errors       exhausted: more entries than the largest class
Result<Bytes> make_filter(std::uint32_t epoch,
                          const voprf::Element& key,
                          std::vector<Entry> entries,
                          std::string_view padding_key);

class Filter {
 public:
  /// errors: invalid: another form or version, a length that does not fit the class, bytes that do not verify
  static Result<Filter> parse(Bytes bytes);

  std::uint32_t epoch() const { return epoch_; }
  const voprf::Element& key() const { return key_; }  // of the answerer, in that epoch
  int size_class() const { return size_class_; }
  const Bytes& bytes() const { return bytes_; }

  /// The flags of the value with that tag; nothing where it is not held.
  std::optional<std::uint8_t> find(const voprf::Tag& tag) const;

 private:
  Filter() = default;

  Bytes bytes_;
  std::uint32_t epoch_ = 0;
  std::uint64_t seed_ = 0;
  int size_class_ = 0;
  voprf::Element key_;
};

}  // namespace shieldwall::exchange::ask
