#pragma once
// What one look over a block of JSON lines tells: where its quotes and line ends are, and of which class each
// byte is. Everything after that is arithmetic on bits.

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace shieldwall::detect {

/// Bytes that must be readable behind a block: kernels load whole steps, and bits are taken eight bytes at
/// once.
inline constexpr std::size_t block_padding = 64;

/// One line of a block, without its end.
struct BlockLine {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t quotes = 0, quotes_end = 0;  // its part of BlockIndex::quotes, behind which its end stands
  bool odd = false;                          // a control character: no JSON as it should be
  bool escapes = false;  // a backslash: not all strings are what stands between their quotes
  bool high = false;     // a byte outside ASCII
  bool look = false;     // for who goes through the lines
};

/// A bit for each byte of a block.
class ByteBits {
 public:
  std::uint64_t* words() { return words_.get(); }
  void resize(std::size_t bytes) { words_ = std::make_unique<std::uint64_t[]>(bytes / 64 + 3); }
  static constexpr unsigned most = 57;  // bits that from() gives whatever the place
  /// The bits from `at` on, the first one lowest: at least `most`.
  std::uint64_t from(std::uint32_t at) const {
    std::uint64_t word;
    std::memcpy(&word, reinterpret_cast<const char*>(words_.get()) + (at >> 3), sizeof word);
    return word >> (at & 7);
  }
  /// `size` bits, at most `most` and at least 1.
  std::uint64_t range(std::uint32_t at, unsigned size) const {
    return from(at) & ~std::uint64_t{0} >> (64 - size);
  }

 private:
  std::unique_ptr<std::uint64_t[]> words_;
};

struct BlockIndex {
  std::vector<BlockLine> lines;
  std::unique_ptr<std::uint32_t[]> quotes;  // of each line but for escaped ones, its end behind them
  std::size_t room = 0;                     // bytes of a block
  ByteBits digit;                           // 0-9
  ByteBits hex;                             // 0-9 a-f A-F
  ByteBits plain;                           // letters, digits, '-' and '_'
  ByteBits dot;                             // .
  ByteBits upper;                           // A-Z

  void reserve(std::size_t bytes);
};

/// Looks over `block` (below 2 GiB), which ends with a line end and has block_padding bytes behind it.
void index_block(std::string_view block, BlockIndex& into);

/// One way of doing it.
struct BlockKernel {
  std::string_view name;
  void (*index)(std::string_view block, BlockIndex& into);
};

/// Those that run on this machine, widest first; the last is portable. All give the same.
std::span<const BlockKernel> block_kernels();

}  // namespace shieldwall::detect
