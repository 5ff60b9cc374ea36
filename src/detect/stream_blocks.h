#pragma once
// One stream for many threads: whoever has nothing to do takes the next block of it; what they find waits in
// the order of the blocks.
//
// One thread begins: it reads until the kind of log has settled, and to the end where that is one that cannot
// be cut. From then on all of them take blocks.

#include <condition_variable>
#include <functional>
#include <mutex>

#include "detect/scan_lane.h"
#include "detect/stream_source.h"

namespace shieldwall::detect {

class StreamBlocks {
 public:
  using Lane = std::shared_ptr<ScanLane>;

  StreamBlocks(StreamSource source, std::size_t lanes_max)
      : source_(std::move(source)), lanes_max_(lanes_max) {}

  // ---- for the thread that begins
  StreamSource& source() { return source_; }
  const Lane& first_lane() const { return first_; }
  /// What was read shows this: the others may take blocks. Without, the stream is at its end.
  struct Kind {
    LogFormat format = LogFormat::text;
    const FieldMap* map = nullptr;
  };
  void settle(std::optional<Kind> kind);

  // ---- for all threads that look

  /// Some whole lines. Where the last is longer than a block, its reader alone reads on until its end.
  class Block final : public wire::ByteReader {
   public:
    Block(StreamBlocks& blocks, std::unique_lock<std::mutex> turn, Result<std::string> piece, Lane lane);
    Result<std::size_t> read(std::span<char> into) override;
    ScanLane& lane() { return *lane_; }
    const Kind& kind() const { return *blocks_.kind_; }

   private:
    void give_turn();

    StreamBlocks& blocks_;
    std::unique_lock<std::mutex> turn_;  // while it reads on
    Result<std::string> piece_;
    std::size_t given_ = 0;
    Lane lane_;
  };
  /// Waits for the next, for the kind and for room; nothing at the end.
  std::unique_ptr<Block> take();

  // ---- for the thread that tells

  /// The lane after the one asked for last; nothing yet, or null at the end.
  std::optional<Lane> next_lane(std::chrono::milliseconds most);

 private:
  StreamSource source_;  // of the one who begins, then of the one whose turn it is
  std::mutex turns_;
  const Lane first_ = std::make_shared<ScanLane>();

  std::size_t lanes_max_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<Lane> lanes_ = {first_};  // not told yet
  bool begun_ = false;                 // the first part is over
  bool ended_ = false;                 // no more blocks
  std::optional<Kind> kind_;
};

}  // namespace shieldwall::detect
