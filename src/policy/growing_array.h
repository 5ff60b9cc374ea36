#pragma once
// An array that one writer at a time appends to while any number of readers read what stands, without a lock
// and without ever moving an element. Internal.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>

namespace shieldwall::policy {

template <typename T>
class GrowingArray {
 public:
  GrowingArray() = default;
  GrowingArray(const GrowingArray&) = delete;
  GrowingArray& operator=(const GrowingArray&) = delete;
  ~GrowingArray() {
    for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }

  std::size_t size() const { return size_.load(std::memory_order_acquire); }

  /// An index below a size() that this thread has seen.
  const T& operator[](std::size_t index) const {
    const auto place = place_of(index);
    return chunks_[place.chunk].load(std::memory_order_relaxed)[place.offset];
  }

  /// One writer at a time.
  std::size_t append(T value) {
    const std::size_t index = size_.load(std::memory_order_relaxed);
    const auto place = place_of(index);
    if (place.offset == 0) chunks_[place.chunk].store(new T[first << place.chunk], std::memory_order_relaxed);
    chunks_[place.chunk].load(std::memory_order_relaxed)[place.offset] = std::move(value);
    size_.store(index + 1, std::memory_order_release);
    return index;
  }

 private:
  static constexpr std::size_t first = 256;  // each chunk is twice the one before
  static constexpr std::size_t chunks = 25;  // 2^32 elements

  struct Place {
    std::size_t chunk;
    std::size_t offset;
  };
  static Place place_of(std::size_t index) {
    const std::size_t shifted = index + first;
    const auto chunk = static_cast<std::size_t>(std::bit_width(shifted) - std::bit_width(first));
    return {chunk, shifted - (first << chunk)};
  }

  std::array<std::atomic<T*>, chunks> chunks_{};
  std::atomic<std::size_t> size_{0};
};

}  // namespace shieldwall::policy
