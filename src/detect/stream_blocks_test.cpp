#include "detect/stream_blocks.h"

#include <array>
#include <atomic>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace shieldwall;
using namespace shieldwall::detect;

namespace {

std::string all_of(wire::ByteReader& reader) {
  std::string all;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto size = reader.read(buffer);
    REQUIRE(size);
    if (*size == 0) return all;
    all.append(buffer.data(), *size);
  }
}

/// `bytes` as a stream that has settled.
class Stream {
 public:
  explicit Stream(std::string_view bytes, std::size_t lanes_max = 16)
      : path_(fmt::format("/tmp/shieldwall-stream-{}", ::getpid())) {
    std::ofstream(path_, std::ios::binary) << bytes;
    blocks.emplace(StreamSource(path_, counted_, nullptr), lanes_max);
    REQUIRE(blocks->source().open());
    blocks->settle(StreamBlocks::Kind{});
  }
  ~Stream() { ::unlink(path_.c_str()); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::optional<StreamBlocks> blocks;

 private:
  std::string path_;
  std::atomic<std::uint64_t> counted_{0};
};

}  // namespace

TEST_CASE("several blocks of a stream are in hand at once, each of whole lines, and nothing is lost") {
  std::string text;
  while (text.size() < 3 * StreamSource::piece_bytes) text += "a line of some length\n";
  text += "and no end";
  Stream stream(text);
  std::vector<std::unique_ptr<StreamBlocks::Block>> held;
  std::string all;
  for (int i = 0; i < 3; ++i) held.push_back(stream.blocks->take());
  for (const auto& block : held) {
    REQUIRE(block);
    all += all_of(*block);
    CHECK(all.ends_with('\n'));
  }
  while (const auto block = stream.blocks->take()) all += all_of(*block);
  CHECK(all == text);
}

TEST_CASE("a line longer than a block goes to one reader, and nobody takes a block from within it") {
  const std::string line = std::string(2 * StreamSource::piece_bytes + 5, 'x') + "\n";
  Stream stream("short\n" + line + "last\n");
  const auto first = stream.blocks->take();
  REQUIRE(first);
  CHECK(all_of(*first) == "short\n");
  const auto second = stream.blocks->take();
  REQUIRE(second);
  CHECK(all_of(*second).starts_with(line));
}

TEST_CASE("blocks wait until what is before them has been told") {
  std::string text;
  while (text.size() < 4 * StreamSource::piece_bytes) text += "a line of some length\n";
  Stream stream(text, 2);  // with the first
  const auto one = stream.blocks->take();
  std::atomic<bool> taken{false};
  std::jthread other([&] {
    (void)stream.blocks->take();
    taken = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(taken);
  CHECK(stream.blocks->next_lane(std::chrono::milliseconds(0)));
  other.join();
  CHECK(taken);
}
