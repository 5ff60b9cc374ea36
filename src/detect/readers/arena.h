#pragma once
// Memory for what one record decodes: handed out in order, taken back at once.

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace shieldwall::detect {

class Arena {
 public:
  void clear() {
    if (blocks_.size() > 1) blocks_.resize(1);  // one long line must not keep its memory for good
    used_ = 0;
  }

  /// `size` bytes that stay where they are until clear().
  char* take(std::size_t size) {
    if (blocks_.empty() || blocks_.back().size - used_ < size) {
      const auto block = std::max(size, block_bytes);
      blocks_.push_back({std::make_unique<char[]>(block), block});
      used_ = 0;
    }
    char* const at = blocks_.back().bytes.get() + used_;
    used_ += size;
    return at;
  }

  /// They one behind the other.
  std::string_view keep(std::string_view a, std::string_view b = {}, std::string_view c = {}) {
    char* const at = take(a.size() + b.size() + c.size());
    char* end = at;
    for (const auto part : {a, b, c}) end = std::ranges::copy(part, end).out;
    return {at, static_cast<std::size_t>(end - at)};
  }

 private:
  static constexpr std::size_t block_bytes = 64u << 10;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t used_ = 0;
};

}  // namespace shieldwall::detect
