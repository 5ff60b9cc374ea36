#include "detect/stream_blocks.h"

#include <algorithm>
#include <cstring>

namespace shieldwall::detect {

void StreamBlocks::settle(std::optional<Kind> kind) {
  const std::lock_guard lock(mutex_);
  begun_ = true;
  ended_ = !kind;
  kind_ = kind;
  changed_.notify_all();
}

/// Whose turn it is waits for room too: the lane that is told next is of a block in somebody's hands, so
/// there will be some.
std::unique_ptr<StreamBlocks::Block> StreamBlocks::take() {
  std::unique_lock turn(turns_);
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ && (ended_ || lanes_.size() < lanes_max_); });
    if (ended_) return nullptr;
  }
  auto piece = source_.next();
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  ended_ = !piece || piece->empty();
  if (piece && piece->empty()) return nullptr;
  lanes_.push_back(std::make_shared<ScanLane>());
  return std::make_unique<Block>(*this, std::move(turn), std::move(piece), lanes_.back());
}

std::optional<StreamBlocks::Lane> StreamBlocks::next_lane(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [&] { return !lanes_.empty() || ended_; });
  if (lanes_.empty()) return ended_ ? std::optional<Lane>(nullptr) : std::nullopt;
  auto lane = std::move(lanes_.front());
  lanes_.pop_front();
  changed_.notify_all();
  return lane;
}

StreamBlocks::Block::Block(StreamBlocks& blocks,
                           std::unique_lock<std::mutex> turn,
                           Result<std::string> piece,
                           Lane lane)
    : blocks_(blocks), turn_(std::move(turn)), piece_(std::move(piece)), lane_(std::move(lane)) {
  if (!piece_ || piece_->ends_with('\n')) give_turn();
}

void StreamBlocks::Block::give_turn() {
  if (turn_) turn_.unlock();
}

Result<std::size_t> StreamBlocks::Block::read(std::span<char> into) {
  if (piece_ && given_ == piece_->size()) {
    if (!turn_) return std::size_t{0};
    piece_ = blocks_.source_.next();
    given_ = 0;
    if (!piece_ || piece_->empty() || piece_->ends_with('\n')) give_turn();
  }
  if (!piece_) return fail(piece_.error());
  const auto size = std::min(into.size(), piece_->size() - given_);
  if (size > 0) std::memcpy(into.data(), piece_->data() + given_, size);
  given_ += size;
  return size;
}

}  // namespace shieldwall::detect
