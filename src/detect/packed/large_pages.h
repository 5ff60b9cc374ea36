#pragma once
// Memory for tables that are asked at random: a look-up in small pages also waits for the page's address.

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace shieldwall::detect {

/// Gives large arrays pages of 2 MiB where the system has them.
template <typename T>
struct LargePages {
  using value_type = T;
  static constexpr std::size_t page_bytes = 2u << 20;

  LargePages() = default;
  template <typename U>
  LargePages(const LargePages<U>&) {}  // as containers turn theirs into one of another type

  T* allocate(std::size_t count) {
    const auto bytes = count * sizeof(T);
    if (bytes < page_bytes / 2) return std::allocator<T>().allocate(count);
    const auto whole = (bytes + page_bytes - 1) / page_bytes * page_bytes;
    void* const at = std::aligned_alloc(page_bytes, whole);
    if (at == nullptr) throw std::bad_alloc();
    (void)::madvise(at, whole, MADV_HUGEPAGE);  // a wish: small pages do as well
    return static_cast<T*>(at);
  }
  void deallocate(T* at, std::size_t count) {
    if (count * sizeof(T) < page_bytes / 2) return std::allocator<T>().deallocate(at, count);
    std::free(at);
  }
  bool operator==(const LargePages&) const = default;
};

template <typename T>
using LargeVector = std::vector<T, LargePages<T>>;

}  // namespace shieldwall::detect
