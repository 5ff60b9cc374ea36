#pragma once
// An array that one writer at a time appends to while any number of readers read what stands, without a lock
// and without ever moving an element. Internal.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

namespace shieldwall::policy {

/// Memory that is read in no order: in large pages where the system has them, since looking up the place of a
/// small page costs as much as reading it. Throws std::bad_alloc.
void* scattered_memory(std::size_t bytes, std::size_t alignment);
void free_scattered_memory(void* memory);

template <typename T>
class GrowingArray {
 public:
  GrowingArray() = default;
  GrowingArray(const GrowingArray&) = delete;
  GrowingArray& operator=(const GrowingArray&) = delete;
  ~GrowingArray() {
    for (std::size_t i = 0; i < chunks; ++i) {
      T* chunk = chunks_[i].load(std::memory_order_relaxed);
      if (chunk == nullptr) continue;
      std::destroy_n(chunk, first << i);
      free_scattered_memory(chunk);
    }
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
    if (place.offset == 0)
      chunks_[place.chunk].store(new_chunk(first << place.chunk), std::memory_order_relaxed);
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

  static T* new_chunk(std::size_t count) {
    T* chunk = static_cast<T*>(scattered_memory(count * sizeof(T), alignof(T)));
    std::uninitialized_value_construct_n(chunk, count);
    return chunk;
  }

  std::array<std::atomic<T*>, chunks> chunks_{};
  std::atomic<std::size_t> size_{0};
};

}  // namespace shieldwall::policy
