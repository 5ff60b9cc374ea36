#include <algorithm>

#include <zlib.h>

#include "wire/expansion.h"

namespace shieldwall::wire {

namespace {

constexpr int gzip_window_bits = 15 + 16;  // the largest window, gzip framing

class GzipReader final : public ByteReader {
 public:
  GzipReader(ByteReader& packed, const ExpansionLimits& limits) : input_(packed), count_(limits) {
    ready_ = inflateInit2(&stream_, gzip_window_bits) == Z_OK;
  }
  ~GzipReader() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  Result<std::size_t> read(std::span<char> into) override {
    if (!ready_) return fail(ErrorCode::exhausted, "no memory to unpack gzip");
    for (;;) {
      if (between_members_ && !TRY(begin_member())) return std::size_t{0};
      TRY(input_.fill());
      if (input_.at_end()) return fail(ErrorCode::corrupt, "the gzip stream is cut short");
      const auto made = TRY(inflate_into(into));
      TRY(count_.add(made, input_.taken()));
      if (made > 0) return made;
    }
  }

 private:
  /// False at the end of the input.
  Result<bool> begin_member() {
    if (members_ > 0) TRY(input_.skip_zeros());
    TRY(input_.fill());
    if (input_.at_end() && members_ > 0) return false;
    if (input_.at_end()) return fail(ErrorCode::corrupt, "an empty file is no gzip stream");
    if (inflateReset(&stream_) != Z_OK) return fail(ErrorCode::internal, "zlib cannot begin again");
    ++members_;
    between_members_ = false;
    return true;
  }

  Result<std::size_t> inflate_into(std::span<char> into) {
    const auto packed = input_.available();
    // zlib's interface is not const-correct; it only reads from next_in.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    const auto room = static_cast<uInt>(std::min<std::size_t>(into.size(), 1u << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = room;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    input_.consume(packed.size() - stream_.avail_in);
    if (code == Z_STREAM_END) {
      between_members_ = true;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      const auto* const what = stream_.msg == nullptr ? "damaged" : stream_.msg;
      if (members_ > 1) return fail(ErrorCode::corrupt, "something else follows the gzip stream ({})", what);
      return fail(ErrorCode::corrupt, "the gzip stream is damaged ({})", what);
    }
    return static_cast<std::size_t>(room - stream_.avail_out);
  }

  PackedInput input_;
  ExpansionCount count_;
  z_stream stream_{};
  bool ready_ = false;
  bool between_members_ = true;
  std::uint64_t members_ = 0;
};

}  // namespace

std::unique_ptr<ByteReader> gzip_reader(ByteReader& packed, const ExpansionLimits& limits) {
  return std::make_unique<GzipReader>(packed, limits);
}

Bytes gzip(std::string_view bytes) {
  z_stream stream{};
  Bytes out;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw std::bad_alloc();  // zlib fails here for want of memory alone
  out.resize(deflateBound(&stream, bytes.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace shieldwall::wire
