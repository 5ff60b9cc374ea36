#include "policy/growing_array.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace shieldwall::policy {

void* scattered_memory(std::size_t bytes, std::size_t alignment) {
  constexpr std::size_t large_page = 2u << 20;
  const bool is_large = bytes >= large_page;
  const std::size_t aligned = is_large ? large_page : std::max(alignment, sizeof(void*));
  void* memory = std::aligned_alloc(aligned, (bytes + aligned - 1) / aligned * aligned);
  if (memory == nullptr) throw std::bad_alloc();
  if (is_large) (void)madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: small pages do as well
  return memory;
}

void free_scattered_memory(void* memory) {
  std::free(memory);
}

}  // namespace shieldwall::policy
