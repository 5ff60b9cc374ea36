#include <zstd.h>

#include "wire/expansion.h"

namespace shieldwall::wire {

namespace {

constexpr int window_log_max = 27;  // 128 MiB, what `zstd --long` writes without a number

class ZstdReader final : public ByteReader {
 public:
  ZstdReader(ByteReader& packed, const ExpansionLimits& limits)
      : input_(packed), count_(limits), context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    if (context_) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log_max);
  }

  Result<std::size_t> read(std::span<char> into) override {
    if (!context_) return fail(ErrorCode::exhausted, "no memory to unpack zstd");
    for (;;) {
      if (between_frames_) {
        if (frames_ > 0) TRY(input_.skip_zeros());
        TRY(input_.fill());
        if (input_.at_end() && frames_ > 0) return std::size_t{0};
      }
      TRY(input_.fill());
      const auto made = TRY(unpack_into(into));
      TRY(count_.add(made, input_.taken()));
      if (made > 0) return made;
    }
  }

 private:
  Result<std::size_t> unpack_into(std::span<char> into) {
    const auto packed = input_.available();
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const auto code = ZSTD_decompressStream(context_.get(), &out, &in);
    input_.consume(in.pos);
    if (ZSTD_isError(code)) {
      const auto kind = std::string_view(ZSTD_getErrorName(code)).find("memory") != std::string_view::npos
                            ? ErrorCode::exhausted
                            : ErrorCode::corrupt;
      return fail(kind, "the zstd stream is damaged ({})", ZSTD_getErrorName(code));
    }
    // Without input the decoder may still hold output; without either the stream ended inside a frame.
    if (input_.at_end() && out.pos == 0 && code != 0)
      return fail(ErrorCode::corrupt, "the zstd stream is cut short");
    between_frames_ = code == 0;
    if (between_frames_) ++frames_;
    return out.pos;
  }

  PackedInput input_;
  ExpansionCount count_;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  bool between_frames_ = true;
  std::uint64_t frames_ = 0;
};

}  // namespace

std::unique_ptr<ByteReader> zstd_reader(ByteReader& packed, const ExpansionLimits& limits) {
  return std::make_unique<ZstdReader>(packed, limits);
}

}  // namespace shieldwall::wire
