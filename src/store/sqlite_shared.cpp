#include "store/sqlite_shared.h"

#include <cstring>

namespace shieldwall::store {

namespace {

constexpr int level_none = 0;
constexpr int level_shared = 1;
constexpr int level_reserved = 2;
constexpr int level_pending = 3;
constexpr int level_exclusive = 4;

}  // namespace

bool FileLocks::raise(int& held, int wanted) {
  if (held >= wanted) return true;
  if (held == level_none) {
    if (pending_ || exclusive_) return false;
    ++shared_;
    held = level_shared;
  }
  if (wanted >= level_reserved && held < level_reserved) {
    if (reserved_) return false;
    reserved_ = true;
    held = level_reserved;
  }
  if (wanted == level_exclusive) {
    pending_ = true;  // keeps new readers out until the present ones have left
    held = level_pending;
    if (shared_ > 1) return false;
    exclusive_ = true;
    held = level_exclusive;
  }
  return true;
}

void FileLocks::lower(int& held, int wanted) {
  if (held <= wanted) return;
  if (held == level_exclusive) exclusive_ = false;
  if (held >= level_pending) pending_ = false;
  if (held >= level_reserved) reserved_ = false;
  if (wanted == level_none) --shared_;
  held = wanted;
}

void* SharedIndex::region(std::size_t number, std::size_t bytes, bool extend) {
  if (number >= regions_.size() && !extend) return nullptr;
  while (regions_.size() <= number) regions_.push_back(std::make_unique<char[]>(bytes));
  return regions_[number].get();
}

bool SharedIndex::lock(
    std::uint8_t& mine_shared, std::uint8_t& mine_exclusive, int first, int count, bool wants_exclusive) {
  for (int slot = first; slot < first + count; ++slot) {
    const auto bit = static_cast<std::uint8_t>(1u << slot);
    const auto i = static_cast<std::size_t>(slot);
    const int others = shared_[i] - ((mine_shared & bit) != 0 ? 1 : 0);
    if (exclusive_[i] && (mine_exclusive & bit) == 0) return false;
    if (wants_exclusive && others > 0) return false;
  }
  for (int slot = first; slot < first + count; ++slot) {
    const auto bit = static_cast<std::uint8_t>(1u << slot);
    const auto i = static_cast<std::size_t>(slot);
    if (wants_exclusive) {
      exclusive_[i] = true;
      mine_exclusive |= bit;
    } else if ((mine_shared & bit) == 0) {
      ++shared_[i];
      mine_shared |= bit;
    }
  }
  return true;
}

void SharedIndex::unlock(std::uint8_t& mine_shared, std::uint8_t& mine_exclusive, int first, int count) {
  for (int slot = first; slot < first + count; ++slot) {
    const auto bit = static_cast<std::uint8_t>(1u << slot);
    const auto i = static_cast<std::size_t>(slot);
    if ((mine_exclusive & bit) != 0) exclusive_[i] = false;
    if ((mine_shared & bit) != 0) --shared_[i];
    mine_exclusive &= static_cast<std::uint8_t>(~bit);
    mine_shared &= static_cast<std::uint8_t>(~bit);
  }
}

}  // namespace shieldwall::store
