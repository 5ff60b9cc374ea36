#pragma once
// Where the quotes and backslashes of a line are, sixty-four bytes a step, with the widest instructions this
// machine has.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace shieldwall::detect {

/// What one look over some bytes tells.
struct ByteFacts {
  bool control = false;  // a byte below 0x20, which no string of JSON may hold
  bool high = false;     // a byte outside ASCII
  bool nul = false;
};

/// The positions of quotes and backslashes, in memory that is kept from line to line.
class QuotePositions {
 public:
  std::span<const std::uint32_t> all() const { return {memory_.data(), count_}; }

  /// Room for as many positions as a text of that size can have.
  std::uint32_t* room(std::size_t text_size) {
    if (memory_.size() < text_size) memory_.resize(text_size);
    return memory_.data();
  }
  void filled(const std::uint32_t* end) { count_ = static_cast<std::size_t>(end - memory_.data()); }

 private:
  std::vector<std::uint32_t> memory_;
  std::size_t count_ = 0;
};

/// One way of computing it.
struct QuoteKernel {
  std::string_view name;
  ByteFacts (*index)(std::string_view text, QuotePositions& quotes);  // positions, ascending
  ByteFacts (*facts)(std::string_view text);
};

/// Those that run on this machine, widest first; the last is portable. All give the same.
std::span<const QuoteKernel> quote_kernels();

/// Replaces `quotes` by the positions of all quotes and backslashes in `text` (below 4 GiB).
ByteFacts index_quotes(std::string_view text, QuotePositions& quotes);
ByteFacts byte_facts(std::string_view text);

}  // namespace shieldwall::detect
