#include <algorithm>

#include <lzma.h>

#include "wire/expansion.h"

namespace shieldwall::wire {

namespace {

constexpr std::uint64_t memory_bytes_max = 192ull
                                           << 20;  // `xz -9` asks for 65 MiB, a dictionary of 128 MiB for 129

class XzReader final : public ByteReader {
 public:
  XzReader(ByteReader& packed, const ExpansionLimits& limits) : input_(packed), count_(limits) {
    ready_ = lzma_stream_decoder(&stream_, memory_bytes_max, LZMA_CONCATENATED) == LZMA_OK;
  }
  ~XzReader() override { lzma_end(&stream_); }
  XzReader(const XzReader&) = delete;
  XzReader& operator=(const XzReader&) = delete;

  Result<std::size_t> read(std::span<char> into) override {
    if (!ready_) return fail(ErrorCode::exhausted, "no memory to unpack xz");
    while (!ended_) {
      TRY(input_.fill());
      const auto made = TRY(unpack_into(into));
      TRY(count_.add(made, input_.taken()));
      if (made > 0) return made;
    }
    return std::size_t{0};
  }

 private:
  Result<std::size_t> unpack_into(std::span<char> into) {
    const auto packed = input_.available();
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream_.avail_in = packed.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(into.data());
    stream_.avail_out = into.size();
    const auto code = lzma_code(&stream_, input_.at_end() ? LZMA_FINISH : LZMA_RUN);
    input_.consume(packed.size() - stream_.avail_in);
    const auto made = into.size() - stream_.avail_out;
    switch (code) {
      case LZMA_OK:
        return made;
      case LZMA_STREAM_END:
        ended_ = true;
        return made;
      case LZMA_BUF_ERROR:  // twice without progress: there is no more input
        return fail(ErrorCode::corrupt, "the xz stream is cut short");
      case LZMA_MEM_ERROR:
        return fail(ErrorCode::exhausted, "no memory to unpack xz");
      case LZMA_MEMLIMIT_ERROR:
        return fail(ErrorCode::exhausted,
                    "the xz stream asks for {} MiB of memory; {} are given",
                    lzma_memusage(&stream_) >> 20,
                    memory_bytes_max >> 20);
      case LZMA_FORMAT_ERROR:
        return fail(ErrorCode::corrupt, "something else stands where an xz stream begins");
      case LZMA_OPTIONS_ERROR:
        return fail(ErrorCode::corrupt, "the xz stream uses a filter that is not known here");
      default:
        return fail(ErrorCode::corrupt, "the xz stream is damaged");
    }
  }

  PackedInput input_;
  ExpansionCount count_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteReader> xz_reader(ByteReader& packed, const ExpansionLimits& limits) {
  return std::make_unique<XzReader>(packed, limits);
}

}  // namespace shieldwall::wire
